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
    """A wrong API key, or none where one is needed. Envelope documented; only the first letters of the text are."""
    return QuickBloxError(401, _based("Authorization failed"), reason)


def need_user(status: int, reason: str) -> QuickBloxError:
    """An application session, or a key that acts for nobody, where a user is needed.

    Observed with 422 for dialogs and for listing messages; assumed for posting one.
    """
    return QuickBloxError(status, _based("Forbidden. Need user."), reason)


def unknown_user(reason: str) -> QuickBloxError:
    """A token for an unknown user, or a call on behalf of one. Status and envelope documented; the text is assumed."""
    return QuickBloxError(404, _based("Couldn't find user"), reason)


def recipient_required(reason: str) -> QuickBloxError:
    """Neither a dialog nor a recipient: status and text are assumed."""
    return QuickBloxError(422, _based("chat_dialog_id or recipient_id is required"), reason)


def not_found(reason: str, status: int = 404) -> QuickBloxError:
    """A missing dialog, message or file, or a malformed id (observed; for a new message the status is assumed)."""
    return QuickBloxError(status, _listed("The resource wasn't found"), reason)


def no_permission(reason: str) -> QuickBloxError:
    """Not an occupant, not the owner, not the user itself. Status documented, body observed for calls on dialogs."""
    text = "You don't have appropriate permissions to perform this operation"
    return QuickBloxError(403, _listed(text), reason)


def no_permission_for_admins(reason: str) -> QuickBloxError:
    """Text from the vendor's mocks."""
    text = 'You don\'t have appropriate permissions to modify or delete "admin_ids".'
    return QuickBloxError(403, _listed(text), reason)


def occupants_do_not_exist(reason: str) -> QuickBloxError:
    """An occupant or recipient whom QuickBlox does not know. Text observed; status and envelope assumed."""
    return QuickBloxError(422, _listed("Occupants with these IDs do not exist."), reason)


def incorrect_occupant(reason: str) -> QuickBloxError:
    """An occupant that is no user id. Text observed; status and envelope assumed."""
    return QuickBloxError(422, _listed("Incorrect occupant_id"), reason)


def opponent_missing(reason: str) -> QuickBloxError:
    """A private dialog with nobody else. Text observed at ConnectyCube, a sister product; the rest is assumed."""
    return QuickBloxError(422, _listed("Occupants_ids is missing opponent ID."), reason)


def too_many_occupants(reason: str) -> QuickBloxError:
    """A private dialog of more than two. Text observed; the status is assumed."""
    return QuickBloxError(422, _listed("Too many occupants for Private Dialog."), reason)


def bad_admin_ids(reason: str) -> QuickBloxError:
    """Status and text from the vendor's mocks."""
    return QuickBloxError(400, _listed('Incorrect format for parameter "admin_ids".'), reason)


def admins_do_not_exist(reason: str) -> QuickBloxError:
    """Status and text from the vendor's mocks."""
    return QuickBloxError(404, _listed('Users with these IDs for "admin_ids" do not exist.'), reason)


def invalid(reason: str, **fields: str) -> QuickBloxError:
    """Fields that do not pass. Status and envelope observed; see the endpoints for the texts."""
    return QuickBloxError(422, {"errors": {name: [text] for name, text in fields.items()}}, reason)


def invalid_fields(errors: dict[str, list[str]]) -> QuickBloxError:
    """Several fields that do not pass (observed)."""
    reason = ", ".join(f"{name} {' and '.join(texts)}" for name, texts in errors.items())
    return QuickBloxError(422, {"errors": errors}, reason)


def unauthorized(reason: str) -> QuickBloxError:
    """A wrong login or password (observed)."""
    return QuickBloxError(401, _listed("Unauthorized"), reason)


def unexpected_signature(reason: str) -> QuickBloxError:
    """Observed."""
    return QuickBloxError(422, _based("Unexpected signature"), reason)


def bad_timestamp(reason: str) -> QuickBloxError:
    """Observed."""
    return QuickBloxError(422, _based("Bad timestamp"), reason)


def user_not_found(reason: str) -> QuickBloxError:
    """Observed."""
    return QuickBloxError(404, _coded("Couldn't find user"), reason)


def resource_not_found(reason: str) -> QuickBloxError:
    """A path that the API does not have. Observed."""
    return QuickBloxError(404, _coded("Resource not found"), reason)


def reaction_refused(status: int, text: str, reason: str) -> QuickBloxError:
    """Statuses and texts from the vendor's mocks and comments; the envelope is assumed."""
    return QuickBloxError(status, _listed(text), reason)


def by_status(status: int) -> QuickBloxError:
    """What QuickBlox says with a status, for one that a test ordered. The texts of 429 and 5xx are assumed."""
    refusals = {
        400: _coded("Bad request"),
        401: _based("Required session does not exist"),
        403: _listed("You don't have appropriate permissions to perform this operation"),
        404: _listed("The resource wasn't found"),
        422: _based("Unprocessable entity"),
        429: _listed("Too many requests"),
        500: _listed("Internal server error"),
        502: _listed("Bad gateway"),
        503: _listed("Service unavailable"),
        504: _listed("Gateway timeout"),
    }
    return QuickBloxError(status, refusals.get(status, _listed("Error")), f"qbchat.fail({status}, ...) ordered it")
