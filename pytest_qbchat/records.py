"""The collections that a fake is observed through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from pytest_qbchat.matching import has_fields

T = TypeVar("T")


class Records(Sequence[T], Generic[T]):
    """Records in the order they came, live: what comes later shows up in the same collection.

    Equal to any sequence of equal items, so that `qbchat.posted == []` and `qbchat.posted == [{"message": "hi"}]` say
    what they mean.
    """

    __slots__ = ("_items", "_noun")
    __hash__ = None  # type: ignore[assignment]  # like a list: equal by content, and the content changes

    def __init__(self, items: Sequence[T], noun: str) -> None:
        """Wrap a sequence.

        Args:
            items: Kept by reference.
            noun: What one of them is called, in the singular.
        """
        self._items = items
        self._noun = noun

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...
    def __getitem__(self, index: int | slice) -> T | Records[T]:
        if isinstance(index, slice):
            return Records(self._items[index], self._noun)
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"{list(self._items)!r}"

    @property
    def last(self) -> T:
        """The newest.

        Raises:
            AssertionError: There is none.
        """
        __tracebackhide__ = True
        if not self._items:
            raise AssertionError(f"no {self._noun}: there is no last one")
        return self._items[-1]

    def one(self) -> T:
        """The only one.

        Raises:
            AssertionError: There is none, or more than one.
        """
        __tracebackhide__ = True
        if len(self._items) != 1:
            listed = "".join(f"\n  {item!r}" for item in self._items)
            raise AssertionError(f"expected one {self._noun}, there are {len(self._items) or 'none'}{listed}")
        return self._items[0]

    def where(self, **fields: Any) -> Records[T]:
        """Those with these fields, as they are now.

        Args:
            **fields: Expected values, compared as in `FakeQuickBlox.assert_posted`.
        """
        return Records([item for item in self._items if has_fields(item, fields)], self._noun)
