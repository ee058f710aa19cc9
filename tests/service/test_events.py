"""/events and /subscriptions: push notifications, from a back end to the devices of its users."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from support.chat_api import ANNA, BERT, CLEO, HOST, NEED_USER, NOT_FOUND, Api, answer, at, token_of
from support.shop import failure
from support.ways import TLS, World

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning
from pytest_qbchat.page import page
from pytest_qbchat.service.endpoints.events import Events, Push

NO_RECEIVER = (422, {"errors": ["No one can receive the message"]})
BAD_TOKEN = (422, {"errors": {"base": ["Client identification sequence is not valid."]}})
TEXT = "Order #7 & more: ready + packed"
APPLICATION = {"Authorization": "ApiKey made-up-api-key"}


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def device(udid: str = "made-up-device", channel: str = "gcm", **token: Any) -> dict[str, Any]:
    """The body of a subscription."""
    push_token = {"environment": "production", "client_identification_sequence": "APA91b:made-up_token"} | token
    return {"notification_channel": channel, "push_token": push_token, "device": {"platform": "android", "udid": udid}}


def event(**fields: Any) -> dict[str, Any]:
    """The body of an event."""
    new = {"notification_type": "push", "environment": "production", "user": {"ids": [BERT]}, "message": base64(TEXT)}
    return {"event": new | fields}


class Pushes(Api):
    """The API of push notifications, in place of that of the chat."""

    def __call__(self, method: str, path: str, *, by: int = ANNA, **kwargs: Any) -> httpx.Response:
        return self._client.request(method, f"{HOST}/{path}.json", headers=token_of(by), **kwargs)

    @property
    def sent(self) -> list[Push]:
        return self.fake._store.part(Events).pushed

    def push(self, **fields: Any) -> Push:
        """What a new event sends."""
        assert self("POST", "events", json=event(**fields)).status_code == 201
        return self.sent[-1]


@pytest.fixture
def pushes(qbchat: FakeQuickBlox) -> Iterator[Pushes]:
    """Anna calls; Bert has a device for the channel gcm in production."""
    with httpx.Client(verify=TLS) as client:
        made = Pushes(qbchat, client)
        assert made("POST", "subscriptions", by=BERT, json=device()).status_code == 201
        yield made


# --- subscriptions ---


def test_a_subscription_is_made_listed_and_removed(world: World) -> None:
    world.fake.add_session("made-up-token-of-bert", BERT)

    def call(method: str, path: str = "subscriptions", json: Any = None) -> Any:
        url = f"{HOST}/{path}.json"
        return answer(world.send(method, url, json=json, headers={"QB-Token": "made-up-token-of-bert"}))

    assert call("GET") == (404, "")
    status, made = call("POST", json=device(bundle_identifier="shop.example"))
    [subscription] = [each["subscription"] for each in made]
    assert (status, subscription) == (
        201,
        {
            "id": subscription["id"],
            "device": {
                "udid": "made-up-device",
                "client_identification_sequence": "APA91b:made-up_token",
                "platform": {"name": "android"},
                "bundle_identifier": "shop.example",
            },
            "notification_channel": {"name": "gcm"},
        },
    )
    assert call("GET") == (200, made)
    assert call("DELETE", f"subscriptions/{subscription['id']}") == (200, "")
    assert call("GET") == (404, "")
    assert call("DELETE", f"subscriptions/{subscription['id']}") == (404, NOT_FOUND)


def test_a_blank_list_of_subscriptions_has_a_reason(pushes: Pushes) -> None:
    assert answer(pushes("GET", "subscriptions")) == (404, "")
    assert pushes.fake.calls.last.reason == f"user {ANNA} has no subscription"


def test_the_same_device_and_channel_take_the_place_of_the_former(pushes: Pushes) -> None:
    pushes("POST", "subscriptions", by=BERT, json=device())
    made = pushes("POST", "subscriptions", by=BERT, json=device() | {"notification_channels": "gcm,apns_voip"}).json()
    assert [each["subscription"]["notification_channel"]["name"] for each in made] == ["gcm", "apns_voip"]


def test_a_user_has_ten_subscriptions_at_most(pushes: Pushes) -> None:
    for number in range(9):
        assert pushes("POST", "subscriptions", by=BERT, json=device(f"device-{number}")).status_code == 201
    refused = pushes("POST", "subscriptions", by=BERT, json=device("device-9"))
    assert answer(refused) == (422, {"errors": {"base": ["too many subscriptions"]}})
    assert len(pushes("POST", "subscriptions", by=BERT, json=device("device-8")).json()) == 10
    assert pushes("POST", "subscriptions", by=CLEO, json=device()).status_code == 201


@pytest.mark.parametrize("sequence", ["", " ", "made up", "made-up\n", None])
def test_a_malformed_device_token_is_refused(pushes: Pushes, sequence: str | None) -> None:
    body = device(client_identification_sequence=sequence)
    assert answer(pushes("POST", "subscriptions", json=body)) == BAD_TOKEN
    assert answer(pushes("POST", "subscriptions", json={"push_token": "made-up"})) == BAD_TOKEN


@pytest.mark.parametrize("body", [device(environment="staging"), device(channel="fcm")])
def test_an_unknown_environment_or_channel_is_refused(pushes: Pushes, body: Any) -> None:
    assert answer(pushes("POST", "subscriptions", json=body)) == (422, {"errors": {"base": ["is invalid"]}})


def test_the_subscription_of_another_user_is_not_found(pushes: Pushes) -> None:
    [subscription] = pushes("GET", "subscriptions", by=BERT).json()
    path = f"subscriptions/{subscription['subscription']['id']}"
    assert answer(pushes("DELETE", path)) == (404, NOT_FOUND)
    assert answer(pushes("DELETE", "subscriptions/abc")) == (404, NOT_FOUND)
    assert pushes("DELETE", path, by=BERT).status_code == 200


# --- events ---


def test_an_event_is_made_listed_changed_and_deleted(pushes: Pushes) -> None:
    with at(1568061015):
        made = pushes("POST", "events", json=event(name="shipped")).json()["event"]
    assert made == {
        "id": made["id"],
        "event_type": "one_shot",
        "message": base64(TEXT),
        "date": None,
        "period": None,
        "name": "shipped",
        "occured_count": 0,
        "created_at": "2019-09-09T20:30:15Z",
        "updated_at": "2019-09-09T20:30:15Z",
        "end_date": None,
        "active": True,
        "application_id": 99_999,
        "user_id": ANNA,
        "kind": "API",
        "environment": "production",
        "tag_query": None,
        "notification_channel": {"name": None},
    }
    page = {"current_page": 1, "per_page": 10, "total_entries": 1, "items": [{"event": made}]}
    path = f"events/{made['id']}"
    with at(1568061016):
        assert answer(pushes("GET", "events")) == (200, page)
        assert answer(pushes("GET", path)) == (200, {"event": made})
        changed = pushes("PUT", path, json={"event": {"date": "1568361015", "message": base64("later")}}).json()
        new = {"date": 1568361015, "event_type": "fixed_date", "message": base64("later")}
        assert changed == {"event": made | new | {"updated_at": "2019-09-09T20:30:16Z"}}
        assert answer(pushes("DELETE", path)) == (200, "")
        assert [answer(pushes(method, path))[0] for method in ("GET", "PUT", "DELETE")] == [404] * 3
    assert [push.message for push in pushes.sent] == [TEXT]


def test_an_event_that_becomes_active_sends_its_push_again(pushes: Pushes) -> None:
    made = pushes.push()
    for active in (True, "1", 0):
        pushes("PUT", f"events/{made.event['id']}", json={"event": {"active": active, "message": base64("again")}})
    assert [push.message for push in pushes.sent] == [TEXT, "again", "again"]
    assert [push.to for push in pushes.sent] == [(BERT,)] * 3


@pytest.mark.parametrize(
    ("schedule", "kind"),
    [({}, "one_shot"), ({"date": 1568361015}, "fixed_date"), ({"date": 1568361015, "period": 86400}, "period_date")],
)
def test_the_type_of_an_event_depends_on_date_and_period(pushes: Pushes, schedule: Any, kind: str) -> None:
    assert pushes.push(**schedule).event["event_type"] == kind


def test_a_user_lists_its_own_events_and_an_application_all(pushes: Pushes) -> None:
    first = pushes.push().event
    pushes("POST", "events", by=CLEO, json=event())
    with httpx.Client(headers=APPLICATION) as client:
        made = client.post(f"{HOST}/events.json", json=event()).json()["event"]
        listed = client.get(f"{HOST}/events.json").json()
    assert made["user_id"] is None
    assert [each["event"]["user_id"] for each in listed["items"]] == [ANNA, CLEO, None]
    assert pushes("GET", "events").json()["items"] == [{"event": first}]


def test_an_application_session_may_not_push(pushes: Pushes) -> None:
    pushes.fake.add_session("made-up-token-of-the-application", None)
    headers = {"QB-Token": "made-up-token-of-the-application"}
    assert answer(httpx.post(f"{HOST}/events.json", json=event(), headers=headers)) == (422, NEED_USER)


# --- messages ---


@pytest.mark.parametrize(
    ("push_type", "sent", "kept", "text"),
    [
        (None, base64(TEXT), base64(TEXT), TEXT),
        (None, base64("y" * 90)[:76] + "\n" + base64("y" * 90)[76:], ..., "y" * 90),
        ("gcm", base64("hello QuickBlox!"), "data.message=aGVsbG8rUXVpY2tCbG94JTIx", "hello QuickBlox!"),
        ("gcm", "data.message=SStsb3ZlK00lMjZNJTI3cyUyMQ==&data.order=Nw==", ..., "I love M&M's!"),
        ("gcm", f"payload={base64('a+b')}", ..., "a+b"),
    ],
)
def test_the_text_of_a_message_is_decoded(
    pushes: Pushes, push_type: str | None, sent: str, kept: Any, text: str
) -> None:
    push = pushes.push(push_type=push_type, message=sent)
    assert push.push_type == push_type
    assert (push.message, push.event["message"]) == (text, sent if kept is ... else kept)
    assert push.payload is None


def test_the_payload_of_a_message_is_its_json_object(pushes: Pushes) -> None:
    encoded = base64('{"aps": {"alert": "hi"}}')
    assert pushes.push(message=f"payload={encoded}").payload == {"aps": {"alert": "hi"}}
    assert pushes.push(message=base64("[1]")).payload is None


@pytest.mark.parametrize("message", ["Order #7", "payload=hello!", base64("hi")[:-1], "/w=="])
def test_a_message_that_is_not_base64_is_warned_of(pushes: Pushes, message: str) -> None:
    with pytest.warns(QuickBloxWarning, match=r"^event\[message\]: is not base64 of UTF-8, so the receivers cannot"):
        push = pushes.push(message=message)
    assert push.message == push.event["message"] == message


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"message": ""}, "message", "is required"),
        ({"message": None}, "message", "is required"),
        ({"environment": "staging"}, "base", "is invalid"),
        ({"notification_type": "email"}, "base", "is invalid"),
    ],
)
def test_an_invalid_event_is_refused(pushes: Pushes, fields: Any, field: str, text: str) -> None:
    assert answer(pushes("POST", "events", json=event(**fields))) == (422, {"errors": {field: [text]}})
    assert pushes.sent == []
    assert pushes("POST", "events", json={"event": "push"}).status_code == 422


def test_a_push_is_shown_without_secrets(pushes: Pushes) -> None:
    pushes.fake.add_session("made-up-token-in-a-text", CLEO)
    push = pushes.push(message=base64("log in with made-up-token-in-a-text"))
    assert repr(push).startswith("<Push 'log in with made…#")
    assert repr(push).endswith(f"' to [20], event {push.event['id']}>")


def test_a_device_token_is_masked_but_not_the_environment(pushes: Pushes) -> None:
    shown = pushes.fake._masked("APA91b:made-up_token is for production and development")
    assert shown.startswith("APA9…#")
    assert shown.endswith(" is for production and development")


# --- receivers ---


@pytest.fixture
def tagged(pushes: Pushes) -> Pushes:
    """Bert has the tags vip and paris, Cleo has paris; both have devices."""
    pushes("POST", "subscriptions", by=CLEO, json=device())
    for user, tags, number in ((BERT, "vip,paris", "b-7"), (CLEO, "paris", "c-7")):
        pushes("PUT", f"users/{user}", by=user, json={"user": {"tag_list": tags, "external_user_id": number}})
    return pushes


@pytest.mark.parametrize(
    ("receivers", "to"),
    [
        ({"user": {"ids": f"{CLEO},{BERT}"}}, (BERT, CLEO)),
        ({"user": {"ids": [ANNA, CLEO]}}, (CLEO,)),
        ({"user": None, "external_user": {"ids": "b-7"}}, (BERT,)),
        ({"user": {"ids": [BERT]}, "external_user": {"ids": ["c-7"]}}, (BERT, CLEO)),
        ({"user": {"tags": {"any": "vip,rome"}}}, (BERT,)),
        ({"user": {"tags": {"all": "paris"}}}, (CLEO,)),
        ({"user": {"tags": {"exclude": "vip"}}}, (CLEO,)),
        ({"user": {"tags": {"any": ["paris"], "exclude": ["rome"]}}}, (BERT, CLEO)),
    ],
)
def test_a_push_reaches_the_subscribed_receivers(tagged: Pushes, receivers: Any, to: tuple[int, ...]) -> None:
    assert tagged.push(**receivers).to == to


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"user": {"ids": [ANNA]}}, "no receiver 10 has a subscription to any channel in production"),
        ({"environment": "development"}, "no receiver 20 has a subscription to any channel in development"),
        ({"push_type": "apns"}, "no receiver 20 has a subscription to apns in production"),
        ({"user": {"tags": {"any": "vip"}}}, "no receiver with these tags has a subscription to any channel"),
        ({"user": {}}, "the event has no receivers; add user[ids], external_user[ids] or user[tags]"),
        ({"user": "20"}, "the event has no receivers; add user[ids], external_user[ids] or user[tags]"),
    ],
)
def test_an_event_that_reaches_nobody_is_refused(pushes: Pushes, fields: Any, reason: str) -> None:
    assert answer(pushes("POST", "events", json=event(**fields))) == NO_RECEIVER
    assert pushes.fake.calls.last.reason.startswith(reason)
    assert pushes.sent == []
    assert pushes("GET", "events").json()["total_entries"] == 0


def test_events_and_subscriptions_are_rewound(qbchat: FakeQuickBlox) -> None:
    qbchat.add_session("made-up-token-of-bert", BERT)
    trials = 0
    for trial in qbchat.each_fault("timeout-stored"):
        with trial, httpx.Client(headers={"QB-Token": "made-up-token-of-bert"}, timeout=1) as client:
            client.post(f"{HOST}/subscriptions.json", json=device())
            client.post(f"{HOST}/events.json", json=event())
        trials += 1
        if trial.recovered or trial.fault is None:
            assert len(qbchat._store.part(Events).pushed) == 1
    assert trials == 3


# --- what a test asserts and sees ---


@pytest.fixture
def shop(pushes: Pushes) -> Pushes:
    """Anna has pushed the text to Bert."""
    pushes.push()
    return pushes


def test_a_push_is_returned(shop: Pushes) -> None:
    bert = shop.fake.users.where(id=BERT).one()
    push = shop.fake.assert_pushed(to=bert, message=TEXT, environment="production", payload=None, push_type=None)
    assert push is shop.fake.pushed.one()
    assert push.call is shop.fake.calls.last
    assert shop.fake.assert_pushed(to=[BERT], message=re.compile("ready"), user_id=ANNA) is push
    assert shop.fake.assert_pushed(at_least=1) is push
    assert shop.fake.pushed.where(to=CLEO) == []


def test_the_number_of_pushes_is_one_unless_said_otherwise(shop: Pushes) -> None:
    newest = shop.push()
    assert shop.fake.assert_pushed(times=2, to=BERT) is newest
    text = failure(shop.fake.assert_pushed, to=BERT)
    assert text.splitlines()[:3] == [
        "2 pushes with to=20 were sent, expected one; if all are meant, write times=2",
        f"  {TEXT!r} (to Bert Made-Up (20))",
        f"    from Anna Made-Up (10), event {shop.sent[0].event['id']} for production",
    ]


def test_a_failure_says_why_no_push_was_sent(pushes: Pushes) -> None:
    pushes("POST", "events", json=event(user={"ids": [CLEO]}))
    why = "no receiver 30 has a subscription to any channel in production; call subscribe() of the user in the test"
    sent = "POST /events.json was answered 422"
    assert failure(pushes.fake.assert_pushed, to=CLEO) == f"no push with to=30 was sent: {sent}: {why}"
    pushes.fake.forget_calls()
    first, *_ = failure(pushes.fake.assert_pushed).splitlines()
    assert first == "no push was sent: no call reached the fake"
    pushes("GET", "users")
    only = "no push was sent: the only call to the fake was GET /users.json, which sends no push"
    assert failure(pushes.fake.assert_pushed) == only
    pushes("GET", "users")
    first, *_ = failure(pushes.fake.assert_pushed).splitlines()
    assert first == "no push was sent: none of 2 calls to the fake sends a push"


def test_a_failure_shows_the_closest_push_and_what_differs(shop: Pushes) -> None:
    cleo = shop.fake.users.where(id=CLEO).one()
    assert failure(shop.fake.assert_pushed, to=cleo, message=TEXT, environment="development").splitlines() == [
        f"no push with to=30, message={TEXT!r}, environment='development' was sent: the only push differs in to, "
        "environment",
        "  - expected, + sent",
        "  - to            30",
        "  + to            (20,)",
        "  - environment   'development'",
        "  + environment   'production'",
        "  Cleo Made-Up (30) has no subscription; call subscribe() of the user in the test",
        f"  this is push {TEXT!r} from Anna Made-Up (10), event {shop.sent[0].event['id']} for production",
    ]
    cleo.subscribe()
    assert "subscription" not in failure(shop.fake.assert_pushed, to=[cleo])
    shop.push(message=base64("later"))
    first, *_ = failure(shop.fake.assert_pushed, message="never").splitlines()
    assert first == "no push with message='never' was sent: the closest of 2 pushes differs in message"


def test_a_refused_push_with_the_expected_text_is_named_first(shop: Pushes) -> None:
    shop("POST", "events", json=event(user={"ids": [CLEO]}, message=base64("the bill")))
    first, *_ = failure(shop.fake.assert_pushed, message="the bill").splitlines()
    assert first.startswith("no push with message='the bill' was sent: POST /events.json was answered 422: no receiver")


def test_wrong_arguments_of_the_assertion_are_refused(shop: Pushes) -> None:
    for arguments, text in (
        ({"times": 0}, "invalid times=0; expected 1 or greater; for none use pushed.where(...) == []"),
        ({"times": 1, "at_least": 1}, "assert_pushed() takes times or at_least; omit one of them"),
        ({"mesage": TEXT}, "a push has no field 'mesage'; use message"),
    ):
        with pytest.raises(TypeError) as caught:
            shop.fake.assert_pushed(**arguments)
        assert str(caught.value) == text
    with pytest.raises(TypeError, match=r"^assert_pushed\(\) takes fields by name; use assert_pushed\(message='hi'\)$"):
        shop.fake.assert_pushed("hi")  # type: ignore[arg-type]


def test_a_user_subscribes_for_a_channel_and_an_environment(pushes: Pushes) -> None:
    cleo = pushes.fake.users.where(id=CLEO).one()
    cleo.subscribe("apns", environment="development")
    cleo.subscribe("apns", environment="development")
    [subscription] = pushes("GET", "subscriptions", by=CLEO).json()
    assert subscription["subscription"]["device"]["platform"] == {"name": "ios"}
    assert pushes.push(user={"ids": [CLEO, BERT]}).to == (BERT,)
    assert pushes.push(user={"ids": [CLEO, BERT]}, environment="development", push_type="apns").to == (CLEO,)
    with pytest.raises(ValueError, match=r"expected an environment of .*, a channel of .*'gcm'"):
        cleo.subscribe("fcm")
    pushes("DELETE", f"users/{CLEO}", by=CLEO)
    with pytest.raises(ValueError, match="there is no user 30"):
        cleo.subscribe()


def test_the_transcript_and_the_page_show_pushes(shop: Pushes) -> None:
    where = f"from Anna Made-Up (10), event {shop.sent[0].event['id']} for production"
    assert shop.fake.transcript() == f"push to 20 Bert Made-Up: {TEXT!r}\n  {where}"
    shown = page.conversation(shop.fake._store, shop.fake.calls, newest=1)
    assert shown["pushes"] == [{"to": [BERT], "text": TEXT, "where": where}]
    with httpx.Client(headers=APPLICATION) as client:
        client.post(f"{HOST}/events.json", json=event())
    assert "  from an API key, event" in shop.fake.transcript()


def test_forgotten_calls_take_their_pushes_with_them(shop: Pushes) -> None:
    kept = shop.push(message=base64("kept"))
    shop.fake.forget_calls(keep=1)
    assert shop.fake.pushed == [kept]
    assert shop("GET", "events").json()["total_entries"] == 2


def test_a_secret_in_a_push_is_masked_in_every_text(pushes: Pushes) -> None:
    pushes.fake.add_session("made-up-token-in-a-text", CLEO)
    pushes.push(message=base64("made-up-token-in-a-text"))
    shown = str(page.conversation(pushes.fake._store, []))
    for text in (failure(pushes.fake.assert_pushed, message="x"), pushes.fake.transcript(), shown):
        assert "made…#" in text
        assert "made-up-token-in-a-text" not in text
