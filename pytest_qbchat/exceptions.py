"""What the fake raises and warns of, in its own name."""

from __future__ import annotations


class QuickBloxWarning(UserWarning):
    """QuickBlox takes this request without an error, and does not do what its sender meant.

    Turn it into a failure with pytest's own filter: `filterwarnings = error::pytest_qbchat.QuickBloxWarning`.
    """


class CallRefused(Exception):  # noqa: N818 - the name says what happened, as a failure summary shows it first
    """A call to QuickBlox that the fake cannot answer, and did not let through to the network.

    Raised in the code under test. The test fails even if that code catches it, unless the call was stubbed through
    `qbchat.router` or expected with `qbchat.expect_refused()`.
    """


class ConnectionFault(Exception):  # noqa: N818 - it is a fault that the test ordered, and an error only in the client's words
    """A call that gets no answer. Every way in raises its own library's error in its place.

    Attributes:
        kind: "timeout" or "disconnect".
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
