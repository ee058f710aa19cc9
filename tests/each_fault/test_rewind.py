"""The rewind of `each_fault` is exact: after random programs, the state is that of a fake that ran the first part."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clock import freeze_time
from support.state import whole_state

from pytest_qbchat import CallRefused, FakeQuickBlox, QuickBloxTransport
from pytest_qbchat.each_fault.snapshot import Snapshot
from pytest_qbchat.service.masking import Secrets

API = "https://api.quickblox.com"
API_KEY = "made-up-api-key-of-an-observer"
Step = tuple[str, int, int]


class Program:
    """A client and apps of users that do what a list of steps says. A number chooses among what there is."""

    def __init__(self, fake: FakeQuickBlox) -> None:
        self.fake = fake
        self.client = httpx.Client(transport=QuickBloxTransport(fake), base_url=API, trust_env=False)
        self.replies: list[Any] = []

    def run(self, steps: list[Step]) -> None:
        for name, one, other in steps:
            STEPS[name](self, one, other)

    def send(self, who: int, method: str, path: str, **kwargs: Any) -> None:
        """A call with the token of a user, mostly one who was declared, or with an API key."""
        token = {"QB-Token": f"made-up-token-of-{who % 5}"}
        headers = {"Authorization": f"ApiKey {API_KEY}", "On-Behalf-Of": "10"} if who == 5 else token
        try:
            reply = self.client.request(method, f"{path}.json", headers=headers, **kwargs)
            self.replies.append((reply.status_code, reply.headers.raw, reply.content))
        except (httpx.TransportError, CallRefused) as error:
            self.replies.append(repr(error))

    def dialog(self, number: int) -> str:
        dialogs = self.fake.dialogs
        return dialogs[number % len(dialogs)].id if dialogs and number != 6 else "5d75327ba28f9a0f32cb0f99"

    def message(self, number: int) -> str:
        messages = self.fake.messages
        return messages[-1 - number % len(messages)].id if messages else "5d75327ba28f9a0f32cb0f99"

    def post(self, who: int, other: int) -> None:
        body = {"chat_dialog_id": self.dialog(other), "message": f"{who} {other}", "send_to_chat": 1, "markable": other}
        self.send(who, "POST", "/chat/Message", json=body | {"order": {"number": other}})

    def post_to_user(self, who: int, other: int) -> None:
        self.send(who, "POST", "/chat/Message", json={"recipient_id": 10 * other, "message": "hi"})

    def create_dialog(self, who: int, other: int) -> None:
        body = {"type": 1 + other % 3, "occupants_ids": f"{10 * other},20", "name": "Orders"}
        self.send(who, "POST", "/chat/Dialog", json=body)

    def change_dialog(self, who: int, other: int) -> None:
        body = {"name": "Changed", "data": {"class_name": "Order", "n": other}, "pull_all": {"occupants_ids": [20]}}
        self.send(who, "PUT", f"/chat/Dialog/{self.dialog(other)}", json=body)

    def delete_dialog(self, who: int, other: int) -> None:
        self.send(who, "DELETE", f"/chat/Dialog/{self.dialog(other)}", params={"force": other % 2})

    def list_messages(self, who: int, other: int) -> None:
        self.send(who, "GET", "/chat/Message", params={"chat_dialog_id": self.dialog(other)})

    def change_message(self, who: int, other: int) -> None:
        body = {"chat_dialog_id": self.dialog(other), "message": "changed", "read": other % 2}
        self.send(who, "PUT", f"/chat/Message/{self.message(other)}", json=body)

    def delete_message(self, who: int, other: int) -> None:
        self.send(who, "DELETE", f"/chat/Message/{self.message(other)}", params={"force": other % 2})

    def react(self, who: int, other: int) -> None:
        self.send(who, "POST", f"/chat/Message/{self.message(other)}/reactions", json={"name": "like"})

    def sign_up(self, who: int, other: int) -> None:
        self.send(who, "POST", "/users", json={"user": {"login": f"cleo-{other}", "password": "made-up-password"}})

    def delete_user(self, who: int, other: int) -> None:
        self.send(who, "DELETE", f"/users/{10 * other}")

    def log_in(self, who: int, other: int) -> None:
        params = {"application_id": 7, "auth_key": "k", "nonce": other, "timestamp": 1, "signature": "s"}
        self.send(who, "POST", "/session", json=params)

    def upload(self, who: int, other: int) -> None:
        self.send(who, "POST", "/blobs", json={"blob": {"name": "a.jpg", "content_type": "image/jpeg"}})

    def unknown(self, who: int, other: int) -> None:
        with self.fake.expect_refused():
            self.send(who, "GET", "/data/Order")

    def act(self, who: int, other: int) -> None:
        """What a test does in the apps and with the fake itself."""
        fake, users = self.fake, [user for user in self.fake.users if not user.adopted]
        user = users[who % len(users)] if users else fake.add_user()
        if other == 0:
            user.read()
        elif other == 1:
            fake.advance(minutes=30 + who)
        elif other == 2:
            fake.fail([503, "timeout", "malformed"][who % 3], times=1 + who % 2)
        elif other == 3:
            fake.assume(need_user_status=403, newer_cluster=bool(who % 2))
        elif other == 4:
            fake.expire_sessions() if who % 2 else fake.forget_calls()
        elif other == 5:
            fake.add_credentials(api_key=API_KEY, application_id=who + 1)
        elif user.dialogs:
            user.send(user.dialogs[0], "from an app", markable=1)


STEPS: dict[str, Callable[[Program, int, int], None]] = {
    name: method for name, method in vars(Program).items() if callable(method) and name in {
        "post", "post_to_user", "create_dialog", "change_dialog", "delete_dialog", "list_messages", "change_message",
        "delete_message", "react", "sign_up", "delete_user", "log_in", "upload", "unknown", "act",
    }
}  # fmt: skip
PROGRAMS = st.lists(st.tuples(st.sampled_from([*STEPS]), st.integers(0, 6), st.integers(0, 6)), max_size=12)


def prepared(strict: bool, steps: list[Step]) -> Program:
    fake = FakeQuickBlox(strict=strict)
    people = [fake.add_user(10 * number, full_name=f"Made-up person {number}") for number in (1, 2, 3)]
    for number, user in enumerate(people):
        fake.add_session(f"made-up-token-of-{number}", user)
    fake.add_dialog(occupants_ids=people, name="Everybody")
    program = Program(fake)
    program.run(steps)
    for user in fake.users:  # the first look at an inbox makes its list
        assert user.inbox is not None
    return program


def held_objects(fake: FakeQuickBlox) -> list[Any]:
    """What a test may hold: records, and the lists below the views of inboxes and posted messages."""
    records = [*fake.users, *fake.sessions, *fake.dialogs, *fake.messages, *fake.blobs, *fake.calls]
    return [*records, *(message.call for message in fake.posted)]


@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")  # of mistakes that random programs make
@given(st.booleans(), PROGRAMS, PROGRAMS)
def test_every_trial_starts_from_the_state_of_a_fake_that_ran_the_first_part(
    strict: bool, before: list[Step], steps: list[Step]
) -> None:
    with freeze_time("2019-09-09 20:30:15"):
        program = prepared(strict, before)
        fake, kept = program.fake, len(program.replies)
        fake._backend.has_trials = True  # as `each_fault` notes for good
        state, held = whole_state(fake), held_objects(fake)
        inboxes = [user.inbox for user in fake.users]
        posted, first = fake.posted, None
        failing = sum((name, other) == ("act", 2) for name, _, other in before)
        always = [("post", 1, 0)] * (2 * failing + 1)  # one of them gets no fault of `fail`
        for trial in fake.each_fault("timeout-stored", 401, 503, limit=12):
            assert whole_state(fake) == state
            assert all(one is other for one, other in zip(held_objects(fake), held, strict=True))
            assert [user.inbox for user in fake.users] == inboxes
            del program.replies[kept:]
            with trial:
                program.run([*always, *steps])
            replies = program.replies[kept:]
            first = replies if first is None else first
            disturbed = next((at for at, call in enumerate(trial.calls) if call.fault and trial.fault), len(replies))
            if not any(name == "act" for name, *_ in [*before, *steps]):  # else a fault of `fail` may come first
                assert replies[:disturbed] == first[:disturbed]
        assert posted == fake.posted
        fresh = prepared(strict, before)
        fresh.fake._backend.has_trials = True
        assert whole_state(fresh.fake) == state
        if program.replies:
            assert fresh.replies == program.replies[:kept]


@given(PROGRAMS, PROGRAMS)
@pytest.mark.filterwarnings("ignore::pytest_qbchat.QuickBloxWarning")
def test_a_program_is_answered_with_the_same_bytes_after_a_rewind(before: list[Step], steps: list[Step]) -> None:
    with freeze_time("2019-09-09 20:30:15"):
        program = prepared(False, before)
        snapshot = Snapshot(program.fake, kept=(Secrets,))
        state = whole_state(program.fake)
        runs = []
        for _ in range(3):
            program.replies = []
            program.run(steps)
            runs.append((program.replies, whole_state(program.fake)))
            snapshot.restore()
            assert whole_state(program.fake) == state
    assert runs[0] == runs[1] == runs[2]


# --- routes of the test's own ---


@pytest.fixture
def client(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    with httpx.Client(transport=QuickBloxTransport(qbchat), base_url=API, trust_env=False) as client:
        yield client


def test_routes_their_calls_and_their_side_effects_are_rewound(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    router = qbchat.router
    listed = router.get("/data/Listed.json").mock(side_effect=[httpx.Response(200 + n) for n in range(9)])
    endless = router.get("/data/Endless.json").mock(side_effect=map(httpx.Response, itertools.count(200)))
    fixed = router.get("/data/Fixed.json").respond(202)
    client.get("/data/Listed.json")
    seen = []
    for trial in qbchat.each_fault(503):
        with trial:
            assert [route.call_count for route in (listed, endless, fixed)] == [1, 0, 0]
            assert [*router.routes] == [listed, endless, fixed]
            assert router.calls.call_count == 1
            paths = ["Listed", "Listed", "Endless", "Endless", "Fixed"]
            seen.append([client.get(f"/data/{path}.json").status_code for path in paths])
            fixed.respond(500)
            router.get("/data/New.json").respond(200)
            client.post("/chat/Message.json", json={"recipient_id": 7}, headers={"QB-Token": "made-up-token"})
    assert seen == [[201, 202, 200, 201, 202]] * 2
    assert trial.fault == "1:503"


def test_a_router_that_is_made_in_a_trial_is_gone_in_the_next(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    for trial in qbchat.each_fault(503):
        with trial:
            reply = client.get("/chat/Dialog.json", headers={"QB-Token": "made-up-token"})
            assert reply.status_code == (503 if trial.fault else 200)
        qbchat.router.get("/chat/Dialog.json").respond(500)
