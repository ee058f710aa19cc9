"""Measure, and print what came out: `python -m benchmarks`, or only some tables, `python -m benchmarks posting`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module

# The names of the tables, and which module measures them.
TABLES = {
    "runs": "runs",
    "posting": "posting",
    "posting_async": "posting",
    "posting_httpx2": "posting",
    "transport": "posting",
    "fixtures": "fixtures",
    "startup": "startup",
    "payloads": "payloads",
    "scale": "scale",
    "clients": "clients",
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        sys.exit(f"no table {', '.join(unknown)}: there are {', '.join(TABLES)}")
    for name in names or TABLES:
        tables: Callable[[], Iterator[str]] = getattr(import_module(f"benchmarks.{TABLES[name]}"), name)
        for text in tables():
            print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
