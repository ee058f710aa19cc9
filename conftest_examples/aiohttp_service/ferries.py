"""Notifies ferry passengers through one aiohttp session."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp

TOKEN = "made-up-token-of-the-ferries"
ATTEMPTS = 3
PAUSE = 0.5  # seconds before another attempt
BUSY = {429, 503}


class Harbour:
    """Posts to the dialogs of passengers: `async with Harbour() as harbour: ...`."""

    def __init__(self, timeout: float = 10) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            "https://api.quickblox.com", headers={"QB-Token": TOKEN}, timeout=self._timeout
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._session.close()

    async def announce(self, text: str, dialog_ids: Sequence[str], *, ferry: str) -> list[str]:
        """Post a text to many dialogs at once.

        Returns:
            The dialogs whose message may be lost. Somebody should telephone these passengers.
        """
        taken = await asyncio.gather(*(self._post(text, dialog_id, ferry) for dialog_id in dialog_ids))
        return [dialog_id for dialog_id, ok in zip(dialog_ids, taken, strict=True) if not ok]

    async def _post(self, text: str, dialog_id: str, ferry: str) -> bool:
        body = {"chat_dialog_id": dialog_id, "message": text, "ferry": ferry, "send_to_chat": 1}
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE)
            try:
                async with self._session.post("/chat/Message.json", json=body) as response:
                    if response.status not in BUSY:
                        return response.ok
            except (TimeoutError, aiohttp.ClientConnectionError):
                return False  # the message may be stored, and a duplicate is worse than a telephone call
        return False
