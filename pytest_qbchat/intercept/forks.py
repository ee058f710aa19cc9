"""Lets the calls of forked processes reach the fake of their parent.

A forked process inherits the patches and a copy of the fake, whose records nobody sees. Before each fork, a server is
started for it, and in the new process the list of active fakes is replaced by ones that pass their calls to that
server. Processes that are spawned inherit no patches; they and subprocesses reach the network.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from pytest_qbchat.intercept import loopback_servers
from pytest_qbchat.intercept.patching import fake_for_host, passing_through
from pytest_qbchat.service.interface import Fake

if TYPE_CHECKING:
    from pytest_qbchat.server.parent_server import ParentServer


class Forks:
    """The server for forked processes. It runs until this process ends."""

    def __init__(self, fakes: list[Fake]) -> None:
        """Watch the forks of this process, if the system has any.

        Args:
            fakes: The active fakes, which change over time.
        """
        self._fakes = fakes
        self._server: ParentServer | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self.before, after_in_child=self.in_child)

    def before(self) -> None:
        """Start the server, if there are active fakes. A forked process uses the server of its parent."""
        if self._fakes and self._server is None:
            from pytest_qbchat.server.parent_server import ParentServer  # noqa: PLC0415 - for tests that fork

            self._server = ParentServer(partial(fake_for_host, self._fakes))
            self._server.start()

    def in_child(self) -> None:
        """Pass the calls of this process to its parent."""
        loopback_servers.after_fork()
        if self._server is None:
            return
        from pytest_qbchat.server.parent_server import FakeOfParent  # noqa: PLC0415 - for tests that fork

        address = self._server.host, self._server.port
        self._fakes[:] = [FakeOfParent(fake.hosts, address, passing_through) for fake in self._fakes]
