"""What nobody outside QuickBlox knows, and people may disagree with: each with the choice that the fake makes.

The other assumptions are in the docstrings of the endpoints, labelled so; there is nothing to choose about them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Assumptions:
    """The choices, changed with `qbchat.assume(...)`.

    Attributes:
        need_user_status: Status of "Forbidden. Need user.". 422 was observed for years; a sister product answers 403.
        missing_dialog_status: Status for a message to a dialog that does not exist.
        login_status: Status of a login. 200 is documented; SDKs accept 202 too, for no other known call.
        duplicate_dialog_status: Status for a private dialog that exists already, which is returned.
        true_is_one: Whether `true` counts for `send_to_chat` and `markable` like the documented 1.
        attachment_list: Whether a JSON list of attachments is read like the documented object.
        unlisted_attachment_keys: Whether attachments keep keys that are not documented.
        history_counts_as_unread: Whether a message without `send_to_chat` is counted as unread.
        marked_in_reply: Whether the reply to listing messages already shows them as read by the caller.
        deleting_leaves_group: Whether deleting a group for oneself ends being an occupant; otherwise it is hidden
            until the next message.
        owner_deletes_messages: Whether the owner of a dialog may delete the messages of others for everyone.
        largest_page: The most dialogs or messages that one call returns.
        retry_after: Seconds that the `Retry-After` header of a 429 names; None for no such header.
        guessed_routes: Whether the routes are on whose paths are guessed: marking all messages as read or delivered
            with PATCH, and deleting tokens.
    """

    need_user_status: int = 422
    missing_dialog_status: int = 404
    login_status: int = 200
    duplicate_dialog_status: int = 201
    true_is_one: bool = False
    attachment_list: bool = True
    unlisted_attachment_keys: bool = True
    history_counts_as_unread: bool = True
    marked_in_reply: bool = False
    deleting_leaves_group: bool = False
    owner_deletes_messages: bool = True
    largest_page: int = 1000
    retry_after: int | None = None
    guessed_routes: bool = False
