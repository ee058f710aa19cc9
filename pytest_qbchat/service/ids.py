"""Ids and times in QuickBlox's format. The ids are the same in each run."""

from __future__ import annotations

import re
from functools import lru_cache
from time import gmtime, strftime
from typing import Any

from pytest_qbchat.service.records import Record

_ORIGIN = "a0facade01"  # between the time and the counter of an ObjectId; in MongoDB the machine and the process
_MAX_DIGITS = 19  # the length of the largest 64-bit number

_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)


class Ids:
    """The source of the ids of one fake."""

    def __init__(self) -> None:
        self._objects = 0
        self._user_id = 96_830_000
        self._number = 1_151_000_000

    def object_id(self, seconds: int) -> str:
        """A new ObjectId: 24 hexadecimal digits, the first eight for the time of creation (documented)."""
        self._objects += 1
        return f"{seconds & 0xFFFFFFFF:08x}{_ORIGIN}{self._objects & 0xFFFFFF:06x}"

    def user_id(self) -> int:
        """A new user id, with eight digits as in QuickBlox's documentation."""
        self._user_id += 1
        return self._user_id

    def number(self) -> int:
        """A new id for a session or a blob."""
        self._number += 1
        return self._number

    def token(self) -> str:
        """A new token: 40 hexadecimal digits (documented), recognizable as made up."""
        return f"decade{self.number():034x}"

    def uid(self) -> str:
        """A new blob uid: 32 letters and digits."""
        return f"b10b{self.number():028x}"


def is_object_id(value: object) -> bool:
    """Whether a value is a string of 24 hexadecimal digits."""
    return isinstance(value, str) and _OBJECT_ID.fullmatch(value) is not None


@lru_cache(maxsize=1024)
def timestamp(seconds: int) -> str:
    """Unix time in the format of `created_at` and `updated_at`: `2019-09-09T20:30:15Z` (documented)."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


class Dated(Record):
    """A record with Unix times as `created` and `updated`."""

    __slots__ = ()
    created: int
    updated: int

    @property
    def created_at(self) -> str:
        """The time of creation in QuickBlox's format."""
        return timestamp(self.created)

    @property
    def updated_at(self) -> str:
        """The time of the last change in QuickBlox's format."""
        return timestamp(self.updated)


def expiration_date(seconds: int, utc: bool) -> bytes:
    """Unix time in the format of `QB-Token-ExpirationDate`: `2018-05-02 16:44:54 +0000`, or with `UTC` (observed)."""
    return strftime(f"%Y-%m-%d %H:%M:%S {'UTC' if utc else '+0000'}", gmtime(seconds)).encode()


def whole_number(value: Any) -> int | None:
    """An id, type or size that is given as a number or as its digits (documented); None for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    digits = str(value)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS else None
