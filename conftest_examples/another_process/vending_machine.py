"""The program of a vending machine. It runs in its own process, and does not import anything from the tests.

It could be written in any language, because the environment configures it: the base URL, the token and the dialog.
"""

import json
import os
import sys
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ["VENDING_CHAT_URL"]
TOKEN = os.environ["VENDING_CHAT_TOKEN"]
DIALOG = os.environ["VENDING_CHAT_DIALOG"]


def report_empty(slot: str) -> None:
    """Tell the operator that a slot is empty."""
    body = {"chat_dialog_id": DIALOG, "message": f"Slot {slot} is empty", "slot": slot, "send_to_chat": 1}
    _call("POST", "/chat/Message.json", body)


def show_news() -> None:
    """Show the latest message of the dialog."""
    items = _call("GET", f"/chat/Message.json?chat_dialog_id={DIALOG}&sort_desc=date_sent&limit=1")["items"]
    print(items[0]["message"] if items else "Welcome!")


def _call(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"QB-Token": TOKEN, "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{URL}{path}", data, headers, method=method), timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


if __name__ == "__main__":
    try:
        report_empty(sys.argv[1]) if len(sys.argv) > 1 else show_news()
    except HTTPError as error:
        sys.exit(f"out of order: {error.code}")
