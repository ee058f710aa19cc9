"""Measure, and print what came out: `python -m benchmarks`, or only some tables, `python -m benchmarks posts`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module

# Each is a module with a function of the same name.
TABLES = ("runs", "posts", "instructions", "fixtures", "growth", "startup")


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        sys.exit(f"unknown table {', '.join(unknown)}; expected {', '.join(TABLES)}")
    for name in names or TABLES:
        tables: Callable[[], Iterator[str]] = getattr(import_module(f"benchmarks.{name}"), name)
        for text in tables():
            print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
