"""As much of Django's signals as the workshop needs, so that this example runs without Django."""

from collections.abc import Callable
from typing import Any


class Signal:
    """Something that happens, and those who want to hear of it."""

    def __init__(self) -> None:
        self._receivers: list[Callable[..., None]] = []

    def connect(self, receiver: Callable[..., None]) -> Callable[..., None]:
        self._receivers.append(receiver)
        return receiver

    def send(self, sender: type, **named: Any) -> None:
        for receiver in self._receivers:
            receiver(sender=sender, **named)


post_save = Signal()
