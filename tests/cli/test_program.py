"""`python -m pytest_qbchat`: the server as a program, as those start it who have no pytest."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from importlib import import_module
from importlib.metadata import entry_points
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from support.ways import TLS

from pytest_qbchat import __version__
from pytest_qbchat.cli import program
from pytest_qbchat.server import control
from pytest_qbchat.service.masking import mask

DIALOG = "5d75327ba28f9a0f32cb0f99"
TOKEN = "made-up-token-of-the-shop"
API_KEY = "made-up-api-key-of-the-shop"
SEED: dict[str, Any] = {
    "users": [
        {"id": 7, "full_name": "Sam Support", "login": "sam", "password": "made-up-password"},
        {"id": 8, "full_name": "Cleo Customer", "email": "cleo@shop.example"},
    ],
    "sessions": [{"token": TOKEN, "user_id": 7}],
    "dialogs": [{"_id": DIALOG, "type": 2, "name": "Shop", "occupants_ids": [7, 8]}],
    "messages": [{"chat_dialog_id": DIALOG, "sender_id": 8, "message": "Hello"}],
}
DOCUMENT = (Path(__file__).parents[2] / "docs" / "server.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
CONTROL = f"  {control.KNOWN}"
END = "Press Ctrl-C to stop. Calls:"
SIGNALS = [signal.SIGINT, signal.SIGTERM]


class Running:
    """A program that runs, and a client of it."""

    def __init__(self, process: subprocess.Popen[str], introduction: list[str]) -> None:
        self.process = process
        self.introduction = introduction
        self.url = introduction[0].rpartition(" ")[2]
        self.client = httpx.Client(verify=TLS, trust_env=False, base_url=self.url, headers={"QB-Token": TOKEN})

    def post(self, **fields: Any) -> httpx.Response:
        return self.client.post("/chat/Message.json", json={"chat_dialog_id": DIALOG, **fields})

    def state(self) -> Any:
        return self.client.get("/_qbchat/state").json()

    def texts(self) -> list[str]:
        """Of all messages, the oldest first."""
        return [message["message"] for message in self.state()["messages"]]

    def stop(self, number: int = signal.SIGINT) -> list[str]:
        """What it has said since it began, without the time of each call."""
        self.process.send_signal(number)
        said, errors = self.process.communicate(timeout=60)
        assert (self.process.returncode, errors) == (0, "")
        return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in said.splitlines()]


@contextmanager
def running(*arguments: object, port: int = 0, **environment: str) -> Iterator[Running]:
    """The program in a process of its own, from when it says that it listens."""
    command = [sys.executable, "-W", "error", "-m", "pytest_qbchat", "--port", str(port), *map(str, arguments)]
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environ
    ) as process:
        try:
            assert process.stdout is not None
            introduction = [process.stdout.readline().rstrip("\n")]
            while introduction[-1] not in ("", END):
                introduction.append(process.stdout.readline().rstrip("\n"))
            assert introduction[-1] == END, process.communicate()
            server = Running(process, introduction)
            with server.client:
                yield server
        finally:
            process.kill()


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(SEED), encoding="utf-8")
    return path


# --- starting ---


def test_the_program_prints_its_url_and_the_declared_credentials(seed: Path) -> None:
    with running(
        "--seed", seed, "--api-key", API_KEY, "--auth-secret", "made-up-secret", "--auth-key", "made-up-key"
    ) as server:
        url, *lines = server.introduction
        assert re.fullmatch(r"The fake QuickBlox listens on http://127\.0\.0\.1:\d+", url)
        assert lines == [
            f"  auth key        {mask('made-up-key')}",
            f"  auth secret     {mask('made-up-secret')}",
            f"  api key         {mask(API_KEY)}",
            CONTROL,
            "  A browser at this address shows the conversations.",
            END,
        ]
        wrong = server.client.get("/users.json", headers={"Authorization": "ApiKey another-made-up-key"})
        right = server.client.get("/users.json", headers={"Authorization": f"ApiKey {API_KEY}"})
        assert (wrong.status_code, right.status_code) == (401, 200)
        server.stop()


def test_a_server_without_declarations_accepts_any_client() -> None:
    with running("--application-id", "7") as server:
        assert server.introduction[1:3] == ["  application id  7", CONTROL]
        assert server.post(message="hi").status_code == 201
        server.stop()


def test_strict_mode_adopts_nobody_and_speaks_of_records(seed: Path) -> None:
    with running("--strict", "--seed", seed) as server:
        server.client.get("/chat/Dialog.json", headers={"QB-Token": "another-made-up-token"})
        server.client.get("/users.json", headers={"Authorization": f"ApiKey {API_KEY}"})
        server.post(chat_dialog_id="5d75327ba28f9a0f32cb0f00")
        application = {"application_id": 1, "auth_key": "made-up-key", "nonce": 1, "signature": "made-up"}
        server.client.post("/session.json", json={**application, "timestamp": int(time.time())})
        add = "of the seed file, or of POST /_qbchat/add"
        assert server.stop() == [
            f"GET /chat/Dialog.json 401 by an unauthenticated client: unknown token {mask('another-made-up-token')} in "
            f"strict mode; declare it with a record in the sessions {add}",
            f"GET /users.json 401 by an unauthenticated client: unknown API key {mask(API_KEY)} in strict mode; "
            "declare it with --api-key",
            "POST /chat/Message.json 404 by 7 Sam Support: unknown dialog '5d75327ba28f9a0f32cb0f00' in strict mode; "
            f"declare it with a record in the dialogs {add}",
            "POST /session.json 422: unknown application in strict mode; declare it with --auth-secret",
        ]


def test_the_environment_has_options_which_the_command_line_overrides(seed: Path) -> None:
    environment = {"QBCHAT_SEED": str(seed), "QBCHAT_API_KEY": f"{API_KEY},other-made-up-key", "QBCHAT_PORT": "http"}
    with running(**environment, QBCHAT_STRICT="1") as server:
        assert server.introduction[1:3] == [f"  api key         {mask(key)}" for key in (API_KEY, "other-made-up-key")]
        assert server.texts() == ["Hello"]
        assert server.client.get("/users.json", headers={"QB-Token": "another-made-up-token"}).status_code == 401
        server.stop()
    with running(QBCHAT_STRICT="false") as server:
        assert server.client.get("/users.json", headers={"QB-Token": "another-made-up-token"}).status_code == 200
        server.stop()


def test_a_wrong_value_in_the_environment_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QBCHAT_PORT", "http")
    assert run([]) == 2
    assert "argument --port: invalid port 'http'; expected a number" in capsys.readouterr().err


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"pytest-qbchat {__version__}\n"


def test_the_console_script_is_named_like_the_distribution() -> None:
    [script] = entry_points(group="console_scripts", name="pytest-qbchat")
    code = f"import sys; sys.argv[1:] = ['openapi']; from {script.module} import run; assert run() == 0"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert json.loads(done.stdout)["openapi"].startswith("3.1")
    assert script.attr == "run"


def test_an_interrupt_during_the_start_ends_without_output() -> None:
    code = """if True:
        import runpy, sys
        class Interrupting:
            def find_spec(self, name, *_):
                if name == "pytest_qbchat.cli.program":
                    raise KeyboardInterrupt
        sys.meta_path.insert(0, Interrupting())
        runpy.run_module("pytest_qbchat", run_name="__main__")
    """
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


# --- what it shows ---


def test_each_call_is_a_line(seed: Path) -> None:
    with running("--seed", seed) as server:
        attachments = {"0": {"type": "image", "id": "47863"}}
        server.post(message="Order #7 has shipped", send_to_chat=1, markable=1, attachments=attachments)
        server.post(message="x" * 90)
        server.post(sendToChat=1)
        server.client.post("/chat/Message.json", json={"recipient_id": 9, "message": "hi", "send_to_chat": 1})
        server.client.get("/chat/Dialog.json")
        server.client.get("/chat/Message.json", params={"chat_dialog_id": "5d75327ba28f9a0f32cb0f00"[:23]})
        server.client.get("/data/Customer/7.json")
        server.client.get("/account_settings.json")

        private = server.state()["dialogs"][-1]["_id"]
        assert server.stop() == [
            f"POST /chat/Message.json 201 by 7 Sam Support: 'Order #7 has shipped' to group {DIALOG} 'Shop', "
            "sent to chat, delivered to 8 Cleo Customer; markable; image 47863",
            f"POST /chat/Message.json 201 by 7 Sam Support: '{'x' * 70}… to group {DIALOG} 'Shop', "
            "history only; not markable",
            f"POST /chat/Message.json 201 by 7 Sam Support: None to group {DIALOG} 'Shop', history only; not markable",
            "  warning: sendToChat: became a custom field, since QuickBlox has no parameter of this name; "
            "write send_to_chat",
            f"POST /chat/Message.json 201 by 7 Sam Support: 'hi' to private dialog {private}, "
            "sent to chat, delivered to 9; not markable",
            "GET /chat/Dialog.json 200 by 7 Sam Support",
            "GET /chat/Message.json 404 by 7 Sam Support: invalid chat_dialog_id '5d75327ba28f9a0f32cb0f0'; "
            "expected 24 hexadecimal digits",
            "GET /data/Customer/7.json 404: the fake does not cover custom objects, "
            "and has no route GET /data/Customer/7.json",
            "GET /account_settings.json 401 by an unauthenticated client: the request has no QB-Account-Key header",
            "GET /_qbchat/state 200",
        ]


@pytest.mark.long
def test_a_preflight_or_malformed_request_is_logged() -> None:
    with running() as server:
        asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
        server.client.options("/chat/Message.json", headers=asked)
        server.client.get("/session.json", headers={"X-Large": "a" * 70_000})
        assert server.stop() == [
            "OPTIONS /chat/Message.json 200: preflight request of a browser",
            "malformed request 431: the headers are larger than 65536 bytes",
        ]


def test_a_call_is_shown_before_the_program_ends(seed: Path) -> None:
    with running("--seed", seed) as server:
        server.post(message="hi")
        assert server.process.stdout is not None
        assert "'hi' to group" in server.process.stdout.readline()
        server.stop()


def test_the_caller_in_a_line_is_a_user_a_key_or_a_token(tmp_path: Path) -> None:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps({"sessions": [{"token": TOKEN, "user_id": 0}]}), encoding="utf-8")
    key = {"Authorization": f"ApiKey {API_KEY}"}
    with running("--seed", path) as server:
        server.client.get("/session.json")
        server.client.get("/users.json", headers=key)
        server.client.get("/chat/Dialog.json", headers={**key, "On-Behalf-Of": "7"})
        server.client.get("/session.json", headers={"QB-Token": ""})

        said = [line.partition(":")[0] for line in server.stop()]
        assert said == [
            "GET /session.json 200 by the application",
            "GET /users.json 200 by an API key",
            "GET /chat/Dialog.json 200 by an API key for 7",
            "GET /session.json 401 by an unauthenticated client",
        ]


def test_secrets_are_masked_in_every_line(seed: Path) -> None:
    adopted = "another-made-up-token"
    with running("--seed", seed, "--api-key", API_KEY) as server:
        key = {"Authorization": f"ApiKey {API_KEY}"}
        token = server.client.post("/users/7/tokens", headers=key).json()["token"]
        assert server.client.delete(f"/users/7/tokens/{token}", headers=key).status_code == 404
        server.client.get("/session.json", headers={"QB-Token": adopted})
        server.client.delete("/session.json", headers={"QB-Token": adopted})
        server.client.get(f"/data/{adopted}")
        server.post(message=f"my token is {TOKEN}")

        said = "\n".join(server.stop())
        assert re.search(rf"DELETE /users/7/tokens/({token[:4]})?…#[0-9a-f]{{4}} 404", said)
        assert f"GET /data/{mask(adopted)} " in said
        assert f"'my token is {mask(TOKEN)}'" in said
        for secret in (token, adopted, TOKEN, API_KEY):
            assert secret not in said


def test_a_line_stays_a_line_whatever_is_in_it(tmp_path: Path) -> None:
    seed = {"users": [{"id": 7, "full_name": "Sam\n\x1b[2J"}], "sessions": [{"token": TOKEN, "user_id": 7}]}
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(seed), encoding="utf-8")
    with running("--seed", path, PYTHONIOENCODING="ascii") as server:
        server.post(message="Grüße\n👋")
        [line] = server.stop()
    assert r"by 7 Sam\n\x1b[2J: 'Gr\xfc\xdfe\n\U0001f44b' to group" in line


@pytest.mark.long
def test_the_program_continues_if_its_output_is_closed(seed: Path) -> None:
    with running("--seed", seed) as server:
        assert server.process.stdout is not None
        server.process.stdout.close()
        assert [server.post(message=text).status_code for text in ("one", "two")] == [201, 201]
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0
        assert server.process.stderr is not None
        assert server.process.stderr.read() == ""


# --- the reserved prefix ---


def test_a_reset_goes_back_to_the_seed(seed: Path) -> None:
    with running("--seed", seed, "--api-key", API_KEY) as server:
        server.post(message="hi")
        assert server.texts() == ["Hello", "hi"]

        reply = server.client.post("/_qbchat/reset")
        assert reply.json() == server.state()
        assert server.texts() == ["Hello"]
        headers = {"Authorization": "ApiKey another-made-up-key"}
        assert server.client.get("/users.json", headers=headers).status_code == 401
        server.post(message="again")
        assert server.texts() == ["Hello", "again"]
        assert "POST /_qbchat/reset 200" in server.stop()


@pytest.mark.long
def test_a_reset_without_a_seed_empties_the_state() -> None:
    with running() as server:
        server.post(message="hi")
        state = server.client.post("/_qbchat/reset").json()
        assert [state[part] for part in ("users", "sessions", "dialogs", "messages")] == [[], [], [], []]
        server.stop()


def test_a_fault_is_injected_by_a_request() -> None:
    with running() as server:
        reply = server.client.post("/_qbchat/fail", json={"what": 503, "times": 2, "method": "POST"})
        assert (reply.status_code, reply.content) == (204, b"")
        statuses = [server.post(message="hi").status_code for _ in range(3)]
        assert statuses == [503, 503, 201]
        assert server.client.post("/_qbchat/fail", json={"what": "time-out"}).status_code == 400
        assert server.texts() == ["hi"]
        output = server.stop()
        assert ["POST /_qbchat/fail 204" in output, "POST /_qbchat/fail 400" in output] == [True, True]


@pytest.mark.long
def test_a_lost_response_and_an_injected_error_are_no_fault_of_the_client() -> None:
    with running() as server:
        for what, stored in (("disconnect", False), ("disconnect", True), (503, False)):
            server.client.post("/_qbchat/fail", json={"what": what, "stored": stored})
            with suppress(httpx.RemoteProtocolError):
                server.client.get("/chat/Dialog.json")
        assert [re.sub(r"by \d+", "by 7", line) for line in server.stop() if "/chat" in line] == [
            "GET /chat/Dialog.json no response (disconnect): POST /_qbchat/fail 'disconnect', not stored",
            "GET /chat/Dialog.json no response (disconnect) by 7: POST /_qbchat/fail 'disconnect', stored",
            "GET /chat/Dialog.json 503: POST /_qbchat/fail 503, not stored",
        ]


CONTROL_REQUESTS = [
    ("GET", "/_qbchat/state"),
    ("POST", "/_qbchat/reset"),
    ("OPTIONS", "/_qbchat/state"),
    ("POST", "/_qbchat/fail"),
]


def test_a_page_of_another_origin_can_neither_read_nor_change_the_state() -> None:
    with running() as server:
        server.post(message="hi")
        for method, path in CONTROL_REQUESTS:
            for origin in ("https://shop.example", "http://localhost:3000", "null"):
                reply = server.client.request(method, path, headers={"Origin": origin})
                assert reply.status_code == 403
                assert reply.json()["message"].startswith(f"a page of {origin} may not send control requests")
                assert "access-control-allow-origin" not in reply.headers
        assert server.texts() == ["hi"]
        assert server.stop().count("OPTIONS /_qbchat/state 403") == 3


@pytest.mark.long
def test_a_control_request_with_its_whole_url_is_one_too() -> None:
    with running() as server:
        head = f"GET {server.url}/_qbchat/state HTTP/1.1\r\nHost: localhost\r\nOrigin: https://shop.example\r\n"
        with socket.create_connection(("127.0.0.1", server.client.base_url.port)) as line:
            line.sendall(f"{head}Connection: close\r\n\r\n".encode())
            reply = b"".join(iter(lambda: line.recv(65536), b""))
        assert reply.startswith(b"HTTP/1.1 403 ")
        assert b"access-control" not in reply.lower()
        server.stop()


@pytest.mark.long
def test_a_page_of_the_server_itself_may_send_control_requests() -> None:
    with running() as server:
        for method, path in CONTROL_REQUESTS[:2]:
            reply = server.client.request(method, path, headers={"Origin": server.url})
            assert reply.status_code == 200
            assert "access-control-allow-origin" not in reply.headers
        server.stop()


def test_a_host_that_is_not_this_machine_is_refused() -> None:
    with running() as server:
        for path in ("/_qbchat/state", "/users.json"):
            for host in ("localhost:8089", "127.0.0.1", "shop.localhost", "[::1]:8089"):
                assert server.client.get(path, headers={"Host": host}).status_code == 200
            for host in ("rebound.shop.example", "127.0.0.1.shop.example", "192.0.2.1"):
                reply = server.client.get(path, headers={"Host": host})
                assert reply.status_code == 403
                assert reply.json()["message"].startswith(f"the host {host!r} is not this machine; use 127.0.0.1")
        server.stop()


def test_a_host_beyond_the_loopback_interface_is_warned_of_and_serves_every_name() -> None:
    with running("--host", "0.0.0.0") as server:
        assert server.introduction[1] == (
            "  warning: every machine that can reach this address can read and change the fake"
        )
        for path in ("/users.json", "/_qbchat/state", "/"):
            for host in ("qbchat:8089", "192.0.2.1", "localhost"):
                assert server.client.get(path, headers={**BROWSER, "Host": host}).status_code == 200
        page = {"Host": "qbchat", "Origin": "https://shop.example"}
        assert server.client.get("/_qbchat/state", headers=page).status_code == 403
        server.stop()


@pytest.mark.parametrize("listening", ["0.0.0.0", pytest.param("127.0.0.1", marks=pytest.mark.long)])
def test_allowed_hosts_are_the_only_other_ones(listening: str) -> None:
    with running("--host", listening, "--allow-host", "QBchat", "--allow-host", "192.0.2.1") as server:
        for path in ("/_qbchat/state", "/", "/spaces/one/_qbchat/state", "/spaces/one/"):
            for host, status in (("qbchat:8089", 200), ("192.0.2.1", 200), ("localhost", 200), ("other", 403)):
                reply = server.client.get(path, headers={**BROWSER, "Host": host})
                assert reply.status_code == status
        assert reply.json()["message"].endswith("use 127.0.0.1 or localhost, or start with --allow-host other")
        assert server.client.get("/users.json", headers={"Host": "other"}).status_code == 200
        server.stop()


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def test_a_browser_gets_the_live_page_and_another_client_a_404(seed: Path) -> None:
    with running("--seed", seed) as server:
        about = server.client.get("/")
        assert (about.status_code, about.json()["code"]) == (404, None)
        assert about.json()["message"].startswith(f"this is pytest-qbchat {__version__}, a fake of the QuickBlox chat")
        assert "`pytest-qbchat --help` describes it; control requests below" in about.json()["message"]
        for number in range(120):
            server.post(message=f"Order #{number}")
        page = server.client.get("/", headers=BROWSER)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "Order #119" in page.text
        assert '"forgotten": 70' in page.text
        assert TOKEN not in page.text
        assert page.text.count('"method": "POST"') == 50
        server.client.post("/_qbchat/reset")
        assert "Order #119" not in server.client.get("/", headers=BROWSER).text
        assert not any("GET / 200" in line for line in server.stop())


@pytest.mark.long
def test_the_page_is_sent_only_to_a_browser_of_this_machine() -> None:
    with running() as server:
        assert server.client.get("/", headers={**BROWSER, "Host": "qbchat"}).status_code == 403
        assert server.client.get("/", headers={**BROWSER, "Origin": "https://shop.example"}).status_code == 403
        assert server.client.get("/", headers={**BROWSER, "Host": "localhost"}).status_code == 200
        server.stop()


def test_the_state_masks_secrets(seed: Path) -> None:
    with running("--seed", seed, "--api-key", API_KEY, "--auth-secret", "made-up-secret") as server:
        server.post(message=f"{API_KEY} and made-up-secret and made-up-password")
        state = server.client.get("/_qbchat/state")
        assert state.json()["sessions"][0]["token"] == mask(TOKEN)
        for secret in (TOKEN, API_KEY, "made-up-secret", "made-up-password"):
            assert secret not in state.text
        server.stop()


@pytest.mark.long
def test_an_unknown_control_request_is_refused_with_the_known_ones() -> None:
    with running() as server:
        calls = [("GET", "/_qbchat"), ("GET", "/_qbchat/reset"), ("POST", "/_qbchat/state"), ("GET", "/_qbchat/users")]
        for method, path in calls:
            reply = server.client.request(method, path)
            assert reply.status_code == 404
            assert reply.json()["message"] == f"unknown request {method} {path}; {control.KNOWN}"
        assert server.state()["users"] == []
        server.stop()


@pytest.mark.long
def test_an_unknown_route_is_named_in_its_answer() -> None:
    with running() as server:
        reply = server.client.post("/chat/Mesage.json")
        text = "pytest-qbchat refused this call: the fake has no route POST /chat/Mesage.json; the nearest is"
        assert (reply.status_code, reply.json()["code"]) == (404, None)
        assert reply.json()["message"] == f"{text} POST /chat/Message.json"
        server.stop()


# --- spaces ---


def test_a_space_has_a_fake_of_its_own(seed: Path) -> None:
    with running("--seed", seed) as server:
        server.post(message="outside")
        for space in ("one", "two"):
            assert server.client.get(f"/spaces/{space}/_qbchat/messages").json()[0]["message"] == "Hello"
            fields = {"chat_dialog_id": DIALOG, "message": f"in {space}"}
            assert server.client.post(f"/spaces/{space}/chat/Message.json", json=fields).status_code == 201
            assert server.client.post(f"{server.url}/spaces/{space}/api/chat/Message.json", json=fields).is_success
        server.client.post("/spaces/two/_qbchat/reset")
        assert server.client.post("/spaces/one/_qbchat/assert_posted", json={"times": 2}).status_code == 200
        assert server.client.post("/spaces/two/_qbchat/assert_nothing_posted").status_code == 204
        assert server.texts() == ["Hello", "outside"]
        outside = {"Origin": "https://shop.example"}
        foreign = server.client.get("/spaces/one/_qbchat/state", headers=outside)
        assert (foreign.status_code, "access-control-allow-origin" in foreign.headers) == (403, False)
        of_api = server.client.get("/spaces/one/users.json", headers=outside)
        assert (of_api.status_code, "access-control-allow-origin" in of_api.headers) == (200, True)
        said = server.stop()
    posted = f"by 7 Sam Support: 'in one' to group {DIALOG} 'Shop', history only; not markable"
    assert f"POST /spaces/one/chat/Message.json 201 {posted}" in said
    assert "POST /spaces/two/_qbchat/reset 200" in said


@pytest.mark.long
def test_the_page_lists_the_spaces_and_each_has_its_own() -> None:
    with running() as server:
        server.client.post("/spaces/one/chat/Message.json", json={"recipient_id": 9, "message": "in one"})
        page = server.client.get("/", headers=BROWSER).text
        assert '"spaces": ["one"]' in page
        assert "in one" not in page
        for path in ("/spaces/one/", "/spaces/one"):
            of_space = server.client.get(path, headers=BROWSER).text
            assert f"The fake QuickBlox at {server.url}/spaces/one" in of_space
            assert "in one" in of_space
            assert server.client.get(path).json()["message"].startswith("this is pytest-qbchat")
        unknown = server.client.get("/spaces/one/data/Order.json")
        assert (unknown.status_code, "custom objects" in unknown.text) == (404, True)
        server.stop()


@pytest.mark.long
def test_a_space_named_like_a_part_of_the_api_is_refused() -> None:
    with running() as server:
        reply = server.client.get("/spaces/users/users.json")
        assert (reply.status_code, reply.json()["message"]) == (
            400,
            "a space cannot have the name 'users', which is a part of the API",
        )
        server.stop()


def test_assertions_are_refused_after_calls_were_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_MAX_CALLS", 2)
    options = program._parser().parse_args(["--port", "0"])
    with (
        redirect_stdout(StringIO()),
        program.Program(options) as server,
        httpx.Client(base_url=server.url, verify=TLS, trust_env=False, headers={"QB-Token": TOKEN}) as client,
    ):
        for _ in range(3):
            client.post("/chat/Message.json", json={"recipient_id": 9, "message": "hi"})
        reply = client.post("/_qbchat/assert_nothing_posted")
        text = "the server has forgotten 1 calls, since it keeps 2; send POST /_qbchat/reset before each test"
        assert (reply.status_code, reply.json()["message"]) == (400, text)
        client.post("/_qbchat/reset")
        assert client.post("/_qbchat/assert_nothing_posted").status_code == 204


# --- stopping ---


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM], ids=lambda number: number.name
)
def test_a_signal_stops_the_program(number: signal.Signals) -> None:
    with running() as server:
        server.post(message="hi")
        assert len(server.stop(number)) == 1
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url, verify=TLS, trust_env=False)


def test_the_program_stops_while_a_client_is_connected() -> None:
    with running() as server, socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as client:
        client.sendall(b"GET /_qbchat HTTP/1.1\r\nHost: localhost\r\n\r\nGET /half")
        assert client.recv(4096).startswith(b"HTTP/1.1 404 ")
        assert server.stop() == ["GET /_qbchat 404"]


# --- in this process ---


def run(arguments: Sequence[object]) -> int:
    """The exit status of a run in this process."""
    try:
        return program.main([*map(str, arguments)])
    except SystemExit as left:
        return int(left.code or 0)


def interrupt_when_it_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C as soon as the program waits for one."""
    print_startup = program.Program.print_startup

    def introduced(self: program.Program) -> None:
        print_startup(self)
        threading.Thread(target=os.kill, args=[os.getpid(), signal.SIGINT]).start()

    monkeypatch.setattr(program.Program, "print_startup", introduced)


def test_the_program_can_be_run_from_python(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    interrupt_when_it_listens(monkeypatch)
    with redirect_stdout(StringIO()) as said:
        assert run(["--port", 0]) == 0
    assert said.getvalue().endswith(f"{END}\n")
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_importing_the_program_starts_nothing() -> None:
    assert not hasattr(import_module("pytest_qbchat.__main__"), "main")


def test_a_signal_before_it_listens_ends_it_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "Program", lambda options: os.kill(os.getpid(), signal.SIGTERM))
    assert run(["--port", 0]) == 0


def test_the_help_tells_all_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("usage: pytest-qbchat [-h]")
    assert "POST expire_sessions" in text


@pytest.mark.parametrize("port", ["http", "-1", "65536"])
def test_a_port_is_a_number_up_to_65535(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--port", port]) == 2
    assert f"argument --port: invalid port '{port}'; expected a number from 0 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(None, "No such file or directory", id="missing"),
        pytest.param("{", "is not JSON: Expecting .*", id="malformed"),
        pytest.param("[" * 100_000, "is not JSON: maximum recursion depth .*", id="too deep"),
        pytest.param("[]", "invalid seed; expected .*", id="no object"),
        pytest.param(
            '{"users": [{"fullname": "x"}]}', r"users\[0\]: unknown key 'fullname'; expected full_name", id="unknown"
        ),
    ],
)
def test_a_wrong_seed_is_refused(
    content: str | None, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "seed.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert run(["--port", 0, "--seed", path]) == 2
    assert re.fullmatch(rf"pytest-qbchat: {re.escape(str(path))}:? {text}\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--api-key", "ApiKey made-up"], "invalid API key; expected the string after 'ApiKey '"),
        (["--auth-secret", ""], "invalid auth_secret=''"),
    ],
)
def test_a_wrong_credential_is_refused(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.startswith(f"pytest-qbchat: {text}")


def test_a_port_that_is_taken_is_named_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "pytest_qbchat", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"pytest-qbchat: cannot listen on 127.0.0.1:{port}: the port is in use; use another --port, or 0 for any "
        "free port\n"
    )


def test_an_address_of_another_machine_is_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--host", "192.0.2.1", "--port", 0]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("pytest-qbchat: cannot listen on 192.0.2.1:0: ")


# --- the documentation ---


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def test_every_block_of_the_documentation_is_tested() -> None:
    languages = ["sh", "yaml", "yaml", "sh", "text", "js", "sh", "json", "sh", "console", "python", "python"]
    assert [name for name, _ in BLOCKS] == languages
    assert len(re.findall(r"^\s*(?:```|~~~)", DOCUMENT, flags=re.MULTILINE)) == 2 * len(BLOCKS)


def test_the_documented_tests_pass(pytester: pytest.Pytester, run_project: Callable[..., pytest.RunResult]) -> None:
    pytester.makepyfile(test_front_end=blocks("python")[0], test_lost_answer=blocks("python")[1])
    run_project("-W", "error", "-p", "no:randomly").assert_outcomes(passed=2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the documented seed file."""
    (tmp_path / "seed.json").write_text(blocks("json")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(server: Running, script: str) -> str:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = ["sh", "-eu", "-c", script.replace("http://127.0.0.1:8089", server.url)]
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


@pytest.mark.usefixtures("folder")
def test_the_documented_log_is_what_is_printed() -> None:
    command, *documented = blocks("console")[0].splitlines()
    with running(*command.removeprefix("$ pytest-qbchat").split()) as server:
        assert shell(server, blocks("sh")[3]) == "no reply\n"
        address = server.url.removeprefix("http://")
        said = [line.replace(address, "127.0.0.1:8089") for line in server.introduction]
        said += [re.sub(r"dialog \w{24}", "dialog 5d76b657a0facade01000003", line) for line in server.stop()]
    assert said == [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in documented]


@pytest.mark.usefixtures("folder")
def test_the_documented_assertions_give_the_documented_text() -> None:
    with running("--seed", "seed.json") as server:
        said = shell(server, blocks("sh")[1])
        server.stop()
    assert re.sub(r"\w{16}0100000", "5d76b657a0facade0100000", said) == blocks("text")[0].rstrip("\n")


@pytest.mark.usefixtures("folder")
def test_the_documented_requests_in_a_space_give_the_documented_statuses() -> None:
    with running("--seed", "seed.json") as server:
        statuses = shell(server, blocks("sh")[2]).split()
        server.stop()
    assert f"It prints {', '.join(statuses[:-1])} and {statuses[-1]}." in DOCUMENT


@pytest.mark.long
def test_the_documented_test_for_node_passes(folder: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    (folder / "shipment.test.mjs").write_text(blocks("js")[0], encoding="utf-8")
    with running() as server:
        command = ["node", "--test", "--test-reporter=tap", "shipment.test.mjs"]
        environment = os.environ | {"QUICKBLOX_URL": server.url}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=False)
        assert "# pass 1" in done.stdout, done.stdout
        server.stop()


def test_the_configurations_name_commands_options_and_requests_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    compose, workflow = map(yaml.safe_load, blocks("yaml"))
    service = compose["services"]["quickblox"]
    steps = "\n".join(step["run"] for step in workflow["jobs"]["tests"]["steps"] if "run" in step)
    run(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    commands = [*blocks("sh")[0].splitlines(), service["command"], steps.splitlines()[0].partition(" >")[0]]
    for command in commands:
        program_name, *arguments = command.partition("pytest-qbchat && ")[2].split() or command.split()[-3:]
        assert "pytest-qbchat" in (program_name, *arguments)
        assert {each for each in arguments if each.startswith("--")} <= options
    assert {f"--{name.removeprefix('QBCHAT_').lower().replace('_', '-')}" for name in service["environment"]} <= options
    requests = re.findall(r"/_qbchat/(\w+)", f"{service['healthcheck']['test']} {steps}")
    assert {f"GET {name}" for name in requests} <= control.ACTIONS.keys()


def test_the_documentation_names_every_option_and_request(capsys: pytest.CaptureFixture[str]) -> None:
    run(["--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    named = DOCUMENT.partition("| option |")[2].partition("\n\n")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", named)) == options
    for name in control.ACTIONS:
        assert f"| `{name}" in DOCUMENT
