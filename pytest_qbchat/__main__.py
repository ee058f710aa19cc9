"""`python -m pytest_qbchat`: the live server as a program; `python -m pytest_qbchat openapi`: what it answers."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    if sys.argv[1:] == ["openapi"]:
        from importlib.resources import files

        print(files("pytest_qbchat").joinpath("openapi.json").read_text(encoding="utf-8"), end="")
        sys.exit()
    try:
        from pytest_qbchat.cli.program import main

        sys.exit(main())
    except KeyboardInterrupt:  # while it was starting
        sys.exit(0)
