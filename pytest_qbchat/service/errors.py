"""Refusals in QuickBlox's formats.

QuickBlox has several envelopes for errors, and a client that knows only one of them breaks. The comment or docstring of
a refusal gives its cause, and how it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

TAKEN = "has already been taken"  # also seen with a full stop at its end (observed, issue threads)
MAX_REACTIONS = 20
_NO_PERMISSION = "You don't have appropriate permissions to perform this operation"


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


@dataclass(frozen=True, eq=False)
class Refusal:
    """A refusal with a fixed body. `docs/trust.md` has the comment above each."""

    status: int
    body: dict[str, Any]

    def __call__(self, reason: str, status: int | None = None) -> QuickBloxError:
        """The error to raise; `qbchat.assume` may choose another status."""
        return QuickBloxError(status or self.status, self.body, reason)


#: documented(errors page): a body that is neither JSON nor a form; the text is assumed.
unreadable_body = Refusal(400, {"code": None, "message": "The request body could not be parsed"})
#: observed(issue threads): a request that is not UTF-8; the status is assumed.
invalid_utf8 = Refusal(400, {"code": None, "message": "invalid byte sequence in UTF-8"})
#: observed(public clients): neither a token nor an API key; the envelope is assumed.
token_required = Refusal(401, {"errors": {"base": ["Token is required"]}})
#: observed(issue threads): an unknown or expired token.
session_does_not_exist = Refusal(401, {"errors": {"base": ["Required session does not exist"]}})
#: documented(create-token-with-api-key): a wrong API key, or a missing one; the end of the text is assumed.
authorization_failed = Refusal(401, {"errors": {"base": ["Authorization failed"]}})
#: observed(issue threads, 2024-11): a call that needs a user, by another caller; for posting it is assumed.
need_user = Refusal(422, {"errors": {"base": ["Forbidden. Need user."]}})
#: documented(create-token-with-api-key): a token for an unknown user, or a call for one; the text is assumed.
unknown_user = Refusal(404, {"errors": {"base": ["Couldn't find user"]}})
#: assumed: a message with neither a dialog nor a recipient.
recipient_required = Refusal(422, {"errors": {"base": ["chat_dialog_id or recipient_id is required"]}})
#: observed(issue threads): a missing dialog, message or file, or a malformed id; for a new message assumed.
not_found = Refusal(404, {"errors": ["The resource wasn't found"]})
#: documented(errors page), observed(issue threads): a caller without the right.
no_permission = Refusal(403, {"errors": [_NO_PERMISSION]})
#: documented(delete-user): a change of another user; the text is assumed.
no_permission_for_user = Refusal(403, {"errors": {"base": [_NO_PERMISSION]}})
#: observed(the vendor's mocks): a change of the admins by another user than the owner.
no_permission_for_admins = Refusal(
    403, {"errors": ['You don\'t have appropriate permissions to modify or delete "admin_ids".']}
)
#: observed(issue threads): an unknown occupant or recipient; the status and the envelope are assumed.
occupants_do_not_exist = Refusal(422, {"errors": ["Occupants with these IDs do not exist."]})
#: observed(issue threads): an occupant that is not a user id; the status and the envelope are assumed.
incorrect_occupant = Refusal(422, {"errors": ["Incorrect occupant_id"]})
#: assumed: a private dialog without a second user; the text was seen at ConnectyCube, a sister product.
opponent_missing = Refusal(422, {"errors": ["Occupants_ids is missing opponent ID."]})
#: observed(issue threads): a private dialog of more than two users; the status is assumed.
too_many_occupants = Refusal(422, {"errors": ["Too many occupants for Private Dialog."]})
#: observed(the vendor's mocks): an admin that is not a user id.
bad_admin_ids = Refusal(400, {"errors": ['Incorrect format for parameter "admin_ids".']})
#: observed(the vendor's mocks): an admin that is not an occupant.
admins_do_not_exist = Refusal(404, {"errors": ['Users with these IDs for "admin_ids" do not exist.']})
#: documented(errors page), observed(issue threads): a wrong login or password.
unauthorized = Refusal(401, {"errors": ["Unauthorized"]})
#: observed(issue threads): a wrong signature, application id or authorization key.
unexpected_signature = Refusal(422, {"errors": {"base": ["Unexpected signature"]}})
#: observed(issue threads): a timestamp that is too old, too new or not a number.
bad_timestamp = Refusal(422, {"errors": {"base": ["Bad timestamp"]}})
#: observed(issue threads): a missing user, in calls on users.
user_not_found = Refusal(404, {"code": None, "message": "Couldn't find user"})
#: documented(upload-file): an upload without its fields; the cause and the body are assumed.
bad_upload = Refusal(400, {"errors": ["The request has no key or no file"]})
#: observed(Android SDK): a path that the API does not have.
resource_not_found = Refusal(404, {"code": None, "message": "Resource not found"})
#: observed(the vendor's mocks): a malformed id of a message, for a reaction; the envelope is assumed.
invalid_message_id = Refusal(400, {"errors": ["Invalid message id"]})
#: observed(the vendor's mocks): a reaction with a missing or long name; the envelope is assumed.
invalid_reaction_name = Refusal(400, {"errors": ['Invalid or missing "name" parameter.']})
#: observed(the vendor's mocks): one more kind of reaction than are allowed; the body is assumed.
too_many_reactions = Refusal(400, {"errors": [f"Reactions limit of {MAX_REACTIONS} exceeded."]})
#: observed(the vendor's mocks): a message that the caller cannot see, for a reaction; the envelope is assumed.
message_not_found = Refusal(404, {"errors": ["Message not found for the specified user and message ID."]})
#: observed(the vendor's mocks): a reaction that the caller has not made; the envelope is assumed.
reaction_not_found = Refusal(404, {"errors": ["Reaction not found"]})
#: observed(the vendor's mocks): a reaction in a public dialog; the envelope is assumed.
no_public_reactions = Refusal(422, {"errors": ["Reactions are not allowed in public dialogs."]})


def invalid(reason: str, **fields: str) -> QuickBloxError:
    """observed(Ruby client): invalid fields; the endpoints have the sources of the texts."""
    return QuickBloxError(422, {"errors": {name: [text] for name, text in fields.items()}}, reason)


def invalid_fields(errors: dict[str, list[str]]) -> QuickBloxError:
    """observed(Ruby client): invalid fields, with several texts each."""
    reason = ", ".join(f"{name} {' and '.join(texts)}" for name, texts in errors.items())
    return QuickBloxError(422, {"errors": errors}, reason)


def by_status(status: int) -> QuickBloxError:
    """observed(issue threads): the body of a 500 that a test injected; those of 429 and other 5xx are assumed."""
    bodies: dict[int, dict[str, Any]] = {
        400: {"code": None, "message": "Bad request"},
        401: session_does_not_exist.body,
        403: no_permission.body,
        404: not_found.body,
        422: {"errors": {"base": ["Unprocessable entity"]}},
        500: {"status": "500", "error": "Internal Server Error"},
    }
    body = bodies.get(status, {"errors": [HTTPStatus(status).phrase]})
    return QuickBloxError(status, body, f"injected by qbchat.fail({status}, ...)")
