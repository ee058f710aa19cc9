"""The repairs of a bicycle workshop. Code that saves a repair does not depend on the chat."""

from dataclasses import dataclass

from dispatch import post_save


@dataclass
class Repair:
    number: int
    dialog_id: str
    finished: bool = False

    def save(self) -> None:
        post_save.send(sender=type(self), instance=self)
