"""Which code made a call. Of a call that a loopback server answers, the address of its connection tells it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any, NamedTuple

SERVER_THREAD = "qbchat-server"


class Caller(NamedTuple):
    """The thread and the task, if any, that made a call."""

    thread: threading.Thread
    task: asyncio.Task[Any] | None


_caller: ContextVar[Caller | None] = ContextVar("qbchat_caller", default=None)
_contexts: dict[object, Context] = {}  # of the code that sends the next request, by the address of its connection


def caller() -> Caller | None:
    """The code that made the current call; None if it may be in another process."""
    if (known := _caller.get()) is not None:
        return known
    thread = threading.current_thread()
    if thread.name == SERVER_THREAD:
        return None
    try:
        return Caller(thread, asyncio.current_task())
    except RuntimeError:
        return Caller(thread, None)


@contextmanager
def known_caller() -> Iterator[None]:
    """A block in which tasks begin that call for the current code."""
    token = _caller.set(caller())
    try:
        yield
    finally:
        _caller.reset(token)


def announce(address: Any) -> None:
    """Note that the current code sends the next request of the connection from an address."""
    context = copy_context()
    context.run(_caller.set, caller())
    _contexts[address[:2]] = context


def context_of(address: Any) -> Context | None:
    """The context of the code that sends the next request from an address."""
    return _contexts.get(address[:2])


def forget(address: Any) -> None:
    """Forget the context of a connection that was closed."""
    _contexts.pop(address[:2], None)
