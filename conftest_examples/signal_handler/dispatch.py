"""A minimal version of Django's signals, so that this example runs without Django."""

from collections.abc import Callable
from typing import Any


class Signal:
    """An event, and the receivers that are called when it is sent."""

    def __init__(self) -> None:
        self._receivers: list[Callable[..., None]] = []

    def connect(self, receiver: Callable[..., None]) -> Callable[..., None]:
        self._receivers.append(receiver)
        return receiver

    def send(self, sender: type, **named: Any) -> None:
        for receiver in self._receivers:
            receiver(sender=sender, **named)


post_save = Signal()
