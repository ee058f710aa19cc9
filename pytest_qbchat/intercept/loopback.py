"""The servers for those libraries whose calls cannot be answered in place, and are sent to the loopback interface.

One for each scheme, since the encryption is left out and somebody has to remember it. They live as long as the process:
sessions keep addresses and connections for longer than a test. While no fake wants a request, they close its connection
without an answer. Nothing is started before the first such call.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from pytest_qbchat.exceptions import ConnectionFault

if TYPE_CHECKING:
    from pytest_qbchat.intercept.patching import InterceptedFake
    from pytest_qbchat.intercept.server import LiveServer
    from pytest_qbchat.service.wire import Request, Response

LOOPBACK = "127.0.0.1"
# What asyncio is told the address of QuickBlox is: one where nobody listens, so that those who connect to it in another
# way than the one that leads to a server here are known, and go nowhere. It reads QBC in ASCII.
PLACEHOLDER_IP = "127.81.66.67"

# By the fakes that they serve, of which a process has one list, and by whether these were to be encrypted.
_servers: dict[tuple[int, bool], LiveServer] = {}
_starting = Lock()


def port_of_server(fakes: list[InterceptedFake], *, encrypted: bool) -> int:
    """The port of the server for one of the two schemes, which is started if it is the first call."""
    key = id(fakes), encrypted
    with _starting:
        if key not in _servers:
            from pytest_qbchat.intercept.server import LiveServer  # noqa: PLC0415 - asyncio is not for everybody

            server = LiveServer(_Dispatcher(fakes), scheme="https" if encrypted else "http")
            server.start()
            _servers[key] = server
        return _servers[key].port


class _Dispatcher:
    """Passes a request to the fake that wants it."""

    def __init__(self, fakes: list[InterceptedFake]) -> None:
        self._fakes = fakes

    async def handle_async(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            ConnectionFault: No fake wants it any more.
        """
        host, _, port = request.origin.partition("://")[2].partition(":")
        fake = next((fake for fake in self._fakes if fake.hosts.covers_all(host, port)), None)
        if fake is not None:
            return await fake.handle_async(request)
        raise ConnectionFault("disconnect", "no fake wants the request any more")

    def refuse(self, reason: str) -> Exception:
        """Note what went wrong in a route of the test's own, with the fake that was entered last."""
        return self._fakes[0].refuse(reason)
