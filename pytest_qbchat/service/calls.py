"""The record of one call, from the arrival of its request to the assertion about it."""

from __future__ import annotations

from typing import Any

from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError
from pytest_qbchat.service.masking import Secrets, may_name_secret, names_secret, secrets_in
from pytest_qbchat.service.models import UNAUTHENTICATED, Caller, Dialog, Message
from pytest_qbchat.service.records import Record, record
from pytest_qbchat.service.wire import Request, Response

_MAX_WARNINGS = 300  # a request may have any number of fields


@record
class Call(Record):
    """A request, and everything that is known about it.

    Attributes:
        request: The request as the client sent it: `method`, `url`, `headers`, `body`.
        response: The response: `status`, `headers`, `body`, `json()`. None for a refused call, and for a stub that
            raised an error.
        reason: Why QuickBlox or the fake refused the call; empty if it was accepted.
        warnings: The texts of its warnings.
        stubbed: Whether a route of `qbchat.router` answered it.
        fault: The fault of `qbchat.fail` or `each_fault` that was applied to it; empty without a fault.
        route: None for a path that the fake does not have.
        caller: The user or API key that made it.
        dialog: The dialog that it concerned.
        message: The message that it created.
        now: Unix time of the fake's clock, the same throughout the call.
        began_in: The earlier test whose function started the thread that made it; empty for any other call.
    """

    request: Request
    response: Response | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    stubbed: bool = False
    fault: str = ""
    route: Route | None = None
    caller: Caller = UNAUTHENTICATED
    dialog: Dialog | None = None
    message: Message | None = None
    now: float = 0.0
    began_in: str = ""
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
        """The status of the response; None without one."""
        return None if self.response is None else self.response.status

    @property
    def refused(self) -> bool:
        """Whether the fake had no response and raised `CallRefused` in the code under test."""
        return self.response is None and not self.stubbed and not self.fault

    @property
    def params(self) -> dict[str, Any]:
        """The parameters in the body and the query string; empty if they cannot be decoded."""
        if self._params is not None:
            return self._params
        try:
            return decode(self.request)
        except QuickBloxError:
            return {}

    def as_dict(self) -> dict[str, Any]:
        """The call without what differs between clients, for copies and snapshots."""
        return {name: getattr(self, name) for name in ("method", "path", "params", "status", "reason", "fault")}

    def read_params(self) -> None:
        """Decode the parameters and keep them. Raises QuickBloxError if they cannot be decoded."""
        self._params = decode(self.request)

    def release_params(self) -> None:
        """Drop the decoded parameters after the response: they need more memory than the message and its request."""
        self._params = None

    def warn(self, text: str) -> None:
        """Add a warning that names the field, its effect in QuickBlox, and the correct spelling or value."""
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings += (text,)

    def header_secrets(self) -> list[str]:
        """The tokens and keys in the headers, with and without a scheme."""
        headers = self.request.headers
        values = [headers[name] for name in headers if names_secret(name)]
        return [*values, *(value.partition(" ")[2] for value in values)]

    def parameter_secrets(self) -> list[str]:
        """The tokens, keys and passwords in the query and the body."""
        text = self.request.query + self.request.body.decode("latin-1")
        return [*secrets_in(self.params)] if may_name_secret(text) else []  # decoding takes much longer

    def masked(self, text: str) -> str:
        """A string about this call, with its token and API key masked."""
        return Secrets([*self.header_secrets(), *self.parameter_secrets()]).mask(text)

    def __repr__(self) -> str:
        return f"<Call {self.method} {self.masked(self.path)}: {self.status or self.fault or 'refused'}>"
