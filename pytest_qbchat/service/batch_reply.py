"""The reply to calls that delete several ids."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypedDict

from pytest_qbchat.service.errors import QuickBloxError, no_permission, not_found
from pytest_qbchat.service.queries import split


class Ids(TypedDict):
    """Ids as they were sent."""

    ids: list[str]


class Deleted(TypedDict, total=False):
    """The ids in a call that deletes records, grouped by result."""

    SuccessfullyDeleted: Ids
    NotFound: Ids
    WrongPermissions: Ids


def delete_each(ids: str, delete: Callable[[str], None]) -> dict[str, dict[str, list[str]]]:
    """Delete the record of each id, and return the ids by result. Refuse the call if no record was deleted."""
    results: dict[str, list[str]] = {name: [] for name in Deleted.__annotations__}
    reasons = []
    distinct: dict[str, str] = {}
    for each in split(ids):
        distinct.setdefault(each.lower(), each)
    for each in distinct.values():
        result = "SuccessfullyDeleted"
        try:
            delete(each)
        except QuickBloxError as error:
            result = "NotFound" if error.status == HTTPStatus.NOT_FOUND else "WrongPermissions"
            reasons.append(error.reason)
        results[result].append(each)
    if not results["SuccessfullyDeleted"]:
        refusal = no_permission if results["WrongPermissions"] else not_found
        raise refusal("; ".join(reasons) or "the request names no id")
    return {result: {"ids": ids} for result, ids in results.items()}
