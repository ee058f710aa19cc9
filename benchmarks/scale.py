"""A fake with a hundred thousand messages, against one with few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from time import perf_counter
from typing import NamedTuple

from benchmarks.documented import MESSAGE, URL
from benchmarks.interleaved import Batch, interleave
from benchmarks.memory import memory
from benchmarks.pages import pages
from benchmarks.report import Aim, micro, table
from benchmarks.stores import DIALOGS, MESSAGES, PAGE, Store, filled


def scale() -> Iterator[str]:
    """Posting, listing and counting after a long history, and what it weighs."""
    large = filled(MESSAGES, DIALOGS)
    yield _posting(large)
    yield pages(large)
    yield _questions(large)
    del large
    yield memory()


# Posting

_POST_ROUNDS = 40
_POSTS = 50
_WARM_UP = 5

_FEW = "10 messages in one dialog"
_MANY = "**100,000 messages in 1,000 dialogs**"
_MANY_IN_ONE = "100,000 messages in one dialog"


def _posting(large: Store) -> str:
    """The documentation's message, after a history that gets longer."""
    before: dict[str, Callable[[], Store]] = {
        # A short history would not be short for long: it is made anew for each batch.
        _FEW: partial(filled, 10, 1),
        "1,000 messages in one dialog": partial(filled, 1_000, 1),
        "10,000 messages in one dialog": partial(_same, filled(10_000, 1)),
        _MANY_IN_ONE: partial(_same, filled(MESSAGES, 1)),
        _MANY: partial(_same, large),
    }
    seconds = interleave({name: partial(_post, store) for name, store in before.items()}, _POST_ROUNDS)
    return table(
        "A posted message, after so many others",
        ("what is there", "µs", "ratio"),
        [(name, micro(seconds.median(name)), f"{seconds.ratio(name, _FEW):.3f}") for name in before],
        [Aim(f"{name} against {_FEW}", 1.05, seconds.ratio(name, _FEW)) for name in (_MANY, _MANY_IN_ONE)],
    )


def _same(store: Store) -> Store:
    return store


def _post(before: Callable[[], Store]) -> float:
    store = before()
    with store.client() as client:
        bodies = (MESSAGE | {"chat_dialog_id": dialog} for dialog in store.turns)
        for body in islice(bodies, _WARM_UP):
            assert client.post(URL, json=body).status_code == 201
        started = perf_counter()
        for body in islice(bodies, _POSTS):
            client.post(URL, json=body)
        return (perf_counter() - started) / _POSTS


# Unread counts and lists of dialogs

_QUESTION_ROUNDS = 40
_QUESTIONS = 20

_UNREAD = "https://api.quickblox.com/chat/Message/unread.json"
_DIALOGS = "https://api.quickblox.com/chat/Dialog.json"


class _Question(NamedTuple):
    """What is asked of two stores, and answered by both alike.

    Attributes:
        small: The one with few messages; the other is the large one.
        url: What is asked of a store.
    """

    small: Store
    url: Callable[[Store], str]


def _questions(large: Store) -> str:
    """What costs in proportion to the dialogs that are counted or listed."""
    ten, hundred = filled(10, 10), filled(10 * PAGE, PAGE)
    questions = {
        "unread messages of one dialog": _Question(ten, partial(_unread, 1)),
        "unread messages of ten dialogs": _Question(ten, partial(_unread, 10)),
        "unread messages of all dialogs": _Question(ten, lambda _: _UNREAD),
        "a dialog by its id": _Question(ten, lambda store: f"{_DIALOGS}?_id={store.dialogs[5]}"),
        "a list of 100 dialogs": _Question(hundred, lambda _: f"{_DIALOGS}?limit={PAGE}"),
    }
    batches: dict[str, Batch] = {}
    for name, question in questions.items():
        batches[name] = partial(_ask, large, question.url(large))
        batches[_of_few(name)] = partial(_ask, question.small, question.url(question.small))
    seconds = interleave(batches, _QUESTION_ROUNDS)
    ratios = {name: seconds.ratio(name, _of_few(name)) for name in questions}
    return table(
        "Unread counts, and a list of dialogs",
        ("what is asked", "of few, µs", "of 100,000 messages in 1,000 dialogs, µs", "ratio"),
        [
            (name, micro(seconds.median(_of_few(name))), micro(seconds.median(name)), f"{ratio:.2f}")
            for name, ratio in ratios.items()
        ],
        [],
    )


def _of_few(name: str) -> str:
    return f"{name}, of few"


def _unread(number: int, store: Store) -> str:
    return f"{_UNREAD}?chat_dialog_ids={','.join(store.dialogs[:number])}"


def _ask(store: Store, url: str) -> float:
    with store.client() as client:
        assert client.get(url).status_code == 200
        started = perf_counter()
        for _ in range(_QUESTIONS):
            client.get(url).json()
        return (perf_counter() - started) / _QUESTIONS
