"""Alerts the engineers on call, each in a task of its own. What QuickBlox refuses for now is sent again."""

import asyncio

import httpx

ATTEMPTS = 3
PAUSE = 0.01


class Alerts:
    def __init__(self, token: str) -> None:
        self._headers = {"QB-Token": token}

    async def alert(self, engineers: dict[int, str], incident: str) -> int:
        """Send each engineer (id and name) an alert; how many were alerted."""
        async with self._client() as http, asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._send(http, id, name, incident)) for id, name in engineers.items()]
        return len([task.result() for task in tasks])

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url="https://api.quickblox.com", headers=self._headers, timeout=10)

    async def _send(self, http: httpx.AsyncClient, engineer_id: int, name: str, incident: str) -> str:
        body = {
            "recipient_id": engineer_id,
            "message": f"{name}, please look at {incident}",
            "incident": incident,
            "send_to_chat": 1,
            "markable": 1,
        }
        for attempt in range(1, ATTEMPTS + 1):
            response = await http.post("/chat/Message.json", json=body)
            if response.status_code not in (429, 503) or attempt == ATTEMPTS:
                break
            await asyncio.sleep(PAUSE * attempt)
        return response.raise_for_status().json()["_id"]
