"""What a message weighs: put into the history by a test, and posted with all that is recorded of its call."""

from __future__ import annotations

import gc
import tracemalloc

from benchmarks.documented import MESSAGE, URL
from benchmarks.report import Aim, table
from benchmarks.stores import DIALOGS, MESSAGES, Store, filled
from pytest_qbchat.service.wire import Request

_POSTS = 5_000
_NO_REQUEST = Request("", "", "", "", "", [], b"")
_ADDED = "**in the history**, put there by `add_message`"
_POSTED = "**posted through httpx**, with all that is recorded"


def memory() -> str:
    """Bytes in use, as `tracemalloc` counts them."""
    tracemalloc.start()
    try:
        rows = _added() | _posted()
    finally:
        tracemalloc.stop()
    return table(
        "What a message weighs",
        ("a message", "bytes"),
        [(name, f"{weight:,.0f}") for name, weight in rows.items()],
        [
            Aim(f"{_ADDED}, in kB", 0.80, rows[_ADDED] / 1_000),
            Aim(f"{_POSTED}, in kB", 1.70, rows[_POSTED] / 1_000),
        ],
    )


def _added() -> dict[str, float]:
    nothing = _in_use()
    store = filled(MESSAGES, DIALOGS)
    return {_ADDED: (_in_use() - nothing) / len(store.fake.messages)}


def _posted() -> dict[str, float]:
    store = filled(0, 1)
    _post(store, 10)  # so that what is made once is there
    nothing = _in_use()
    _post(store, _POSTS)
    posted = _in_use() - nothing
    _forget_responses(store)
    without_responses = _in_use() - nothing
    _forget_requests(store)
    without_requests = _in_use() - nothing
    return {
        _POSTED: posted / _POSTS,
        "of this, the response": (posted - without_responses) / _POSTS,
        "of this, the request": (without_responses - without_requests) / _POSTS,
        "of this, the message and its call": without_requests / _POSTS,
    }


def _post(store: Store, times: int) -> None:
    body = MESSAGE | {"chat_dialog_id": store.dialogs[0]}
    with store.client() as client:
        for number in range(times):
            client.post(URL, json=body | {"message": f"{MESSAGE['message']}, number {number}"})


def _forget_responses(store: Store) -> None:
    for call in store.fake.calls:
        call.response = None


def _forget_requests(store: Store) -> None:
    for call in store.fake.calls:
        call.request = _NO_REQUEST


def _in_use() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
