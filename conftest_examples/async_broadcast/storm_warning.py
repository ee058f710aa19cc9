"""Warns all harbours of a storm at once."""

import asyncio
import random
from collections.abc import Sequence

import httpx

TOKEN = "made-up-token-of-the-weather-office"
SPREAD = 0.02  # seconds over which the calls are spread, so that they do not all arrive at once

client = httpx.AsyncClient(base_url="https://api.quickblox.com", headers={"QB-Token": TOKEN}, timeout=10)


async def broadcast(text: str, dialog_ids: Sequence[str], *, severity: str) -> list[str]:
    """Post a warning to many dialogs.

    Returns:
        The dialogs that refused the warning. Somebody should telephone these harbours.
    """
    taken = await asyncio.gather(*(_post(text, dialog_id, severity) for dialog_id in dialog_ids))
    return [dialog_id for dialog_id, ok in zip(dialog_ids, taken, strict=True) if not ok]


async def _post(text: str, dialog_id: str, severity: str) -> bool:
    await asyncio.sleep(random.uniform(0, SPREAD))
    response = await client.post(
        "/chat/Message.json",
        json={"chat_dialog_id": dialog_id, "message": text, "severity": severity, "send_to_chat": 1},
    )
    return response.is_success
