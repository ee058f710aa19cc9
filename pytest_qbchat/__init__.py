"""A stateful in-memory fake of the QuickBlox chat REST API, as a pytest fixture.

`docs/architecture.md` describes the parts. Public names are imported at their first use, because pytest imports this
package in every run, even if no test uses a fixture.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_qbchat.each_fault.loop import Trial
    from pytest_qbchat.each_fault.options import FaultName
    from pytest_qbchat.exceptions import CallRefused, QuickBloxWarning
    from pytest_qbchat.explain.field_matching import ABSENT
    from pytest_qbchat.explain.problems import Expectation
    from pytest_qbchat.explain.record_list import Records
    from pytest_qbchat.fake.httpx_transport import QuickBloxTransport
    from pytest_qbchat.fake.message import Message
    from pytest_qbchat.fake.quickblox import FakeQuickBlox
    from pytest_qbchat.fake.user import User
    from pytest_qbchat.payloads.factory import PayloadFactory, QuickBloxProvider
    from pytest_qbchat.server.live_server import EncryptedServer, LiveServer
    from pytest_qbchat.service.calls import Call
    from pytest_qbchat.service.endpoints.events import Push
    from pytest_qbchat.service.models import Blob, Dialog, DialogType, Session
    from pytest_qbchat.service.wire import Request, Response

    __version__: str

__all__ = [
    "ABSENT", "Blob", "Call", "CallRefused", "Dialog", "DialogType", "EncryptedServer", "Expectation",
    "FakeQuickBlox", "FaultName", "LiveServer", "Message", "PayloadFactory", "Push", "QuickBloxProvider",
    "QuickBloxTransport", "QuickBloxWarning", "Records", "Request", "Response", "Session", "Trial", "User",
]  # fmt: skip

_MODULES = {
    "ABSENT": "explain.field_matching", "Records": "explain.record_list", "Expectation": "explain.problems",
    "FakeQuickBlox": "fake.quickblox", "Message": "fake.message", "User": "fake.user",
    "QuickBloxTransport": "fake.httpx_transport", "LiveServer": "server.live_server",
    "EncryptedServer": "server.live_server", "Trial": "each_fault.loop", "FaultName": "each_fault.options",
    "PayloadFactory": "payloads.factory", "QuickBloxProvider": "payloads.factory", "CallRefused": "exceptions",
    "QuickBloxWarning": "exceptions", "Call": "service.calls", "Push": "service.endpoints.events",
    "Request": "service.wire", "Response": "service.wire",
    "Blob": "service.models", "Dialog": "service.models", "DialogType": "service.models", "Session": "service.models",
}  # fmt: skip


class _OwnModules:
    """Finds the modules of this package for Python's own loader.

    pytest's loader for the modules of plugins rewrites `assert`, which no module here needs. It took half of the time
    of the first use of a fixture.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, path, target) if name.startswith(f"{__name__}.") else None


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("pytest-qbchat")
    if name not in _MODULES and name != "plugin":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    sys.meta_path.insert(0, _OwnModules)
    try:
        if name == "plugin":  # the entry point
            return import_module(f"{__name__}.plugin")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    finally:
        sys.meta_path.remove(_OwnModules)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
