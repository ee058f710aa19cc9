"""Which exceptions of the code under test are expected in a trial."""

from __future__ import annotations

import json
import socket
import urllib.error
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import pytest
from support.trials import API, failing, names, post

from pytest_qbchat import FakeQuickBlox


class ShopError(Exception):
    """An error of the code under test."""


def raised_in_trial(qbchat: FakeQuickBlox, client: httpx.Client, error: Callable[[], BaseException], what: Any) -> Any:
    """What a trial has as its error, or what it raises."""
    for trial in qbchat.each_fault(what):
        with trial:
            try:
                client.get("/chat/Dialog.json").raise_for_status().json()
            except (httpx.HTTPError, ValueError) as caught:
                made = error()
                raise made from (caught if type(made) is ShopError else None)
    return trial.error


REPLY = httpx.Response(422, request=httpx.Request("POST", API))


EXPECTED = [
    (lambda: ShopError("from the client's"), 503),
    (lambda: httpx.ReadTimeout("of httpx"), 503),
    (lambda: urllib.error.URLError("of urllib"), 503),
    (lambda: urllib.error.HTTPError(API, 503, "", {}, None), 503),  # type: ignore[arg-type]
    (lambda: aiohttp.ClientResponseError(None, (), status=503), 503),  # type: ignore[arg-type]
    (lambda: TimeoutError("of Python"), "timeout"),
    (lambda: ConnectionResetError("of Python"), "timeout"),
    (lambda: socket.gaierror("of a socket"), "timeout"),
    (lambda: json.JSONDecodeError("malformed", "{", 1), "malformed"),
    (lambda: ExceptionGroup("of tasks", [httpx.ReadTimeout("one"), ConnectionError("two")]), "disconnect"),
]


UNEXPECTED = [
    (lambda: ValueError("of the code"), 503),
    (lambda: json.JSONDecodeError("of the code", "{", 1), "timeout"),
    (lambda: TimeoutError("of the database"), 503),
    (lambda: aiohttp.InvalidURL("of the code"), "timeout"),
    (lambda: ExceptionGroup("of tasks", [httpx.ReadTimeout("one"), ValueError("two")]), "disconnect"),
    (lambda: httpx.HTTPStatusError("of another call", request=REPLY.request, response=REPLY), 503),
    (lambda: urllib.error.HTTPError(API, 422, "of another call", {}, None), 503),  # type: ignore[arg-type]
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("error", "what"), EXPECTED)
def test_an_error_of_a_client_for_the_fault_is_expected(
    qbchat: FakeQuickBlox, client: httpx.Client, error: Callable[[], BaseException], what: Any
) -> None:
    assert type(raised_in_trial(qbchat, client, error, what)) is type(error())


@pytest.mark.parametrize(("error", "what"), UNEXPECTED)
def test_any_other_error_leaves_the_block_as_it_is(
    qbchat: FakeQuickBlox, client: httpx.Client, error: Callable[[], Exception], what: Any
) -> None:
    with pytest.raises(type(error())) as caught:
        raised_in_trial(qbchat, client, error, what)
    assert str(caught.value) == str(error())
    assert qbchat.trial is not None
    assert qbchat.trial.fault == f"1:{what}"
    assert (qbchat.trial.error, qbchat.trial.recovered) == (None, False)


def test_an_error_in_the_first_trial_leaves_the_loop_as_it_is(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout, match=r"^of the code$"):
        names(qbchat.each_fault(), failing(httpx.ReadTimeout("of the code")))
    with pytest.raises(AssertionError, match=r"^of the test$"):
        names(qbchat.each_fault(), lambda: post(client), failing(AssertionError("of the test")))
