"""A stateful in-memory fake of the QuickBlox chat REST API, as a pytest fixture.

- `plugin`: what pytest sees: fixtures, marker, options, reports;
- `declarations`, `fake`, `user`, `message`, `records`: what a test holds; `chat`, `faults`, `stubs` and `arguments`
  stand behind them;
- `matching`, `spelling`, `comparison`, `explanations`, `transcript`, `masking`: what a failing test says;
- `pitfalls`, `problems`, `errors`, `warn`, `call_site`: silent mistakes and refused calls, and where they were made;
- `factories`, `payloads`: realistic payloads;
- `intercept`: the ways in, one module for each family of HTTP libraries, and the live server;
- `service`: QuickBlox itself, which knows nothing of pytest and of HTTP libraries;
- `program`, `state`: the live server as a program.

The public names are imported when they are first used: pytest imports this package in every run of an environment
that has it, also where no test takes the fixture.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_qbchat.errors import CallRefused, QuickBloxWarning
    from pytest_qbchat.factories import PayloadFactory, QuickBloxProvider
    from pytest_qbchat.fake import FakeQuickBlox
    from pytest_qbchat.intercept.server import LiveServer
    from pytest_qbchat.intercept.transport import QuickBloxTransport
    from pytest_qbchat.matching import ABSENT
    from pytest_qbchat.message import Message
    from pytest_qbchat.records import Records
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.models import Blob, Dialog, Session
    from pytest_qbchat.user import User

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
    "QuickBloxProvider",
    "QuickBloxTransport",
    "QuickBloxWarning",
    "Records",
    "Session",
    "User",
]

_HOMES = {
    "ABSENT": "matching",
    "Blob": "service.models",
    "Call": "service.calls",
    "CallRefused": "errors",
    "Dialog": "service.models",
    "FakeQuickBlox": "fake",
    "LiveServer": "intercept.server",
    "Message": "message",
    "PayloadFactory": "factories",
    "QuickBloxProvider": "factories",
    "QuickBloxTransport": "intercept.transport",
    "QuickBloxWarning": "errors",
    "Records": "records",
    "Session": "service.models",
    "User": "user",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
