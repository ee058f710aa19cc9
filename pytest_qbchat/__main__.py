"""`python -m pytest_qbchat`: the live server as a program."""

from __future__ import annotations

import sys

from pytest_qbchat.program import main

if __name__ == "__main__":
    sys.exit(main())
