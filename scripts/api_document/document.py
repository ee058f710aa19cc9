"""The OpenAPI document of the fake, from the declarations of its endpoints."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, get_type_hints

from api_document.behaviours import Behaviour, behaviours, name_of, summary
from api_document.schemas import Schema, Schemas
from pytest_qbchat.service import authentication, queries
from pytest_qbchat.service.declaration import Needed, Route
from pytest_qbchat.service.errors import (
    QuickBloxError,
    authorization_failed,
    invalid,
    invalid_fields,
    invalid_utf8,
    need_user,
    session_does_not_exist,
    token_required,
    unknown_user,
    unreadable_body,
)
from pytest_qbchat.service.routes import ROUTES

Refusal = Callable[..., Exception]

# The headers that a caller may send; several together, if they are joined by "+".
_SECURITY = {
    "user": ["token", "apiKey+onBehalfOf"],
    "user or key": ["token", "apiKey", "apiKey+onBehalfOf"],
    "session": ["token"],
    "session or key": ["token", "apiKey", "apiKey+onBehalfOf"],
    "key": ["apiKey"],
    "account key": ["accountKey"],
    "anybody": [],
}
_SCHEMES = {
    "token": {"type": "apiKey", "in": "header", "name": "QB-Token", "description": "The token of a session."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`ApiKey <key>`."},
    "onBehalfOf": {"type": "apiKey", "in": "header", "name": "On-Behalf-Of", "description": "The id of a user."},
    "accountKey": {"type": "apiKey", "in": "header", "name": "QB-Account-Key", "description": "The account's key."},
}
_IN_QUERY = ("GET", "DELETE")
_VARIABLE = re.compile(r"{(\w+)}")
_KINDS: dict[Any, Schema] = {
    queries.number: {"type": "number"},
    queries.object_id: {"type": "string", "pattern": "^[0-9a-fA-F]{24}$"},
}


def document(number: str) -> dict[str, Any]:
    """The whole document, as OpenAPI 3.1, with a number of its version."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(_path(route), {})[route.method.lower()] = _operation(schemas, route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "QuickBlox chat REST API, as pytest-qbchat answers it",
            "version": number,
            "description": "Each operation says in `x-known` how its behaviour is known: documented or observed, and "
            "where; assumed; or by design of the fake.",
        },
        "servers": [{"url": "https://api.quickblox.com"}],
        "paths": paths,
        "components": {"schemas": schemas.named, "securitySchemes": _SCHEMES},
        "x-known": [each.as_dict() for each in behaviours(authentication)],
    }


def as_text() -> str:
    """The document as JSON, with a line for each path and each schema, so that a change shows as one line."""
    whole = document(version("pytest-qbchat"))
    schemas = whole["components"].pop("schemas")
    parts = {name: _json(value) for name, value in whole.items()} | {"paths": _lines(whole["paths"])}
    parts["components"] = f'{{"schemas":{_lines(schemas)},{parts["components"][1:]}'
    return "{\n" + ",\n".join(f"{_json(name)}:{part}" for name, part in parts.items()) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _lines(values: dict[str, Any]) -> str:
    return "{\n" + ",\n".join(f"{_json(name)}:{_json(value)}" for name, value in values.items()) + "\n}"


def reply_schema(schemas: Schemas, route: Route, status: int) -> Schema | None:
    """The schema of a successful reply; None for an empty one."""
    body = route.replies[status]
    return None if body is None else schemas.of(body)


def refusals(route: Route) -> list[Refusal]:
    """The functions that make the errors of a route: its own, and those of reading a request and of its caller."""
    found: list[Refusal] = [*route.refusals]
    if not route.raw:
        found += [unreadable_body, invalid_utf8]
    if "/blobs/{id}" in route.path or route.callers != "anybody":
        found += [token_required]
    if not route.open or route.path.startswith("/blobs/{id}"):
        found += [session_does_not_exist, authorization_failed, unknown_user]
    if route.callers in ("user", "user or key"):
        found += [need_user]
    return list(dict.fromkeys(found))


def example(refusal: Refusal) -> QuickBloxError:
    """An error of a refusal, as it is without `qbchat.assume`."""
    error = {
        invalid: lambda: invalid("", field="is invalid"),
        invalid_fields: lambda: invalid_fields({"field": ["is invalid"]}),
    }.get(refusal, lambda: refusal(""))()
    assert isinstance(error, QuickBloxError)
    return error


def _phrase(status: int) -> str:
    """The phrase of a status in Rails, whose name for 422 newer Pythons have changed."""
    return "Unprocessable Entity" if status == HTTPStatus.UNPROCESSABLE_ENTITY else HTTPStatus(status).phrase


def _path(route: Route) -> str:
    return str(route).partition(" ")[2]


def _operation(schemas: Schemas, route: Route) -> dict[str, Any]:
    known = behaviours(route.endpoint)
    name = route.endpoint.__name__
    shared = [each for each in ROUTES if each.endpoint is route.endpoint]
    if len(shared) > 1:
        name += "_" + "_".join(re.findall(r"\w+", route.path))
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary(route.endpoint),
        "tags": [route.endpoint.__module__.rpartition(".")[2]],
        "parameters": [
            *_variables(schemas, route),
            *(_query(schemas, route, known) if route.method in _IN_QUERY else ()),
        ],
        "security": [{name: [] for name in each.split("+")} for each in _SECURITY[route.callers]],
        "responses": _responses(_replies(schemas, route, known), _errors(route)),
        "x-known": [each.as_dict() for each in known],
    }
    if route.takes and route.method not in _IN_QUERY:
        operation["requestBody"] = _body(schemas, route, known)
    return operation


def _variables(schemas: Schemas, route: Route) -> Iterator[dict[str, Any]]:
    """The variables of the path, whose types are those of the endpoint's arguments after the store and the call."""
    hints = get_type_hints(route.endpoint, include_extras=True)
    arguments = list(inspect.signature(route.endpoint).parameters)[2:]
    for variable, argument in zip(_VARIABLE.findall(route.path), arguments, strict=False):
        schema = schemas.of(hints[argument])
        yield {"name": variable, "in": "path", "required": True, "schema": schema, "example": schemas.example(schema)}


def _query(schemas: Schemas, route: Route, known: list[Behaviour]) -> Iterator[dict[str, Any]]:
    for name, type_ in route.takes.items() if route.method in _IN_QUERY else ():
        schema = schemas.of(type_)  # in a query, a number and its digits are the same
        parameter = {"name": name, "in": "query", "schema": schema, "required": isinstance(type_, Needed)}
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}  # a comma list
        if schema.get("type") == "object":
            parameter |= {"style": "deepObject", "explode": True}
        yield parameter | _description(known, name)
    for name, field in route.filters.items():
        schema = _KINDS.get(field.kind, {"type": "string"})
        yield {"name": name, "in": "query", "schema": schema}
        for operator in sorted(field.operators):
            several = operator in ("in", "nin", "all")
            yield {"name": f"{name}[{operator}]", "in": "query", "schema": {"type": "string"} if several else schema}


def _description(known: list[Behaviour], parameter: str) -> dict[str, str]:
    about = [each.text[0].upper() + each.text[1:] for each in known if each.concerns(parameter) and not each.of_reply]
    return {"description": " ".join(about)} if about else {}


def _body(schemas: Schemas, route: Route, known: list[Behaviour]) -> dict[str, Any]:
    schema = schemas.of(route.takes, request=True)
    for name in schema["properties"]:
        schema["properties"][name] |= _description(known, name)
    if route.custom_fields:
        schema["additionalProperties"] = {"$ref": "#/components/schemas/CustomField"}
    if route.raw:
        return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    objects = [name for name, type_ in schema["properties"].items() if type_.get("type") == "object"]
    form = {"schema": schema}
    if objects:
        form["encoding"] = {name: {"style": "deepObject", "explode": True} for name in objects}
    json_body = {"schema": schema, "example": schemas.example(schema)}
    content = {"application/json": json_body, "application/x-www-form-urlencoded": form}
    return {"required": "required" in schema, "content": content}


def _replies(schemas: Schemas, route: Route, known: list[Behaviour]) -> dict[str, Any]:
    about = [each.as_dict() for each in known if each.of_reply]
    return {str(status): _reply(schemas, route, status) | {"x-known": about} for status in route.replies}


def _responses(replies: dict[str, Any], errors: dict[str, Any]) -> dict[str, Any]:
    """The responses by status. A status of both has the content of the errors: the reply has none."""
    for status in replies.keys() & errors.keys():
        errors[status]["description"] += ", or a reply with a blank body"
        errors[status]["x-known"] += replies[status]["x-known"]
    return {**replies, **errors}


def _reply(schemas: Schemas, route: Route, status: int) -> dict[str, Any]:
    reply: dict[str, Any] = {"description": _phrase(status)}
    if status == HTTPStatus.MOVED_PERMANENTLY:
        reply["headers"] = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    schema = reply_schema(schemas, route, status)
    if schema is None:
        return reply
    if route.raw:
        kind = "*/*" if route.replies[status] is bytes else "application/xml"
        return reply | {"content": {kind: {"schema": schema}}}
    return reply | {"content": {"application/json": {"schema": schema, "example": schemas.example(schema)}}}


def _errors(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for refusal in refusals(route):
        error = example(refusal)
        reply = found.setdefault(str(error.status), {"content": {"application/json": {"examples": {}}}, "x-known": []})
        content = reply["content"]["application/json"]
        content["examples"][name_of(refusal)] = {"summary": summary(refusal), "value": error.body}
        reply["x-known"] += [{"error": name_of(refusal), **each.as_dict()} for each in behaviours(refusal)]
    for status, reply in found.items():
        content = reply["content"]["application/json"]
        bodies = [each["value"] for each in content["examples"].values()]
        shapes = [shape for name, shape in _SHAPES.items() if any(_shape(body) == name for body in bodies)]
        content["schema"] = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
        reply["description"] = _phrase(int(status))
    return found


_TEXTS = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_SHAPES: dict[str, Schema] = {
    "list": {"type": "object", "properties": {"errors": _TEXTS}, "required": ["errors"]},
    "fields": {
        "type": "object",
        "properties": {"errors": {"type": "object", "additionalProperties": _TEXTS, "minProperties": 1}},
        "required": ["errors"],
    },
    "code": {
        "type": "object",
        "properties": {"code": {"type": "null"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    },
}


def _shape(body: dict[str, Any]) -> str:
    if "message" in body:
        return "code"
    return "list" if isinstance(body["errors"], list) else "fields"
