"""Compares every reply of every test with the declaration of its endpoint: the status, and the schema of the body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

import pytest
from api_document.behaviours import name_of
from api_document.document import Refusal, example, refusals, reply_schema
from api_document.schemas import Schemas
from jsonschema_rs import Draft202012Validator

from pytest_qbchat.service.app import Service
from pytest_qbchat.service.assumptions import Assumptions
from pytest_qbchat.service.calls import Call
from pytest_qbchat.service.declaration import Route
from pytest_qbchat.service.errors import QuickBloxError, invalid, invalid_fields

_SCHEMAS = Schemas()
_DEFAULTS = Assumptions()
_STATUSES = [field.name for field in fields(Assumptions) if field.name.endswith("_status")]
_handle = Service.handle
mistakes: list[str] = []


@pytest.fixture(autouse=True)
def declared_replies() -> Iterator[None]:
    """Fail a test in which the service gave a reply that is not declared."""
    yield
    if mistakes:
        found = "\n".join(dict.fromkeys(mistakes))
        mistakes.clear()
        pytest.fail(f"replies that are not declared:\n{found}", pytrace=False)


def _compared(service: Service, call: Call) -> None:
    _handle(service, call)
    if call.route is not None and call.response is not None:
        problem = _problem(call.route, call.response.status, call.response.body, service.store.assume)
        if problem:
            mistakes.append(f"{call.route}: {call.response.status} {call.response.body[:300]!r}: {problem}")


Service.handle = _compared  # type: ignore[method-assign]


def _problem(route: Route, status: int, body: bytes, assume: Assumptions) -> str:
    """What is wrong with a reply; empty if it is declared."""
    declared = {status} | {getattr(_DEFAULTS, name) for name in _STATUSES if getattr(assume, name) == status}
    if reply := next((each for each in declared if each in route.replies), None):
        return _misfit(route, reply, body)
    try:
        given = json.loads(body)
    except ValueError:
        return "no status of a reply, and no JSON"
    for refusal, error in _refusals(route):
        of_fields = refusal in (invalid, invalid_fields) and _is_of_fields(given)
        if error.status in declared and (of_fields or error.body == given):
            return ""
    return f"none of the refusals {[name_of(refusal) for refusal in refusals(route)]}"


def _misfit(route: Route, status: int, body: bytes) -> str:
    if route.raw:
        return ""
    validator = _validator(route, status)
    if validator is None:
        return "has a body" if body else ""
    error = next(validator.iter_errors(json.loads(body)), None)
    return "" if error is None else f"{error.instance_path}: {error.message}"


@cache
def _refusals(route: Route) -> list[tuple[Refusal, QuickBloxError]]:
    return [(refusal, example(refusal)) for refusal in refusals(route)]


@cache
def _validator(route: Route, status: int) -> Draft202012Validator | None:
    schema = reply_schema(_SCHEMAS, route, status)
    return None if schema is None else Draft202012Validator(schema | {"components": {"schemas": _SCHEMAS.named}})


def _is_of_fields(body: Any) -> bool:
    errors = body.get("errors")
    return isinstance(errors, dict) and all(isinstance(texts, list) and texts for texts in errors.values())
