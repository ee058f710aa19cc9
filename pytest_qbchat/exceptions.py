"""The exceptions and the warning that the fake raises in its own name."""

from __future__ import annotations


class QuickBloxWarning(UserWarning):
    """QuickBlox accepts this request, but does not do what the sender meant.

    To turn it into a failure, use pytest's own filter: `filterwarnings = error::pytest_qbchat.QuickBloxWarning`.
    """


class CallRefused(Exception):  # noqa: N818 - the name says what happened, and a failure summary shows it first
    """The fake cannot answer this call to QuickBlox, and did not let it through to the network.

    Raised in the code under test. The test fails even if that code catches it, unless the call was stubbed through
    `qbchat.router` or expected with `qbchat.expect_refused()`.
    """


class ConnectionFault(Exception):  # noqa: N818 - a fault that the test injected; the client raises its own error
    """The call gets no response. Each interceptor raises the error of its own library in place of this one.

    Attributes:
        kind: "timeout" or "disconnect".
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
