"""The reference pages name exactly what the code has."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import pytest_qbchat
from pytest_qbchat import plugin
from pytest_qbchat.explain.field_matching import field_of
from pytest_qbchat.server import control
from pytest_qbchat.service.models.message import MessageRecord

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def table(title: str, page: str = PAGE) -> list[list[str]]:
    """The cells of all rows below a heading, without heads, backticks in place."""
    [section] = [part for part in page.split("\n## ")[1:] if part.partition("\n")[0] == title]
    rows = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in section.splitlines() if line[:1] == "|"]
    rules = [number for number, row in enumerate(rows) if set("".join(row)) <= set("-: |")]
    return [row for number, row in enumerate(rows) if number not in rules and number + 1 not in rules]


def names(title: str, page: str = PAGE) -> list[str]:
    """What stands in backticks in the first cells."""
    return [name for row in table(title, page) for name in re.findall(r"`([^`]+)`", row[0])]


def program_help() -> str:
    command = [sys.executable, "-m", "pytest_qbchat", "--help"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


class Added:
    """What the plugin declares, in place of the parser of pytest."""

    def __init__(self) -> None:
        self.options: dict[str, dict[str, object]] = {}
        self.ini: dict[str, dict[str, object]] = {}
        plugin.pytest_addoption(self)  # type: ignore[arg-type]

    def getgroup(self, name: str) -> Added:
        return self

    def addoption(self, name: str, **settings: object) -> None:
        self.options[name] = settings

    def addini(self, name: str, help: str, **settings: object) -> None:
        self.ini[name] = {"help": help, **settings}


def test_the_fixtures_are_those_of_the_plugin() -> None:
    fixtures = [name for name in vars(plugin) if name.startswith("qbchat")]
    assert names("Fixtures") == fixtures
    for name, type_, _ in table("Fixtures"):
        returned = str(inspect.signature(inspect.unwrap(getattr(plugin, name.strip("`")))).return_annotation)
        assert any(public in returned for public in re.findall(r"`(\w+)`", type_)) or "Server" in returned


def test_the_arguments_of_the_marker_are_those_that_the_plugin_declares() -> None:
    declared = dict(re.findall(r"(\w+): (bool|list)", plugin._MARKER.partition(")")[0]))
    assert names("Marker") == [*declared]
    assert all(row[1].startswith(declared[row[0].strip("`")]) for row in table("Marker"))
    assert {default.strip("`") for name, _, default, _ in table("Marker") if name == "`live`"} == {"False"}


def test_the_ini_options_are_those_that_the_plugin_declares() -> None:
    added = Added()
    shown = {
        name.strip("`"): {"help": meaning.replace("`", ""), "type": type_, "default": default.strip("`")}
        for name, type_, default, meaning in table("Ini options")
    }
    types = {"linelist": "list of strings"}
    assert shown == {
        name: {
            "help": settings["help"],
            "type": types.get(str(settings["type"]), settings["type"]),
            "default": str(settings.get("default", "empty")).lower(),
        }
        for name, settings in added.ini.items()
    }


def test_the_options_of_pytest_are_those_that_the_plugin_declares() -> None:
    declared = [f"{name} {settings['metavar']}" for name, settings in Added().options.items()]
    assert names("Command-line options of pytest") == [*declared, "-p no:qbchat"]
    assert table("Command-line options of pytest")[0][1] in str(Added().options)


def test_the_options_of_the_program_are_those_of_its_help() -> None:
    shown = program_help()
    declared = re.findall(r"^  (?:-h, )?(--[\w-]+(?: [A-Z]+)?)(?:\s|$)", shown, flags=re.MULTILINE)
    assert sorted(names("The program")) == sorted(declared)
    defaults = {row[0].strip("`").partition(" ")[0]: row[1].strip("`") for row in table("The program") if len(row) > 2}
    flat = " ".join(shown.split())
    assert f"default: {defaults['--port']})" in flat
    assert f"default: {defaults['--host']}, " in flat
    assert "QBCHAT_PORT for --port" in flat


def test_the_control_requests_are_those_of_the_program() -> None:
    requests = [name for name in names("Control requests") if "/_qbchat" in name]
    assert sorted(requests) == sorted(name.replace(" ", " /_qbchat/") for name in control.ACTIONS)
    members = {row[0].strip("`"): row[1].partition(";")[0] for row in table("Control requests") if len(row) == 2}
    types = {int: "number", str: "string", bool: "bool"}
    declared = {
        name: " or ".join(types[each] for each in get_args(type_) or [type_]) for name, type_ in control._TYPES.items()
    }
    assert members == declared


def test_the_programs_alone_read_environment_variables() -> None:
    programs = {ROOT / "pytest_qbchat/cli/program.py", ROOT / "pytest_qbchat/cli/compare.py"}
    for path in {*(ROOT / "pytest_qbchat").rglob("*.py")} - programs:
        read = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
        assert read.isdisjoint({"environ", "environb", "getenv"}), path


def test_the_variables_of_the_suite_are_listed() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    used = {name for text in texts for name in re.findall(r"\bQBCHAT_(?:TESTS|BROWSER|REAL_[A-Z_]+[A-Z])\b", text)}
    assert used
    assert used <= set(names("Environment variables"))


def test_every_public_name_is_on_the_api_page() -> None:
    shown = set(re.findall(r"^\.\. auto\w+:: (\w+)(?:\(\))?$", API, flags=re.MULTILINE)) | {"ABSENT"}
    assert shown == set(pytest_qbchat.__all__)
    assert "`pytest_qbchat.ABSENT`" in API


def test_the_fields_of_a_message_are_described() -> None:
    listed = names("Fields of a message", API)
    replied = {"id" if name == "_id" else name for name in MessageRecord.__annotations__}
    assert replied <= set(listed)
    assert [name for name in listed if not hasattr(pytest_qbchat.Message, name)] == []


def test_every_listed_field_of_a_message_can_be_expected() -> None:
    with pytest_qbchat.FakeQuickBlox().intercept() as fake:
        shop = fake.add_user()
        dialog = fake.add_dialog(occupants_ids=[shop, fake.add_user()])
        message = fake.add_message(dialog, shop, "Zoë, it's here & it's 1+1. OK?")
    for name in names("Fields of a message", API):
        if name not in ("send_to_chat", "markable"):  # those that were not sent are absent
            assert field_of(message, name) is not pytest_qbchat.ABSENT, name


@pytest.mark.parametrize("name", ["Message", "User", "Dialog", "Call", "Records", "LiveServer"])
def test_every_listed_member_exists(name: str) -> None:
    listed = re.search(rf"autoclass:: {name}(?:\(\))?\n   :members: ((?:[\w, ]+\n)+)", API)
    assert listed is not None
    members = re.findall(r"\w+", listed[1])
    assert [member for member in members if not hasattr(getattr(pytest_qbchat, name), member)] == []
    asserted = {member for member in dir(getattr(pytest_qbchat, name)) if member.startswith("assert_")}
    assert asserted <= set(members)
