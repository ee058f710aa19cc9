"""The exceptions and the warning of the fake."""

from __future__ import annotations

import sys


class QuickBloxWarning(UserWarning):
    """QuickBlox accepts this request, but probably not with the intended effect.

    The plugin makes it an error. To see a warning, use pytest's filter: `default::pytest_qbchat.QuickBloxWarning`.
    """


class CallRefused(Exception):  # noqa: N818 - the name is shown first in a failure summary
    """The fake cannot answer this call to QuickBlox, and does not let it through to the network.

    The code under test gets it. The test fails even if that code catches it, unless the test expects the refusal with
    `qbchat.expect_refused()`.
    """

    @property
    def text(self) -> str:
        """The text for where the name of this class is not shown, such as a response."""
        return f"pytest-qbchat refused this call: {self}"


class ConnectionFault(Exception):  # noqa: N818 - the client raises its own error
    """The call gets no response. Each interceptor raises an error of its library instead.

    Attributes:
        kind: "timeout", "disconnect"; for a connection that was never made "connect" or "connect timeout".
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def fault_errors() -> tuple[type[Exception], ...]:
    """The errors of a connection: faults, and those of httpx, which a respx route raises."""
    httpx = sys.modules.get("httpx")  # not imported for a test that does not use it
    return (ConnectionFault,) if httpx is None else (ConnectionFault, httpx.RequestError)


def as_fault(error: BaseException) -> ConnectionFault | None:
    """The fault for an error of a connection; None for any other error."""
    if isinstance(error, ConnectionFault):
        return error
    if not isinstance(error, fault_errors()):
        return None
    httpx = sys.modules["httpx"]
    kinds = {httpx.ConnectError: "connect", httpx.ConnectTimeout: "connect timeout", httpx.TimeoutException: "timeout"}
    kind = next((kind for each, kind in kinds.items() if isinstance(error, each)), "disconnect")
    return ConnectionFault(kind, str(error))


CallRefused.__module__ = "pytest_qbchat"  # the public name, which is the first word of a failure
