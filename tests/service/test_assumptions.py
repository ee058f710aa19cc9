"""`qbchat.assume`: what nobody outside QuickBlox knows, chosen one way and the other."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, NamedTuple

import httpx
import pytest
from support.ways import TLS

from pytest_qbchat import CallRefused, Dialog, FakeQuickBlox, Message, QuickBloxWarning
from pytest_qbchat.service.assumptions import Assumptions

API = "https://api.quickblox.com"
OWNER, MEMBER, STRANGER = 10, 20, 30
FILE = {"type": "image", "id": "47863"}


class Shop:
    """A group of two, and what they can call."""

    def __init__(self, fake: FakeQuickBlox, client: httpx.Client) -> None:
        self.fake = fake
        self._client = client
        for user in (OWNER, MEMBER):
            fake.add_session(f"made-up-token-of-{user}", user)
        fake.add_session("made-up-token-of-nobody", None)
        self.dialog: Dialog = fake.add_dialog(occupants_ids=[OWNER, MEMBER])

    def call(self, method: str, path: str, *, by: int | str = OWNER, **kwargs: Any) -> httpx.Response:
        return self._client.request(method, path, headers={"QB-Token": f"made-up-token-of-{by}"}, **kwargs)

    def post(self, *, by: int | str = OWNER, **fields: Any) -> httpx.Response:
        return self.call("POST", "/chat/Message.json", by=by, json={"chat_dialog_id": self.dialog.id} | fields)

    def posted(self, **fields: Any) -> Message:
        self.post(**fields).raise_for_status()
        return self.fake.posted.last


@pytest.fixture
def shop(qbchat: FakeQuickBlox) -> Iterator[Shop]:
    with httpx.Client(verify=TLS, base_url=API) as client:
        yield Shop(qbchat, client)


# --- what can be seen of each assumption ---


def unknown_routes_refused(shop: Shop) -> Any:
    try:
        response = shop.call("GET", "/data/Order.json")
    except CallRefused:
        shop.fake._backend.problems.drain()
        return "refused"
    return response.status_code, response.json(), shop.fake.calls.last.reason.partition(",")[0]


def need_user_status(shop: Shop) -> list[int]:
    return [shop.post(by="nobody").status_code, shop.call("GET", "/chat/Dialog.json", by="nobody").status_code]


def missing_dialog_status(shop: Shop) -> int:
    shop.call("DELETE", f"/chat/Dialog/{shop.dialog.id}.json", params={"force": 1}).raise_for_status()
    return shop.post(message="hi").status_code


def login_status(shop: Shop) -> int:
    return shop.call("POST", "/login.json", by="nobody", json={"login": "a", "password": "made-up"}).status_code


def duplicate_dialog_status(shop: Shop) -> list[int]:
    body = {"type": 3, "occupants_ids": MEMBER}
    return [shop.call("POST", "/chat/Dialog.json", json=body).status_code for _ in range(2)]


def true_is_one(shop: Shop) -> list[tuple[int | None, int | None]]:
    values: list[Any] = [True, "true", "True", 1, False, "yes"]
    messages = [shop.posted(send_to_chat=value, markable=value) for value in values]
    return [(message.send_to_chat, message.markable) for message in messages]


def attachment_list(shop: Shop) -> list[Any]:
    return [shop.posted(attachments=each).attachments for each in ([FILE], {"0": FILE})]


def data_without_class(shop: Shop) -> list[Any]:
    body = {"type": 2, "name": "Team", "data": {"number": 7}}
    created = shop.call("POST", "/chat/Dialog.json", json=body).json()
    listed = shop.call("GET", "/chat/Dialog.json", params={"data[number]": 8}).json()["items"]
    return [created.get("data"), len(listed)]


def utc_expiration(shop: Shop) -> str:
    return str(shop.call("GET", "/chat/Dialog.json").headers["QB-Token-ExpirationDate"])[19:]


def history_counts_as_unread(shop: Shop) -> int:
    shop.post(message="for the history")
    shop.post(message="for the chat", send_to_chat=1)
    total: int = shop.call("GET", "/chat/Message/unread.json", by=MEMBER).json()["total"]
    return total


def marked_in_reply(shop: Shop) -> list[list[int]]:
    message = shop.posted(message="hi")
    query = {"chat_dialog_id": shop.dialog.id}
    [item] = shop.call("GET", "/chat/Message.json", by=MEMBER, params=query).json()["items"]
    message.assert_read_by(MEMBER)
    return [item["read_ids"], item["delivered_ids"]]


def deleting_leaves_group(shop: Shop) -> list[int]:
    private = shop.fake.add_dialog(occupants_ids=[MEMBER, STRANGER], type=3)
    for dialog in (shop.dialog, private):
        shop.call("DELETE", f"/chat/Dialog/{dialog.id}.json", by=MEMBER).raise_for_status()
    assert private.occupants_ids == [MEMBER, STRANGER]
    assert shop.call("GET", "/chat/Dialog.json", by=MEMBER).json()["items"] == []
    return shop.dialog.occupants_ids


def owner_deletes_messages(shop: Shop) -> list[int]:
    def delete(*, written_by: int, by: int) -> int:
        message = shop.posted(by=written_by)
        return shop.call("DELETE", f"/chat/Message/{message.id}.json", by=by, params={"force": 1}).status_code

    return [delete(written_by=MEMBER, by=OWNER), delete(written_by=MEMBER, by=MEMBER)]


def largest_page(shop: Shop) -> list[int]:
    for _ in range(3):
        shop.post()
        shop.fake.add_dialog(occupants_ids=[OWNER])
    query = {"chat_dialog_id": shop.dialog.id}
    pages = [
        shop.call("GET", f"/chat/{path}.json", params=(query if path == "Message" else {}) | {"limit": 3}).json()
        for path in ("Message", "Dialog")
    ]
    return [len(page["items"]) for page in pages]


def retry_after(shop: Shop) -> str | None:
    shop.fake.fail(429)
    return shop.post().headers.get("Retry-After")


def newer_cluster(shop: Shop) -> list[Any]:
    group = shop.call("POST", "/chat/Dialog.json", json={"type": 2, "name": "Team"}).json()
    pair = shop.call("POST", "/chat/Dialog.json", json={"type": 3, "occupants_ids": str(MEMBER)}).json()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QuickBloxWarning)
        in_group = shop.post(system=1).status_code
    return [group.get("is_joinable"), pair.get("is_joinable"), in_group, group.get("is_join_required")]


class Choice(NamedTuple):
    seen: Callable[[Shop], Any]
    by_default: Any
    value: Any
    otherwise: Any


OFF, ON = [(0, 0)] * 3, [(1, 1)] * 3
CHOICES = {
    choice.seen.__name__: choice
    for choice in (
        Choice(
            unknown_routes_refused,
            "refused",
            False,
            (404, {"code": None, "message": "Resource not found"}, "the fake does not cover custom objects"),
        ),
        Choice(need_user_status, [422, 422], 403, [403, 403]),
        Choice(missing_dialog_status, 404, 422, 422),
        Choice(login_status, 202, 200, 200),
        Choice(duplicate_dialog_status, [201, 201], 200, [201, 200]),
        Choice(true_is_one, [*OFF, (1, 1), (0, 0), (0, 0)], True, [*ON, (1, 1), (0, 0), (0, 0)]),
        Choice(attachment_list, [[FILE], [FILE]], False, [[], [FILE]]),
        Choice(data_without_class, [None, 2], True, [{"number": 7}, 0]),
        Choice(history_counts_as_unread, 2, False, 1),
        Choice(marked_in_reply, [[OWNER]] * 2, True, [[OWNER, MEMBER]] * 2),
        Choice(deleting_leaves_group, [OWNER, MEMBER], True, [OWNER]),
        Choice(owner_deletes_messages, [200, 200], False, [403, 200]),
        Choice(largest_page, [3, 3], 2, [2, 2]),
        Choice(newer_cluster, [1, 0, 422, None], False, [None, None, 201, None]),
        Choice(utc_expiration, " +0000", True, " UTC"),
        Choice(retry_after, None, 30, "30"),
    )
}


def test_every_assumption_is_tested() -> None:
    assert [*CHOICES] == [field.name for field in fields(Assumptions)]


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("name", CHOICES)
def test_an_assumption_has_the_documented_default(shop: Shop, name: str) -> None:
    assert CHOICES[name].seen(shop) == CHOICES[name].by_default


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
@pytest.mark.parametrize("name", CHOICES)
def test_an_assumption_changed_by_a_test_takes_effect(shop: Shop, name: str) -> None:
    shop.fake.assume(**{name: CHOICES[name].value})
    assert CHOICES[name].seen(shop) == CHOICES[name].otherwise


def test_a_choice_can_be_taken_back(shop: Shop) -> None:
    shop.fake.assume(need_user_status=403, retry_after=30)
    shop.fake.assume(need_user_status=422, retry_after=None)
    assert (need_user_status(shop), retry_after(shop)) == ([422, 422], None)


def test_a_choice_is_that_of_one_fake(shop: Shop) -> None:
    FakeQuickBlox().assume(need_user_status=403)
    assert need_user_status(shop) == [422, 422]


@pytest.mark.parametrize(
    ("assumptions", "text"),
    [
        ({"needs_user_status": 403}, "unknown assumption 'needs_user_status'; expected need_user_status"),
        ({"missing_dialog_staus": 403}, "unknown assumption 'missing_dialog_staus'; expected missing_dialog_status"),
        (
            {"webhooks": True},
            "unknown assumption 'webhooks'; expected one of unknown_routes_refused, need_user_status, ",
        ),
        ({"true_is_one": 1}, "invalid true_is_one=1; expected True or False"),
        ({"attachment_list": None}, "invalid attachment_list=None; expected True or False"),
        ({"newer_cluster": "on"}, "invalid newer_cluster='on'; expected True or False"),
        ({"need_user_status": "403"}, "invalid need_user_status='403'; expected an HTTP status, such as 403"),
        ({"need_user_status": None}, "invalid need_user_status=None; expected an HTTP status"),
        ({"login_status": True}, "invalid login_status=True; expected an HTTP status"),
        ({"login_status": 299}, "invalid login_status=299; expected an HTTP status"),
        ({"largest_page": 0}, "invalid largest_page=0; expected a number, 1 or greater"),
        ({"largest_page": None}, "invalid largest_page=None; expected a number, 1 or greater"),
        ({"largest_page": True}, "invalid largest_page=True; expected a number, 1 or greater"),
        ({"retry_after": -1}, "invalid retry_after=-1; expected a number of seconds, or None"),
        ({"retry_after": 1.5}, "invalid retry_after=1.5; expected a number of seconds, or None"),
        ({"retry_after": False}, "invalid retry_after=False; expected a number of seconds, or None"),
    ],
    ids=repr,
)
def test_an_unknown_or_invalid_assumption_is_refused_and_changes_nothing(
    shop: Shop, assumptions: dict[str, Any], text: str
) -> None:
    with pytest.raises(TypeError) as refused:
        shop.fake.assume(**({"duplicate_dialog_status": 200} | assumptions))
    assert str(refused.value).startswith(text)
    assert duplicate_dialog_status(shop) == [201, 201]


def test_a_project_chooses_once_for_all_its_tests(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture
        def qbchat(qbchat):
            qbchat.assume(need_user_status=403)
            return qbchat
        """
    )
    pytester.makepyfile(
        """
        import httpx
        import pytest

        POST = ("POST", "https://api.quickblox.com/chat/Message.json")

        @pytest.fixture(autouse=True)
        def nobody(qbchat):
            qbchat.add_session("made-up-token-of-nobody", None)

        def post(**kwargs):
            return httpx.request(*POST, json={}, headers={"QB-Token": "made-up-token-of-nobody"}, verify=False)

        def test_one(qbchat):
            assert post().status_code == 403

        def test_another():
            assert post().status_code == 403

        def test_that_chooses_again(qbchat, qbchat_transport):
            qbchat.assume(need_user_status=422)
            assert post().status_code == 422
            assert qbchat_transport.fake is qbchat
        """
    )
    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=3)
