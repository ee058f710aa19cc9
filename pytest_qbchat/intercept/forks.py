"""Lets the calls of forked processes reach the fake of their parent.

A forked process inherits the patches and a copy of the fake, which the test does not see. Before the first fork, the
process of the test starts to listen on a socket of the file system. In the new process, each active fake is replaced by
a `FakeOfParent`, which sends each request there. Both sides are this package, so objects are pickled. Processes that
are spawned inherit no patches; they and subprocesses reach the network.
"""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_qbchat.exceptions import CallRefused, ConnectionFault
from pytest_qbchat.intercept.patching import fake_for_host
from pytest_qbchat.service.hosts import Hosts
from pytest_qbchat.service.interface import Fake, fault_of, record_refusal
from pytest_qbchat.service.wire import Request, Response

if TYPE_CHECKING:
    from multiprocessing.connection import Connection, Listener

_ANY_ORIGIN = "https://api.quickblox.com"  # every fake owns this host


class Forks:
    """Listens to forked processes until this process ends."""

    def __init__(self, fakes: list[Fake]) -> None:
        self._fakes = fakes
        self._listener: Listener | None = None
        if hasattr(os, "register_at_fork"):  # not on Windows
            os.register_at_fork(before=self.before, after_in_child=self.in_child)

    def before(self) -> None:
        """Listen, if there are active fakes. A forked process shares the listener of its parent."""
        if self._fakes and self._listener is None:
            from multiprocessing.connection import Listener  # noqa: PLC0415 - for tests that fork

            self._listener = Listener(family="AF_UNIX", backlog=128)
            Thread(target=self._accept, args=[self._listener], name="qbchat-forks", daemon=True).start()

    def in_child(self) -> None:
        """Pass the calls of this process to its parent."""
        if self._listener is not None:
            self._fakes[:] = [FakeOfParent(fake.hosts, self._listener.address) for fake in self._fakes]

    def _accept(self, listener: Listener) -> None:
        while True:
            Thread(target=self._answer, args=[listener.accept()], daemon=True).start()

    def _answer(self, connection: Connection[Any, Any]) -> None:
        with connection, suppress(EOFError, OSError):  # the process has ended
            connection.send(self._reply(connection.recv()))

    def _reply(self, sent: Request | str) -> Response | CallRefused | tuple[str, str]:
        """The response to a request, or the refusal for a reason of one. A fault is a pair of kind and text."""
        url = urlsplit(_ANY_ORIGIN if isinstance(sent, str) else sent.origin)
        fake = fake_for_host(self._fakes, url.hostname, url.port)
        if fake is None:
            return "disconnect", "no fake answers this host"
        try:
            if isinstance(sent, str):
                raise fake.refuse(sent)
            from asyncio import run  # noqa: PLC0415 - for tests that fork

            response = run(fake.handle_async(sent))
        except CallRefused as refusal:
            return refusal
        except BaseException as error:  # a fault, or the error of a custom route, perhaps by pytest.fail()
            fault = fault_of(error, lambda reason: record_refusal(fake, reason))
            return fault.kind, str(fault)
        return Response(response.status, list(response.raw_headers), response.body)  # its class can be pickled


class FakeOfParent:
    """Stands for the fake of the parent in a forked process; `hosts` are the hosts whose calls are intercepted."""

    def __init__(self, hosts: Hosts, address: Any) -> None:
        self.hosts = hosts
        self._address = address

    def handle(self, request: Request) -> Response:
        """Let the fake of the parent answer a request."""
        __tracebackhide__ = True
        reply = self._ask(request)
        if isinstance(reply, Response):
            return reply
        raise ConnectionFault(*reply) if isinstance(reply, tuple) else reply

    async def handle_async(self, request: Request) -> Response:
        """Let the fake of the parent answer a request of an asynchronous client."""
        __tracebackhide__ = True
        from asyncio import to_thread  # noqa: PLC0415 - for tests that fork

        return await to_thread(self.handle, request)

    def refuse(self, reason: str) -> CallRefused:
        """Record a refused call in the parent, whose test fails."""
        self._ask(reason)
        return CallRefused(reason)

    def note_missing_timeout(self, method: str) -> None:
        """Fail the test in the parent, which does not see the warnings of this process."""
        self.refuse(f"a {method} without a timeout got no response, and waits forever; give the client a timeout")

    def raise_problems(self) -> None:
        """Do nothing: the parent has the problems."""

    def _ask(self, question: Request | str) -> Any:
        from multiprocessing.connection import Client  # noqa: PLC0415 - for tests that fork

        try:
            with Client(self._address) as connection:
                connection.send(question)
                return connection.recv()
        except (EOFError, OSError) as error:  # the parent has ended
            raise ConnectionFault("disconnect", str(error)) from error
