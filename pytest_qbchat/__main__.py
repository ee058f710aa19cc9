"""`pytest-qbchat` or `python -m pytest_qbchat`: the live server, or the command `openapi` or `compare`."""

from __future__ import annotations

import sys


def run() -> int:
    """Run the program. Return its exit status."""
    if sys.argv[1:] == ["openapi"]:
        from importlib.resources import files

        print(files("pytest_qbchat").joinpath("openapi.json").read_text(encoding="utf-8"), end="")
        return 0
    if sys.argv[1:2] == ["compare"]:
        from pytest_qbchat.cli.compare import main as compare

        return compare(sys.argv[2:])
    try:
        from pytest_qbchat.cli.program import main

        return main()
    except KeyboardInterrupt:  # while it was starting
        return 0


if __name__ == "__main__":
    sys.exit(run())
