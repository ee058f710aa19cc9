"""Interceptors send the calls of HTTP libraries to a fake."""

from __future__ import annotations

import sys
from functools import cache, partial
from typing import Generic, TypeVar

from pytest_qbchat.intercept import asyncio_clients, guard, http_client, httpx, niquests
from pytest_qbchat.intercept.forks import Forks
from pytest_qbchat.intercept.patching import Patcher
from pytest_qbchat.service.interface import Fake

T = TypeVar("T")


@cache
def _patcher() -> Patcher:
    interceptors = (httpx, http_client, asyncio_clients, niquests, guard)
    patcher = Patcher([each for interceptor in interceptors for each in interceptor.LIBRARIES.items()])
    sys.addaudithook(partial(guard.audit, patcher.fakes))  # cannot be removed
    Forks(patcher.fakes)
    return patcher


def is_any_fake_active() -> bool:
    """Whether a fake answers the calls of this process."""
    return bool(_patcher().fakes)


def repatch() -> bool:
    """Patch again on top of other mocks if a fake is active. The mocks then get only the calls to other hosts."""
    if is_any_fake_active():
        _patcher().patch()
    return is_any_fake_active()


def undo_repatch() -> None:
    """Undo `repatch`, before the other mock undoes its patches."""
    _patcher().restore()


class Interception(Generic[T]):
    """A context in which calls reach a fake, and no library reaches a QuickBlox host. `as` gives another object."""

    def __init__(self, fake: Fake, given: T) -> None:
        self._fake = fake
        self._given = given

    def __enter__(self) -> T:
        _patcher().enter(self._fake)
        return self._given

    def __exit__(self, kind: object, *_: object) -> None:
        __tracebackhide__ = True
        _patcher().leave(self._fake)
        if kind is None:
            self._fake.raise_problems()
