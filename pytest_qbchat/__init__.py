"""A stateful in-memory fake of the QuickBlox chat REST API, as a pytest fixture.

- `plugin`: the pytest plugin: fixtures, marker, options, reports;
- `exceptions`: exceptions and the warning;
- `cli`: the live server as a program;
- `fake`: the objects that a test uses: the fake, its messages and users, custom routes;
- `each_fault`: a fault at every call;
- `intercept`: an interceptor for each family of HTTP libraries;
- `server`: the live server;
- `page`: the HTML page of a run and of the live server;
- `explain`: failure texts and the transcript;
- `payloads`: realistic payloads;
- `service`: the QuickBlox API, independent of pytest and of HTTP libraries.

Public names are imported at their first use, because pytest imports this package in every run, also without a test
that uses a fixture.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_qbchat.each_fault.loop import Trial
    from pytest_qbchat.exceptions import CallRefused, QuickBloxWarning
    from pytest_qbchat.explain.field_matching import ABSENT
    from pytest_qbchat.explain.record_list import Records
    from pytest_qbchat.fake.httpx_transport import QuickBloxTransport
    from pytest_qbchat.fake.message import Message
    from pytest_qbchat.fake.quickblox import FakeQuickBlox
    from pytest_qbchat.fake.user import User
    from pytest_qbchat.payloads.factory import PayloadFactory, QuickBloxProvider
    from pytest_qbchat.server.live_server import LiveServer
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.endpoints.events import Push
    from pytest_qbchat.service.models import Blob, Dialog, Session

    __version__: str

__all__ = [
    "ABSENT",
    "Blob",
    "Call",
    "CallRefused",
    "Dialog",
    "FakeQuickBlox",
    "LiveServer",
    "Message",
    "PayloadFactory",
    "Push",
    "QuickBloxProvider",
    "QuickBloxTransport",
    "QuickBloxWarning",
    "Records",
    "Session",
    "Trial",
    "User",
]

_MODULES = {
    "ABSENT": "explain.field_matching",
    "Blob": "service.models",
    "Call": "service.calls",
    "CallRefused": "exceptions",
    "Dialog": "service.models",
    "FakeQuickBlox": "fake.quickblox",
    "LiveServer": "server.live_server",
    "Message": "fake.message",
    "PayloadFactory": "payloads.factory",
    "Push": "service.endpoints.events",
    "QuickBloxProvider": "payloads.factory",
    "QuickBloxTransport": "fake.httpx_transport",
    "QuickBloxWarning": "exceptions",
    "Records": "explain.record_list",
    "Session": "service.models",
    "Trial": "each_fault.loop",
    "User": "fake.user",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("pytest-qbchat")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
