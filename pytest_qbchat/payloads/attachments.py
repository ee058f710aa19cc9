"""Made-up attachments whose fields agree with each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from pytest_qbchat.payloads.phrasebook import pick

# Prefix and extension of the file name, content type, width and height in pixels.
_IMAGES = (
    ("IMG_", "jpg", "image/jpeg", 4032, 3024),
    ("IMG_", "jpg", "image/jpeg", 3024, 4032),
    ("photo-", "jpg", "image/jpeg", 2048, 1536),
    ("receipt-", "jpg", "image/jpeg", 960, 1280),
    ("screenshot-", "png", "image/png", 1170, 2532),
    ("screenshot-", "png", "image/png", 1920, 1080),
)
_VIDEOS = (
    ("VID_", "mp4", "video/mp4", 1080, 1920),
    ("VID_", "mp4", "video/mp4", 1280, 720),
    ("clip-", "mov", "video/quicktime", 1920, 1080),
    ("screen-recording-", "webm", "video/webm", 1920, 1080),
)
_SOUNDS = (
    ("voice-note-", "m4a", "audio/mp4"),
    ("voicemail-", "mp3", "audio/mpeg"),
    ("recording-", "ogg", "audio/ogg"),
)
_CITIES = ((52.52, 13.405), (48.857, 2.352), (40.417, -3.704), (-23.551, -46.633), (35.676, 139.65), (24.714, 46.675))


def image(random: Random) -> dict[str, Any]:
    """A photo or a screenshot, with 0.1 to 0.35 bytes per pixel."""
    stem, extension, content_type, width, height = pick(random, _IMAGES)
    return _file(random, "image", stem, extension, content_type) | {
        "size": int(width * height * (0.1 + 0.25 * random.random())),
        "width": width,
        "height": height,
    }


def video(random: Random) -> dict[str, Any]:
    """A video of up to two minutes, with 0.25 to 1.25 MB per second."""
    stem, extension, content_type, width, height = pick(random, _VIDEOS)
    duration = 2 + int(118 * random.random())
    return _file(random, "video", stem, extension, content_type) | {
        "size": int(duration * (250_000 + 1_000_000 * random.random())),
        "width": width,
        "height": height,
        "duration": duration,
    }


def audio(random: Random) -> dict[str, Any]:
    """A recording of up to three minutes, with 4 to 16 kB per second."""
    stem, extension, content_type = pick(random, _SOUNDS)
    duration = 1 + int(180 * random.random())
    return _file(random, "audio", stem, extension, content_type) | {
        "size": int(duration * (4_000 + 12_000 * random.random())),
        "duration": duration,
    }


def location(random: Random) -> dict[str, Any]:
    """A place near the centre of a city. It is not a file, so it has no id."""
    latitude, longitude = pick(random, _CITIES)
    latitude += (random.random() - 0.5) / 20
    longitude += (random.random() - 0.5) / 20
    return {"type": "location", "data": f'{{"lat":{latitude:.6f},"lng":{longitude:.6f}}}'}


def _file(random: Random, type: str, stem: str, extension: str, content_type: str) -> dict[str, Any]:
    return {
        "type": type,
        "id": str(10_000 + random.getrandbits(20)),
        "name": f"{stem}{1_000 + random.getrandbits(13)}.{extension}",
        "content-type": content_type,
    }


# The types that QuickBlox documents. It accepts any string; older clients sent "photo" (observed).
ATTACHMENTS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "image": image,
    "video": video,
    "audio": audio,
    "location": location,
}

# A number of images, a list of attachments, or the object of a request.
Attached = int | list[dict[str, Any]] | Mapping[str, dict[str, Any]]


def indexed(random: Random, attached: Attached) -> Mapping[str, dict[str, Any]]:
    """The documented form in a request: an object keyed "0", "1", ... Any other value is unchanged."""
    if isinstance(attached, int):
        attached = _images(random, attached)
    if isinstance(attached, list):
        return {str(index): attachment for index, attachment in enumerate(attached)}
    return attached


def listed(random: Random, attached: Attached) -> list[dict[str, Any]]:
    """The documented form in a reply: a list, in index order."""
    if isinstance(attached, int):
        return _images(random, attached)
    if isinstance(attached, list):
        return attached
    return [attached[index] for index in sorted(attached, key=int)]


def _images(random: Random, count: int) -> list[dict[str, Any]]:
    if count < 0:
        raise ValueError(f"invalid attachments={count}; expected 0 or greater")
    return [image(random) for _ in range(count)]
