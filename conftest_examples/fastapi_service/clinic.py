"""A FastAPI service of a clinic, which confirms appointments in the chat after it has responded."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import BackgroundTasks, FastAPI, Request
from pydantic import BaseModel

TOKEN = "made-up-token-of-the-clinic"
log = logging.getLogger(__name__)


class Appointment(BaseModel):
    dialog_id: str
    time: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep one client for all requests, and check the session before the first of them."""
    headers = {"QB-Token": TOKEN}
    async with httpx.AsyncClient(base_url="https://api.quickblox.com", headers=headers) as app.state.chat:
        (await app.state.chat.get("/session.json")).raise_for_status()
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/appointments", status_code=202)
async def book(appointment: Appointment, request: Request, tasks: BackgroundTasks) -> dict[str, str]:
    """Book an appointment, and confirm it in the background."""
    tasks.add_task(confirm, request.app.state.chat, appointment)
    return {"booked": appointment.time}


async def confirm(chat: httpx.AsyncClient, appointment: Appointment) -> None:
    """Post the confirmation. An error is logged, since nobody waits for the task."""
    body = {
        "chat_dialog_id": appointment.dialog_id,
        "message": f"Your appointment is at {appointment.time}",
        "send_to_chat": 1,
    }
    try:
        (await chat.post("/chat/Message.json", json=body)).raise_for_status()
    except httpx.HTTPError as error:
        log.error("the appointment at %s is not confirmed: %s", appointment.time, error)
