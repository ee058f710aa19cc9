"""Refusals in QuickBlox's formats.

QuickBlox has several envelopes for errors, and a client that knows only one of them breaks. Each docstring gives the
cause of the refusal, and how it is known.
"""

from __future__ import annotations

from typing import Any

TAKEN = "has already been taken"  # also seen with a full stop at its end (observed, issue threads)
MAX_REACTIONS = 20


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
    """documented(errors page): a body that is neither JSON nor a form; the text is assumed."""
    return QuickBloxError(400, _coded_error("The request body could not be parsed"), reason)


def invalid_utf8(reason: str) -> QuickBloxError:
    """observed(issue threads): a request that is not UTF-8; the status is assumed."""
    return QuickBloxError(400, _coded_error("invalid byte sequence in UTF-8"), reason)


def token_required(reason: str) -> QuickBloxError:
    """observed(public clients): neither a token nor an API key; the envelope is assumed."""
    return QuickBloxError(401, _base_error("Token is required"), reason)


def session_does_not_exist(reason: str) -> QuickBloxError:
    """observed(issue threads): an unknown or expired token."""
    return QuickBloxError(401, _base_error("Required session does not exist"), reason)


def authorization_failed(reason: str) -> QuickBloxError:
    """documented(create-token-with-api-key): a wrong API key, or a missing one; the end of the text is assumed."""
    return QuickBloxError(401, _base_error("Authorization failed"), reason)


def need_user(status: int, reason: str) -> QuickBloxError:
    """observed(issue threads, 2024-11): a call that needs a user, by another caller; for posting it is assumed."""
    return QuickBloxError(status, _base_error("Forbidden. Need user."), reason)


def unknown_user(reason: str) -> QuickBloxError:
    """documented(create-token-with-api-key): a token for an unknown user, or a call for one; the text is assumed."""
    return QuickBloxError(404, _base_error("Couldn't find user"), reason)


def recipient_required(reason: str) -> QuickBloxError:
    """assumed: a message with neither a dialog nor a recipient."""
    return QuickBloxError(422, _base_error("chat_dialog_id or recipient_id is required"), reason)


def not_found(reason: str, status: int = 404) -> QuickBloxError:
    """observed(issue threads): a missing dialog, message or file, or a malformed id; for a new message assumed."""
    return QuickBloxError(status, _error_list("The resource wasn't found"), reason)


def no_permission(reason: str) -> QuickBloxError:
    """documented(errors page), observed(issue threads): a caller without the right."""
    text = "You don't have appropriate permissions to perform this operation"
    return QuickBloxError(403, _error_list(text), reason)


def no_permission_for_user(reason: str) -> QuickBloxError:
    """documented(delete-user): a change of another user; the text is assumed."""
    return QuickBloxError(403, _base_error("You don't have appropriate permissions to perform this operation"), reason)


def no_permission_for_admins(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): a change of the admins by another user than the owner."""
    text = 'You don\'t have appropriate permissions to modify or delete "admin_ids".'
    return QuickBloxError(403, _error_list(text), reason)


def occupants_do_not_exist(reason: str) -> QuickBloxError:
    """observed(issue threads): an unknown occupant or recipient; the status and the envelope are assumed."""
    return QuickBloxError(422, _error_list("Occupants with these IDs do not exist."), reason)


def incorrect_occupant(reason: str) -> QuickBloxError:
    """observed(issue threads): an occupant that is not a user id; the status and the envelope are assumed."""
    return QuickBloxError(422, _error_list("Incorrect occupant_id"), reason)


def opponent_missing(reason: str) -> QuickBloxError:
    """assumed: a private dialog without a second user; the text was seen at ConnectyCube, a sister product."""
    return QuickBloxError(422, _error_list("Occupants_ids is missing opponent ID."), reason)


def too_many_occupants(reason: str) -> QuickBloxError:
    """observed(issue threads): a private dialog of more than two users; the status is assumed."""
    return QuickBloxError(422, _error_list("Too many occupants for Private Dialog."), reason)


def bad_admin_ids(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): an admin that is not a user id."""
    return QuickBloxError(400, _error_list('Incorrect format for parameter "admin_ids".'), reason)


def admins_do_not_exist(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): an admin that is not an occupant."""
    return QuickBloxError(404, _error_list('Users with these IDs for "admin_ids" do not exist.'), reason)


def invalid(reason: str, **fields: str) -> QuickBloxError:
    """observed(Ruby client): invalid fields; the endpoints have the sources of the texts."""
    return QuickBloxError(422, {"errors": {name: [text] for name, text in fields.items()}}, reason)


def invalid_fields(errors: dict[str, list[str]]) -> QuickBloxError:
    """observed(Ruby client): invalid fields, with several texts each."""
    reason = ", ".join(f"{name} {' and '.join(texts)}" for name, texts in errors.items())
    return QuickBloxError(422, {"errors": errors}, reason)


def unauthorized(reason: str) -> QuickBloxError:
    """documented(errors page), observed(issue threads): a wrong login or password."""
    return QuickBloxError(401, _error_list("Unauthorized"), reason)


def unexpected_signature(reason: str) -> QuickBloxError:
    """observed(issue threads): a wrong signature, application id or authorization key."""
    return QuickBloxError(422, _base_error("Unexpected signature"), reason)


def bad_timestamp(reason: str) -> QuickBloxError:
    """observed(issue threads): a timestamp that is too old, too new or not a number."""
    return QuickBloxError(422, _base_error("Bad timestamp"), reason)


def user_not_found(reason: str) -> QuickBloxError:
    """observed(issue threads): a missing user, in calls on users."""
    return QuickBloxError(404, _coded_error("Couldn't find user"), reason)


def bad_upload(reason: str) -> QuickBloxError:
    """documented(upload-file): an upload without its fields; the cause and the body are assumed."""
    return QuickBloxError(400, _error_list("The request has no key or no file"), reason)


def resource_not_found(reason: str) -> QuickBloxError:
    """observed(Android SDK): a path that the API does not have."""
    return QuickBloxError(404, _coded_error("Resource not found"), reason)


def invalid_message_id(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): a malformed id of a message, for a reaction; the envelope is assumed."""
    return QuickBloxError(400, _error_list("Invalid message id"), reason)


def invalid_reaction_name(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): a reaction with a missing or long name; the envelope is assumed."""
    return QuickBloxError(400, _error_list('Invalid or missing "name" parameter.'), reason)


def too_many_reactions(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): one more kind of reaction than are allowed; the body is assumed."""
    return QuickBloxError(400, _error_list(f"Reactions limit of {MAX_REACTIONS} exceeded."), reason)


def message_not_found(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): a message that the caller cannot see, for a reaction; the envelope is assumed."""
    return QuickBloxError(404, _error_list("Message not found for the specified user and message ID."), reason)


def reaction_not_found(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): a reaction that the caller has not made; the envelope is assumed."""
    return QuickBloxError(404, _error_list("Reaction not found"), reason)


def no_public_reactions(reason: str) -> QuickBloxError:
    """observed(the vendor's mocks): a reaction in a public dialog; the envelope is assumed."""
    return QuickBloxError(422, _error_list("Reactions are not allowed in public dialogs."), reason)


def by_status(status: int) -> QuickBloxError:
    """observed(issue threads): the body of a 500 that a test injected; those of 429 and other 5xx are assumed."""
    bodies = {
        400: _coded_error("Bad request"),
        401: _base_error("Required session does not exist"),
        403: _error_list("You don't have appropriate permissions to perform this operation"),
        404: _error_list("The resource wasn't found"),
        422: _base_error("Unprocessable entity"),
        429: _error_list("Too many requests"),
        500: {"status": "500", "error": "Internal Server Error"},
        502: _error_list("Bad gateway"),
        503: _error_list("Service unavailable"),
        504: _error_list("Gateway timeout"),
    }
    return QuickBloxError(status, bodies.get(status, _error_list("Error")), f"injected by qbchat.fail({status}, ...)")
