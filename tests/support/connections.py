"""Clients of a live server that are written by hand, and what a server holds."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable
from http.client import parse_headers
from typing import Any, NamedTuple, Self

import httpx
from support.ways import DIALOG, TLS, TOKEN

from pytest_qbchat import LiveServer
from pytest_qbchat.server.live_server import Server

PATH = "/chat/Message.json"


BODY = json.dumps({"chat_dialog_id": DIALOG, "message": "hi"}).encode()


HEADERS = {"QB-Token": TOKEN, "Content-Type": "application/json"}


LISTED = b"GET /chat/Dialog.json HTTP/1.1\r\nHost: shop\r\nQB-Token: " + TOKEN.encode() + b"\r\n"


PATIENCE = 20  # seconds, for what happens at once


def posting(message: str = "hi", *headers: bytes, path: str = PATH, version: str = "1.1") -> bytes:
    """A request as bytes."""
    body = json.dumps({"chat_dialog_id": DIALOG, "message": message}).encode()
    lines = [b"POST %b HTTP/%b" % (path.encode(), version.encode()), b"Host: shop", b"QB-Token: " + TOKEN.encode()]
    lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers, b"", body]
    return b"\r\n".join(lines)


class Answer(NamedTuple):
    """A response as it came over the line."""

    status: int
    headers: Any
    body: bytes


class Line:
    """A connection of a client that is written by hand."""

    def __init__(self, server: Server, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection((server.host, server.port), timeout=PATIENCE)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, method: str = "POST") -> Answer:
        version, status, _ = self.file.readline().split(b" ", 2)
        assert version == b"HTTP/1.1"
        headers = parse_headers(self.file)  # type: ignore[arg-type]
        length = 0 if method == "HEAD" else int(headers.get("Content-Length", "0"))
        return Answer(int(status), headers, self.file.read(length))

    def rest(self) -> bytes:
        """What comes until the server closes the connection."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def post(server: LiveServer, message: str = "hi", **fields: Any) -> httpx.Response:
    return httpx.post(
        server.url + PATH,
        json={"chat_dialog_id": DIALOG, "message": message} | fields,
        headers={"QB-Token": TOKEN},
        verify=TLS,
    )


class Held(NamedTuple):
    """What a server and its process hold on to."""

    connections: int
    tasks: int
    threads: int
    descriptors: int


def until(server: LiveServer, condition: Callable[[], bool]) -> None:
    """Let the server go on until something is so."""

    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(wait(), server._loop).result(PATIENCE)


def held(server: LiveServer) -> Held:
    """What is still held when all that clients have closed is done with."""

    async def settle() -> tuple[int, int]:
        for turn in range(1000):
            if turn > 10 and not server.connections and len(asyncio.all_tasks()) == 2:  # this one, and the server's
                break
            await asyncio.sleep(0)
        return len(server.connections), len(asyncio.all_tasks())

    counts = asyncio.run_coroutine_threadsafe(settle(), server._loop).result(PATIENCE)
    gc.collect()  # for what other tests have left
    return Held(*counts, threading.active_count(), len(os.listdir("/proc/self/fd")))


def fail_to_connect(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0
