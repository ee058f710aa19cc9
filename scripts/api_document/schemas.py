"""JSON schemas of the types in declarations, and values that fit them."""

from __future__ import annotations

import builtins
import types
import typing
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

from pytest_qbchat.service.declaration import OPEN, Also, Custom, Mark, Needed

Schema = dict[str, Any]
CUSTOM = "CustomField"
_SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    bytes: {"type": "string", "contentMediaType": "application/octet-stream"},
}
_EXAMPLES = {
    "^[0-9a-fA-F]{24}$": "5d76b657a28f9a0cc7cb0f99",
    "^[0-9a-fA-F]{24}(,[0-9a-fA-F]{24})*$": "5d76b657a28f9a0cc7cb0f99",
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$": "2019-09-09T20:30:15Z",
    r"^\d+$": "96830631",
}


class Schemas:
    """The schemas of records by name, which a document has once; other types are written out."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {CUSTOM: {"description": "Any JSON value, returned as it was sent."}}
        self.named[CUSTOM] |= get_args(Custom)[1].keywords

    def of(self, type_: Any, *, request: bool = False) -> Schema:
        """The schema of a type.

        Args:
            type_: A type, a dict for an object with these keys, or a list of one type for a list of such items.
            request: Whether further spellings are allowed, and keys of a dict are optional unless they are needed.
        """
        if isinstance(type_, dict):
            needed = [name for name, each in type_.items() if not request or isinstance(each, Needed)]
            properties = {name: self.of(each, request=request) for name, each in type_.items()}
            return self._object(properties, needed, closed=not request)
        if isinstance(type_, Needed):
            return self.of(type_.type, request=request)
        if is_typeddict(type_):
            return self._record(type_, request=request)
        arguments = type_ if isinstance(type_, list) else get_args(type_)
        schema: Schema
        match list if isinstance(type_, list) else get_origin(type_):
            case typing.Annotated:
                schema = self._marked(arguments[0], arguments[1:], request=request)
            case typing.Literal:
                schema = _typed({"enum": [*arguments]})
            case typing.Union | types.UnionType:
                schema = {"anyOf": [self.of(each, request=request) for each in arguments]}
            case builtins.list:
                schema = {"type": "array", "items": self.of(arguments[0], request=request)}
            case builtins.dict:
                schema = {"type": "object", "additionalProperties": self.of(arguments[1], request=request)}
            case _:
                schema = dict(_SIMPLE[type_])
        return schema

    def _marked(self, type_: Any, marks: Sequence[Mark], *, request: bool) -> Schema:
        if type_ is Any:
            return {"$ref": f"#/components/schemas/{CUSTOM}"}
        schema = self.of(type_, request=request)
        for mark in marks:
            if mark is OPEN:
                self.named[_name(schema)]["additionalProperties"] = {"$ref": f"#/components/schemas/{CUSTOM}"}
            elif not isinstance(mark, Also):
                schema |= mark.keywords
            elif request:
                schema = {"anyOf": [schema, _typed(mark.keywords)]}
        return schema

    def _record(self, record: Any, *, request: bool) -> Schema:
        name = record.__name__
        if name not in self.named:
            hints = get_type_hints(record, include_extras=True)
            optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
            needed = [name for name in hints if record.__total__ and name not in optional]
            types = {name: get_args(hint)[0] if name in optional else hint for name, hint in hints.items()}
            self.named[name] = {}  # a record may contain itself
            properties = {name: self.of(type_, request=request) for name, type_ in types.items()}
            self.named[name] = self._object(properties, needed, closed=not request)
            if record.__doc__:
                self.named[name]["description"] = record.__doc__.partition("\n")[0]
        return {"$ref": f"#/components/schemas/{name}"}

    @staticmethod
    def _object(properties: Mapping[str, Schema], needed: list[str], *, closed: bool) -> Schema:
        schema: Schema = {"type": "object", "properties": properties}
        return schema | ({"required": needed} if needed else {}) | ({"additionalProperties": False} if closed else {})

    def example(self, schema: Schema) -> Any:
        """A value that fits a schema."""
        if "$ref" in schema:
            return "made up" if _name(schema) == CUSTOM else self.example(self.named[_name(schema)])
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if "enum" in schema:
            return schema["enum"][-1]
        if schema["type"] == "object":
            properties = {name: self.example(each) for name, each in schema.get("properties", {}).items()}
            return properties | {name: 1 for name in schema.get("required", ()) if name not in properties}
        if schema["type"] == "array":
            return [self.example(schema["items"])]
        text = _EXAMPLES.get(schema.get("pattern", ""), "made up".ljust(schema.get("minLength", 0), "-"))
        return {"string": text, "integer": 1, "number": 1.5, "boolean": True}.get(schema["type"])


def _typed(schema: Schema) -> Schema:
    """A schema with the type of its values, which generators of clients need."""
    if "enum" not in schema:
        return schema
    [type_] = {_SIMPLE[type(value)]["type"] for value in schema["enum"]}
    return {"type": type_, **schema}


def _name(reference: Schema) -> str:
    """The name of the schema that another one refers to."""
    return str(reference["$ref"]).rpartition("/")[2]
