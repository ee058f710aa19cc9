"""The reply to calls that name several ids."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypedDict

from pytest_qbchat.service.declaration import Custom
from pytest_qbchat.service.errors import QuickBloxError, no_permission, not_found


class Ids(TypedDict):
    """Ids as they were sent."""

    ids: list[str]


class Deleted(TypedDict, total=False):
    """The ids in a call that deletes, by their result."""

    SuccessfullyDeleted: Ids
    NotFound: Ids
    WrongPermissions: Ids


def updated(id_type: Any) -> dict[str, Any]:
    """The reply for the users or the dialogs in a call that adds or removes occupants; unknown ids are as sent."""
    return {"SuccessfullyUpdated": [id_type], "NotFound": [Custom], "WrongPermissions": [id_type]}


class BatchResult:
    """The ids of a call by their result, as QuickBlox's replies list them. `done` has those that worked."""

    def __init__(self) -> None:
        self.done: list[Hashable] = []
        self._not_found: list[Hashable] = []
        self._wrong_permissions: list[Hashable] = []
        self._reasons: list[str] = []

    @contextmanager
    def of(self, id: Hashable) -> Iterator[None]:
        """Note whether a block works for an id, or is refused with 404 or for another reason."""
        try:
            yield
        except QuickBloxError as error:
            refused = self._not_found if error.status == HTTPStatus.NOT_FOUND else self._wrong_permissions
            refused.append(id)
            self._reasons.append(error.reason)
        else:
            self.done.append(id)

    def as_arrays(self, success: str) -> dict[str, list[Hashable]]:
        """The three arrays; that of the ids that worked is called `success`."""
        return {success: self.done, "NotFound": self._not_found, "WrongPermissions": self._wrong_permissions}

    def reply(self, success: str, *, with_empty: bool = True) -> dict[str, Any]:
        """The three arrays, each wrapped in `ids`; empty ones may be omitted. Refuses the call if no id worked."""
        if not self.done:
            error = no_permission if self._wrong_permissions else not_found
            raise error("; ".join(self._reasons) or "the request names no id")
        return {name: {"ids": ids} for name, ids in self.as_arrays(success).items() if ids or with_empty}
