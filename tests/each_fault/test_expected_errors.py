"""Which exceptions of the code under test are expected in a trial."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3
from support.trials import API, failing, names, post
from tornado.simple_httpclient import HTTPTimeoutError
from urllib3.exceptions import ResponseError

from pytest_qbchat import FakeQuickBlox


class ShopError(Exception):
    """An error of the code under test."""


class ShopHTTPError(httpx.RemoteProtocolError):
    """An error of the code under test that its author has derived from one of a client."""


def raised_in_trial(
    qbchat: FakeQuickBlox, client: httpx.Client, error: Callable[[], BaseException], what: Any, **options: Any
) -> Any:
    """What a trial has as its error, or what it raises."""
    for trial in qbchat.each_fault(what, **options):
        with trial:
            try:
                client.get("/chat/Dialog.json").raise_for_status().json()
            except (httpx.HTTPError, ValueError) as caught:
                made = error()
                raise made from (caught if made.args == ("from the client's",) else None)
    return trial.error


def refused(get: Callable[..., object]) -> Callable[[], BaseException]:
    """The error of a client for another host that refuses the connection."""

    def error() -> BaseException:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        try:
            get(f"http://127.0.0.1:{port}")
        except Exception as caught:
            return caught
        raise AssertionError("not refused")

    return error


POOL: Any = urllib3.HTTPConnectionPool("api.quickblox.com")
REQUEST = httpx.Request("POST", API)
READ_TIMEOUT = urllib3.exceptions.ReadTimeoutError(POOL, "/", "of urllib3")
DISCONNECT = urllib3.exceptions.ProtocolError("Connection aborted.", http.client.RemoteDisconnected("of http.client"))


def exhausted(reason: Exception) -> urllib3.exceptions.MaxRetryError:
    return urllib3.exceptions.MaxRetryError(POOL, "/", reason)


def status_error(status: int) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError("of httpx", request=REQUEST, response=httpx.Response(status, request=REQUEST))


EXPECTED = [
    (lambda: ShopError("from the client's"), 503),
    (lambda: ShopHTTPError("from the client's"), "disconnect"),
    (lambda: status_error(503), "503-lasting"),
    (lambda: urllib.error.HTTPError(API, 503, "", {}, None), 503),  # type: ignore[arg-type]
    (lambda: aiohttp.ClientResponseError(None, (), status=503), 503),  # type: ignore[arg-type]
    (lambda: requests.HTTPError("of requests", response=requests_response(503)), 503),
    (lambda: requests.exceptions.RetryError(exhausted(ResponseError("too many 503 error responses"))), 503),
    (lambda: TimeoutError("of Python"), "timeout"),
    (lambda: httpx2.ReadTimeout("of httpx2"), "timeout-lasting"),
    (lambda: requests.ReadTimeout(READ_TIMEOUT), "timeout-stored"),
    (lambda: requests.ConnectionError(exhausted(READ_TIMEOUT)), "timeout"),
    (lambda: urllib.error.URLError(TimeoutError("of urllib")), "timeout"),
    (lambda: aiohttp.SocketTimeoutError("of aiohttp"), "timeout"),
    (lambda: HTTPTimeoutError("of Tornado"), "timeout"),
    (lambda: ConnectionResetError("of Python"), "disconnect"),
    (lambda: requests.ConnectionError(DISCONNECT), "disconnect"),
    (lambda: requests.exceptions.ChunkedEncodingError(urllib3.exceptions.IncompleteRead(1, 2)), "disconnect"),
    (lambda: aiohttp.ClientConnectionResetError("of aiohttp"), "disconnect"),
    (lambda: json.JSONDecodeError("malformed", "{", 1), "malformed"),
    (lambda: requests.JSONDecodeError("malformed", "{", 1), "empty"),
    (lambda: ExceptionGroup("of tasks", [status_error(503), status_error(503)]), 503),
    (refused(httpx.get), "connect"),
    (refused(requests.get), "connect"),
    (refused(urllib.request.urlopen), "connect"),
]
UNEXPECTED = [
    (lambda: ValueError("of the code"), 503),
    (lambda: json.JSONDecodeError("of the code", "{", 1), "timeout"),
    (lambda: TimeoutError("of the database"), 503),
    (lambda: httpx.ReadTimeout("of another call"), "disconnect"),
    (lambda: httpx.UnsupportedProtocol("no scheme"), "timeout"),
    (lambda: httpx.InvalidURL("no host"), "timeout"),
    (httpx.ResponseNotRead, "timeout"),
    (lambda: httpx.LocalProtocolError("a line break in a header"), "disconnect"),
    (lambda: httpx.TooManyRedirects("of the code"), 503),
    (lambda: http.client.CannotSendRequest("Request-sent"), "disconnect"),
    (lambda: requests.exceptions.InvalidURL("no host"), "disconnect"),
    (lambda: requests.exceptions.SSLError(exhausted(urllib3.exceptions.SSLError("expired"))), "disconnect"),
    (lambda: requests.exceptions.RetryError(exhausted(ResponseError("too many 500 error responses"))), 503),
    (lambda: aiohttp.InvalidURL("of the code"), "timeout"),
    (lambda: aiohttp.ClientConnectionError("Connector is closed"), "disconnect"),
    (lambda: socket.gaierror("of a socket"), "timeout"),
    (lambda: ShopHTTPError("of the code"), "disconnect"),
    (lambda: status_error(422), 503),
    (lambda: urllib.error.HTTPError(API, 422, "of another call", {}, None), 503),  # type: ignore[arg-type]
    (lambda: ExceptionGroup("of tasks", [httpx.ReadTimeout("one"), ValueError("two")]), "timeout"),
    (refused(httpx.get), "disconnect"),
    (refused(requests.get), "disconnect"),
    (refused(urllib.request.urlopen), "disconnect"),
]


def requests_response(status: int) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    return response


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
    assert "call 1 of 1" not in str(caught.value)
    assert qbchat.trial is not None
    assert qbchat.trial.fault == f"1:{what}"
    assert (qbchat.trial.error, qbchat.trial.recovered) == (None, False)


@pytest.mark.parametrize("expected", [ShopError, (KeyError, ShopError), Exception])
def test_an_error_of_the_code_can_be_expected(qbchat: FakeQuickBlox, client: httpx.Client, expected: Any) -> None:
    error = raised_in_trial(qbchat, client, lambda: ShopError("of the code"), 503, expected=expected)
    assert type(error) is ShopError


def test_an_expected_error_is_not_expected_without_the_fault(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with pytest.raises(ShopError):
        names(qbchat.each_fault(503, expected=ShopError), failing(ShopError("in the first trial")))

    def code() -> None:
        if qbchat.trial and qbchat.trial.fault:
            raise ShopError("before the fault")
        post(client)

    with pytest.raises(ShopError, match="before the fault"):
        names(qbchat.each_fault(503, expected=ShopError), code)


def test_an_error_in_the_first_trial_leaves_the_loop_as_it_is(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout, match=r"^of the code$"):
        names(qbchat.each_fault(), failing(httpx.ReadTimeout("of the code")))
    with pytest.raises(AssertionError, match=r"^of the test$"):
        names(qbchat.each_fault(), lambda: post(client), failing(AssertionError("of the test")))
