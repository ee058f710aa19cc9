"""Sessions, logins, tokens, signatures and API keys as QuickBlox documents them and as they were observed."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clock import freeze_time
from support.ways import TLS, TOKEN, World

from pytest_qbchat import FakeQuickBlox, QuickBloxTransport, QuickBloxWarning
from pytest_qbchat.service.masking import mask
from pytest_qbchat.service.signature import is_valid, string_to_sign

API = "https://api.quickblox.com"
NOW = "2019-09-01 14:55:56"
TS = 1567349756
SECRET = "made-up-secret-of-the-shop"
PASSWORD = "made-up-password"
UNAUTHORIZED = {"errors": ["Unauthorized"]}
JSON_LABEL = {"Content-Type": "application/json"}
KEY = {"Authorization": "ApiKey made-up-key-of-the-shop"}


def based(text: str) -> dict[str, Any]:
    return {"errors": {"base": [text]}}


NO_SESSION = based("Required session does not exist")
NEED_USER = based("Forbidden. Need user.")
BAD_SIGNATURE = based("Unexpected signature")
BAD_TIMESTAMP = based("Bad timestamp")


def flat(params: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        full = f"{prefix}[{name}]" if prefix else name
        pairs += flat(value, full) if isinstance(value, dict) else [(full, str(value))]
    return pairs


def joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs)


def hexdigest(text: str, *, secret: str = SECRET, digest: Any = hashlib.sha1) -> str:
    return hmac.new(secret.encode(), text.encode(), digest).hexdigest()


def unsigned(**more: Any) -> dict[str, Any]:
    """The parameters of a session, which no secret has signed yet."""
    return {
        "application_id": 76730,
        "auth_key": "made-up-auth-key",
        "timestamp": int(time.time()),
        "nonce": 7334,
    } | more


def signed(*, digest: Any = hashlib.sha1, **more: Any) -> dict[str, Any]:
    params = unsigned(**more)
    return params | {"signature": hexdigest(joined(sorted(flat(params))), digest=digest)}


@pytest.fixture
def api(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    """One client, for rows that need no other way in."""
    with httpx.Client(base_url=API, verify=TLS) as client:
        yield client


def ask(api: httpx.Client, method: str, path: str, token: str | None = TOKEN, **kwargs: Any) -> httpx.Response:
    headers = kwargs.pop("headers", {}) | ({} if token is None else {"QB-Token": token})
    return api.request(method, path, headers=headers, **kwargs)


def new_session(api: httpx.Client, **params: Any) -> httpx.Response:
    return api.post("/session.json", json=signed(**params))


def token_of(response: httpx.Response) -> str:
    assert response.status_code == 201, response.text
    token: str = response.json()["session"]["token"]
    return token


def answer(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


# --- the signature ---

VECTOR = {
    "application_id": "1",
    "auth_key": "abc123",
    "nonce": "111",
    "timestamp": "123",
    "user": {"login": "you", "owner_id": "1", "password": "me"},
}
VECTOR_TEXT = (
    "application_id=1&auth_key=abc123&nonce=111&timestamp=123&user[login]=you&user[owner_id]=1&user[password]=me"
)
VECTOR_SIGNATURE = "90d077f8a1c649dd1622df8d432420121e02630b"


def test_the_signature_that_a_client_was_seen_to_send_is_right() -> None:
    assert string_to_sign(VECTOR) == VECTOR_TEXT
    assert is_valid(VECTOR | {"signature": VECTOR_SIGNATURE}, "secret")
    assert not is_valid(VECTOR | {"signature": VECTOR_SIGNATURE}, "Secret")
    assert not is_valid(VECTOR | {"signature": 90077}, "secret")
    assert not is_valid(VECTOR, "secret")


def test_a_value_that_is_not_a_text_is_signed_as_in_json() -> None:
    params = {"b": 5, "a": {"z": True, "y": None, "x": 1.5}, "signature": "x", "c": {"signature": "counts"}}
    assert string_to_sign(params) == "a[x]=1.5&a[y]=&a[z]=true&b=5&c[signature]=counts"


def test_a_hidden_value_is_masked_at_any_depth() -> None:
    params = {
        "firebase_phone": {"access_token": "made-up", "project_id": "shop"},
        "keys": {"token": "made-up", "secret": "made-up", "access_token": "made-up"},
        "password": "made-up",
        "user": {"password": "made-up", "login": "anna"},
    }
    assert string_to_sign(params, hide=True) == (
        "firebase_phone[access_token]=…&firebase_phone[project_id]=shop&keys[access_token]=…&keys[secret]=…"
        "&keys[token]=…&password=…&user[login]=anna&user[password]=…"
    )


@pytest.mark.parametrize("digest", [hashlib.sha1, hashlib.sha256], ids=["HMAC-SHA1", "HMAC-SHA256"])
def test_a_declared_secret_checks_the_signature(world: World, digest: Any) -> None:
    world.fake.add_credentials(application_id=76730, auth_key="made-up-auth-key", auth_secret=SECRET)
    user = {"login": "anna", "password": "made up & päss+word"}
    with freeze_time(NOW):
        good = world.send("POST", f"{API}/session.json", json=signed(user=user, digest=digest))
        with pytest.warns(QuickBloxWarning, match=": is wrong"):
            bad = world.send("POST", f"{API}/session.json", json=signed(nonce=1) | {"user": user})

    assert good.status_code == 201
    assert answer(bad) == (422, BAD_SIGNATURE)
    assert len(bad.content) == 44  # as logged
    assert "QB-Token-ExpirationDate" not in bad.headers
    assert len(world.fake.sessions) == 1


def test_another_digest_is_refused(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    with pytest.warns(QuickBloxWarning, match="HMAC-SHA1 or HMAC-SHA256"):
        assert answer(new_session(api, digest=hashlib.sha512)) == (422, BAD_SIGNATURE)


@freeze_time(NOW)
def test_a_wrong_signature_is_explained_without_showing_the_password(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    params = signed(user={"login": "anna", "password": PASSWORD}) | {"signature": "0" * 40}

    with pytest.warns(QuickBloxWarning) as warned:
        api.post("/session.json", json=params)

    assert str(warned[0].message) == (
        "signature: is wrong. The string to sign, with HMAC-SHA1 or HMAC-SHA256 and the authorization secret as "
        "the key, is 'application_id=76730&auth_key=…&nonce=7334&timestamp=1567349756&user[login]=anna"
        "&user[password]=…'"
    )
    assert qbchat.calls.one().reason == "the signature is wrong: it was made with another secret or from another string"
    assert PASSWORD not in qbchat.transcript()
    assert SECRET not in qbchat.transcript()


ORDER = "it signs the parameters in the order sent; sort them by name"
NO_USER = "it omits the user's parameters; sign user[login] and user[password] too"
ESCAPED = "it signs percent-encoded values; sign them as they are"
UPPER = "it is in upper case; write lower-case hexadecimal digits"


@pytest.mark.parametrize("digest", [hashlib.sha1, hashlib.sha256], ids=["HMAC-SHA1", "HMAC-SHA256"])
@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        pytest.param(lambda pairs, sha: hexdigest(joined(pairs), digest=sha), ORDER, id="unsorted"),
        pytest.param(lambda pairs, sha: hexdigest(joined(sorted(pairs)[:4]), digest=sha), NO_USER, id="no user"),
        pytest.param(lambda pairs, sha: hexdigest(urlencode(sorted(pairs)), digest=sha), ESCAPED, id="urlencode"),
        pytest.param(
            lambda pairs, sha: hexdigest(urlencode(sorted(pairs), quote_via=quote, safe=""), digest=sha),
            ESCAPED,
            id="urlencode with %20",
        ),
        pytest.param(
            lambda pairs, sha: hexdigest(joined([(name, quote(value)) for name, value in sorted(pairs)]), digest=sha),
            ESCAPED,
            id="values quoted",
        ),
        pytest.param(lambda pairs, sha: hexdigest(joined(sorted(pairs)), digest=sha).upper(), UPPER, id="upper case"),
    ],
)
def test_a_usual_mistake_in_a_signature_is_named(
    qbchat: FakeQuickBlox, api: httpx.Client, wrong: Callable[..., str], found: str, digest: Any
) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    params = unsigned(user={"login": "anna example", "password": "made@up&word"})
    with pytest.warns(QuickBloxWarning, match=re.escape(f"signature: is wrong: {found}. The string to sign")):
        response = api.post("/session.json", json=params | {"signature": wrong(flat(params), digest)})
    assert answer(response) == (422, BAD_SIGNATURE)
    assert qbchat.calls.one().reason == found


@pytest.mark.parametrize("signature", ["F" * 40, 7, ["x"], {"a": 1}, True, "ß"], ids=repr)
def test_nonsense_in_place_of_a_signature_is_refused(
    qbchat: FakeQuickBlox, api: httpx.Client, signature: object
) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    with pytest.warns(QuickBloxWarning, match="signature: is wrong. The"):
        assert answer(api.post("/session.json", json=unsigned(signature=signature))) == (422, BAD_SIGNATURE)


NAMES = st.from_regex(r"\A[a-z][a-z0-9_]{0,7}\Z").filter(
    lambda name: name not in {"signature", "provider", "user", "login", "email"}
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NESTED = st.dictionaries(
    NAMES, st.recursive(TEXTS, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6), max_size=4
)


@given(more=NESTED, secret=st.text(min_size=1), digest=st.sampled_from([hashlib.sha1, hashlib.sha256]), data=st.data())
def test_a_correct_signature_is_accepted_and_a_changed_character_refused(
    more: dict[str, Any], secret: str, digest: Any, data: st.DataObject
) -> None:
    fake = FakeQuickBlox()
    fake.add_credentials(auth_secret=secret)
    with httpx.Client(base_url=API, transport=QuickBloxTransport(fake)) as client:
        params = more | unsigned(nonce="7334", timestamp=str(int(time.time())))
        pairs = sorted(flat(params))
        signature = hexdigest(joined(pairs), secret=secret, digest=digest)
        form = dict(pairs) | {"signature": signature}
        assert client.post("/session.json", data=form).status_code == 201

        name = data.draw(st.sampled_from([name for name in form if name != "timestamp"]))
        cut = data.draw(st.integers(0, len(form[name])))
        other = data.draw(st.sampled_from("0fA ü&=").filter(lambda each: each != form[name][cut : cut + 1]))
        form[name] = form[name][:cut] + other + form[name][cut + data.draw(st.integers(0, 1)) :]
        with pytest.warns(QuickBloxWarning, match=": is wrong"):
            assert answer(client.post("/session.json", data=form)) == (422, BAD_SIGNATURE)


@given(more=NESTED)
def test_nested_parameters_are_signed_alike_in_json_and_in_forms(more: dict[str, Any]) -> None:
    fake = FakeQuickBlox()
    fake.add_credentials(auth_secret=SECRET)
    with httpx.Client(base_url=API, transport=QuickBloxTransport(fake)) as client:
        first, second = (more | unsigned(nonce=nonce, timestamp=str(int(time.time()))) for nonce in ("1", "2"))
        for params, encoding in ((first, "json"), (second, "data")):
            signature = {"signature": hexdigest(joined(sorted(flat(params))))}
            body = params if encoding == "json" else dict(flat(params))
            assert client.post("/session.json", **{encoding: body | signature}).status_code == 201


# --- POST /session.json ---


def test_a_signed_request_makes_a_session_of_the_application(world: World) -> None:
    with freeze_time(NOW):
        response = world.send("POST", f"{API}/session.json", json=signed())

    session = world.fake.sessions.one()
    assert response.status_code == 201
    assert response.headers["Status"] == "201 Created"
    assert response.headers["QB-Token-ExpirationDate"] == "2019-09-01 16:55:56 +0000"
    assert response.text == (
        f'{{"session":{{"application_id":76730,"created_at":"2019-09-01T14:55:56Z","id":{session.id},"nonce":7334,'
        f'"token":"{session.token}","ts":1567349756,"updated_at":"2019-09-01T14:55:56Z","user_id":0,'
        f'"_id":"{session.id}"}}}}'
    )
    assert (len(session.token), session.user_id, session.adopted) == (40, None, False)


FORMS = {
    "JSON": lambda params: {"json": params},
    "JSON of texts": lambda params: {"json": {k: v if isinstance(v, dict) else str(v) for k, v in params.items()}},
    "form": lambda params: {"data": dict(flat(params))},
    "form without a label": lambda params: {"content": urlencode(flat(params)).encode()},
    "form labelled JSON": lambda params: {"content": urlencode(flat(params)).encode(), "headers": JSON_LABEL},
    "form with brackets left alone": lambda params: {"content": urlencode(flat(params), safe="[]").encode()},
    "query string": lambda params: {"params": flat(params)},
    "query string with an empty body labelled JSON": lambda params: {"params": flat(params), "headers": JSON_LABEL},
}


@pytest.mark.parametrize("path", ["/session.json", "/session", "/auth.json", "/auth"])
@pytest.mark.parametrize("name", ["login", "email"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@freeze_time(NOW)
def test_a_session_of_a_user_is_made_by_every_encoding(
    qbchat: FakeQuickBlox, api: httpx.Client, form: Any, name: str, path: str
) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    user = qbchat.add_user(login="anna+work", email="anna@shop.example", password=PASSWORD)
    response = api.post(path, **form(signed(user={name: getattr(user, name), "password": PASSWORD})))
    assert response.status_code == 201
    assert response.json()["session"]["user_id"] == qbchat.sessions.one().user_id == user.id
    assert (response.json()["session"]["nonce"], response.json()["session"]["ts"]) == (7334, TS)


def test_a_session_of_a_user_acts_as_that_user(world: World) -> None:
    user = world.fake.add_user(login="anna", password=PASSWORD)
    with freeze_time(NOW):
        token = world.send("POST", f"{API}/session.json", json=signed(user={"login": "anna", "password": PASSWORD}))
        reply = world.post({"recipient_id": 20, "message": "hi"}, token=token.json()["session"]["token"])
    assert reply.json()["sender_id"] == user.id


REQUIRED = ["application_id", "auth_key", "timestamp", "nonce", "signature"]


@pytest.mark.parametrize("absent", [None, ""], ids=repr)
@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_parameter_is_named(qbchat: FakeQuickBlox, api: httpx.Client, name: str, absent: object) -> None:
    response = api.post("/session.json", json=signed() | {name: absent})
    assert answer(response) == (422, {"errors": {name: ["is required"]}})
    assert qbchat.calls.one().reason == f"the request has no {name}"
    assert not qbchat.sessions


def test_several_missing_parameters_are_named_at_once(world: World) -> None:
    response = world.send("POST", f"{API}/session.json")
    assert answer(response) == (422, {"errors": {name: ["is required"] for name in REQUIRED}})


# --- the timestamp ---


@pytest.mark.parametrize(
    ("timestamp", "ts"),
    [
        (TS, TS),
        (str(TS), TS),
        (TS - 3600, TS - 3600),
        (TS + 3600, TS + 3600),
        (f"{TS}.75", TS),
        (TS + 0.75, TS),
        (f"{TS + 3600}.999", TS + 3600),
    ],
    ids=repr,
)
@freeze_time(NOW)
def test_a_timestamp_may_be_an_hour_off_and_a_fraction(
    qbchat: FakeQuickBlox, api: httpx.Client, timestamp: object, ts: int
) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    response = new_session(api, timestamp=timestamp)
    assert response.status_code == 201
    assert response.json()["session"]["ts"] == ts


@pytest.mark.parametrize(
    "timestamp",
    [TS - 3601, TS + 3601, TS * 1000, f"{TS * 1000}", 0, "now", "2019-09-01", "nan", "inf", "9" * 400, True, [TS], {}],
    ids=repr,
)
@freeze_time(NOW)
def test_a_timestamp_further_off_is_refused(qbchat: FakeQuickBlox, api: httpx.Client, timestamp: object) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    response = new_session(api, timestamp=timestamp)
    assert answer(response) == (422, BAD_TIMESTAMP)
    assert len(response.content) == 37  # as logged
    assert "QB-Token-ExpirationDate" not in response.headers
    assert "is not the current Unix time in seconds" in qbchat.calls.one().reason
    assert not qbchat.sessions


@freeze_time(NOW)
def test_a_timestamp_is_compared_with_the_clock_of_the_client(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.advance(hours=5)
    response = new_session(api)
    assert response.status_code == 201
    assert response.json()["session"]["created_at"] == "2019-09-01T19:55:56Z"
    assert response.headers["QB-Token-ExpirationDate"] == "2019-09-01 21:55:56 +0000"


# --- the nonce ---


@pytest.mark.parametrize("nonce", [7334, "7334", "made-up-nonce"])
@freeze_time(NOW)
def test_a_timestamp_with_its_nonce_is_accepted_once(qbchat: FakeQuickBlox, api: httpx.Client, nonce: object) -> None:
    assert new_session(api, nonce=nonce).status_code == 201
    again = new_session(api, nonce=str(nonce))
    assert answer(again) == (422, {"errors": {"nonce": ["has already been taken"]}})
    assert qbchat.calls.last.reason == f"timestamp {TS} and nonce {nonce} were used before"
    assert len(qbchat.sessions) == 1


@pytest.mark.parametrize(
    "other", [{"nonce": "made-up-nonce-two"}, {"nonce": 2}, {"timestamp": TS + 1}], ids=["text", "number", "later"]
)
@freeze_time(NOW)
def test_a_new_nonce_or_timestamp_is_accepted(api: httpx.Client, other: dict[str, Any]) -> None:
    for params in ({}, other):
        assert new_session(api, **{"nonce": "made-up-nonce-one"} | params).status_code == 201


def test_a_nonce_that_is_not_a_number_becomes_0(api: httpx.Client) -> None:
    assert new_session(api, nonce="made-up-nonce").json()["session"]["nonce"] == 0


def test_a_refused_session_uses_up_no_nonce(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.add_user(login="anna", password=PASSWORD)
    statuses = [
        new_session(api, user={"login": "anna", "password": password}).status_code for password in ("wrong", PASSWORD)
    ]
    assert statuses == [401, 201]


# --- the application ---


@pytest.mark.parametrize("wrong", [{"application_id": 76731}, {"auth_key": "made-up-auth-kez"}], ids=str)
def test_another_application_than_the_declared_one_is_refused(
    qbchat: FakeQuickBlox, api: httpx.Client, wrong: dict[str, Any]
) -> None:
    qbchat.add_credentials(application_id=76730, auth_key="made-up-auth-key")
    assert new_session(api, nonce="1").status_code == 201
    assert new_session(api, nonce="2", application_id="76730").status_code == 201
    [name] = wrong
    with pytest.warns(QuickBloxWarning, match=rf"^{name}: .* so QuickBlox would refuse the signature$"):
        assert answer(new_session(api, nonce="3", **wrong)) == (422, BAD_SIGNATURE)
    given = "76731" if name == "application_id" else "sent"
    assert (
        qbchat.calls.last.reason
        == f"the {name} {given} is not the one declared with qbchat.add_credentials({name}=...)"
    )


def test_any_application_is_accepted_if_none_is_declared(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    replies = [new_session(api, application_id=each, auth_key=str(each), nonce=each) for each in (1, 2)]
    assert [reply.json()["session"]["application_id"] for reply in replies] == [1, 2]
    assert [session.application_id for session in qbchat.sessions] == [1, 2]


def test_an_application_id_that_is_not_a_number_becomes_0(api: httpx.Client) -> None:
    assert new_session(api, application_id="shop").json()["session"]["application_id"] == 0


@pytest.mark.qbchat(strict=True)
def test_strict_mode_makes_no_session_before_its_application_is_declared(
    qbchat: FakeQuickBlox, api: httpx.Client
) -> None:
    qbchat.add_credentials(application_id=76730, auth_key="made-up-auth-key")
    assert answer(new_session(api)) == (422, BAD_SIGNATURE)
    assert "unknown application in strict mode" in qbchat.calls.one().reason
    qbchat.add_credentials(auth_secret=SECRET)
    assert new_session(api).status_code == 201


# --- logins ---


def by_session(api: httpx.Client, **params: Any) -> httpx.Response:
    named = {name: params.pop(name) for name in ("login", "email", "password") if name in params}
    return new_session(api, **params | ({"user": named} if named else {}))


def by_login(api: httpx.Client, **params: Any) -> httpx.Response:
    params.pop("nonce", None)
    return ask(api, "POST", "/login.json", "made-up-app-token", json=params)


@pytest.fixture(params=[by_session, by_login], ids=["POST /session", "POST /login"])
def log_in(request: pytest.FixtureRequest, qbchat: FakeQuickBlox, api: httpx.Client) -> Callable[..., httpx.Response]:
    """Both ways to log in. Each call has a nonce of its own."""
    qbchat.add_session("made-up-app-token", None)
    nonces = iter(range(1, 100))
    return lambda **params: request.param(api, nonce=next(nonces), **params)


def user_of(response: httpx.Response) -> int:
    assert response.status_code in (201, 202), response.text
    reply = response.json()
    user_id: int = reply["user"]["id"] if "user" in reply else reply["session"]["user_id"]
    return user_id


@pytest.mark.parametrize(
    "params",
    [
        {"login": "anna", "password": "wrong-password"},
        {"email": "anna@shop.example", "password": PASSWORD.upper()},
        {"login": "anna", "password": f" {PASSWORD}"},
        {"login": "anna"},
        {"login": "anna", "password": ""},
        {"login": "anna", "password": None},
        {"login": "nobody-declared"},
    ],
    ids=str,
)
def test_a_wrong_login_is_unauthorized(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response], params: dict[str, Any]
) -> None:
    qbchat.add_user(login="anna", email="anna@shop.example", password=PASSWORD)
    response = log_in(**params)
    assert answer(response) == (401, UNAUTHORIZED)
    assert len(response.content) == 27  # as logged
    assert len(qbchat.users) == 1
    assert qbchat.calls.one().reason == (
        f"wrong password for the user with the {next(iter(params))} {next(iter(params.values()))!r}"
        if params.get("password")
        else f"the request has the login {params['login']!r} and no password"
    )


def test_a_login_is_trimmed_and_a_declared_user_found(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response]
) -> None:
    user = qbchat.add_user(login="anna", email="anna@shop.example", password=PASSWORD)
    assert user_of(log_in(login=" anna ", password=PASSWORD)) == user.id
    assert user_of(log_in(email="anna@shop.example", password=PASSWORD)) == user.id


def test_the_first_password_counts_for_a_user_declared_without_one(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response]
) -> None:
    user = qbchat.add_user(login="anna")
    assert user_of(log_in(login="anna", password=PASSWORD)) == user.id
    assert log_in(login="anna", password="another-password").status_code == 401
    assert user_of(log_in(login="anna", password=PASSWORD)) == user.id


@pytest.mark.parametrize("name", ["login", "email"])
def test_an_unknown_user_is_adopted_with_the_password(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response], name: str
) -> None:
    adopted = user_of(log_in(**{name: "anna@shop.example", "password": PASSWORD}))
    user = qbchat.users.one()
    assert (user.id, user.adopted, getattr(user, name)) == (adopted, True, "anna@shop.example")
    assert log_in(**{name: "anna@shop.example", "password": "another-password"}).status_code == 401
    assert user_of(log_in(**{name: "anna@shop.example", "password": PASSWORD})) == adopted


PROVIDERS = [
    {"provider": "facebook", "keys": {"token": "made-up-provider-token", "secret": "made-up-provider-secret"}},
    {"provider": "twitter", "keys": {"token": "made-up-provider-token", "secret": "made-up-provider-secret"}},
    {"provider": "firebase_phone", "firebase_phone": {"project_id": "shop", "access_token": "made-up-provider-token"}},
]


@pytest.mark.parametrize("params", PROVIDERS, ids=lambda params: params["provider"])
def test_each_token_of_a_provider_begins_a_session_of_one_user(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response], params: dict[str, Any]
) -> None:
    first = user_of(log_in(**params))
    assert qbchat.users.one().id == first
    assert user_of(log_in(**params)) == first
    other = json.loads(json.dumps(params).replace("made-up-provider-token", "made-up-other-token"))
    assert user_of(log_in(**other)) not in (0, first)
    assert len({user.id for user in qbchat.users}) == 2


@pytest.mark.parametrize(
    "params",
    [
        {"provider": "facebook"},
        {"provider": "facebook", "keys": "made-up-provider-token"},
        {"provider": "facebook", "keys": {"secret": "made-up-provider-secret"}},
        {"provider": "firebase_phone", "keys": {"token": "made-up-provider-token"}},
        {"provider": "firebase_phone", "firebase_phone": {"project_id": "shop"}},
    ],
    ids=str,
)
def test_a_provider_without_a_token_is_unauthorized(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response], params: dict[str, Any]
) -> None:
    assert answer(log_in(**params)) == (401, UNAUTHORIZED)
    assert qbchat.calls.one().reason == f"the request has no token of the provider {params['provider']!r}"


def test_the_user_of_a_provider_signs_up_anew_after_being_deleted(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response], api: httpx.Client
) -> None:
    first = user_of(log_in(**PROVIDERS[0]))
    assert ask(api, "DELETE", f"/users/{first}.json", None, headers=KEY).status_code == 200
    qbchat.add_session("made-up-app-token", None)
    second = user_of(log_in(**PROVIDERS[0]))
    assert second != first
    assert ask(api, "GET", "/session.json", qbchat.sessions.last.token).json()["session"]["user_id"] == second


@pytest.mark.parametrize("name", ["login", "email"])
def test_a_deleted_user_cannot_log_in_before_signing_up_again(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response], api: httpx.Client, name: str
) -> None:
    named = {name: "anna@shop.example", "password": PASSWORD}
    user = qbchat.add_user(10, **named)
    assert user_of(log_in(**named)) == 10
    assert ask(api, "DELETE", f"/users/{user.id}.json", None, headers=KEY).status_code == 200
    qbchat.add_session("made-up-app-token", None)
    assert answer(log_in(**named)) == (401, UNAUTHORIZED)
    assert qbchat.calls.last.reason == f"the user with the {name} 'anna@shop.example' was deleted or renamed"
    again = ask(api, "POST", "/users.json", None, headers=KEY, json={"user": named})
    assert user_of(log_in(**named)) == again.json()["user"]["id"] != 10


@pytest.mark.qbchat(strict=True)
@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"login": "anna", "password": PASSWORD}, "no user has the login 'anna'; declare one"),
        (PROVIDERS[0], "unknown user of the provider 'facebook' in strict mode"),
    ],
    ids=["login", "provider"],
)
def test_strict_mode_adopts_no_login(
    qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response], params: dict[str, Any], reason: str
) -> None:
    qbchat.add_credentials(auth_secret=SECRET)
    assert answer(log_in(**params)) == (401, UNAUTHORIZED)
    assert reason in qbchat.calls.one().reason
    assert not qbchat.users


@pytest.mark.parametrize("name", ["login", "email", "user[login]", "user[email]"])
def test_a_login_outside_of_user_makes_a_session_of_the_application(api: httpx.Client, name: str) -> None:
    with pytest.warns(QuickBloxWarning) as warned:
        response = new_session(api, **{name: "anna", "password": PASSWORD})
    assert str(warned[0].message).startswith(f"{name}: is ignored, and an application session begins; write ")
    assert response.json()["session"]["user_id"] == 0


@pytest.mark.parametrize("nobody", [{"user": {}}, {"user": "anna"}, {"user": {"password": PASSWORD}}], ids=str)
def test_a_session_that_names_no_user_is_one_of_the_application(api: httpx.Client, nobody: dict[str, Any]) -> None:
    assert new_session(api, **nobody).json()["session"]["user_id"] == 0


def test_passwords_and_provider_tokens_are_masked(qbchat: FakeQuickBlox, log_in: Callable[..., httpx.Response]) -> None:
    secrets = [PASSWORD, "another-password", "made-up-provider-token"]
    qbchat.add_user(login="anna", password=PASSWORD)
    log_in(login="anna", password="another-password")
    log_in(**PROVIDERS[0])
    dialog = qbchat.add_dialog(occupants_ids=[qbchat.users[0]])
    qbchat.add_message(dialog, qbchat.users[0], " ".join(secrets))
    shown = qbchat.transcript()
    assert f"'{' '.join(map(mask, secrets))}'" in shown
    assert [secret for secret in secrets if secret in shown] == []
    assert PASSWORD not in repr(qbchat.users[0])


# --- GET and DELETE /session.json ---


def test_a_session_shows_itself(world: World) -> None:
    with freeze_time(NOW):
        made = world.send("POST", f"{API}/session.json", json=signed()).json()
    with freeze_time("2019-09-01 15:55:56"):
        token = made["session"]["token"]
        response = world.send("GET", f"{API}/session.json", headers={"QB-Token": token})
    assert answer(response) == (200, made)
    assert response.headers["QB-Token-ExpirationDate"] == "2019-09-01 17:55:56 +0000"


@freeze_time(NOW)
def test_an_adopted_session_shows_itself(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    session = ask(api, "GET", "/session").json()["session"]
    assert (session["token"], session["user_id"]) == (TOKEN, qbchat.users.one().id)
    assert " ".join(session) == "application_id created_at id nonce token ts updated_at user_id _id"
    assert (session["ts"], session["created_at"]) == (TS, "2019-09-01T14:55:56Z")


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "adopted"])
def test_the_token_of_a_destroyed_session_is_refused(world: World, declared: bool) -> None:
    if declared:
        world.fake.add_session(TOKEN, 10)
    headers = {"QB-Token": TOKEN}
    response = world.send("DELETE", f"{API}/session.json", headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    assert "QB-Token-ExpirationDate" not in response.headers
    for method, path in (("GET", "/session.json"), ("DELETE", "/session.json"), ("GET", "/users.json")):
        assert answer(world.send(method, f"{API}{path}", headers=headers)) == (401, NO_SESSION)
    assert world.fake.calls.last.reason == f"the session of the token {mask(TOKEN)} was destroyed"
    assert not world.fake.sessions


@pytest.mark.parametrize("somebody", ["anna", "10", True, 1.5], ids=repr)
def test_a_session_is_declared_for_a_user_or_an_id(qbchat: FakeQuickBlox, somebody: Any) -> None:
    with pytest.raises(TypeError, match="is not a user; expected a user id or the result of qbchat"):
        qbchat.add_session(TOKEN, somebody)
    assert not qbchat.sessions


def test_a_destroyed_token_may_be_declared_again(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    ask(api, "DELETE", "/session.json")
    qbchat.add_session(TOKEN, 10)
    assert ask(api, "GET", "/session.json").json()["session"]["user_id"] == 10


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/session.json"), ("DELETE", "/session.json"), ("POST", "/login.json"), ("DELETE", "/login.json")],
)
def test_an_api_key_has_no_session(qbchat: FakeQuickBlox, api: httpx.Client, method: str, path: str) -> None:
    assert answer(ask(api, method, path, None, headers=KEY)) == (401, NO_SESSION)
    assert qbchat.calls.one().reason == "an API key has no session; send a QB-Token"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/session.json"), ("DELETE", "/session.json"), ("POST", "/login.json"), ("DELETE", "/login.json")],
)
def test_a_call_without_credentials_needs_a_token(api: httpx.Client, method: str, path: str) -> None:
    assert answer(ask(api, method, path, None)) == (401, based("Token is required"))


# --- POST and DELETE /login.json ---

USER_KEYS = [
    "id", "full_name", "email", "login", "phone", "website", "created_at", "updated_at", "last_request_at",
    "external_user_id", "facebook_id", "twitter_id", "blob_id", "custom_data", "age_over16",
    "allow_statistics_analysis", "allow_sales_activities", "parents_contacts", "user_tags",
]  # fmt: skip


def test_a_login_makes_the_same_session_one_of_a_user_and_a_logout_takes_it_back(world: World) -> None:
    user = world.fake.add_user(login="anna", full_name="Anna Example", password=PASSWORD)
    with freeze_time(NOW):
        token = token_of(world.send("POST", f"{API}/session.json", json=signed()))
        headers = {"QB-Token": token}
        assert answer(world.post({"recipient_id": 20}, token=token)) == (422, NEED_USER)

    with freeze_time("2019-09-01 15:00:00"):
        login = world.send("POST", f"{API}/login.json", json={"login": "anna", "password": PASSWORD}, headers=headers)
        assert (login.status_code, list(login.json()), list(login.json()["user"])) == (202, ["user"], USER_KEYS)
        assert (login.json()["user"]["id"], login.json()["user"]["full_name"]) == (user.id, "Anna Example")
        assert login.headers["QB-Token-ExpirationDate"] == "2019-09-01 17:00:00 +0000"
        assert world.post({"recipient_id": 20}, token=token).json()["sender_id"] == user.id
        session = world.send("GET", f"{API}/session.json", headers=headers).json()["session"]
        assert (session["user_id"], session["token"], session["ts"]) == (user.id, token, TS)
        assert (session["created_at"], session["updated_at"]) == ("2019-09-01T14:55:56Z", "2019-09-01T15:00:00Z")

    with freeze_time("2019-09-01 15:10:00"):
        logout = world.send("DELETE", f"{API}/login.json", headers=headers)
        assert (logout.status_code, logout.content) == (200, b"")
        assert answer(world.post({"recipient_id": 20}, token=token)) == (422, NEED_USER)
        session = world.send("GET", f"{API}/session.json", headers=headers).json()["session"]
        assert (session["user_id"], session["updated_at"]) == (0, "2019-09-01T15:10:00Z")


LOGIN_FORMS = {
    "JSON": {"json": {"login": "anna", "password": PASSWORD}},
    "JSON in user": {"json": {"user": {"login": "anna", "password": PASSWORD}}},
    "form": {"data": {"login": "anna", "password": PASSWORD}},
    "bracketed form": {"data": {"user[login]": "anna", "user[password]": PASSWORD}},
    "query string": {"params": {"email": "anna@shop.example", "password": PASSWORD}},
    "bracketed query string": {"params": {"user[email]": "anna@shop.example", "user[password]": PASSWORD}},
}


@pytest.mark.parametrize("form", LOGIN_FORMS.values(), ids=LOGIN_FORMS)
def test_a_login_is_accepted_in_every_encoding(qbchat: FakeQuickBlox, api: httpx.Client, form: dict[str, Any]) -> None:
    user = qbchat.add_user(login="anna", email="anna@shop.example", password=PASSWORD)
    qbchat.add_session(TOKEN, None)
    response = ask(api, "POST", "/login", **form)
    assert (response.status_code, response.json()["user"]["id"]) == (202, user.id)


def test_the_status_of_a_login_is_an_assumption(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.assume(login_status=200)
    assert ask(api, "POST", "/login.json", json={"login": "anna", "password": PASSWORD}).status_code == 200


@pytest.mark.parametrize("params", [{}, {"password": PASSWORD}, {"user": {}}, {"user": "anna"}], ids=str)
def test_a_login_that_names_nobody_is_unauthorized(
    qbchat: FakeQuickBlox, api: httpx.Client, params: dict[str, Any]
) -> None:
    qbchat.add_session(TOKEN, 10)
    assert answer(ask(api, "POST", "/login.json", json=params)) == (401, UNAUTHORIZED)
    assert qbchat.calls.one().reason == "the request names neither login nor email nor provider"
    assert qbchat.sessions.one().user_id == 10


def test_a_failed_login_leaves_the_session_as_it_was(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.add_user(login="anna", password=PASSWORD)
    qbchat.add_session(TOKEN, None)
    assert ask(api, "POST", "/login.json", json={"login": "anna", "password": "wrong"}).status_code == 401
    assert ask(api, "GET", "/session.json").json()["session"]["user_id"] == 0


# --- tokens by API key ---


def test_an_api_key_makes_a_token_for_a_user(world: World) -> None:
    user = world.fake.add_user()
    with freeze_time(NOW):
        response = world.send("POST", f"{API}/users/{user.id}/tokens", headers=KEY)
        token = response.json()["token"]
        assert answer(response) == (201, {"token": token, "expires_at": "2019-09-01T16:55:56Z"})
        assert "QB-Token-ExpirationDate" not in response.headers
        assert world.post({"recipient_id": 20}, token=token).json()["sender_id"] == user.id
    assert (len(token), world.fake.sessions.one().token) == (40, token)


def test_each_token_of_a_user_is_a_new_one(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    paths = ("/users/10/tokens", "/users/10/tokens.json")
    tokens = {ask(api, "POST", path, None, headers=KEY).json()["token"] for path in paths}
    assert tokens == {session.token for session in qbchat.sessions}
    assert len(tokens) == 2
    assert {session.user_id for session in qbchat.sessions} == {10}


@pytest.mark.parametrize("token", [TOKEN, "made-up-app-token"])
def test_a_user_token_is_made_only_by_an_api_key(qbchat: FakeQuickBlox, api: httpx.Client, token: str) -> None:
    qbchat.add_session("made-up-app-token", None)
    assert answer(ask(api, "POST", "/users/10/tokens", token)) == (401, based("Authorization failed"))
    assert "a QB-Token is not enough" in qbchat.calls.one().reason
    assert not qbchat.users.where(id=10)


def test_a_token_beside_an_api_key_is_ignored_for_making_tokens(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    assert ask(api, "POST", "/users/10/tokens", "made-up-unknown-token", headers=KEY).status_code == 201
    assert [session.user_id for session in qbchat.sessions] == [10]


@pytest.mark.parametrize("user_id", ["anna", "0", "-1", "9" * 20])
def test_a_token_for_nobody_is_not_found(qbchat: FakeQuickBlox, api: httpx.Client, user_id: str) -> None:
    response = ask(api, "POST", f"/users/{user_id}/tokens", None, headers=KEY)
    assert answer(response) == (404, based("Couldn't find user"))
    assert qbchat.calls.one().reason == f"there is no user {user_id!r}"
    assert not qbchat.users


def test_a_token_for_a_deleted_user_is_refused(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    user = qbchat.add_user()
    ask(api, "DELETE", f"/users/{user.id}.json", None, headers=KEY)
    assert ask(api, "POST", f"/users/{user.id}/tokens", None, headers=KEY).status_code == 404


@pytest.mark.qbchat(strict=True)
def test_strict_mode_makes_no_token_for_an_unknown_user(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.add_credentials(api_key="made-up-key-of-the-shop")
    qbchat.add_user(10)
    statuses = [ask(api, "POST", f"/users/{each}/tokens", None, headers=KEY).status_code for each in (10, 11)]
    assert statuses == [201, 404]


# --- Authorization: ApiKey ---


def test_an_api_key_alone_acts_for_nobody(world: World) -> None:
    assert world.send("GET", f"{API}/users.json", headers=KEY).status_code == 200
    refused = world.post({"recipient_id": 20}, token=None, headers=KEY)
    assert answer(refused) == (422, NEED_USER)
    assert not world.fake.users.where(adopted=True)


@freeze_time(NOW)
def test_a_request_on_behalf_of_a_user_sets_its_last_request(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    user = qbchat.add_user(10)
    assert ask(api, "GET", "/chat/Dialog.json", None, headers=KEY | {"On-Behalf-Of": "10"}).status_code == 200
    assert user.last_request_at == "2019-09-01T14:55:56Z"


def test_an_api_key_wins_over_the_token_of_a_destroyed_session(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    ask(api, "DELETE", "/session.json")
    response = ask(api, "GET", "/chat/Dialog.json", headers=KEY | {"On-Behalf-Of": "10"})
    assert response.status_code == 200
    assert "QB-Token-ExpirationDate" not in response.headers


@pytest.mark.parametrize("nobody", ["0", "", "anna", "-1", "1.5", "9" * 20])
def test_a_request_on_behalf_of_an_unknown_or_malformed_id_is_refused(
    qbchat: FakeQuickBlox, api: httpx.Client, nobody: str
) -> None:
    response = ask(api, "GET", "/chat/Dialog.json", None, headers=KEY | {"On-Behalf-Of": nobody})
    assert answer(response) == (404, based("Couldn't find user"))
    assert f"On-Behalf-Of {nobody!r} is not a known user id" in qbchat.calls.one().reason
    assert not qbchat.users


def test_a_request_on_behalf_of_a_deleted_user_is_refused(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    user = qbchat.add_user(10)
    assert ask(api, "DELETE", f"/users/{user.id}.json", None, headers=KEY | {"On-Behalf-Of": "10"}).status_code == 200
    response = ask(api, "GET", "/chat/Dialog.json", None, headers=KEY | {"On-Behalf-Of": "10"})
    assert answer(response) == (404, based("Couldn't find user"))


@pytest.mark.parametrize(
    ("authorization", "text", "reason"),
    [
        ("ApiKey made-up-other-key", "Authorization failed", "the API key made…#240c was not declared"),
        ("ApiKey ", "Authorization failed", "the API key after 'ApiKey ' is empty"),
        ("ApiKey", "Token is required", "must be exactly 'ApiKey <key>'"),
        ("apikey made-up-key-of-the-shop", "Token is required", "must be exactly 'ApiKey <key>'"),
        ("Bearer made-up-key-of-the-shop", "Token is required", "must be exactly 'ApiKey <key>'"),
        ("made-up-key-of-the-shop", "Token is required", "must be exactly 'ApiKey <key>'"),
    ],
)
def test_an_api_key_is_given_in_one_form(
    qbchat: FakeQuickBlox, api: httpx.Client, authorization: str, text: str, reason: str
) -> None:
    qbchat.add_credentials(api_key="made-up-key-of-the-shop")
    response = ask(api, "GET", "/users.json", None, headers={"Authorization": authorization})
    assert answer(response) == (401, based(text))
    assert reason in qbchat.calls.one().reason
    assert "made-up-other-key" not in qbchat.transcript()


@pytest.mark.qbchat(strict=True)
@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        ({"QB-Token": "made-up-unknown-token"}, NO_SESSION, "unknown token made…#0fbf in strict mode; declare it with"),
        (KEY, based("Authorization failed"), "in strict mode; declare it with qbchat.add_credentials(api_key="),
    ],
    ids=["token", "API key"],
)
def test_strict_mode_adopts_no_credentials(
    qbchat: FakeQuickBlox, api: httpx.Client, headers: dict[str, str], body: dict[str, Any], reason: str
) -> None:
    assert answer(ask(api, "GET", "/session.json", None, headers=headers)) == (401, body)
    assert reason in qbchat.calls.one().reason
    assert not qbchat.sessions


def test_a_header_name_with_a_space_carries_no_token(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    with pytest.warns(QuickBloxWarning, match="'QB-Token ': is another header to QuickBlox"):
        response = ask(api, "GET", "/session.json", None, headers={"QB-Token ": TOKEN})
    assert answer(response) == (401, based("Token is required"))
    assert qbchat.calls.one().reason == "the name of the QB-Token header has a space before or after it"


def test_several_api_keys_can_be_declared(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    for key in ("made-up-key-one", "made-up-key-two"):
        qbchat.add_credentials(api_key=key)
    statuses = [
        ask(api, "GET", "/users.json", None, headers={"Authorization": f"ApiKey {key}"}).status_code
        for key in ("made-up-key-one", "made-up-key-two", "made-up-key-three")
    ]
    assert statuses == [200, 200, 401]


# --- two hours ---


def created(qbchat: FakeQuickBlox, api: httpx.Client) -> str:
    return token_of(new_session(api, user={"login": "anna", "password": PASSWORD}))


def declared(qbchat: FakeQuickBlox, api: httpx.Client) -> str:
    qbchat.add_session("made-up-declared-token", 10)
    return "made-up-declared-token"


def adopted(qbchat: FakeQuickBlox, api: httpx.Client) -> str:
    return "made-up-adopted-token"


def by_key(qbchat: FakeQuickBlox, api: httpx.Client) -> str:
    token: str = ask(api, "POST", "/users/10/tokens", None, headers=KEY).json()["token"]
    return token


ORIGINS = pytest.mark.parametrize("origin", [created, declared, adopted, by_key])


@ORIGINS
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([(7199, 200)], id="a second before"),
        pytest.param([(7200, 401)], id="exactly two hours"),
        pytest.param([(3600, 200), (7199, 200), (7199, 200)], id="calls in between"),
        pytest.param([(3600, 200), (7200, 401), (0, 401)], id="two hours after a call"),
    ],
)
@pytest.mark.parametrize("clock", ["freezegun", "qbchat.advance"])
@freeze_time(NOW)
def test_a_session_ends_two_hours_after_its_last_call(
    qbchat: FakeQuickBlox, api: httpx.Client, origin: Any, steps: list[tuple[int, int]], clock: str
) -> None:
    token = origin(qbchat, api)
    assert ask(api, "GET", "/session.json", token).status_code == 200
    with freeze_time(NOW) as frozen:
        for seconds, status in steps:
            if clock == "freezegun":
                frozen.tick(seconds)
            else:
                qbchat.advance(seconds=seconds)
            response = ask(api, "GET", "/session.json", token)
            assert response.status_code == status
            assert ("QB-Token-ExpirationDate" in response.headers) == (status == 200)
            assert status == 200 or response.json() == NO_SESSION


@ORIGINS
@freeze_time(NOW)
def test_every_answer_says_when_the_session_will_end(qbchat: FakeQuickBlox, api: httpx.Client, origin: Any) -> None:
    token = origin(qbchat, api)
    said = [ask(api, "GET", "/session.json", token).headers["QB-Token-ExpirationDate"]]
    qbchat.advance(minutes=90)
    said.append(ask(api, "GET", "/users/by_login.json", token).headers["QB-Token-ExpirationDate"])  # a 404
    assert said == ["2019-09-01 16:55:56 +0000", "2019-09-01 18:25:56 +0000"]
    assert qbchat.sessions.last.expires_at == TS + 3.5 * 3600


@pytest.mark.parametrize("origin", [created, by_key])
def test_a_created_session_ends_even_if_it_is_never_used(qbchat: FakeQuickBlox, api: httpx.Client, origin: Any) -> None:
    token = origin(qbchat, api)
    qbchat.advance(hours=2)
    assert answer(ask(api, "GET", "/session.json", token)) == (401, NO_SESSION)
    assert qbchat.calls.last.reason.endswith("expired two hours after its last call")


def test_a_declared_session_is_fresh_at_its_first_call(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    token = declared(qbchat, api)
    qbchat.advance(hours=3)
    assert ask(api, "GET", "/session.json", token).status_code == 200


def test_an_api_key_never_expires(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    for _ in range(2):
        assert ask(api, "GET", "/users.json", None, headers=KEY).status_code == 200
        qbchat.advance(hours=3)


@ORIGINS
def test_sessions_can_be_expired_and_made_anew(qbchat: FakeQuickBlox, api: httpx.Client, origin: Any) -> None:
    token = origin(qbchat, api)
    ask(api, "GET", "/session.json", token)

    qbchat.expire_sessions()

    refused = ask(api, "GET", "/session.json", token)
    assert answer(refused) == (401, NO_SESSION)
    assert "QB-Token-ExpirationDate" not in refused.headers
    assert qbchat.calls.last.reason.endswith("was ended by qbchat.expire_sessions()")
    assert token not in qbchat.calls.last.reason
    fresh = token_of(new_session(api, nonce=2, user={"login": "ben", "password": PASSWORD}))
    assert ask(api, "GET", "/session.json", fresh).status_code == 200
    assert ask(api, "GET", "/session.json", token).status_code == 401


def test_a_session_shows_its_token_to_nobody(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    token = created(qbchat, api)
    assert (
        repr(qbchat.sessions.one()) == f"Session(token='{mask(token)}', user_id={qbchat.users.one().id}, adopted=False)"
    )
    ask(api, "DELETE", "/session.json", token)
    ask(api, "GET", "/session.json", token)
    assert token not in qbchat.transcript()
    assert f"the session of the token {mask(token)} was destroyed" in qbchat.transcript()


# --- the time of a login ---


@freeze_time(NOW)
def test_the_first_login_sets_the_last_request_of_its_user(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    anna = qbchat.add_user(login="anna", password="made-up-password")
    ben = qbchat.add_user(login="ben", password="made-up-password")
    qbchat.add_session("made-up-token-of-the-application", None)
    body = {"login": "anna", "password": "made-up-password"}
    reply = ask(api, "POST", "/login.json", "made-up-token-of-the-application", json=body).json()
    assert reply["user"]["last_request_at"] == anna.last_request_at == reply["user"]["updated_at"]
    assert ben.last_request_at is None
    assert new_session(api, user={"login": "ben", "password": "made-up-password"}).status_code == 201
    assert ben.last_request_at == anna.last_request_at


# --- a failure of the server ---


def test_a_failure_of_the_server_has_its_own_body_and_no_version(qbchat: FakeQuickBlox, api: httpx.Client) -> None:
    qbchat.fail(500)
    response = ask(api, "GET", "/session.json", "made-up-token")
    assert response.content == b'{"status":"500","error":"Internal Server Error"}'
    assert "QuickBlox-REST-API-Version" not in response.headers
    assert ask(api, "GET", "/session.json", "made-up-token").headers["QuickBlox-REST-API-Version"] == "0.1.1"
