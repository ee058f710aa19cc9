"""Every call that reached the fake, answered or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_qbchat.service.decoding import decode
from pytest_qbchat.service.errors import QuickBloxError
from pytest_qbchat.service.masking import Secrets
from pytest_qbchat.service.wire import Request, Response


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """One call: a request and what became of it.

    Attributes:
        request: As the client sent it: `method`, `url`, `headers`, `body`.
        response: The answer: `status`, `headers`, `body`, `json()`. None for a refused call, and for a stub that
            raised an error.
        reason: Why QuickBlox or the fake refused it, in plain words; empty if it was accepted.
        warnings: The texts of the `QuickBloxWarning`s that it caused.
        stubbed: Whether a route of `qbchat.router` answered it.
        fault: What `qbchat.fail` let happen to it; empty if nothing.
    """

    request: Request
    response: Response | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    stubbed: bool = False
    fault: str = ""

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
        """What the request said, from its JSON, form or query string; empty if it cannot be read."""
        try:
            return decode(self.request)
        except QuickBloxError:
            return {}

    def __repr__(self) -> str:
        return (
            f"<Call {self.method} {Secrets(self.secrets()).mask(self.path)}: {self.status or self.fault or 'refused'}>"
        )

    def secrets(self) -> set[str]:
        """The token and the API key that the call carried."""
        headers = self.request.headers
        key = headers.get("Authorization", "").partition(" ")[2]
        return {headers.get("QB-Token", ""), key, str(self.params.get("token", ""))}

    def masked(self, text: str) -> str:
        """A text about this call, fit to be shown."""
        return Secrets(self.secrets()).mask(text)
