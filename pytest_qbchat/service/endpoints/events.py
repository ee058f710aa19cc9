"""/events and /subscriptions: push notifications, and the devices that receive them."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from contextlib import suppress
from json import loads
from typing import Any, cast
from urllib.parse import quote_plus, unquote_plus

from pytest_qbchat.service import declaration as api
from pytest_qbchat.service import errors, queries
from pytest_qbchat.service.authentication import require_user
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Reply, refuses, route
from pytest_qbchat.service.decoding import object_in
from pytest_qbchat.service.ids import timestamp, whole_number
from pytest_qbchat.service.models import User
from pytest_qbchat.service.records import Record, record
from pytest_qbchat.service.store import Store
from pytest_qbchat.service.wire import as_text

#: observed(issue threads): an event none of whose receivers has a subscription.
no_receiver = errors.Refusal(422, {"errors": ["No one can receive the message"]})
#: observed(issue threads, 2025-09): a malformed device token; which ones are is assumed.
invalid_sequence = errors.Refusal(422, {"errors": {"base": ["Client identification sequence is not valid."]}})

_ENVIRONMENTS = ("development", "production")
_FORMAT = re.compile(r"(payload|data\.message)=([^&]*)")
_CHANNELS = ("apns", "apns_voip", "gcm", "email")
EVENT: dict[str, Any] = {
    "id": int, "event_type": str, "message": str, "date": int | None, "period": int | None, "name": str | None,
    "occured_count": int, "created_at": api.Time, "updated_at": api.Time, "end_date": int | None, "active": bool,
    "application_id": int, "user_id": int | None, "kind": str, "environment": str, "tag_query": str | None,
    "notification_channel": {"name": str | None},
}  # fmt: skip
_EVENT = {"event": EVENT}
_CHANGES = {"message": str, "name": str, **dict.fromkeys(("date", "period", "end_date"), api.Number)}
_UPDATE = {"event": api.Needed(_CHANGES | {"active": api.Custom})}
_NEW_EVENT = _CHANGES | {
    **dict.fromkeys(("notification_type", "environment", "message"), api.Needed(str)), "push_type": str,
    "event_type": str, "user": {"ids": api.Numbers, "tags": dict.fromkeys(("any", "all", "exclude"), api.Texts)},
    "external_user": {"ids": api.Texts},
}  # fmt: skip
DEVICE = {"udid": str, "client_identification_sequence": str, "platform": {"name": str}, "bundle_identifier": str}
_SUBSCRIPTIONS = [{"subscription": {"id": int, "device": DEVICE, "notification_channel": {"name": str}}}]
_NEW_SUBSCRIPTION = {
    "notification_channel": str, "notification_channels": api.Texts, "device": {"platform": str, "udid": str},
    "push_token": dict.fromkeys(("environment", "client_identification_sequence", "bundle_identifier"), str),
}  # fmt: skip
TOUR = """# The calls of a tour of the API.
anna     GET /subscriptions  ! no subscription
anna     POST /subscriptions  {"push_token": {"client_identification_sequence": "a b"}}  ! a token with a space
anna     POST /subscriptions  {"notification_channel": "gcm", "device": {"platform": "android", "udid": "$run"},
    "push_token": {"environment": "production", "client_identification_sequence": "$run"}}  -> subscription
anna     GET /subscriptions
anna     POST /events  {"event": {"notification_type": "push", "environment": "production", "message": "SGVsbG8=",
    "user": {"tags": {"any": "$run"}}}}  -> event
anna     POST /events  {"event": {"notification_type": "push", "environment": "production", "message": "SGk=",
    "user": {"tags": {"any": "$run-nobody"}}}}  ! no receiver
anna     GET /events  {"per_page": 1}
anna     GET /events/$event
anna     PUT /events/$event  {"event": {"name": "Tour"}}
anna     DELETE /events/$event
anna     GET /events/$event  ! an event that was deleted
anna     DELETE /subscriptions/$subscription
"""


@record
class Push(Record):
    """A push notification. The fields of its event, except the message, are fields of the push too.

    Attributes:
        to: The ids of the users who received it: the receivers with a subscription for it.
        message: The decoded text.
        payload: The JSON object in the text; None for any other text.
        event: The event as QuickBlox shows it.
        call: The call that sent it; None for an event.
    """

    to: tuple[int, ...]
    message: str
    payload: dict[str, Any] | None
    event: dict[str, Any]
    call: Call | None
    _store: Store

    @property
    def push_type(self) -> str | None:
        """The only channel of the push; None for all."""
        return cast("str | None", self.event["notification_channel"]["name"])

    def as_dict(self) -> dict[str, Any]:
        """The event as QuickBlox shows it."""
        return self.event

    def __repr__(self) -> str:
        return str(self._store.secrets.mask(f"<Push {self.message!r} to {[*self.to]}, event {self.event['id']}>"))


for _name in EVENT.keys() - {"message"}:
    setattr(Push, _name, property(lambda push, name=_name: push.event[name]))  # type: ignore[misc]  # `name` is bound


class Events:
    """The events, the pushes, oldest first, and the subscriptions by user, channel, device and environment."""

    def __init__(self) -> None:
        self.by_id: dict[int, Push] = {}
        self.pushed: list[Push] = []
        self.subscriptions: dict[tuple[int, str, str, str], dict[str, Any]] = {}

    def of_user(self, user_id: int) -> list[dict[str, Any]]:
        """The subscriptions of a user as QuickBlox shows them."""
        return [{"subscription": shown} for (owner, *_), shown in self.subscriptions.items() if owner == user_id]


def subscribe(store: Store, user_id: int, channel: str, environment: str, device: dict[str, Any]) -> None:
    """Add a subscription, in place of one of the same device for the same channel and environment."""
    if environment not in _ENVIRONMENTS or channel not in _CHANNELS:
        raise errors.invalid(f"expected an environment of {_ENVIRONMENTS}, a channel of {_CHANNELS}", base="is invalid")
    events, key = store.part(Events), (user_id, channel, device["udid"], environment)
    if key not in events.subscriptions and len(events.of_user(user_id)) >= 10:  # noqa: PLR2004 - documented
        raise errors.invalid(f"user {user_id} has 10 subscriptions", base="too many subscriptions")
    events.subscriptions[key] = {"id": store.ids.number(), "device": device, "notification_channel": {"name": channel}}


@route("POST", "/subscriptions", takes=_NEW_SUBSCRIPTION, replies={201: _SUBSCRIPTIONS})
@refuses(errors.invalid, invalid_sequence)
def create_subscription(store: Store, call: Call) -> Reply:
    """Subscribe a device of the caller to push notifications.

    documented(REST description): the reply has status 201 and lists all subscriptions of the user.
    documented(create-subscription): `notification_channel` is apns, apns_voip, gcm or email.
    observed(JavaScript SDK): the channel is sent as `notification_channels`.
    documented(create-subscription): a user has at most 10 subscriptions.
    assumed: one more is refused; the same device again takes the place of the former one.
    assumed: the sequence in `push_token` is malformed if it is blank or contains white space.
    """
    user_id = require_user(store, call)
    token, device = object_in(call.params, "push_token"), object_in(call.params, "device")
    sequence = str(token.get("client_identification_sequence") or "")
    if not re.fullmatch(r"\S+", sequence):
        raise invalid_sequence("push_token[client_identification_sequence] is blank, or contains white space")
    shown: dict[str, Any] = {"udid": str(device.get("udid") or ""), "client_identification_sequence": sequence}
    shown["platform"] = {"name": str(device.get("platform") or "")}
    shown["bundle_identifier"] = str(token.get("bundle_identifier") or "")
    for channel in queries.split(call.params.get("notification_channels", call.params.get("notification_channel"))):
        subscribe(store, user_id, channel, token.get("environment", ""), shown)
    return 201, store.part(Events).of_user(user_id)


@route("GET", "/subscriptions", replies={200: _SUBSCRIPTIONS, 404: None})
def list_subscriptions(store: Store, call: Call) -> Reply:
    """The subscriptions of the caller.

    documented(REST description): the reply lists the subscriptions of the user.
    observed(issue threads): the status is 404 if there are none, and the body blank.
    """
    found = store.part(Events).of_user(require_user(store, call))
    call.reason = "" if found else f"user {call.caller.user_id} has no subscription"
    return (200, found) if found else (404, "")


@route("DELETE", "/subscriptions/{id}")
@refuses(errors.not_found)
def delete_subscription(store: Store, call: Call, subscription_id: api.Digits) -> Reply:
    """Remove a subscription of the caller.

    documented(REST description): the reply is empty.
    """
    user_id, subscriptions = require_user(store, call), store.part(Events).subscriptions
    for key, shown in subscriptions.items():
        if key[0] == user_id and shown["id"] == whole_number(subscription_id):
            del subscriptions[key]
            return 200, ""
    raise errors.not_found(f"user {user_id} has no subscription {subscription_id!r}")


@route("POST", "/events", takes={"event": api.Needed(_NEW_EVENT)}, replies={201: _EVENT}, callers="user or key")
@refuses(errors.invalid, no_receiver)
def create_event(store: Store, call: Call) -> Reply:
    """Send a push notification.

    documented(create-event): the reply is wrapped in `event`.
    assumed: the status is 201; in 2018 it was documented as 200.
    documented(create-event): `event` has a message, an environment, and receivers as `user[ids]`,
        `external_user[ids]` or `user[tags]`; its environment and `push_type` select subscriptions.
    by design: an `event` with another notification type than push is refused.
    documented(REST description): receivers have any of the tags, exactly all, or none of the excluded.
    observed(issue threads): an `event` whose receivers have no subscription is refused.
    assumed: an `event` without receivers is refused in the same way.
    documented(push-notification-formats): the message is base64, for apns after `payload=`; for gcm it is CGI-escaped
        first, and follows `data.message=`.
    observed(JavaScript SDK): the reply to other base64 for gcm has that form.
    assumed: a message that is not base64 is accepted; it causes a `QuickBloxWarning`.
    documented(events): the event type depends on date and period.
    by design: an `event` with a date is pushed at once.
    """
    user_id = None if call.caller.has_full_access else require_user(store, call)
    given = object_in(call.params, "event")
    environment, push_type = given.get("environment"), given.get("push_type")
    if given.get("notification_type") != "push" or environment not in _ENVIRONMENTS:
        raise errors.invalid(
            f"expected notification_type push, and an environment of {_ENVIRONMENTS}", base="is invalid"
        )
    event = dict.fromkeys(EVENT) | {"environment": environment, "notification_channel": {"name": push_type}}
    event |= {"id": store.ids.number(), "application_id": store.application_id, "user_id": user_id, "kind": "API"}
    event |= {"occured_count": 0, "active": True, "created_at": timestamp(int(call.now))}
    push = _saved(store, call, event, given, _receivers(store, environment, push_type, given))
    store.part(Events).pushed.append(Push(push.to, push.message, push.payload, push.event, call, store))
    return 201, {"event": push.event}


@route("GET", "/events", paged=True, replies={200: api.page_of("event", EVENT)}, callers="session or key")
def list_events(store: Store, call: Call) -> Reply:
    """One page of the events of the caller.

    documented(list-events): the reply is a page of the events that the user created.
    assumed: without a user the reply has all events of the application.
    """
    events, caller = store.part(Events).by_id.values(), call.caller.user_id
    return 200, queries.paged(call, [each for each in events if caller in (None, each.event["user_id"])], "event")


@route("GET", "/events/{id}", replies={200: _EVENT}, callers="session or key")
@refuses(errors.not_found)
def get_event(store: Store, call: Call, event_id: api.Digits) -> Reply:
    """One event.

    documented(get-event-by-id): the reply is wrapped in `event`, which any user of the application may read.
    """
    return 200, {"event": _require_event(store, event_id).event}


@route("PUT", "/events/{id}", takes=_UPDATE, replies={200: _EVENT}, callers="session or key")
@refuses(errors.not_found, errors.invalid)
def update_event(store: Store, call: Call, event_id: api.Digits) -> Reply:
    """Change an event, or send its push once more.

    documented(REST description): the reply is wrapped in `event`; active in a request sends the push once more.
    assumed: `event` keeps its receivers.
    """
    former, given = _require_event(store, event_id), object_in(call.params, "event")
    push = _saved(store, call, former.event, given, former.to)
    if given.get("active") in (True, "1", "true"):
        store.part(Events).pushed.append(Push(push.to, push.message, push.payload, push.event, call, store))
    return 200, {"event": push.event}


@route("DELETE", "/events/{id}", callers="session or key")
@refuses(errors.not_found)
def delete_event(store: Store, call: Call, event_id: api.Digits) -> Reply:
    """Delete an event.

    documented(REST description): the reply is empty.
    """
    del store.part(Events).by_id[_require_event(store, event_id).event["id"]]
    return 200, ""


def _require_event(store: Store, id: str) -> Push:
    if push := store.part(Events).by_id.get(whole_number(id) or 0):
        return push
    raise errors.not_found(f"there is no event {id!r}")


def _receivers(store: Store, environment: str, push_type: str | None, given: dict[str, Any]) -> tuple[int, ...]:
    """The users with a subscription among the receivers of an event."""
    user, external = object_in(given, "user"), object_in(given, "external_user")
    ids, external_ids = ({*map(str, queries.split(each.get("ids") or ""))} for each in (user, external))
    tags = {name: {*map(str, queries.split(each))} for name, each in object_in(user, "tags").items()}
    subscriptions = store.part(Events).subscriptions
    subscribed = {key[0] for key in subscriptions if key[3] == environment and push_type in (None, key[1])}
    users = [store.users[each] for each in sorted(subscribed & store.users.keys())]
    of_ids = {each.id for each in users if str(each.id) in ids or each.external_user_id in external_ids}
    found = tuple(each.id for each in users if each.id in of_ids or _has_tags(each, tags))
    if not (ids or external_ids or tags):
        raise no_receiver("the event has no receivers; add user[ids], external_user[ids] or user[tags]")
    if not found:
        named = ", ".join(sorted(ids | external_ids)) or "with these tags"
        what = f"a subscription to {push_type or 'any channel'} in {environment}"
        raise no_receiver(f"no receiver {named} has {what}; call subscribe() of the user in the test")
    return found


def _has_tags(user: User, tags: dict[str, set[str]]) -> bool:
    own = {*queries.split(user.user_tags or "")}
    fits = (own & tags.get("any", own)) and own == tags.get("all", own) and not own & tags.get("exclude", set())
    return bool(tags and fits)


def _saved(store: Store, call: Call, event: dict[str, Any], given: dict[str, Any], to: tuple[int, ...]) -> Push:
    """Store an event with the fields of a request, and warn of a message that is not base64."""
    event = event | {name: whole_number(given[name]) for name in ("date", "period", "end_date") if name in given}
    event |= {name: as_text(given[name]) for name in ("name", "message") if given.get(name)}
    if event["message"] is None:
        raise errors.invalid("the event has no message", message="is required")
    text, payload = decoded(event["message"]), None
    if text is None:
        text, effect = event["message"], "is not base64 of UTF-8, so the receivers cannot read it"
        call.warn(f"event[message]: {effect}; write base64.b64encode(text.encode()).decode()")
    elif event["notification_channel"]["name"] == "gcm" and not _FORMAT.match(event["message"]):
        event["message"] = f"data.message={b64encode(quote_plus(text).encode()).decode()}"
    event["event_type"] = "period_date" if event["period"] else "fixed_date" if event["date"] else "one_shot"
    event["updated_at"] = timestamp(int(call.now))
    with suppress(ValueError):
        payload = loads(text)
    payload = payload if isinstance(payload, dict) else None
    store.part(Events).by_id[event["id"]] = push = Push(to, text, payload, event, None, store)
    return push


def decoded(message: str) -> str | None:
    """The text in a message; None if it is not base64 of UTF-8."""
    found = _FORMAT.match(message)
    name, value = found.groups() if found else ("", message)
    with suppress(ValueError):
        text = b64decode(re.sub(r"[\r\n]", "", value), validate=True).decode()
        return unquote_plus(text) if name == "data.message" else text
    return None
