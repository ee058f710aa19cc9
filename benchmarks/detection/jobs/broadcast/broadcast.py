"""Warns all customers of a ferry line at once, with asyncio; a dialog that fails does not stop the others."""

import asyncio

import aiohttp

URL = "https://api.quickblox.com/chat/Message.json"
TIMEOUT = aiohttp.ClientTimeout(total=10)


async def broadcast(token: str, dialog_ids: list[str], text: str) -> list[str]:
    """Send a text to all dialogs, at most five at a time; the dialogs that did not get it."""
    gate = asyncio.Semaphore(5)

    async def post(dialog_id: str) -> None:
        body = {"chat_dialog_id": dialog_id, "message": text, "send_to_chat": 1}
        async with gate, http.post(URL, json=body) as response:
            response.raise_for_status()

    async with aiohttp.ClientSession(headers={"QB-Token": token}, timeout=TIMEOUT) as http:
        results = await asyncio.gather(*(post(each) for each in dialog_ids), return_exceptions=True)
    failed = []
    for dialog_id, result in zip(dialog_ids, results, strict=True):
        if isinstance(result, aiohttp.ClientError | TimeoutError):
            failed.append(dialog_id)
        elif result is not None:
            raise result
    return failed
