"""Made-up attachments whose fields agree with each other."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from random import Random
from typing import Any

from pytest_qbchat.payloads.phrasebook import pick

# The types that QuickBlox documents. It accepts any string; older clients sent "photo" (observed).
ATTACHMENTS = ("image", "video", "audio", "location")

# Prefix and extension of the file name, content type, width and height in pixels.
_FILES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "image": (
        ("IMG_", "jpg", "image/jpeg", 4032, 3024),
        ("IMG_", "jpg", "image/jpeg", 3024, 4032),
        ("photo-", "jpg", "image/jpeg", 2048, 1536),
        ("receipt-", "jpg", "image/jpeg", 960, 1280),
        ("screenshot-", "png", "image/png", 1170, 2532),
        ("screenshot-", "png", "image/png", 1920, 1080),
    ),
    "video": (
        ("VID_", "mp4", "video/mp4", 1080, 1920),
        ("VID_", "mp4", "video/mp4", 1280, 720),
        ("clip-", "mov", "video/quicktime", 1920, 1080),
        ("screen-recording-", "webm", "video/webm", 1920, 1080),
    ),
    "audio": (
        ("voice-note-", "m4a", "audio/mp4"),
        ("voicemail-", "mp3", "audio/mpeg"),
        ("recording-", "ogg", "audio/ogg"),
    ),
}
_SECONDS = {"video": range(2, 120), "audio": range(1, 181)}
_BYTES = {"image": (0.1, 0.35), "video": (250_000, 1_250_000), "audio": (4_000, 16_000)}  # per pixel or second
_CITIES = ((52.52, 13.405), (48.857, 2.352), (40.417, -3.704), (-23.551, -46.633), (35.676, 139.65), (24.714, 46.675))


def attachment(random: Random, type: str) -> dict[str, Any]:
    """An attachment. A location is near the centre of a city, and has no id, since it is not a file."""
    if type == "location":
        latitude, longitude = (degrees + (random.random() - 0.5) / 20 for degrees in pick(random, _CITIES))
        return {"type": type, "data": f'{{"lat":{latitude:.6f},"lng":{longitude:.6f}}}'}
    stem, extension, content_type, *pixels = pick(random, _FILES[type])
    seconds = pick(random, _SECONDS[type]) if type in _SECONDS else 0
    file: dict[str, Any] = {
        "type": type,
        "id": str(10_000 + random.getrandbits(20)),
        "name": f"{stem}{1_000 + random.getrandbits(13)}.{extension}",
        "content-type": content_type,
    }
    file["size"] = int((seconds or prod(pixels)) * random.uniform(*_BYTES[type]))
    if pixels:
        file["width"], file["height"] = pixels
    if seconds:
        file["duration"] = seconds
    return file


# A number of images, a list of attachments, or the object of a request.
Attached = int | list[dict[str, Any]] | Mapping[str, dict[str, Any]]


def indexed(random: Random, attached: Attached) -> Mapping[str, dict[str, Any]]:
    """The documented form in a request: an object keyed "0", "1", ... Any other value is unchanged."""
    if isinstance(attached, int | list):
        return {str(index): each for index, each in enumerate(listed(random, attached))}
    return attached


def listed(random: Random, attached: Attached) -> list[dict[str, Any]]:
    """The documented form in a reply: a list, in index order."""
    if isinstance(attached, int):
        if attached < 0:
            raise ValueError(f"invalid attachments={attached}; expected 0 or greater")
        return [attachment(random, "image") for _ in range(attached)]
    return attached if isinstance(attached, list) else [attached[index] for index in sorted(attached, key=int)]
