"""Records of a state, read field by field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from pytest_qbchat.service.ids import is_object_id, whole_number
from pytest_qbchat.service.params import one, zero
from pytest_qbchat.service.spelling import similar_name
from pytest_qbchat.service.wire import encode_json

OWN = "_qbchat"  # the key of what QuickBlox has no name for


class Record:
    """One record of a state, whose fields are taken one by one, until none is left.

    Every field that is missing or null is the default; one that is wrong is a ValueError.
    """

    def __init__(self, where: str, given: Any, ignored: set[str]) -> None:
        self.where = where
        if not isinstance(given, dict):
            raise ValueError(f"{where}: {shown(given)} is no object: write {{...}}")
        self.given: Mapping[str, Any] = given
        self.left = {name: value for name, value in given.items() if name not in ignored}
        self._known = set(ignored)

    def take(self, name: str) -> Any:
        """A field of any kind."""
        self._known.add(name)
        return self.left.pop(name, None)

    def text(self, name: str) -> str | None:
        """A text."""
        value = self.take(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name, value, "no text", '"..."')
        return value

    def required(self, name: str) -> str:
        """A text that is not empty."""
        return self.text(name) or self.refuse(f"has no {name}: write one")

    def number(self, name: str) -> int | None:
        """A whole number from 0 on, or its digits."""
        value = self.take(name)
        number = whole_number(value)
        if value is not None and number is None:
            raise self.wrong(name, value, "no id or number", "its digits")
        return number

    def ids(self, name: str, default: list[int]) -> list[int]:
        """A list of user ids."""
        value = self.take(name)
        if value is None:
            return default
        numbers = [whole_number(each) for each in value] if isinstance(value, list) else [None]
        found = [number for number in numbers if number is not None]
        if len(found) != len(numbers):
            raise self.wrong(name, value, "no list of user ids", "[7, 8]")
        return found

    def truth(self, name: str) -> bool:
        """True or false."""
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, value, "neither true nor false", "true")
        return bool(value)

    def flag(self, name: str) -> int | None:
        """1 or 0."""
        value = self.take(name)
        if value is None:
            return None
        if not one(value) and not zero(value):
            raise self.wrong(name, value, "neither 1 nor 0", "1")
        return int(value)

    def object_id(self, name: str) -> str | None:
        """The id of a dialog or a message."""
        value = self.take(name)
        if value is not None and not is_object_id(value):
            raise self.wrong(name, value, "no id", "24 hexadecimal digits, or leave it out")
        return value and str(value).lower()

    def moment(self, name: str) -> int | None:
        """A time as QuickBlox writes it, as Unix time."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.wrong(name, value, "no time", '"2019-09-09T20:30:15Z"') from None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())

    def wrong(self, name: str, value: Any, what: str, right: str) -> ValueError:
        """The error for a wrong value."""
        return ValueError(f"{self.where} {name}: {shown(value)} is {what}: write {right}")

    def refuse(self, text: str) -> NoReturn:
        """Refuse the record for what it says as a whole."""
        raise ValueError(f"{self.where} {text}")

    def end(self) -> None:
        """Refuse what nobody took."""
        for name in self.left:
            meant = similar_name(name, self._known) or f"one of {', '.join(sorted(self._known))}"
            raise ValueError(f"{self.where} has an unknown field {name!r}: write {meant}")


def shown(value: Any) -> str:
    """A value as an error shows it."""
    text = encode_json(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


_WIDTH = 60


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def either(value: int | None, default: int | None) -> Any:
    """A number, or another where it is missing."""
    return default if value is None else value
