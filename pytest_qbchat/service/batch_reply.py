"""The reply to calls that name several ids."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypedDict

from pytest_qbchat.service.declaration import Custom
from pytest_qbchat.service.errors import no_permission, not_found


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
    """The ids of a call by their result, as QuickBlox's replies list them."""

    def __init__(self) -> None:
        self.done: list[Hashable] = []
        self._not_found: list[Hashable] = []
        self._wrong_permissions: list[Hashable] = []
        self._reasons: list[str] = []

    def not_found(self, id: Hashable, reason: str) -> None:
        """Add an id that does not exist."""
        self._not_found.append(id)
        self._reasons.append(reason)

    def wrong_permissions(self, id: Hashable, reason: str) -> None:
        """Add an id that the caller has no right to."""
        self._wrong_permissions.append(id)
        self._reasons.append(reason)

    def as_arrays(self, success: str) -> dict[str, list[Hashable]]:
        """The three arrays; that of the ids that worked is called `success`."""
        return {success: self.done, "NotFound": self._not_found, "WrongPermissions": self._wrong_permissions}

    def reply(self, success: str, *, with_empty: bool = True) -> dict[str, Any]:
        """The three arrays, each wrapped in `ids`; empty ones may be omitted.

        Raises:
            QuickBloxError: 403 or 404 if no id worked.
        """
        if not self.done:
            error = no_permission if self._wrong_permissions else not_found
            raise error("; ".join(self._reasons) or "the request names no id")
        return {name: {"ids": ids} for name, ids in self.as_arrays(success).items() if ids or with_empty}
