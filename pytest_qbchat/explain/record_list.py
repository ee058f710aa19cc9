"""Collections of messages, calls, users and other records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from pytest_qbchat.explain.field_matching import check_names, has_fields
from pytest_qbchat.service.records import Record, record

T = TypeVar("T")
_MAX_LISTED = 10


@record
class Records(Record, Sequence[T], Generic[T]):
    """A view of records, oldest first. It grows with the list that it shows.

    Equal to any sequence of equal items: `qbchat.posted == []`, `qbchat.posted == [{"message": "hi"}]`.
    """

    __hash__ = None  # type: ignore[assignment]  # like a list: equal by content, and the content changes

    _items: Sequence[T]
    _kind: type[T]
    _noun: str  # the name of a record in error texts: `posted message`
    _failure: Callable[[str], AssertionError]  # the error with a text, in which secrets are masked
    _reasons: Callable[[], Iterable[str]] = tuple  # lines that may explain why an expected item is missing
    _shown: Callable[[T], T] = lambda record: record  # makes the view of a record that a test gets
    _whole: Sequence[T] | None = None  # the records before `where` and slices

    @property
    def _fields(self) -> list[T]:
        return [*self]

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...
    def __getitem__(self, index: int | slice) -> T | Records[T]:
        if isinstance(index, slice):
            return self._subset([*map(self._shown, self._items[index])], self._noun)
        return self._shown(self._items[index])

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return map(self._shown, self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"{list(self)!r}"

    @property
    def first(self) -> T:
        """The oldest record. Raises AssertionError if there is none."""
        if not self._items:
            raise self._none_found(f"expected a {self._noun}, found none")
        return self[0]

    @property
    def last(self) -> T:
        """The newest record. Raises AssertionError if there is none."""
        return self[-1] if self._items else self.first

    def one(self) -> T:
        """The only record.

        Raises:
            AssertionError: The collection is empty, or has more than one record.
        """
        if not self._items:
            raise self._none_found(f"expected one {self._noun}, found none")
        if len(self._items) > 1:
            raise self._error(f"expected one {self._noun}, found {len(self._items)}", *_listed(self))
        return self[0]

    def where(self, /, **fields: Any) -> Records[T]:
        """The records that have these fields now.

        Args:
            **fields: Expected values, compared as in `FakeQuickBlox.assert_posted`.

        Raises:
            TypeError: A field is misspelt: it resembles a field of the records, and no record has it.
        """
        check_names(fields, self._kind, self._all)
        expected = ", ".join(f"{name}={value!r}" for name, value in fields.items())
        noun = f"{self._noun} with {expected}" if fields else self._noun
        return self._subset([item for item in self if has_fields(item, fields)], noun)

    @property
    def _all(self) -> Sequence[T]:
        return self if self._whole is None else self._whole

    def _subset(self, items: Sequence[T], noun: str) -> Records[T]:
        return Records(items, self._kind, noun, self._failure, self._reasons, _whole=self._all)

    def _error(self, *lines: str) -> AssertionError:
        return self._failure("\n".join(lines))

    def _none_found(self, verdict: str) -> AssertionError:
        """The error if no record is left. It lists all records, or says why there are none."""
        if self._all:
            return self._error(f"{verdict} among {len(self._all)}:", *_listed(self._all))
        reason, *lines = [*self._reasons(), ""]
        return self._error(f"{verdict}{reason and f': {reason}'}", *(f"  {line}" for line in lines if line))


def _listed(items: Sequence[object]) -> Iterator[str]:
    yield from (f"  {item!r}" for item in items[:_MAX_LISTED])
    if len(items) > _MAX_LISTED:
        yield f"  and {len(items) - _MAX_LISTED} more"
