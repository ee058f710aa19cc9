"""Refusals, in the shapes that QuickBlox uses.

QuickBlox has several envelopes for an error, and a client that knows only one of them breaks. Each refusal here is
labelled with the source of its status and body.
"""

from __future__ import annotations

from typing import Any


class QuickBloxError(Exception):
    """A request that QuickBlox refuses.

    Attributes:
        status: The HTTP status.
        body: The JSON body.
        reason: The cause in plain words, for whoever reads the test's output. Never sent to the client.
    """

    def __init__(self, status: int, body: dict[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.body = body
        self.reason = reason


def _based(text: str) -> dict[str, Any]:
    return {"errors": {"base": [text]}}


def _listed(text: str) -> dict[str, Any]:
    return {"errors": [text]}


def _coded(text: str) -> dict[str, Any]:
    return {"code": None, "message": text}


def unreadable_body(reason: str) -> QuickBloxError:
    """The envelope is observed, for requests that could not be routed or read; the status and text are assumed."""
    return QuickBloxError(400, _coded("The request body could not be parsed"), reason)


def invalid_utf8(reason: str) -> QuickBloxError:
    """Text and envelope observed; the status is assumed."""
    return QuickBloxError(400, _coded("invalid byte sequence in UTF-8"), reason)


def token_required(reason: str) -> QuickBloxError:
    """Text observed; the envelope is assumed."""
    return QuickBloxError(401, _based("Token is required"), reason)


def session_does_not_exist(reason: str) -> QuickBloxError:
    """An unknown or expired token (observed)."""
    return QuickBloxError(401, _based("Required session does not exist"), reason)


def authorization_failed(reason: str) -> QuickBloxError:
    """Envelope documented; of its text only the first letters are known."""
    return QuickBloxError(401, _based("Authorization failed"), reason)


def need_user(reason: str) -> QuickBloxError:
    """An application session, or a key that acts for nobody, where a user is needed.

    Observed for dialogs and for listing messages; assumed for posting one.
    """
    return QuickBloxError(422, _based("Forbidden. Need user."), reason)


def behalf_of_unknown_user(reason: str) -> QuickBloxError:
    """Assumed, after the documented refusal of a token for an unknown user."""
    return QuickBloxError(404, _based("Couldn't find user"), reason)


def recipient_required(reason: str) -> QuickBloxError:
    """Neither a dialog nor a recipient: status and text are assumed."""
    return QuickBloxError(422, _based("chat_dialog_id or recipient_id is required"), reason)


def not_found(reason: str) -> QuickBloxError:
    """A missing dialog, or a malformed id. Observed for other calls on dialogs; assumed for posting."""
    return QuickBloxError(404, _listed("The resource wasn't found"), reason)


def no_permission(reason: str) -> QuickBloxError:
    """Not an occupant. Status documented, body observed for other calls on dialogs."""
    text = "You don't have appropriate permissions to perform this operation"
    return QuickBloxError(403, _listed(text), reason)


def occupants_do_not_exist(reason: str) -> QuickBloxError:
    """A recipient whom QuickBlox does not know. Text observed; status and envelope assumed."""
    return QuickBloxError(422, _listed("Occupants with these IDs do not exist."), reason)
