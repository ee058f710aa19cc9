"""A generated message, against what one writes by hand for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from time import perf_counter
from typing import Any

from faker import Faker

from benchmarks.interleaved import interleave
from benchmarks.report import Aim, micro, table
from pytest_qbchat import PayloadFactory

_ROUNDS = 50
_MESSAGES = 1_000

_BY_HAND, _FACTORY = "plain `random`", "**`PayloadFactory().message()`**"
_TEXTS = (
    "Order {number} has shipped",
    "Where is my order {number}?",
    "Your appointment is confirmed, the number is {number}",
    "ok, thanks",
)


def payloads() -> Iterator[str]:
    """The default message: a text, an id and two images."""
    random = Random(0)
    faker = Faker()
    faker.seed_instance(0)
    makers: dict[str, Callable[[], Any]] = {
        _BY_HAND: lambda: _by_hand(random, random.choice(_TEXTS).format(number=random.randrange(10_000, 100_000))),
        _FACTORY: PayloadFactory().message,
        "plain `random`, the text a sentence of Faker's": lambda: _by_hand(random, faker.sentence()),
    }
    seconds = interleave({name: partial(_make, maker) for name, maker in makers.items()}, _ROUNDS)
    yield table(
        "The body of a message",
        ("made by", "µs", "ratio"),
        [(name, micro(seconds.median(name)), f"{seconds.ratio(name, _BY_HAND):.2f}") for name in makers],
        [Aim(f"{_FACTORY} against {_BY_HAND}", 1.50, seconds.ratio(_FACTORY, _BY_HAND))],
    )


def _by_hand(random: Random, text: str) -> dict[str, Any]:
    return {
        "chat_dialog_id": f"{random.getrandbits(96):024x}",
        "message": text,
        "attachments": {str(index): _image(random) for index in range(2)},
        "send_to_chat": 1,
        "markable": 1,
    }


def _image(random: Random) -> dict[str, Any]:
    """The same fields as the factory's."""
    return {
        "type": "image",
        "id": str(random.randrange(10_000, 1_000_000)),
        "name": f"IMG_{random.randrange(1_000, 10_000)}.jpg",
        "content-type": "image/jpeg",
        "size": random.randrange(100_000, 4_000_000),
        "width": 4032,
        "height": 3024,
    }


def _make(maker: Callable[[], Any]) -> float:
    started = perf_counter()
    for _ in range(_MESSAGES):
        maker()
    return (perf_counter() - started) / _MESSAGES
