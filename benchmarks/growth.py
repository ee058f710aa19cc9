"""A fake with very many messages, against one with few."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter
from typing import NamedTuple

from benchmarks.documented import MESSAGE, TOKEN
from benchmarks.interleaved import interleave
from benchmarks.report import Aim, micro, table
from pytest_qbchat import FakeQuickBlox, Message, User
from pytest_qbchat.service.wire import Request

_FEW, _MANY, _MILLION = 100, 100_000, 1_000_000
_ROUNDS = 10
_PAGE = 100
_BASE = "https://api.quickblox.com"
_HEADERS = tuple((name.encode(), value.encode()) for name, value in TOKEN.items())
_JSON = ((b"Content-Type", b"application/json"), *_HEADERS)
_SHIPPED = "look at this photos, number {}"


def growth() -> Iterator[str]:
    """What each task takes after 100 and after 100,000 messages, and a million once."""
    few, many = _filled(_FEW), _filled(_MANY)
    batches = {
        (task, count): partial(_time, work, filled)
        for task, work in _TASKS.items()
        for count, filled in ((_FEW, few), (_MANY, many))
    }
    seconds = interleave({f"{task} {count}": batch for (task, count), batch in batches.items()}, _ROUNDS)
    rows = []
    for task in _TASKS:
        ratio = seconds.ratio(f"{task} {_MANY}", f"{task} {_FEW}")
        rows.append((task, *(micro(seconds.median(f"{task} {count}")) for count in (_FEW, _MANY)), f"{ratio:.2f}"))
    aims = [
        Aim(f"{task}, after {_MANY:,} against after {_FEW}", 1.10, float(row[-1]))
        for task, row in zip(_TASKS, rows, strict=True)
        if task in _CONSTANT
    ]
    yield table("Tasks after many messages", ("task", f"after {_FEW}, µs", f"after {_MANY:,}, µs", "ratio"), rows, aims)
    del few, many, batches, seconds
    yield _million()
    yield _memory()


class _Filled(NamedTuple):
    """A fake with messages that were posted, a hundred in each dialog."""

    fake: FakeQuickBlox
    dialog: str
    customer: User
    message: Message


def _filled(messages: int) -> _Filled:
    fake = FakeQuickBlox()
    support, customer = fake.add_user(), fake.add_user()
    fake.add_session(TOKEN["QB-Token"], support)
    for number in range(messages):
        if number % _PAGE == 0:
            dialog = fake.add_dialog(occupants_ids=[support, customer]).id
        _post(fake, dialog, _SHIPPED.format(number))
    return _Filled(fake, dialog, customer, fake.posted[-1])


def _post(fake: FakeQuickBlox, dialog: str, text: str) -> None:
    body = json.dumps(MESSAGE | {"chat_dialog_id": dialog, "message": text}).encode()
    response = fake._backend.handle(Request("POST", _BASE, "", "/chat/Message.json", "", _JSON, body))
    assert response.status == 201


def _posting(filled: _Filled) -> None:
    _post(filled.fake, filled.dialog, "one more")


def _page(filled: _Filled) -> None:
    query = f"chat_dialog_id={filled.dialog}&limit={_PAGE}"
    filled.fake._backend.handle(Request("GET", _BASE, "", "/chat/Message.json", query, _HEADERS, b""))


def _reading(filled: _Filled) -> None:
    filled.customer.read(filled.message)


def _found(filled: _Filled) -> None:
    filled.fake.assert_posted(message=_SHIPPED.format(7))


def _missed(filled: _Filled) -> None:
    try:
        filled.fake.assert_posted(message=_SHIPPED.format(7), markable=0)
    except AssertionError:
        return
    raise RuntimeError("the assertion must fail")


_CONSTANT = {"a post": _posting, "a page of 100": _page, "`user.read(message)`": _reading}
_TASKS = {**_CONSTANT, "a passing `assert_posted`": _found, "a failing `assert_posted`": _missed}


def _time(work: Callable[[_Filled], None], filled: _Filled) -> float:
    times = 50 if work in _CONSTANT.values() else 2
    started = perf_counter()
    for _ in range(times):
        work(filled)
    return (perf_counter() - started) / times


def _million() -> str:
    """A million messages, each step once."""
    gc.disable()  # of the interpreter, whose passes over a million messages would be most of what is measured
    try:
        steps: list[tuple[str, float]] = []
        started = perf_counter()
        filled = _filled(_MILLION)
        steps.append((f"post {_MILLION:,} messages", perf_counter() - started))
        for name, work in (("a page of 100", _page), ("a passing `assert_posted`", _found), ("a failing one", _missed)):
            started = perf_counter()
            work(filled)
            steps.append((name, perf_counter() - started))
    finally:
        gc.enable()
    return table(
        "A million messages, once", ("step", "ms"), [(name, f"{seconds * 1e3:,.1f}") for name, seconds in steps]
    )


def _memory() -> str:
    """Bytes that a post leaves, as `tracemalloc` counts them."""
    fake, dialog, *_ = _filled(1)
    tracemalloc.start()
    try:
        before = _in_use()
        for number in range(5_000):
            _post(fake, dialog, _SHIPPED.format(number))
        kilobytes = (_in_use() - before) / 5_000 / 1_000
    finally:
        tracemalloc.stop()
    aims = [Aim("a posted message with all that is recorded, in kB", 1.70, kilobytes)]
    return table(
        "Memory", ("a posted message", "bytes"), [("with all that is recorded", f"{kilobytes * 1e3:,.0f}")], aims
    )


def _in_use() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
