"""The reply to calls that name several ids: which of them worked."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from pytest_qbchat.service.errors import no_permission, not_found


class BatchResult:
    """The result for each id, in the three lists of QuickBlox's replies (documented, delete-dialog)."""

    def __init__(self) -> None:
        self.done: list[Hashable] = []
        self._not_found: list[Hashable] = []
        self._wrong_permissions: list[Hashable] = []
        self._reasons: list[str] = []

    def not_found(self, id: Hashable, reason: str) -> None:
        """Note that nothing has this id."""
        self._not_found.append(id)
        self._reasons.append(reason)

    def wrong_permissions(self, id: Hashable, reason: str) -> None:
        """Note that the caller has not the right."""
        self._wrong_permissions.append(id)
        self._reasons.append(reason)

    def as_dict(self, success: str, *, with_empty: bool = True) -> dict[str, Any]:
        """The three lists, with the ids that worked under `success`."""
        groups = {success: self.done, "NotFound": self._not_found, "WrongPermissions": self._wrong_permissions}
        return {name: {"ids": ids} for name, ids in groups.items() if ids or with_empty}

    def reply(self, success: str, *, with_empty: bool = True) -> dict[str, Any]:
        """The three lists; a refusal, 403 or 404, if nothing worked."""
        if not self.done:
            error = no_permission if self._wrong_permissions else not_found
            raise error("; ".join(self._reasons) or "the request names no id")
        return self.as_dict(success, with_empty=with_empty)
