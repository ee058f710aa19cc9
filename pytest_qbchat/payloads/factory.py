"""Realistic payloads: request bodies in the documented form, and QuickBlox's replies.

The random source of a Faker determines all payloads. Seed the Faker to get the same payloads again. They do not depend
on the clock or the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from random import Random
from typing import Any

from faker import Faker, Generator
from faker.providers import BaseProvider

from pytest_qbchat.payloads.attachments import ATTACHMENTS, attachment, indexed, listed
from pytest_qbchat.payloads.phrasebook import Phrasebook, phrasebook, pick
from pytest_qbchat.service.ids import is_object_id, timestamp
from pytest_qbchat.service.models import DialogType

# 2025-01-01T00:00:00Z. All payloads are from the following half year.
_EPOCH = 1_735_689_600

# Like those in QuickBlox's documentation.
_USER_IDS = range(96_000_000, 97_000_000)
_ATTACHMENTS = 2

_TAGS = ("customer", "customer,newsletter", "driver", "support")

# Parameters of a request that are not in its reply.
_CONTROLS = ("send_to_chat", "save_to_history", "system")

Names = str | Iterable[str]


class PayloadFactory:
    """Realistic QuickBlox payloads, in the locale of a Faker and from its random source.

    Each method takes fields as keyword arguments. They override fields of the payload, and the fields that must agree
    with them change too. Unknown fields are added as custom fields. `without` names one or several fields to omit; a
    name that the payload does not have raises ValueError.

        factory.message(message="Order #7 has shipped", attachments=0)
        factory.message(attachments=[factory.attachment("audio")], priority="high")
        factory.message(without="markable")

    Field names, forms and key order are documented unless stated otherwise; the values are made up.

    Args:
        faker: A `Faker`, of one locale or several, or a `faker.Generator`. When it is seeded again, the payloads
            repeat. Default: English, seeded with 0.
    """

    def __init__(self, faker: Faker | Generator | None = None) -> None:
        source = Generator().seed_instance(0) if faker is None else faker
        generators = _generators(source)
        self._generator = generators[0]
        self._phrasebooks = [phrasebook(_locale(generator)) for generator in generators]

    @property
    def _random(self) -> Random:
        return self._generator.random  # seeding the Faker can replace it

    @property
    def _phrases(self) -> Phrasebook:
        return pick(self._random, self._phrasebooks)

    def object_id(self) -> str:
        """An id in MongoDB's form: 24 hex digits. The first 8 are the second in which it was created (observed)."""
        return _object_id(self._random)

    def text(self) -> str:
        """A realistic text about orders, appointments, support, deliveries or payments, or small talk.

        Texts contain names, links, emoji and line breaks. They are in the language of the Faker's locale, or in English
        if that language has no texts.
        """
        return self._phrases.message(self._random)

    def attachment(self, type: str = "image", *, without: Names = (), **fields: Any) -> dict[str, Any]:
        """An attachment whose fields agree with each other.

        A file has `type`, `id` (a string), `name`, `content-type`, `size` in bytes, `width` and `height` in pixels
        (image, video), and `duration` in seconds (video, audio). A location has `type` and `data`, a JSON string with
        `lat` and `lng` in degrees (its form is assumed).

        Args:
            type: "image", "video", "audio" or "location", as documented. QuickBlox accepts any string; to send another
                type, set it in the result.
            without: Names of fields to omit.
            **fields: Fields to override or to add: `**{"content-type": "image/heic"}`.

        Raises:
            ValueError: The type is not documented, or `without` names an unknown field.
        """
        if type not in ATTACHMENTS:
            raise ValueError(f"unknown attachment type {type!r}; expected {', '.join(ATTACHMENTS)}")
        return _amended(attachment(self._random, type), fields, without)

    def message(self, *, without: Names = (), **fields: Any) -> dict[str, Any]:
        """The body of `POST /chat/Message.json`: a message that notifies the occupants and supports receipts.

        It has `chat_dialog_id`, `message`, `attachments` as an object keyed "0", "1", ..., `send_to_chat` and
        `markable`. Without `send_to_chat` the message is added to the history only. The argument `attachments` is a
        number of images (default 2; 0 omits the field), a list of attachments, or any other value, which is unchanged.
        """
        random = self._random
        body: dict[str, Any] = {"chat_dialog_id": _object_id(random), "message": self._phrases.message(random)}
        attached = fields.pop("attachments", _ATTACHMENTS)
        if attached not in (0, []):
            body["attachments"] = indexed(random, attached)
        body["send_to_chat"] = body["markable"] = 1
        return _amended(body, fields, without)

    def message_response(self, *, without: Names = (), **fields: Any) -> dict[str, Any]:
        """A message in the reply to `GET /chat/Message.json`, with its times, and read by its sender.

        The reply to a `POST` with `send_to_chat` differs: `created_at` and `updated_at` are null, `delivered_ids` and
        `read_ids` are empty.

        Keys are in alphabetical order, custom fields included, and `read` is last. `attachments` is a list;
        `recipient_id` is 0, as in a group; times are `YYYY-MM-DDTHH:MM:SSZ`. A message is delivered to every user
        that has read it (assumed); `read` is 1 if the recipient has read it (observed).

        The arguments may be the fields of a request; those that are not in a reply, such as `send_to_chat`, are
        omitted. `attachments` is as in `message()`. An `_id` or a `date_sent` (Unix seconds) determines all times.
        """
        random = self._random
        message_id, date_sent = _origin(random, fields.get("_id"), fields.get("date_sent"))
        sender = fields.get("sender_id", pick(random, _USER_IDS))
        recipient = fields.get("recipient_id", 0)
        readers = fields.get("read_ids", [sender, recipient] if recipient and fields.get("read") else [sender])
        record = {
            "_id": message_id,
            "attachments": listed(random, fields.pop("attachments", _ATTACHMENTS)),
            "chat_dialog_id": _object_id(random),
            "created_at": timestamp(date_sent),
            "date_sent": date_sent,
            "delivered_ids": [*readers],
            "markable": 1,
            "message": self._phrases.message(random),
            "read_ids": readers,
            "recipient_id": recipient,
            "sender_id": sender,
            "updated_at": timestamp(date_sent),
            "read": int(recipient in readers),
        }
        fields = {name: value for name, value in fields.items() if name not in _CONTROLS}
        record = _amended(record, fields, without)
        return {name: record[name] for name in sorted(record, key=lambda name: (name == "read", name))}

    def dialog(self, type: int = 2, *, without: Names = (), **fields: Any) -> dict[str, Any]:
        """The body of `POST /chat/Dialog.json`, of type 1 public group, 2 group or 3 private.

        It has `type`, `name`, `occupants_ids` (three, without the caller) and `photo` (a content id, as a string). A
        private dialog has one occupant and no `name`, because QuickBlox shows each user the name of the other.
        """
        if type not in [*DialogType]:
            known = ", ".join(f"{each.value} {each.name}" for each in DialogType)
            raise ValueError(f"unknown dialog type {type!r}; expected {known}")
        random = self._random
        private = type == DialogType.PRIVATE
        body = {
            "type": type,
            "name": self._phrases.dialog_name(random),
            "occupants_ids": sorted(random.sample(_USER_IDS, 1 if private else 3)),
            "photo": str(pick(random, range(10_000, 100_000))),
        }
        if private:
            del body["name"]
        return _amended(body, fields, without)

    def user(self, *, without: Names = (), **fields: Any) -> dict[str, Any]:
        """The body of `POST /users.json`: `{"user": {...}}`; fields and `without` are those of the user.

        It has `login`, `password` (long enough for QuickBlox), `email`, `full_name`, `phone` and `tag_list` (a string
        of tags, separated by commas).
        """
        random = self._random
        person = self._phrases.person(random)
        user = {
            "login": person.login,
            "password": f"made-up-{random.getrandbits(48):012x}",
            "email": f"{person.login}@example.com",
            "full_name": person.full_name,
            "phone": person.phone,
            "tag_list": pick(random, _TAGS),
        }
        return {"user": _amended(user, fields, without)}

    def conversation(self, length: int = 6, **fields: Any) -> list[dict[str, Any]]:
        """The bodies of the `POST /chat/Message.json` calls in which two people talk in one dialog.

        Args:
            length: The number of messages. Long conversations have several topics.
            **fields: As in `message()`, for every message. By default they have no attachments.
        """
        shared = {"chat_dialog_id": self.object_id(), "attachments": 0}
        turns = [*islice(self._phrases.conversation(self._random), length)]
        return [self.message(**{**shared, "message": text, **fields}) for _, text in turns]


class QuickBloxProvider(BaseProvider):
    """The methods of `PayloadFactory` as a Faker provider. The names start with `quickblox_`.

        faker.add_provider(QuickBloxProvider)
        faker.quickblox_message(attachments=0)

    In factory_boy: `factory.Faker("quickblox_message", attachments=0)`.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        payloads = PayloadFactory(generator)
        for name, method in vars(PayloadFactory).items():
            if not name.startswith("_") and callable(method):
                setattr(self, f"quickblox_{name}", getattr(payloads, name))


def _generators(source: Faker | Generator) -> list[Generator]:
    """One generator for each locale. A Faker of several locales contains one Faker for each."""
    if isinstance(source, Generator):
        return [source]
    return [generator for _, part in source.items() for generator in _generators(part)]


def _locale(generator: Generator) -> str:
    """The locale of a generator.

    Only its providers know it. A provider without data for the locale falls back to English or Latin, so a provider
    with any other language has the locale of the generator.
    """
    languages = (provider.__lang__ for provider in generator.providers)
    return next((each for each in languages if each and not each.startswith(("en", "la"))), "en_US")


def _object_id(random: Random) -> str:
    return f"{(_EPOCH << 64) + random.getrandbits(88):024x}"  # the upper 24 bits are seconds, up to 194 days


def _origin(random: Random, id: str | None, seconds: int | None) -> tuple[str, int]:
    """The id of a message and its time in seconds. The id starts with the time, so each determines the other."""
    drawn = _object_id(random)
    if seconds is None:
        seconds = int((id if id and is_object_id(id) else drawn)[:8], 16)
    return id or f"{seconds:08x}{drawn[8:]}", seconds


def _amended(payload: dict[str, Any], fields: Mapping[str, Any], without: Names) -> dict[str, Any]:
    """The payload with fields overridden, added and omitted."""
    payload.update(fields)
    if without:
        names = dict.fromkeys([without] if isinstance(without, str) else without)
        if unknown := [name for name in names if name not in payload]:
            raise ValueError(f"without: unknown field {', '.join(unknown)}; expected one of {', '.join(payload)}")
        for name in names:
            del payload[name]
    return payload
