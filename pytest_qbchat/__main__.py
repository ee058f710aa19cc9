"""`python -m pytest_qbchat`: the live server as a program."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    try:
        from pytest_qbchat.cli.program import main

        sys.exit(main())
    except KeyboardInterrupt:  # while it was starting
        sys.exit(0)
