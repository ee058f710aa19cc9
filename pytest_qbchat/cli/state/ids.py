"""New ids, beside those of a state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from pytest_qbchat.service.ids import Ids, whole_number

T = TypeVar("T", int, str)


class IdsBeside(Ids):
    """Ids of which none is one that a state has, or had and deleted."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        super().__init__()
        self._taken = {*_named(state)}

    def object_id(self, seconds: int) -> str:
        """A new ObjectId."""
        return self._free(lambda: super(IdsBeside, self).object_id(seconds))

    def user_id(self) -> int:
        """A new user id."""
        return self._free(super().user_id)

    def number(self) -> int:
        """A new id of a session or a blob."""
        return self._free(super().number)

    def token(self) -> str:
        """A new token."""
        return self._free(super().token)

    def uid(self) -> str:
        """A new blob uid."""
        return self._free(super().uid)

    def _free(self, make: Callable[[], T]) -> T:
        while (made := make()) in self._taken:
            pass
        return made


def _named(value: Any, key: str = "") -> Iterator[int | str]:
    """Whatever may be an id in a state, the numbers as numbers."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _named(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)
    elif isinstance(value, int | str) and key.endswith(_NAMING):
        number = whole_number(value)
        yield str(value).lower() if number is None else number


_NAMING = ("id", "_ids", "token", "deleted")
