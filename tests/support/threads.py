"""Threads that take turns as often as they can."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier


@contextmanager
def busy_threads(number: int) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads are all running, and switch after a microsecond.

    They start before: with an audit hook, CPython 3.11 fails to trace a thread if another one starts meanwhile.
    """
    interval = sys.getswitchinterval()
    with ThreadPoolExecutor(number) as pool:
        list(pool.map(lambda barrier: barrier.wait(), [Barrier(number)] * number))
        sys.setswitchinterval(1e-6)
        try:
            yield pool
        finally:
            sys.setswitchinterval(interval)
