"""Masking of tokens, keys and passwords in any text."""

from __future__ import annotations

import json
import time
from itertools import permutations, zip_longest
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.profile import sized

from pytest_qbchat.service.masking import Secrets, mask, mask_fields, mask_header, names_secret, secrets_in


@pytest.mark.parametrize(
    ("secret", "masked"),
    [("made-up-token", "made…#9cae"), ("12345678", "1234…#daaf"), ("1234567", "…#699f"), ("", "…#0000")],
)
def test_a_secret_shows_its_beginning_and_a_fingerprint_at_most(secret: str, masked: str) -> None:
    assert mask(secret) == masked
    assert mask(masked) == masked


def test_two_masked_secrets_can_be_told_apart() -> None:
    tokens = [f"made-up-token-{number}" for number in range(100)] + [f"tok-{number}" for number in range(100)]
    assert len({mask(token) for token in tokens}) == 200


# --- by name ---

NAMES = [
    "token", "access_token", "authToken", "tokens", "push-token", "QB-Token", "CB-Token", "X-Auth-Token",
    "X-Session-Token", "QB-Token-Old", "TOKEN_2", "secret", "client_secret", "password", "user[password]",
    "old_password", "passwd", "pass", "pwd", "passphrase", "apiKey", "api_key", "apikey", "X-Api-Key", "auth_key",
    "QB-Account-Key", "private_key", "access-key", "Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie",
    "user%5Bpassword%5D", "%74oken", "keys[token][value]",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_field_or_header_named_like_a_credential_is_one(name: str) -> None:
    assert names_secret(name)
    assert mask_fields(f"https://x.example/1?a=1&{name}=abc&b=2") == f"https://x.example/1?a=1&{name}=…#41c2&b=2"
    assert mask_fields(f'{{"{name}": "abc", "b": 2}}') == f'{{"{name}": "…#41c2", "b": 2}}'


@pytest.mark.parametrize(
    "name", ["order", "keyboard", "tokenizer", "secretary", "passenger", "monkey", "token_type", "tokenCount", "text"]
)
def test_a_field_with_a_similar_name_is_shown(name: str) -> None:
    assert not names_secret(name)
    assert mask_fields(f'{{"{name}": "abc"}} {name}=abc') == f'{{"{name}": "abc"}} {name}=abc'


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("QB-Token", "made-up-token", "made…#9cae"),
        ("qb-token ", "made-up-token", "made…#9cae"),
        ("Authorization", "ApiKey made-up-key", "ApiKey made…#5a53"),
        ("Authorization", "made-up-key", "made…#5a53"),
        ("Cookie", "session=made-up-token; theme=dark", "sess…#826c"),
        ("Set-Cookie", "session=made-up-token", "sess…#f921"),
        ("Content-Type", "application/json", "application/json"),
    ],
)
def test_a_header_is_masked_if_it_is_a_credential(name: str, value: str, masked: str) -> None:
    assert mask_header(name, value) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://x.example/?token=abc", "https://x.example/?token=…#41c2"),
        ("token=abc&b=1", "token=…#41c2&b=1"),
        ("https://x.example/users/1/tokens/abc/d", "https://x.example/users/1/tokens/…#7e3d"),
        ("https://x.example/token/abc", "https://x.example/token/abc"),
        ('user={"login": "cleo", "password": "abc"}', 'user={"login": "cleo", "password": "…#41c2"}'),
        (r'"{\"password\": \"abc\", \"b\": 1}"', r'"{\"password\": \"…#41c2\", \"b\": 1}"'),
        (r'{"password": "a\"bc", "b": 1}', '{"password": "…#b2b3", "b": 1}'),
        ("[{'api_key': 'abc'}]", "[{'api_key': '…#41c2'}]"),
        ("token: 'abc' is no field, write password='abc'", "token: '…#41c2' is no field, write password='…#41c2'"),
        ("  - access_token   'abc'", "  - access_token   '…#41c2'"),
        ("  - pin_token   1234", "  - pin_token   …#e0a3"),
        ('{"pin_token":1234,"b":5}', '{"pin_token":…#e0a3,"b":5}'),
        ('{"token": null, "password": "", "secret": [], "tokens": {}}', None),
        ('{"password": ["abc", "d]f"], "b": 1}', '{"password": […], "b": 1}'),
        ('{"password": {"a": {"b": "c\\"}"}, "d": "e"}, "b": 1}', '{"password": {…}, "b": 1}'),
        ('{"password": ["abc", "de', '{"password": […'),
        ("'token: \"abc\n  next line", "'token: \"…#41c2\n  next line"),
        ("'QB-Token ': is another header; write 'QB-Token'", None),
        ("the request has no password: write add_credentials(api_key=...)", None),
        ("the token made…#9cae, token=made…#9cae", None),
    ],
)
def test_the_values_of_credentials_are_masked_in_every_form(text: str, masked: str | None) -> None:
    assert mask_fields(text) == (masked or text)


@pytest.mark.parametrize("line", ["\n", "\r\n"])
@pytest.mark.parametrize("content_type", ["", "Content-Type: text/plain; charset=utf-8{}"])
def test_a_part_of_a_multipart_form_is_masked_by_its_name(line: str, content_type: str) -> None:
    head = f"Content-Disposition: form-data; %s{line}{content_type.format(line)}{line}"
    secret, other = head % 'name="user[password]"', head % 'name="file"; filename="token.txt"'
    text = f"--b{line}{secret}two{line}lines{line}--b{line}{other}abc{line}--b--"
    assert mask_fields(text) == text.replace(f"two{line}lines", mask(f"two{line}lines"))


def test_the_credentials_in_parameters_are_found_at_any_depth() -> None:
    params = {
        "a": 1,
        "user": {"password": ["one", {"b": "two"}], "login": "x"},
        "tokens": [3, None],
        "c": [{"pwd": "4"}],
    }
    assert list(secrets_in(params)) == ["one", "two", "3", "4"]


# --- what is known ---

ALIKE = ["pass-word one", "pass-word one and two", "pass-word", "pass-words", "pass-word-of-the-shop"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("pass-word", "pass…#833f"),
        ("pass-word one", "pass…#5ce3"),
        ("(pass-word one) two", "(pass…#5ce3) two"),
        ("pass-word one and two, three", "pass…#aebe, three"),
        ("pass-word one and too", "pass…#5ce3 and too"),
        ("pass-words", "pass…#dbb5"),
        ("pass-wordy", "pass…#833fy"),
        ("pass-wor…", "pass…"),
        ("pass-won…", "pass-won…"),
        ("pass-wor", "pass-wor"),
        ("a pass-word-of-the-shop-pass-word", "a pass…#535b-pass…#833f"),
    ],
)
def test_the_longest_of_secrets_that_begin_alike_is_masked(text: str, masked: str) -> None:
    for secrets in permutations(ALIKE):
        assert Secrets(secrets).mask(text) == masked


@pytest.mark.parametrize("secret", ["back\\slash'n\"quote+/=\n1", 'made"up\\token', "m\u00e4de-up-token", "made up+1"])
def test_a_secret_is_masked_as_a_repr_json_or_a_url_has_it(secret: str) -> None:
    in_url = quote(secret, safe="")
    everything = "".join(f"%{byte:02X}" for byte in secret.encode())
    as_json = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    forms = [repr(secret)[1:-1], *as_json, in_url, in_url.lower(), quote(secret), quote_plus(secret), everything]
    for form in forms:
        if secret.lower() == secret or form != in_url.lower():
            assert Secrets([secret]).mask(f"<{form}>") == f"<{mask(secret)}>"
            assert Secrets([secret]).mask(f"https://x.example/a?b={form}") == f"https://x.example/a?b={mask(secret)}"


def test_a_secret_with_half_a_surrogate_pair_is_masked() -> None:
    assert Secrets(["made-up-\udc80-password"]).mask("made-up-\udc80-password").startswith("made…#")


def test_the_word_password_is_not_masked_as_a_secret() -> None:
    assert Secrets(["password"]).mask("the request has no password") == "the request has no password"


def test_a_short_secret_is_masked_by_its_name_alone() -> None:
    assert Secrets(["short"]).mask("short ?token=short") == "short ?token=…#90a2"


@given(
    # No digits of a fingerprint, which could complete what stands beside it.
    secrets=st.lists(st.text("xy -%+", min_size=8, max_size=14), max_size=6),
    pieces=st.lists(st.text("xy -", max_size=6), min_size=7, max_size=7),
    encode=st.sampled_from([str, quote, quote_plus]),
)
def test_a_known_secret_is_never_in_a_masked_text(secrets: list[str], pieces: list[str], encode: type[str]) -> None:
    text = "".join(piece + encode(secret) for piece, secret in zip_longest(pieces, secrets, fillvalue=""))
    masked = Secrets(secrets).mask(text)
    assert not any(secret in masked for secret in secrets)
    assert secrets or masked == text


FRAGMENTS = [
    "name=\"", "token", "password", "\"", "'", "\\", "\\\"", "[", "]", "{", "}", ":", "=", "/", "%5B", "%74", "…",
    "Content-Disposition:", "form-data;", "aaaaaaaa", "made-up-t", "tokens/", "&", "(",
]  # fmt: skip


@given(st.lists(st.sampled_from([*FRAGMENTS, " ", "  ", "\n", "\r\n"]), min_size=1, max_size=5).map("".join))
@example('name="token')
@example("token: {")
@example("Content-Disposition:\n")
@example("a")
def test_the_time_to_mask_grows_with_the_length_of_the_text(piece: str) -> None:
    secrets = Secrets([f"made-up-token-{number}" for number in range(100)])

    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        start = time.thread_time()
        secrets.mask(text)
        return time.thread_time() - start

    # Eight times the text takes 64 times as long where the time grows with the square.
    assert seconds(24_000) < 24 * seconds(3_000) + 0.05


def test_the_work_to_mask_is_the_same_with_many_secrets() -> None:
    tokens = [f"decade{number:034x}" for number in range(sized(2_000, 10_000))]
    text = f"{tokens[7]}, '{tokens[8][:20]}…' and decade00 of a decade000 {tokens[9][:30]}…"
    assert Secrets(tokens).mask(text) == f"{mask(tokens[7])}, 'deca…' and decade00 of a decade000 deca…"

    class Counted(dict[str, object]):
        looked_up = 0

        def get(self, *args: object) -> object:
            Counted.looked_up += 1
            return super().get(*args)  # type: ignore[call-overload]

    def look_ups(known: list[str]) -> int:
        secrets = Secrets(known)
        secrets._known, secrets._lengths = Counted(secrets._known), Counted(secrets._lengths)  # type: ignore[assignment]
        Counted.looked_up = 0
        secrets.mask(text)
        return Counted.looked_up

    assert look_ups(tokens) == look_ups(tokens[7:10]) > 0
