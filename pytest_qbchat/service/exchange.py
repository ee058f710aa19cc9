"""A request on its way through the service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_qbchat.service.authentication import NOBODY, Caller
from pytest_qbchat.service.models import Dialog, Message
from pytest_qbchat.service.wire import Request, Response

if TYPE_CHECKING:
    from pytest_qbchat.service.routes import Route


@dataclass(slots=True, eq=False)
class Exchange:
    """A request on its way through the service, and what became of it.

    Attributes:
        request: What came in.
        headers: Its headers by lower-case name.
        now: Unix time, the same throughout the request.
        route: Where it goes; None for a route that the fake does not have.
        params: What it said.
        caller: Who sent it.
        dialog: The dialog it was about.
        message: The message that it created.
        edited: The messages whose text it changed, each with the text before.
        response: The answer; None if the fake has none, for a route that it does not know.
        reason: Why it was refused, in plain words; empty if it was not.
        warnings: What the request said in vain, each as a sentence to warn with.
    """

    request: Request
    headers: dict[bytes, bytes] = field(repr=False)
    now: float
    route: Route | None = None
    params: dict[str, Any] = field(default_factory=dict)
    caller: Caller = NOBODY
    dialog: Dialog | None = None
    message: Message | None = None
    edited: dict[Message, str | None] = field(default_factory=dict)
    response: Response | None = None
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
