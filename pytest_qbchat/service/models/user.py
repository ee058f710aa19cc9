"""Users, and `id_of`, which accepts a user or an id."""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypedDict

from pytest_qbchat.service.declaration import Custom, Time
from pytest_qbchat.service.ids import Dated, timestamp
from pytest_qbchat.service.records import record


class UserRecord(TypedDict):
    """A user as QuickBlox shows it."""

    id: int
    full_name: str | None
    email: str | None
    login: str | None
    phone: str | None
    website: str | None
    created_at: Time
    updated_at: Time
    last_request_at: Time | None
    external_user_id: str | None
    facebook_id: str | None
    twitter_id: str | None
    blob_id: int | None
    custom_data: str | None
    age_over16: Custom
    allow_statistics_analysis: Custom
    allow_sales_activities: Custom
    parents_contacts: Custom
    user_tags: str | None


@record
class User(Dated):
    """A user of the application. Fields that were not set are None.

    Attributes:
        full_name: The name that other users see.
        login: Unique, like `email`, `facebook_id`, `twitter_id` and `external_user_id`.
        external_user_id: The id of the user in the application under test.
        blob_id: The id of the avatar.
        custom_data: A custom string, often JSON.
        user_tags: Separated by commas.
        age_over16: Stored as the request has it, like the next three fields.
        password: Checked at a login; while it is None, any password is valid. Omitted in the repr.
        last_request: Unix time of the last call; None before the first.
        adopted: Whether the fake invented the user for an unknown token, login or id.
    """

    id: int
    full_name: str | None = None
    login: str | None = None
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    external_user_id: str | None = None
    facebook_id: str | None = None
    twitter_id: str | None = None
    blob_id: int | None = None
    custom_data: str | None = None
    user_tags: str | None = None
    age_over16: Any = None
    allow_statistics_analysis: Any = None
    allow_sales_activities: Any = None
    parents_contacts: Any = None
    password: str | None = field(default=None, repr=False)
    created: int = 0
    updated: int = 0
    last_request: int | None = None
    adopted: bool = False

    def __repr__(self) -> str:
        given = [f"{name}={value!r}" for name in _SHOWN if (value := getattr(self, name)) is not None]
        return f"User({', '.join([str(self.id), *given])}{', adopted' if self.adopted else ''})"

    @property
    def last_request_at(self) -> str | None:
        """The time of the last call; None for a new user (documented)."""
        return None if self.last_request is None else timestamp(self.last_request)

    def as_dict(self) -> dict[str, Any]:
        """The user as QuickBlox shows it."""
        return {name: getattr(self, name) for name in UserRecord.__annotations__}


_SHOWN = ("full_name", "login", "email")


def id_of(user: int | User) -> int:
    """The id of a user that is given as an id or as a `User`. Raises TypeError for anything else."""
    __tracebackhide__ = True
    if isinstance(user, User):
        return user.id
    if isinstance(user, bool) or not isinstance(user, int):
        raise TypeError(f"{user!r} is not a user; expected a user id or the result of qbchat.add_user()")
    return user
