"""The chat between drivers and passengers."""

from types import TracebackType
from typing import Self

import httpx


class RideChat:
    """Sends messages as one user.

    Args:
        token: The session token of the user.
        base_url: The base URL of the chat API.
        transport: A custom transport, for example with a proxy or with retries.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = "https://api.quickblox.com",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"QB-Token": token}, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._http.close()

    def write(self, user_id: int, text: str) -> str:
        """Send a message to another user.

        Returns:
            The id of the private dialog of both users.
        """
        body = {"recipient_id": user_id, "message": text, "send_to_chat": 1, "markable": 1}
        response = self._http.post("/chat/Message.json", json=body)
        response.raise_for_status()
        dialog_id: str = response.json()["chat_dialog_id"]
        return dialog_id
