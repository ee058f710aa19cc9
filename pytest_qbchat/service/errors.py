"""Refusals in QuickBlox's formats.

QuickBlox has several envelopes for errors, and a client that knows only one of them breaks. Each docstring gives the
cause of the refusal and the sources of its status, envelope and text.
"""

from __future__ import annotations

from typing import Any

TAKEN = "has already been taken"  # also seen with a full stop at its end (observed, issue threads)


class QuickBloxError(Exception):
    """A request that QuickBlox refuses.

    Attributes:
        status: The HTTP status.
        body: The JSON body.
        reason: The cause in plain words, for the output of the test. It is never sent to the client.
    """

    def __init__(self, status: int, body: dict[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.body = body
        self.reason = reason


def _base_error(text: str) -> dict[str, Any]:
    return {"errors": {"base": [text]}}


def _error_list(text: str) -> dict[str, Any]:
    return {"errors": [text]}


def _coded_error(text: str) -> dict[str, Any]:
    return {"code": None, "message": text}


def unreadable_body(reason: str) -> QuickBloxError:
    """A body that is neither JSON nor a form. Status documented, envelope observed, text assumed."""
    return QuickBloxError(400, _coded_error("The request body could not be parsed"), reason)


def invalid_utf8(reason: str) -> QuickBloxError:
    """A request that is not UTF-8. Text and envelope observed; the status is assumed."""
    return QuickBloxError(400, _coded_error("invalid byte sequence in UTF-8"), reason)


def token_required(reason: str) -> QuickBloxError:
    """Neither a token nor an API key. Text observed; the envelope is assumed."""
    return QuickBloxError(401, _base_error("Token is required"), reason)


def session_does_not_exist(reason: str) -> QuickBloxError:
    """An unknown or expired token (observed)."""
    return QuickBloxError(401, _base_error("Required session does not exist"), reason)


def authorization_failed(reason: str) -> QuickBloxError:
    """A wrong API key, or a missing one.

    Status and envelope documented for creating a token with a wrong key; assumed otherwise, like the end of the text.
    """
    return QuickBloxError(401, _base_error("Authorization failed"), reason)


def need_user(status: int, reason: str) -> QuickBloxError:
    """A call that needs a user, with an application session or an API key alone.

    Observed with 422 for dialogs and for listing messages; assumed for posting one.
    """
    return QuickBloxError(status, _base_error("Forbidden. Need user."), reason)


def unknown_user(reason: str) -> QuickBloxError:
    """A token for an unknown user, or a call on behalf of one.

    Status and envelope documented for the token; the rest is assumed.
    """
    return QuickBloxError(404, _base_error("Couldn't find user"), reason)


def recipient_required(reason: str) -> QuickBloxError:
    """A message with neither a dialog nor a recipient. Status and text assumed."""
    return QuickBloxError(422, _base_error("chat_dialog_id or recipient_id is required"), reason)


def not_found(reason: str, status: int = 404) -> QuickBloxError:
    """A missing dialog, message or file, or a malformed id (observed; for a new message the status is assumed)."""
    return QuickBloxError(status, _error_list("The resource wasn't found"), reason)


def no_permission(reason: str) -> QuickBloxError:
    """A caller without the right. Status documented; body observed for calls on dialogs."""
    text = "You don't have appropriate permissions to perform this operation"
    return QuickBloxError(403, _error_list(text), reason)


def no_permission_for_user(reason: str) -> QuickBloxError:
    """A change of another user. Status and envelope documented for deleting; the rest is assumed."""
    return QuickBloxError(403, _base_error("You don't have appropriate permissions to perform this operation"), reason)


def no_permission_for_admins(reason: str) -> QuickBloxError:
    """A change of the admins by another user than the owner. Text from the vendor's mocks."""
    text = 'You don\'t have appropriate permissions to modify or delete "admin_ids".'
    return QuickBloxError(403, _error_list(text), reason)


def occupants_do_not_exist(reason: str) -> QuickBloxError:
    """An unknown occupant or recipient. Text observed; status and envelope assumed."""
    return QuickBloxError(422, _error_list("Occupants with these IDs do not exist."), reason)


def incorrect_occupant(reason: str) -> QuickBloxError:
    """An occupant that is not a user id. Text observed; status and envelope assumed."""
    return QuickBloxError(422, _error_list("Incorrect occupant_id"), reason)


def opponent_missing(reason: str) -> QuickBloxError:
    """A private dialog without a second user. Text observed at ConnectyCube, a sister product; the rest is assumed."""
    return QuickBloxError(422, _error_list("Occupants_ids is missing opponent ID."), reason)


def too_many_occupants(reason: str) -> QuickBloxError:
    """A private dialog of more than two users. Text observed; the status is assumed."""
    return QuickBloxError(422, _error_list("Too many occupants for Private Dialog."), reason)


def bad_admin_ids(reason: str) -> QuickBloxError:
    """An admin that is not a user id. Status and text from the vendor's mocks."""
    return QuickBloxError(400, _error_list('Incorrect format for parameter "admin_ids".'), reason)


def admins_do_not_exist(reason: str) -> QuickBloxError:
    """An admin that is not an occupant. Status and text from the vendor's mocks."""
    return QuickBloxError(404, _error_list('Users with these IDs for "admin_ids" do not exist.'), reason)


def invalid(reason: str, **fields: str) -> QuickBloxError:
    """Invalid fields. Status and envelope observed; the endpoints have the sources of the texts."""
    return QuickBloxError(422, {"errors": {name: [text] for name, text in fields.items()}}, reason)


def invalid_fields(errors: dict[str, list[str]]) -> QuickBloxError:
    """Invalid fields, with several texts each (observed)."""
    reason = ", ".join(f"{name} {' and '.join(texts)}" for name, texts in errors.items())
    return QuickBloxError(422, {"errors": errors}, reason)


def unauthorized(reason: str) -> QuickBloxError:
    """A wrong login or password. Status documented, body observed."""
    return QuickBloxError(401, _error_list("Unauthorized"), reason)


def unexpected_signature(reason: str) -> QuickBloxError:
    """A wrong signature, application id or authorization key (observed)."""
    return QuickBloxError(422, _base_error("Unexpected signature"), reason)


def bad_timestamp(reason: str) -> QuickBloxError:
    """A timestamp that is too old, too new or not a number (observed)."""
    return QuickBloxError(422, _base_error("Bad timestamp"), reason)


def user_not_found(reason: str) -> QuickBloxError:
    """A missing user, in calls on users (observed)."""
    return QuickBloxError(404, _coded_error("Couldn't find user"), reason)


def bad_upload(reason: str) -> QuickBloxError:
    """An upload without its fields. A 400 is documented without a cause; cause, text and envelope are assumed."""
    return QuickBloxError(400, _error_list("The request has no key or no file"), reason)


def resource_not_found(reason: str) -> QuickBloxError:
    """A path that the API does not have (observed)."""
    return QuickBloxError(404, _coded_error("Resource not found"), reason)


def reaction_refused(status: int, text: str, reason: str) -> QuickBloxError:
    """An invalid reaction. Statuses and texts from the vendor's mocks and comments; the envelope is assumed."""
    return QuickBloxError(status, _error_list(text), reason)


def by_status(status: int) -> QuickBloxError:
    """The response with a status that a test injected. The texts of 429 and 5xx are assumed."""
    bodies = {
        400: _coded_error("Bad request"),
        401: _base_error("Required session does not exist"),
        403: _error_list("You don't have appropriate permissions to perform this operation"),
        404: _error_list("The resource wasn't found"),
        422: _base_error("Unprocessable entity"),
        429: _error_list("Too many requests"),
        500: _error_list("Internal server error"),
        502: _error_list("Bad gateway"),
        503: _error_list("Service unavailable"),
        504: _error_list("Gateway timeout"),
    }
    return QuickBloxError(status, bodies.get(status, _error_list("Error")), f"injected by qbchat.fail({status}, ...)")
