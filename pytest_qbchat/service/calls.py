"""The record of one call, which accompanies a request from its arrival to the assertion about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError
from pytest_qbchat.service.masking import Secrets
from pytest_qbchat.service.models import Dialog, Message, Session
from pytest_qbchat.service.wire import Request, Response

# Nobody reads more of them, and a request may have any number of fields.
_MOST_WARNINGS = 300

# An endpoint takes the store, the call, and the text in place of each {} of its path. It returns a status and a body
# (text and bytes are sent as they are, anything else as JSON), or a whole response where not the API answers.
Endpoint = Callable[..., tuple[int, Any] | Response]


class Route(NamedTuple):
    """A path of the API.

    Attributes:
        method: In upper case.
        path: Without the suffix `.json`, which is optional throughout this API (documented with it, observed without).
        endpoint: The function that answers.
        open: Whether no token or API key is required.
        raw: Whether the body is neither JSON nor a plain form.
        guessed: Whether the route is off unless `guessed_routes` is assumed.
    """

    method: str
    path: str
    endpoint: Endpoint
    open: bool = False
    raw: bool = False
    guessed: bool = False

    def __str__(self) -> str:
        suffix = "" if self.raw or self.path.endswith(("/tokens", "{token}")) else ".json"
        return f"{self.method} {self.path}{suffix}"


class Caller(NamedTuple):
    """The user that a request acts for.

    Attributes:
        user_id: The user; None for an application session, or for an API key without `On-Behalf-Of`.
        session: The session, if a token was used.
        by_api_key: Whether an API key was used.
    """

    user_id: int | None
    session: Session | None
    by_api_key: bool = False

    @property
    def has_full_access(self) -> bool:
        """Whether the caller is an API key that acts for no user, and so has full rights (documented)."""
        return self.by_api_key and self.user_id is None


NOBODY = Caller(None, None)


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """One call: a request and everything that is known of it.

    Attributes:
        request: The request as the client sent it: `method`, `url`, `headers`, `body`.
        response: The answer: `status`, `headers`, `body`, `json()`. None for a refused call, and for a stub that
            raised an error.
        reason: Why QuickBlox or the fake refused the call, in plain words; empty if it was accepted.
        warnings: The texts of the `QuickBloxWarning`s that it caused.
        stubbed: Whether a route of `qbchat.router` answered it.
        fault: The fault of `qbchat.fail` that was applied to it; empty if there was none.
        route: The route that answered; None for a path that the fake does not have.
        caller: The user that it acted for.
        dialog: The dialog that it concerned.
        message: The message that it created.
        now: Unix time of the fake's clock, the same throughout the call.
        lowercase_headers: The headers by lower-case name.
    """

    request: Request
    response: Response | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    stubbed: bool = False
    fault: str = ""
    route: Route | None = None
    caller: Caller = NOBODY
    dialog: Dialog | None = None
    message: Message | None = None
    now: float = 0.0
    lowercase_headers: dict[bytes, bytes] = field(default_factory=dict)
    _params: dict[str, Any] | None = None

    @property
    def method(self) -> str:
        """The method, in upper case."""
        return self.request.method

    @property
    def path(self) -> str:
        """The path within the API: `/chat/Message.json`."""
        return self.request.path

    @property
    def status(self) -> int | None:
        """The status of the response; None if there was none."""
        return None if self.response is None else self.response.status

    @property
    def refused(self) -> bool:
        """Whether the fake had no answer, and raised `CallRefused` in the code under test."""
        return self.response is None and not self.stubbed and not self.fault

    @property
    def params(self) -> dict[str, Any]:
        """The parameters in its JSON, form or query string; empty if they cannot be read."""
        if self._params is None:
            try:
                self._params = decode(self.request)
            except QuickBloxError:
                self._params = {}
        return self._params

    def read_params(self) -> None:
        """Decode the parameters."""
        self._params = decode(self.request)

    def warn(self, text: str) -> None:
        """Add a warning: which field, what QuickBlox does with it, and what to write."""
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings += (text,)

    def secrets(self) -> set[str]:
        """The token and the API key that the call carried."""
        headers = self.request.headers
        key = headers.get("Authorization", "").partition(" ")[2]
        return {headers.get("QB-Token", ""), key, str(self.params.get("token", ""))}

    def masked(self, text: str) -> str:
        """A text about this call in which its token and API key are masked."""
        return Secrets(self.secrets()).mask(text)

    def __repr__(self) -> str:
        return f"<Call {self.method} {self.masked(self.path)}: {self.status or self.fault or 'refused'}>"
