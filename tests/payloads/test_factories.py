"""Payloads: documented, coherent, repeatable, and in the words of each locale."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from string import Formatter
from types import SimpleNamespace
from typing import Any

import factory as factory_boy
import pytest
from factory.random import reseed_random
from faker import Faker
from freezegun import freeze_time
from hypothesis import given, settings
from hypothesis import strategies as st

import pytest_qbchat
from pytest_qbchat.payloads.attachments import ATTACHMENTS
from pytest_qbchat.payloads.factory import PayloadFactory, QuickBloxProvider
from pytest_qbchat.payloads.phrasebook import available, phrasebook

LOCALES = ["ar_AA", "de_DE", "en_US", "es_ES", "fr_FR", "ja_JP", "pt_BR"]
EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
LINK = re.compile(r"https?://([\w.-]+)")
RESERVED = re.compile(r"(.+\.)?(example|example\.(com|net|org))")
JAPANESE = re.compile("[\u3040-\u9fff]")
TIME = "%Y-%m-%dT%H:%M:%SZ"

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
}

METHODS: dict[str, Callable[[Any], Any]] = {
    "object_id": lambda make: make.object_id(),
    "text": lambda make: make.text(),
    "attachment": lambda make: [make.attachment(each) for each in ATTACHMENTS],
    "message": lambda make: make.message(),
    "message_response": lambda make: make.message_response(),
    "dialog": lambda make: [make.dialog(each) for each in (1, 2, 3)],
    "user": lambda make: make.user(),
    "conversation": lambda make: make.conversation(12),
}

seeds = st.integers(0, 2**32)
examples = settings(deadline=None)


def seeded(seed: int, locale: Any = None) -> PayloadFactory:
    faker = Faker(locale)
    faker.seed_instance(seed)
    return PayloadFactory(faker)


@pytest.fixture
def factory() -> PayloadFactory:
    return PayloadFactory()


@pytest.fixture(params=LOCALES)
def locale(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def seconds_of(object_id: str) -> int:
    assert re.fullmatch("[0-9a-f]{24}", object_id)
    return int(object_id[:8], 16)


def unix(time: str) -> int:
    return int(datetime.strptime(time, TIME).replace(tzinfo=UTC).timestamp())


def everything(factory: Any) -> str:
    return json.dumps([make(factory) for make in METHODS.values()])


def json_of(locale: str) -> dict[str, Any]:
    path = Path(pytest_qbchat.__file__).with_name("payloads") / "texts" / f"{locale}.json"
    texts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def lines(locale: str) -> list[str]:
    """Every text of a locale that has slots to fill."""
    book = phrasebook(locale)
    return [*book.messages, *book.dialogs, *(line for thread in book.threads for _, line in thread)]


def as_thread(said: list[str], locale: str) -> re.Match[str] | None:
    """The thread of the locale with which the messages begin, if they do, and the values of its slots."""
    for thread in phrasebook(locale).threads:
        seen: set[str] = set()

        def slot(found: re.Match[str], seen: set[str] = seen) -> str:
            name = found[1]
            group = f"(?P={name})" if name in seen else f"(?P<{name}>[^\0]+)"
            seen.add(name)
            return group

        pattern = re.sub(r"\\{(\w+)\\}", slot, re.escape("\0".join(line for _, line in thread)))
        if match := re.fullmatch(pattern, "\0".join(said[: len(thread)])):
            return match
    return None


class TestMessage:
    @given(seeds)
    @examples
    def test_is_the_documented_body(self, seed: int) -> None:
        body = seeded(seed).message()

        assert list(body) == ["chat_dialog_id", "message", "attachments", "send_to_chat", "markable"]
        assert seconds_of(body["chat_dialog_id"])
        assert body["message"].strip()
        assert body["send_to_chat"] == body["markable"] == 1
        assert list(body["attachments"]) == ["0", "1"]
        assert all(type(each["id"]) is str and each["id"].isdecimal() for each in body["attachments"].values())
        assert json.loads(json.dumps(body)) == body

    @given(seeds, st.sampled_from(["chat_dialog_id", "message", "send_to_chat", "markable", "priority"]))
    @examples
    def test_overriding_a_field_changes_no_other(self, seed: int, name: str) -> None:
        overridden = seeded(seed).message(**{name: "mine"})

        assert overridden == {**seeded(seed).message(), name: "mine"}

    @given(seeds, st.integers(0, 12))
    @examples
    def test_takes_a_number_of_attachments(self, seed: int, count: int) -> None:
        body = seeded(seed).message(attachments=count)

        assert list(body.get("attachments", ())) == [str(index) for index in range(count)]
        assert ("attachments" in body) == bool(count)
        assert seeded(seed).message(without="attachments") == seeded(seed).message(attachments=0)

    def test_indexes_a_list_of_attachments(self, factory: PayloadFactory) -> None:
        voice, place = factory.attachment("audio"), factory.attachment("location")

        assert factory.message(attachments=[voice, place])["attachments"] == {"0": voice, "1": place}
        assert "attachments" not in factory.message(attachments=[])

    @pytest.mark.parametrize("attachments", [{"3": {"type": "link"}}, {}, None, "[object Object]"])
    def test_keeps_any_other_attachments(self, factory: PayloadFactory, attachments: object) -> None:
        assert factory.message(attachments=attachments)["attachments"] == attachments

    @pytest.mark.parametrize("make", ["message", "message_response"])
    def test_refuses_less_than_no_attachments(self, factory: PayloadFactory, make: str) -> None:
        with pytest.raises(ValueError, match="attachments=-1; expected 0 or greater"):
            getattr(factory, make)(attachments=-1)


class TestWithout:
    def test_leaves_out_one_field_or_several(self) -> None:
        whole = seeded(1).message()

        assert seeded(1).message(without="markable") == {n: v for n, v in whole.items() if n != "markable"}
        assert list(seeded(1).message(without=("markable", "send_to_chat"))) == [*whole][:3]
        assert list(seeded(1).message(without=iter(["message", "message"]))) == [n for n in whole if n != "message"]

    def test_leaves_out_custom_fields_too(self, factory: PayloadFactory) -> None:
        assert "priority" not in factory.message(priority="high", without="priority")

    @pytest.mark.parametrize(
        ("make", "fields"),
        [
            ("message", "chat_dialog_id, message, attachments, send_to_chat, markable"),
            ("attachment", "type, id, name, content-type, size, width, height"),
            ("dialog", "type, name, occupants_ids, photo"),
            ("user", "login, password, email, full_name, phone, tag_list"),
        ],
    )
    def test_names_the_fields_there_are(self, factory: PayloadFactory, make: str, fields: str) -> None:
        with pytest.raises(ValueError, match=rf"^without: unknown field colour, flavour; expected one of {fields}$"):
            getattr(factory, make)(without=["colour", "flavour"])

    def test_is_checked_in_replies(self, factory: PayloadFactory) -> None:
        with pytest.raises(ValueError, match=r"^without: unknown field send_to_chat; expected one of "):
            factory.message_response(without="send_to_chat")


class TestAttachment:
    @pytest.mark.parametrize("type", ["image", "video", "audio"])
    @given(seed=seeds)
    @examples
    def test_files_are_coherent(self, type: str, seed: int) -> None:
        file = seeded(seed).attachment(type)

        assert file["type"] == type
        assert file["id"].isdecimal()
        assert file["content-type"].startswith(f"{type}/")
        assert file["name"].endswith(f".{EXTENSIONS[file['content-type']]}")
        assert ("width" in file) == ("height" in file) == (type != "audio")
        assert ("duration" in file) == (type != "image")
        assert 0 < file.get("duration", 1) <= 180
        if type == "image":
            assert 0.1 <= file["size"] / (file["width"] * file["height"]) <= 0.35
        else:
            assert 4_000 <= file["size"] / file["duration"] <= 1_250_000

    @given(seeds)
    @examples
    def test_a_location_is_no_file(self, seed: int) -> None:
        location = seeded(seed).attachment("location")
        place = json.loads(location.pop("data"))

        assert location == {"type": "location"}
        assert list(place) == ["lat", "lng"]
        assert -90 <= place["lat"] <= 90
        assert -180 <= place["lng"] <= 180

    def test_takes_fields(self, factory: PayloadFactory) -> None:
        photo = factory.attachment(id="47863", **{"content-type": "image/heic"}, without=("name", "size"))

        assert photo == {
            "type": "image",
            "id": "47863",
            "content-type": "image/heic",
            "width": photo["width"],
            "height": photo["height"],
        }

    @pytest.mark.parametrize("type", ["photo", "file", "", None])
    def test_refuses_undocumented_types(self, factory: PayloadFactory, type: Any) -> None:
        with pytest.raises(ValueError, match=f"{type!r}; expected image, video, audio, location"):
            factory.attachment(type)


class TestMessageResponse:
    @given(seeds)
    @examples
    def test_is_a_listed_record(self, seed: int) -> None:
        record = seeded(seed).message_response(age="25", zone="north")

        assert list(record) == [*sorted(record.keys() - {"read"}), "read"]
        assert record.keys() >= {"_id", "age", "zone", "markable"}
        assert seconds_of(record["_id"]) == record["date_sent"]
        assert unix(record["created_at"]) == unix(record["updated_at"]) == record["date_sent"]
        assert record["delivered_ids"] == record["read_ids"] == [record["sender_id"]]
        assert (record["recipient_id"], record["read"]) == (0, 0)
        assert [each["type"] for each in record["attachments"]] == ["image", "image"]

    @given(seeds, st.integers(0, 12))
    @examples
    def test_takes_a_request(self, seed: int, count: int) -> None:
        request = seeded(seed).message(attachments=count, priority="high", save_to_history=1, system=1)
        record = PayloadFactory().message_response(**request)

        assert record["attachments"] == [*request.get("attachments", {}).values()] or not count
        assert record.items() >= {n: request[n] for n in ("chat_dialog_id", "message", "markable", "priority")}.items()
        assert record.keys().isdisjoint({"send_to_chat", "save_to_history", "system"})

    def test_lists_attachments_in_index_order(self, factory: PayloadFactory) -> None:
        keyed = {str(index): {"id": str(index)} for index in (10, 9, 0)}

        assert factory.message_response(attachments=keyed)["attachments"] == [{"id": "0"}, {"id": "9"}, {"id": "10"}]
        assert factory.message_response(attachments=[{"id": "1"}])["attachments"] == [{"id": "1"}]
        assert factory.message_response(attachments=0)["attachments"] == []

    def test_the_id_tells_the_times(self, factory: PayloadFactory) -> None:
        record = factory.message_response(_id="5d76b657a28f9a0cc7cb0f99")

        assert record["date_sent"] == 1568061015
        assert record["created_at"] == record["updated_at"] == "2019-09-09T20:30:15Z"

    def test_date_sent_tells_the_id(self, factory: PayloadFactory) -> None:
        record = factory.message_response(date_sent=1568061015)

        assert record["_id"].startswith("5d76b657")
        assert record["created_at"] == "2019-09-09T20:30:15Z"

    def test_keeps_an_id_that_tells_no_time(self) -> None:
        assert seeded(5).message_response(_id="m-1") == {**seeded(5).message_response(), "_id": "m-1"}

    @pytest.mark.parametrize(
        ("fields", "delivered_ids", "read_ids", "read"),
        [
            ({"recipient_id": 2}, [1], [1], 0),
            ({"recipient_id": 2, "read": 1}, [1, 2], [1, 2], 1),
            ({"recipient_id": 2, "read_ids": [1, 2]}, [1, 2], [1, 2], 1),
            ({"recipient_id": 2, "delivered_ids": [1, 2]}, [1, 2], [1], 0),
            ({"recipient_id": None}, [1], [1], 0),
            ({"read_ids": [1, 3]}, [1, 3], [1, 3], 0),
        ],
    )
    def test_receipts_agree(
        self, factory: PayloadFactory, fields: dict[str, Any], delivered_ids: list[int], read_ids: list[int], read: int
    ) -> None:
        record = factory.message_response(sender_id=1, **fields)

        assert (record["delivered_ids"], record["read_ids"], record["read"]) == (delivered_ids, read_ids, read)
        assert record["delivered_ids"] is not record["read_ids"]


class TestDialog:
    @given(seeds, st.sampled_from([1, 2, 3]))
    @examples
    def test_is_the_documented_body(self, seed: int, type: int) -> None:
        body = seeded(seed).dialog(type)
        occupants = body["occupants_ids"]

        assert body["type"] == type
        assert bool(body.get("name")) == (type != 3)
        assert len(occupants) == (1 if type == 3 else 3)
        assert occupants == sorted(set(occupants))
        assert body["photo"].isdecimal()

    @pytest.mark.parametrize("type", [0, 4, "2"])
    def test_refuses_other_types(self, factory: PayloadFactory, type: Any) -> None:
        with pytest.raises(ValueError, match=f"{type!r}; expected 1 PUBLIC_GROUP, 2 GROUP, 3 PRIVATE"):
            factory.dialog(type)


class TestUser:
    def test_is_the_documented_body(self, locale: str) -> None:
        user = seeded(2, locale).user()["user"]

        assert list(user) == ["login", "password", "email", "full_name", "phone", "tag_list"]
        assert user["email"] == f"{user['login']}@example.com"
        assert re.fullmatch(r"[a-z]+\.[a-z]+\d{5}", user["login"])
        assert re.fullmatch(r"\+[\d -]+", user["phone"])
        assert len(user["password"]) >= 8

    def test_takes_fields_of_the_user(self, factory: PayloadFactory) -> None:
        user = factory.user(login="nora", custom_data="{}", without="phone")["user"]

        assert (user["login"], user["custom_data"]) == ("nora", "{}")
        assert "phone" not in user


class TestConversation:
    @given(seeds, st.integers(0, 40))
    @examples
    def test_all_bodies_go_to_one_dialog(self, seed: int, length: int) -> None:
        bodies = seeded(seed).conversation(length)

        assert len(bodies) == length
        assert len({body["chat_dialog_id"] for body in bodies}) == min(length, 1)
        assert all(body.keys() == {"chat_dialog_id", "message", "send_to_chat", "markable"} for body in bodies)

    def test_reads_as_an_exchange(self, locale: str) -> None:
        """Whole threads one after another, each with the same facts from start to end, all between the same two."""
        said = [body["message"] for body in seeded(3, locale).conversation(60)]
        found = [match for index in range(len(said)) if (match := as_thread(said[index:], locale))]

        assert as_thread(said, locale)
        assert len(found) >= 5
        for role in ("name", "agent", "company"):
            assert len({match[role] for match in found if role in match.groupdict()}) == 1

    def test_passes_fields_on_to_every_message(self, factory: PayloadFactory) -> None:
        bodies = factory.conversation(3, chat_dialog_id="d", attachments=1, without="markable", priority="high")

        assert {(body["chat_dialog_id"], body["priority"], *body["attachments"]) for body in bodies} == {
            ("d", "high", "0")
        }
        assert all("markable" not in body for body in bodies)

    def test_does_not_depend_on_what_the_messages_have_attached(self) -> None:
        with_photos = seeded(4).conversation(20, attachments=2)

        assert [body["message"] for body in with_photos] == [body["message"] for body in seeded(4).conversation(20)]

    def test_refuses_a_negative_length(self, factory: PayloadFactory) -> None:
        with pytest.raises(ValueError, match="0 <= x"):
            factory.conversation(-1)


class TestSeeding:
    @pytest.mark.parametrize("name", METHODS)
    @given(seed=seeds)
    @examples
    def test_same_seed_same_payloads(self, name: str, seed: int) -> None:
        make = METHODS[name]
        faker = Faker()
        factory = PayloadFactory(faker)
        faker.seed_instance(seed)
        first = [make(factory) for _ in range(8)]

        faker.seed_instance(seed)
        assert [make(factory) for _ in range(8)] == first
        fresh, other = seeded(seed), seeded(seed + 1)
        assert [make(fresh) for _ in range(8)] == first
        assert [make(other) for _ in range(8)] != first

    def test_default_is_english_seeded_with_0(self) -> None:
        assert everything(PayloadFactory()) == everything(seeded(0, "en_US"))

    def test_follows_a_random_source_put_in_place_of_another(self) -> None:
        faker = Faker()
        factory = PayloadFactory(faker)
        faker.random = Random(9)

        assert everything(factory) == everything(seeded(9))

    def test_the_date_does_not_matter(self) -> None:
        with freeze_time("2031-05-17"):
            elsewhen = everything(seeded(1))

        assert elsewhen == everything(seeded(1))

    @pytest.mark.parametrize("hash_seed", ["0", pytest.param("4242", marks=pytest.mark.long)])
    def test_the_process_does_not_matter(self, hash_seed: str) -> None:
        told = subprocess.run(
            [sys.executable, __file__],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        )

        assert told.stdout == everything(seeded(1, "ja_JP"))

    def test_imports_neither_pytest_nor_an_http_client(self) -> None:
        script = "import sys, pytest_qbchat.payloads.factory; print({'pytest', 'httpx', 'respx'} & sys.modules.keys())"
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)

        assert told.stdout.strip() == "set()"


class TestLocales:
    def test_each_has_its_own_texts(self) -> None:
        assert list(available()) == LOCALES
        assert len({seeded(1, locale).text() for locale in LOCALES}) == len(LOCALES)

    @pytest.mark.parametrize(
        ("locale", "texts"),
        [
            ("de_AT", "de_DE"),
            ("de", "de_DE"),
            ("fr-CA", "fr_FR"),
            ("es_MX", "es_ES"),
            ("pt_PT", "pt_BR"),
            ("ar_SA", "ar_AA"),
            ("en_GB", "en_US"),
            ("zh_CN", "en_US"),
            ("la", "en_US"),
        ],
    )
    def test_others_fall_back(self, locale: str, texts: str) -> None:
        assert everything(seeded(1, locale)) == everything(seeded(1, texts))

    @pytest.mark.parametrize("name", ["de_AT", "de", "xx_XX", ""])
    def test_a_phrasebook_is_made_once(self, name: str) -> None:
        assert phrasebook(name) is phrasebook("de_DE" if name.startswith("de") else "en_US")

    def test_a_generator_has_a_locale_too(self, locale: str) -> None:
        generator = Faker(locale).factories[0]
        generator.seed_instance(1)

        assert everything(PayloadFactory(generator)) == everything(seeded(1, locale))

    def test_several_locales_take_turns(self) -> None:
        mixed = seeded(1, ["de_DE", "ja_JP"])
        japanese = [bool(JAPANESE.search(mixed.text())) for _ in range(100)]

        assert 20 < sum(japanese) < 80
        assert everything(seeded(1, ["de_DE", "ja_JP"])) == everything(seeded(1, ["de_DE", "ja_JP"]))

    def test_each_locale_has_enough_texts(self, locale: str) -> None:
        texts = json_of(locale)

        assert len(set(texts["messages"])) == len(texts["messages"]) >= 25
        assert len(set(texts["dialogs"])) == len(texts["dialogs"]) >= 10
        assert len(texts["threads"]) >= 4
        assert all(len(thread) >= 6 for thread in texts["threads"])

    def test_every_line_can_be_filled(self, locale: str) -> None:
        filled = [phrasebook(locale).fill(Random(seed), line) for line in lines(locale) for seed in range(5)]

        assert [text for text in filled if re.search(r"[{}]", text) or text != text.strip() or not text] == []

    def test_every_slot_is_used(self, locale: str) -> None:
        used = {slot for line in lines(locale) for _, slot, _, _ in Formatter().parse(line)}

        assert set(json_of(locale)["slots"]) <= used

    def test_links_lead_to_reserved_domains(self, locale: str) -> None:
        hosts = LINK.findall(json.dumps(json_of(locale), ensure_ascii=False))

        assert hosts
        assert [host for host in hosts if not RESERVED.fullmatch(host)] == []

    def test_messages_contain_emoji_newlines_quotes_links_and_questions(self, locale: str) -> None:
        messages = [phrasebook(locale).fill(Random(0), text) for text in phrasebook(locale).messages]

        assert any(EMOJI.search(text) for text in messages)
        assert any("\n" in text for text in messages)
        assert any(re.search('["„«「]', text) for text in messages)
        assert any(LINK.search(text) for text in messages)
        assert any("?" in text or "\uff1f" in text or "\u061f" in text for text in messages)
        if locale != "en_US":
            letters = [EMOJI.sub("", text) for text in messages]
            assert sum(not text.isascii() for text in letters) > len(letters) / 2

    def test_both_sides_write_one_of_the_first_two_lines(self, locale: str) -> None:
        assert [[speaker for speaker, _ in thread][:2] for thread in phrasebook(locale).threads] == [
            [0, 1] for _ in phrasebook(locale).threads
        ]

    def test_customers_and_agents_have_different_names(self, locale: str) -> None:
        slots = json_of(locale)["slots"]

        assert set(slots["name"]).isdisjoint(slots["agent"])

    def test_logins_are_ascii(self, locale: str) -> None:
        texts = json_of(locale)
        logins = [*texts["first_names"].values(), *texts["last_names"].values()]

        assert [login for login in logins if not re.fullmatch("[a-z]+", login)] == []


class TestProvider:
    @pytest.fixture
    def faker(self) -> Faker:
        faker = Faker("fr_FR")
        faker.add_provider(QuickBloxProvider)
        faker.seed_instance(6)
        return faker

    def test_offers_every_payload(self, faker: Faker) -> None:
        names = [name for name in dir(PayloadFactory) if not name.startswith("_")]
        provided = SimpleNamespace(**{name: getattr(faker, f"quickblox_{name}") for name in names})

        assert names == sorted(METHODS)
        assert everything(provided) == everything(seeded(6, "fr_FR"))

    def test_takes_the_same_arguments(self, faker: Faker) -> None:
        assert faker.quickblox_message(message="Bonjour", attachments=0, without="markable").keys() == {
            "chat_dialog_id",
            "message",
            "send_to_chat",
        }

    def test_a_copied_faker_draws_from_its_own_source(self, faker: Faker) -> None:
        copied = copy.deepcopy(faker)
        expected = [seeded(6, "fr_FR").message()] * 2

        assert [copied.quickblox_message(), faker.quickblox_message()] == expected

    def test_serves_factory_boy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(factory_boy.Faker, "_FAKER_REGISTRY", {})
        factory_boy.Faker.add_provider(QuickBloxProvider)

        class Post(factory_boy.DictFactory):  # type: ignore[misc]
            url = "https://api.quickblox.com/chat/Message.json"
            json = factory_boy.Faker("quickblox_message", attachments=0, priority="high")

        reseed_random("qbchat")
        posts = Post.build_batch(2)
        reseed_random("qbchat")

        assert posts == Post.build_batch(2)
        assert posts[0] != posts[1]
        assert posts[0]["json"].keys() == {"chat_dialog_id", "message", "send_to_chat", "markable", "priority"}


if __name__ == "__main__":  # what test_the_process_does_not_matter runs
    sys.stdout.write(everything(seeded(1, "ja_JP")))
