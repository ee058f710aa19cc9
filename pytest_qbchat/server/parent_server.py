"""A server in the process of the test, for the processes that it forks, and the client that these have of it.

Both sides are this package, so a request is a JSON object with the attributes of `Request`, and the reply is one with a
response, a refusal or a fault. Bytes are strings in Latin-1.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

from pytest_qbchat.exceptions import CallRefused, ConnectionFault, as_fault
from pytest_qbchat.server.live_server import Server
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.interface import Fake, record_refusal
from pytest_qbchat.service.wire import RawHeaders, Request, Response, encode_json


class ParentServer(Server):
    """Passes the requests of forked processes to the fakes of this one."""

    def __init__(self, fake_for: Callable[[object, object], Fake | None]) -> None:
        """Create a server that does not listen yet.

        Args:
            fake_for: Returns the fake that owns a host at the moment, if any.
        """
        super().__init__()
        self._fake_for = fake_for

    async def answer(self, request: Request) -> Response:
        """Answer the message of a forked process."""
        message = json.loads(request.body)
        url = urlsplit(message["origin"])
        fake = self._fake_for(url.hostname, url.port)
        reply: dict[str, Any]
        if fake is None:
            reply = {"fault": ["disconnect", "no fake answers this host"]}
        elif "refusal" in message:
            record_refusal(fake, message["refusal"])
            reply = {}
        else:
            reply = await _reply(fake, message)
        return Response(200, [], encode_json(reply).encode())


async def _reply(fake: Fake, message: dict[str, Any]) -> dict[str, Any]:
    sent = {**message, "raw_headers": _encoded(message["raw_headers"]), "body": message["body"].encode("latin-1")}
    try:
        response = await fake.handle_async(Request(**sent))
    except CallRefused as refusal:
        return {"refused": str(refusal)}
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # a fault, or the error of a custom route, perhaps by pytest.fail()
        fault = as_fault(error)
        if fault is None:
            record_refusal(fake, f"a route of qbchat.router raised {type(error).__name__}: {error}")
            fault = ConnectionFault("disconnect", str(error))
        return {"fault": [fault.kind, str(fault)]}
    headers, body = _decoded(response.raw_headers), response.body.decode("latin-1")
    return {"status": response.status, "raw_headers": headers, "body": body}


class FakeOfParent:
    """The fake of the parent process, in a forked one.

    Attributes:
        hosts: The hosts whose calls are intercepted.
    """

    def __init__(
        self, hosts: Hosts, address: tuple[str, int], connecting: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Know where the parent listens, and a context in which a call is not intercepted."""
        self.hosts = hosts
        self._address = address
        self._connecting = connecting

    def handle(self, request: Request) -> Response:
        """Let the fake of the parent answer a request."""
        __tracebackhide__ = True
        sent = {name: getattr(request, name) for name in ("method", "origin", "prefix", "path", "query", "outside")}
        body = request.body.decode("latin-1")
        reply = self._ask({**sent, "raw_headers": _decoded(request.raw_headers), "body": body})
        if "refused" in reply:
            raise CallRefused(reply["refused"])
        if "fault" in reply:
            raise ConnectionFault(*reply["fault"])
        return Response(reply["status"], _encoded(reply["raw_headers"]), reply["body"].encode("latin-1"))

    async def handle_async(self, request: Request) -> Response:
        """Let the fake of the parent answer a request of an asynchronous client."""
        __tracebackhide__ = True
        return await asyncio.to_thread(self.handle, request)

    def refuse(self, reason: str) -> CallRefused:
        """Record a refused call in the parent, whose test fails."""
        self._ask({"origin": "https://api.quickblox.com", "refusal": reason})  # which every fake owns
        return CallRefused(reason)

    def note_missing_timeout(self, method: str) -> None:
        """Fail the test in the parent, which does not see the warnings of this process."""
        self.refuse(f"a {method} without a timeout got no response, and waits for ever; give the client a timeout")

    def raise_problems(self) -> None:
        """Do nothing: the parent has the problems."""

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        with self._connecting():
            connection = http.client.HTTPConnection(*self._address)
            try:
                connection.request("POST", "/", json.dumps(message))
                reply: dict[str, Any] = json.load(connection.getresponse())
            except (OSError, http.client.HTTPException) as error:  # an error of a route, or the parent has ended
                raise ConnectionFault("disconnect", str(error)) from error
            finally:
                connection.close()
        return reply


def _decoded(headers: RawHeaders) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _encoded(headers: list[list[str]]) -> RawHeaders:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
