"""The OpenAPI document: valid, complete, and as strict as the declarations that it is made from."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import openapi
import pytest
from api_document.behaviours import behaviours
from api_document.document import as_text, document
from api_document.schemas import Schemas
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

import pytest_qbchat
from pytest_qbchat.service.declaration import Flag, Mark, Needed, Number, WithCustomFields
from pytest_qbchat.service.routes import ROUTES

DOCUMENT = json.loads(json.dumps(document("1.2.3")))
COMPONENTS = {"components": DOCUMENT["components"]}
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


@pytest.mark.long
def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["info"]["version"] == "1.2.3"


def test_each_route_is_an_operation_with_an_id_of_its_own() -> None:
    assert sorted(OPERATIONS) == sorted(map(str, ROUTES))
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len({*ids}) == len(ids)
    assert {"list_messages", "get_user_by_key_users_by_login", "update_message_chat_Message"} <= {*ids}


def schemas_in(value: Any) -> Iterator[Any]:
    """All schemas in a part of the document, each with those that it consists of."""
    if isinstance(value, list):
        for each in value:
            yield from schemas_in(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in ("schema", "items") or (name == "additionalProperties" and each is not False):
                yield each
            elif name in ("anyOf", "schemas", "properties"):
                yield from each.values() if isinstance(each, dict) else each
            if name not in ("example", "examples"):
                yield from schemas_in(each)


def test_only_the_schema_of_custom_fields_accepts_everything() -> None:
    values = [None, True, 1, 1.5, "made up", [], ["made up"], {}, {"made": "up"}]
    named = DOCUMENT["components"]["schemas"]
    custom = [named["CustomField"], {"$ref": "#/components/schemas/CustomField"}]
    found = [each for each in schemas_in(DOCUMENT) if each not in custom]
    assert len(found) > 500
    assert [
        each for each in found if all(Draft202012Validator(each | COMPONENTS).is_valid(value) for value in values)
    ] == []


def contents(operation: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Each schema of a body, with an example."""
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for content in body.get("content", {}).values():
            examples = [each["value"] for each in content.get("examples", {}).values()]
            for example in [content["example"]] if "example" in content else examples:
                yield content["schema"], example


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_examples_of_an_operation_fit_its_schemas(name: str) -> None:
    operation = OPERATIONS[name]
    for schema, example in contents(operation):
        Draft202012Validator(schema | COMPONENTS).validate(example)
    for parameter in operation["parameters"]:
        if "example" in parameter:
            Draft202012Validator(parameter["schema"]).validate(parameter["example"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_and_each_reply_say_how_they_are_known(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["x-known"]
    assert all("x-known" in reply for reply in operation["responses"].values())
    assert all(each["known"] and each["text"] for each in operation["x-known"])


def test_a_message_is_declared_with_its_parameters_and_custom_fields() -> None:
    operation = OPERATIONS["POST /chat/Message.json"]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert [*body["properties"]] == [
        "chat_dialog_id", "recipient_id", "message", "attachments", "send_to_chat", "markable", "save_to_history",
    ]  # fmt: skip
    assert body["additionalProperties"] == {"$ref": "#/components/schemas/CustomField"}
    assert "are set by 1" in body["properties"]["markable"]["description"]
    form = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert form["encoding"] == {"attachments": {"style": "deepObject", "explode": True}}
    assert operation["security"] == [{"token": []}, {"apiKey": [], "onBehalfOf": []}]
    assert {
        status: [*reply["content"]["application/json"].get("examples", ())]
        for status, reply in operation["responses"].items()
    } == {
        "201": [],
        "400": ["unreadable_body", "invalid_utf8"],
        "401": ["token_required", "session_does_not_exist", "authorization_failed"],
        "403": ["no_permission"],
        "404": ["not_found", "unknown_user"],
        "422": ["occupants_do_not_exist", "recipient_required", "invalid", "need_user"],
    }


def test_a_reply_with_the_status_of_an_error_is_named_beside_it() -> None:
    response = DOCUMENT["paths"]["/subscriptions.json"]["get"]["responses"]["404"]
    assert response["description"] == "Not Found, or a reply with a blank body"
    assert "the status is 404 if there are none, and the body blank." in [each["text"] for each in response["x-known"]]
    assert "unknown_user" in response["content"]["application/json"]["examples"]


def test_a_list_is_declared_with_each_filter_and_operator() -> None:
    names = [each["name"] for each in OPERATIONS["GET /chat/Dialog.json"]["parameters"]]
    assert {"data", "limit", "count", "name", "name[ctn]", "occupants_ids[all]", "updated_at[gte]"} <= {*names}
    assert "page" not in names


class Part(TypedDict):
    """A part."""

    size: NotRequired[int]


class Whole(TypedDict):
    """A whole."""

    parts: list[Part]
    name: str | None


@pytest.mark.parametrize(
    ("type_", "fits", "fits_not"),
    [
        (Whole, {"parts": [{}, {"size": 1}], "name": None}, {"parts": []}),
        (Whole, {"parts": [], "name": "x"}, {"parts": [], "name": "x", "more": 1}),
        (WithCustomFields[Whole], {"parts": [], "name": "x", "more": 1}, {"parts": [{"more": 1}], "name": "x"}),
        ([{"name": str}], [{"name": "x"}], [{}]),
        (dict[str, int], {"a": 1}, {"a": "x"}),
        (Literal[1, 2], 2, 3),
        (Annotated[str, Mark(minLength=2)], "ab", "a"),
        (Number, 5, "5"),
        (Flag, 1, "1"),
    ],
)
def test_the_schema_of_a_type_in_a_reply(type_: Any, fits: Any, fits_not: Any) -> None:
    schemas = Schemas()
    validator = Draft202012Validator(schemas.of(type_) | {"components": {"schemas": schemas.named}})
    assert (validator.is_valid(fits), validator.is_valid(fits_not)) == (True, False)


@pytest.mark.parametrize(
    ("type_", "fits", "fits_not"),
    [
        ({"a": Needed(Number), "b": str}, {"a": "5", "more": 1}, {"b": "x"}),
        (Number, "5", "five"),
        (Flag, "1", "2"),
    ],
)
def test_the_schema_of_a_type_in_a_request(type_: Any, fits: Any, fits_not: Any) -> None:
    validator = Draft202012Validator(Schemas().of(type_, request=True))
    assert (validator.is_valid(fits), validator.is_valid(fits_not)) == (True, False)


def documented() -> None:
    """A summary.

    documented(list-users), observed(issue threads, 2025-09): `page` begins
        with 1.
    assumed: the reply is empty.
    by design: nothing: really.
    Some other paragraph.
    """


def test_a_docstring_lists_one_behaviour_a_paragraph_with_its_labels() -> None:
    first, second, third = behaviours(documented)
    assert first.claims == (("documented", "list-users"), ("observed", "issue threads, 2025-09"))
    assert (first.text, first.concerns("page"), first.concerns("per_page"), first.of_reply) == (
        "`page` begins with 1.", True, False, False,
    )  # fmt: skip
    assert (second.claims, second.of_reply) == ((("assumed", ""),), True)
    assert third.as_dict() == {"known": "by design", "text": "nothing: really."}


def test_the_file_in_the_package_is_up_to_date() -> None:
    assert openapi.FILE.read_text(encoding="utf-8") == as_text(), "run `uv run python scripts/openapi.py`"


def test_the_command_prints_the_document() -> None:
    command = [sys.executable, "-m", "pytest_qbchat", "openapi"]
    printed = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    assert json.loads(printed) == document(pytest_qbchat.__version__)
