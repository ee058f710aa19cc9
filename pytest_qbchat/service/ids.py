"""Ids that look like QuickBlox's and are the same from run to run."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import count
from time import gmtime, strftime
from typing import Any

# What stands between the time and the counter of an ObjectId: the machine and the process, in MongoDB's scheme.
_ORIGIN = "a0facade01"
_FIRST_USER_ID = 96_830_001
_FIRST_NUMBER = 1_151_000_001
_COUNTER_MASK = 0xFFFFFF
_TOKENS = "decade"
_UIDS = "b10b"

_OBJECT_ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)


class Ids:
    """Where the ids of one fake come from."""

    def __init__(self) -> None:
        self._object_counter = count(1)
        self._user_ids = count(_FIRST_USER_ID)
        self._numbers = count(_FIRST_NUMBER)

    def object_id(self, seconds: int) -> str:
        """A new 24-digit hexadecimal ObjectId.

        Its first eight digits are the time of its making, as in every published sample (documented).
        """
        return f"{seconds & 0xFFFFFFFF:08x}{_ORIGIN}{next(self._object_counter) & _COUNTER_MASK:06x}"

    def user_id(self) -> int:
        """A new user id, of eight digits like those in QuickBlox's documentation."""
        return next(self._user_ids)

    def number(self) -> int:
        """A new id of a session or a blob."""
        return next(self._numbers)

    def token(self) -> str:
        """A new token of 40 hexadecimal digits (documented), which says that it is made up."""
        return f"{_TOKENS}{next(self._numbers):0{40 - len(_TOKENS)}x}"

    def uid(self) -> str:
        """A new blob uid: 32 letters and digits."""
        return f"{_UIDS}{next(self._numbers):0{32 - len(_UIDS)}x}"


def is_object_id(value: object) -> bool:
    """Whether a value is an ObjectId: text of 24 hexadecimal digits."""
    return isinstance(value, str) and _OBJECT_ID.fullmatch(value) is not None


@lru_cache(maxsize=1024)
def timestamp(seconds: int) -> str:
    """Unix time as QuickBlox writes `created_at` and `updated_at`: `2019-09-09T20:30:15Z` (documented)."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


@lru_cache(maxsize=64)
def expiration_date(seconds: int) -> bytes:
    """Unix time as the header `QB-Token-ExpirationDate` has it: `2018-05-02 16:44:54 +0000` (observed)."""
    return strftime("%Y-%m-%d %H:%M:%S +0000", gmtime(seconds)).encode()


_MOST_DIGITS = 19  # those of a 64-bit number


def whole_number(value: Any) -> int | None:
    """An id, type or size, which QuickBlox takes as a number or as its digits (documented); None if it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    digits = str(value)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS else None
