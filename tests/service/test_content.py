"""Uploaded files: declared, sent to the storage, completed, listed, changed, deleted and downloaded again."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.clock import freeze_time
from support.profile import sized
from support.uploads import split
from support.ways import TLS, TOKEN

from pytest_qbchat import FakeQuickBlox, QuickBloxWarning

API = "https://api.quickblox.com"
AUTHOR = {"QB-Token": TOKEN}
READER = {"QB-Token": "made-up-token-of-a-reader"}
PHOTO = b"\xff\xd8 a dented bumper \xff\xd9"
KEY = {"Authorization": "ApiKey made-up-key-of-the-shop"}
NOT_FOUND = {"errors": ["The resource wasn't found"]}
NO_PERMISSION = {"errors": ["You don't have appropriate permissions to perform this operation"]}
BLOB_KEYS = [
    "id", "uid", "content_type", "name", "size", "created_at", "updated_at", "blob_status", "set_completed_at",
    "public",
]  # fmt: skip


@pytest.fixture
def client(qbchat: FakeQuickBlox) -> Iterator[httpx.Client]:
    """A client of the author of the files, 10; the reader is 20."""
    qbchat.add_session(TOKEN, 10)
    qbchat.add_session(READER["QB-Token"], 20)
    with httpx.Client(verify=TLS, base_url=API, headers=AUTHOR) as client:
        yield client


def declare(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    body = {"blob": {"name": "bumper.jpg", "content_type": "image/jpeg"} | fields}
    response = client.post("/blobs.json", json=body)
    assert response.status_code == 201
    blob: dict[str, Any] = response.json()["blob"]
    return blob


def upload(blob: dict[str, Any], content: bytes, name: str = "bumper.jpg", type: str = "image/jpeg") -> httpx.Response:
    url, fields = split(blob["blob_object_access"]["params"])
    return httpx.post(url, data=fields, files={"file": (name, content, type)}, verify=TLS)


def stored(client: httpx.Client, content: bytes = PHOTO, **fields: Any) -> dict[str, Any]:
    """A file on its whole way."""
    blob = declare(client, **fields)
    assert upload(blob, content).status_code == 201
    assert client.put(f"/blobs/{blob['id']}/complete.json", json={"blob": {"size": len(content)}}).status_code == 200
    return blob


# --- the whole way ---


def test_a_declared_file_is_shown_without_what_only_the_upload_will_tell(
    qbchat: FakeQuickBlox, client: httpx.Client
) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        blob = declare(client)

    access = blob.pop("blob_object_access")
    assert list(blob) == [*BLOB_KEYS, "account_id", "app_id"]
    assert blob == {
        "id": qbchat.blobs.one().id,
        "uid": qbchat.blobs.one().uid,
        "content_type": "image/jpeg",
        "name": "bumper.jpg",
        "size": None,
        "created_at": "2026-01-01T12:00:00Z",
        "updated_at": "2026-01-01T12:00:00Z",
        "blob_status": None,
        "set_completed_at": None,
        "public": False,
        "account_id": 55,
        "app_id": 99999,
    }
    assert len(blob["uid"]) == 32
    params = access.pop("params")
    assert access.pop("id") != blob["id"]
    assert access == {
        "blob_id": blob["id"],
        "expires": "2026-01-01T13:00:00Z",
        "object_access_type": "Write",
    }
    url, fields = split(params)
    assert url == f"{API}/blobs/{blob['id']}/upload/"
    assert (fields["key"], fields["content_type"], fields["acl"]) == (blob["uid"], "image/jpeg", "authenticated-read")
    assert fields["expires"] == "2026-01-01 13:00:00 UTC"
    assert [name for name in fields if not name.startswith("x-amz-")] == [
        "acl",
        "content_type",
        "expires",
        "key",
        "policy",
        "success_action_status",
    ]
    assert fields["success_action_status"] == "201"


def test_an_upload_needs_the_key_and_the_file_alone(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = declare(client)
    url = f"{API}/blobs/{blob['id']}/upload"
    response = httpx.post(url, files={"file": PHOTO, "key": (None, blob["uid"])}, verify=TLS)
    assert (response.status_code, response.content) == (201, b"")
    assert qbchat.blobs.one().content == PHOTO


@pytest.mark.parametrize(
    ("id", "form", "refused"),
    [
        (1, {"key": b"any", "file": PHOTO}, (404, NOT_FOUND)),
        (0, {"key": b"another", "file": PHOTO}, (403, NO_PERMISSION)),
        (0, {"file": PHOTO}, (400, {"errors": ["The request has no key or no file"]})),
        (0, {"key": b"\xff", "file": PHOTO}, (403, NO_PERMISSION)),
        (0, {"key": b"", "file": PHOTO}, (400, {"errors": ["The request has no key or no file"]})),
        (0, {"key": b"any"}, (400, {"errors": ["The request has no key or no file"]})),
        (0, {"key": b"any", "photo": PHOTO}, (400, {"errors": ["The request has no key or no file"]})),
    ],
    ids=repr,
)
def test_an_upload_that_lacks_something_is_refused(
    qbchat: FakeQuickBlox, client: httpx.Client, id: int, form: dict[str, bytes], refused: Any
) -> None:
    blob = declare(client)
    files = {name: (None, content) for name, content in form.items()}
    response = httpx.post(f"{API}/blobs/{blob['id'] + id}/upload/", files=files, verify=TLS)
    assert (response.status_code, response.json()) == refused
    assert qbchat.blobs.one().content is None
    assert qbchat.calls.last.reason


@pytest.mark.parametrize("suffix", ["", ".json", ".xml"])
@pytest.mark.parametrize("key", ["id", "uid"])
def test_a_file_is_downloaded_by_either_key(client: httpx.Client, key: str, suffix: str) -> None:
    blob = stored(client)
    path = f"/blobs/{blob[key]}/download{suffix}"
    assert client.get(path).status_code == 301
    assert client.get(path, follow_redirects=True).content == PHOTO
    by_parameter = httpx.get(API + path, params={"token": TOKEN}, verify=TLS, follow_redirects=True)
    assert by_parameter.content == PHOTO
    assert httpx.get(API + path, verify=TLS).status_code == 401


@pytest.mark.parametrize("key", ["id", "uid"])
def test_a_public_file_is_downloaded_without_a_token(client: httpx.Client, key: str) -> None:
    blob = stored(client, public=True)
    assert httpx.get(f"{API}/blobs/{blob[key]}/download", verify=TLS, follow_redirects=True).content == PHOTO


def test_the_private_file_of_another_user_is_not_downloaded_by_id(client: httpx.Client) -> None:
    blob = stored(client)
    assert client.get(f"/blobs/{blob['id']}/download", headers=READER).status_code == 403
    assert client.get(f"/blobs/{blob['uid']}/download", headers=READER).status_code == 301


@pytest.mark.parametrize("key", ["1", "b10b"])
def test_a_missing_file_is_not_downloaded(client: httpx.Client, key: str) -> None:
    response = client.get(f"/blobs/{key}/download")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize("form", [{"data": {"size": "5"}}, {"json": {"size": 5}}, {"json": {"blob": {"size": 5}}}])
def test_the_size_of_a_complete_file_stands_in_either_place(
    qbchat: FakeQuickBlox, client: httpx.Client, form: Any
) -> None:
    blob = declare(client)
    upload(blob, b"hello")
    assert client.put(f"/blobs/{blob['id']}/complete.json", **form).status_code == 200
    assert (qbchat.blobs.one().size, qbchat.blobs.one().blob_status) == (5, "complete")


@pytest.mark.parametrize(
    ("encoding", "public"),
    [("json", True), ("json", 1), ("json", "1"), ("data", "true"), ("data", "1")],
    ids=repr,
)
def test_a_file_is_public_if_the_request_says_so(client: httpx.Client, encoding: Any, public: Any) -> None:
    given = {"name": "a", "content_type": "text/plain", "public": public}
    body = {"blob": given} if encoding == "json" else {f"blob[{name}]": value for name, value in given.items()}
    blob = client.post("/blobs.json", **{encoding: body}).json()["blob"]
    assert blob["public"] is True
    assert split(blob["blob_object_access"]["params"])[1]["acl"] == "public-read"


@pytest.mark.parametrize("public", [False, 0, "0", "false", None, "", "yes"], ids=repr)
def test_a_file_is_private_otherwise(client: httpx.Client, public: Any) -> None:
    assert declare(client, public=public)["public"] is False


def test_the_address_of_an_upload_works_without_its_last_slash(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    url, fields = split(declare(client)["blob_object_access"]["params"])
    assert url.endswith("/")
    assert httpx.post(url.rstrip("/"), data=fields, files={"file": PHOTO}, verify=TLS).status_code == 201
    assert qbchat.blobs.one().content == PHOTO


def test_the_address_of_an_upload_works_with_its_query(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    address = declare(client)["blob_object_access"]["params"]
    assert httpx.post(address, data=split(address)[1], files={"file": PHOTO}, verify=TLS).status_code == 201
    assert qbchat.blobs.one().content == PHOTO


def test_a_file_may_be_uploaded_again(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = stored(client)
    assert upload(blob, b"a better photo").status_code == 201
    assert qbchat.blobs.one().content == b"a better photo"


def test_completing_sets_the_size_the_status_and_the_time(client: httpx.Client) -> None:
    with freeze_time("2026-01-01 12:00:00") as clock:
        blob = declare(client)
        upload(blob, PHOTO)
        clock.tick(60)
        client.put(f"/blobs/{blob['id']}/complete.json", data={"blob[size]": str(len(PHOTO))})
        shown = client.get(f"/blobs/{blob['id']}.json").json()["blob"]
    assert (shown["size"], shown["blob_status"]) == (len(PHOTO), "complete")
    assert shown["set_completed_at"] == shown["updated_at"] == "2026-01-01T12:01:00Z"
    assert shown["created_at"] == "2026-01-01T12:00:00Z"


def test_completing_without_an_upload_gives_a_warning(client: httpx.Client) -> None:
    blob = declare(client)
    with pytest.warns(QuickBloxWarning, match=f"blob {blob['id']}: is empty, since nothing was uploaded to"):
        assert client.put(f"/blobs/{blob['id']}/complete.json", json={"blob": {"size": 5}}).status_code == 200


def test_completing_with_another_size_gives_a_warning(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = declare(client)
    upload(blob, b"12345")
    with pytest.warns(QuickBloxWarning, match=r"blob\[size\]: is 4, but 5 bytes were uploaded"):
        assert client.put(f"/blobs/{blob['id']}/complete.json", json={"blob": {"size": 4}}).status_code == 200
    assert qbchat.blobs.one().size == 4


# --- bytes ---

BOUNDARY = "made-up-boundary"
AWKWARD = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(
            [b"\r", b"\n", b"\r\n", b"--", f"--{BOUNDARY[:-1]}".encode(), b"\r\n\r\nContent-Disposition: form-data\r\n"]
        ),
    ),
    max_size=8,
).map(b"".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=sized(15, 60))
@given(content=AWKWARD, name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
@example(content=b"", name="empty.bin")
@example(content=b"\r", name="Grüße 👋.txt")
@example(content=b"a\r\nb\rc\nd\x00\x85\xe2\x80\xa8\r\n", name='"quoted"; name="file".txt')
@example(content=b"\r\n" * 9000, name="many lines")
def test_any_bytes_come_back_identical(client: httpx.Client, content: bytes, name: str) -> None:
    blob = declare(client, name=name, public=True)
    url, fields = split(blob["blob_object_access"]["params"])
    label = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    sent = httpx.post(url, data=fields, files={"file": (name, content, "image/jpeg")}, headers=label, verify=TLS)
    assert sent.status_code == 201
    downloaded = httpx.get(f"{API}/blobs/{blob['uid']}", follow_redirects=True, verify=TLS)
    assert downloaded.content == content
    assert client.get(f"/blobs/{blob['id']}.json").json()["blob"]["name"] == name


@pytest.mark.parametrize("type", ["message/rfc822", "multipart/mixed; boundary=inner", "text/plain; charset=utf-16"])
def test_the_content_of_a_file_is_not_parsed(qbchat: FakeQuickBlox, client: httpx.Client, type: str) -> None:
    mail = EmailMessage()
    mail["Subject"] = "A mail that is a file"
    mail.set_content("Grüße")
    mail.add_attachment(PHOTO, maintype="image", subtype="jpeg")
    assert upload(declare(client, content_type=type), mail.as_bytes(), "a.eml", type).status_code == 201
    assert qbchat.blobs.one().content == mail.as_bytes()


# --- uploads that the storage refuses ---


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.text.partition("<Code>")[2].partition("</Code>")[0]


KEY_FIELD = b'\r\n--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nb10b'
FILE_FIELD = b'\r\n--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello'


def form(parameter: str, body: bytes) -> dict[str, Any]:
    return {"content": body, "headers": {"Content-Type": f"multipart/form-data{parameter}"}}


@pytest.mark.parametrize(
    "kwargs",
    [
        pytest.param({"json": {"key": "b10b", "file": "hello"}}, id="JSON"),
        pytest.param({"content": b"hello"}, id="no label"),
        pytest.param(form("", KEY_FIELD + FILE_FIELD), id="no boundary"),
        pytest.param(form("; boundary*=utf-8''%E2%82%AC", b""), id="a boundary that no body can have"),
        pytest.param(
            form("; boundary=b", KEY_FIELD + FILE_FIELD.partition(b"\r\n\r\n")[0]), id="a part that is cut off"
        ),
        pytest.param(
            {"content": b"--b\r\n\r\nno head\r\n--b--", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            id="a part without a name",
        ),
    ],
)
def test_an_upload_that_is_no_multipart_form_is_refused(
    qbchat: FakeQuickBlox, client: httpx.Client, kwargs: dict[str, Any]
) -> None:
    response = httpx.post(f"{API}/blobs/{declare(client)['id']}/upload/", verify=TLS, **kwargs)
    assert (response.status_code, response.json()) == (400, {"errors": ["The request has no key or no file"]})
    assert qbchat.calls.last.reason == (
        "the upload lacks key or file; send a multipart form with key, the uid of the blob, then file"
    )


# --- downloads ---


def test_a_public_file_needs_no_token(client: httpx.Client) -> None:
    blob = stored(client, public=True)
    redirect = httpx.get(f"{API}/blobs/{blob['uid']}", verify=TLS)
    assert (redirect.status_code, redirect.content) == (301, b"")
    bare = redirect.headers["Location"].partition("?")[0]
    assert httpx.get(bare, verify=TLS).content == PHOTO


@pytest.mark.parametrize(
    "credential",
    [{"headers": AUTHOR}, {"headers": READER}, {"params": {"token": TOKEN}}, {"headers": KEY}],
    ids=["the author", "another user", "token parameter", "API key"],
)
def test_a_private_file_needs_a_credential(client: httpx.Client, credential: dict[str, Any]) -> None:
    blob = stored(client)
    response = httpx.get(f"{API}/blobs/{blob['uid']}", follow_redirects=True, verify=TLS, **credential)
    assert response.content == PHOTO


def test_a_private_file_is_refused_without_a_credential(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = stored(client)
    response = httpx.get(f"{API}/blobs/{blob['uid']}", verify=TLS)
    assert (response.status_code, response.json()) == (401, {"errors": {"base": ["Token is required"]}})


def test_a_private_file_is_refused_by_the_storage_without_the_signature(
    qbchat: FakeQuickBlox, client: httpx.Client
) -> None:
    blob = stored(client)
    assert refusal(httpx.get(f"{API}/qbprod/{blob['uid']}", verify=TLS)) == (403, "AccessDenied")
    assert qbchat.calls.last.reason == (
        f"blob {blob['id']} is private; GET /blobs/{blob['uid']} redirects to its address"
    )


def test_a_file_that_was_not_uploaded_is_not_there(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = declare(client, public=True)
    response = client.get(f"/blobs/{blob['uid']}", follow_redirects=True)
    assert refusal(response) == (404, "NoSuchKey")
    assert qbchat.calls.last.reason == f"nothing was uploaded for {blob['uid']!r}"
    assert refusal(httpx.get(f"{API}/qbprod/b10b", verify=TLS)) == (404, "NoSuchKey")


# --- one file ---


def test_a_private_file_is_shown_to_its_owner_and_an_api_key(client: httpx.Client) -> None:
    blob = stored(client)
    shown = [client.get(f"/blobs/{blob['id']}.json", headers=who).json()["blob"] for who in ({}, KEY)]
    assert [list(each) for each in shown] == [BLOB_KEYS] * 2
    assert shown[0]["name"] == "bumper.jpg"


def test_a_public_file_is_shown_to_everybody(client: httpx.Client) -> None:
    blob = stored(client, public=True)
    assert client.get(f"/blobs/{blob['id']}.json", headers=READER).json()["blob"]["uid"] == blob["uid"]


def test_a_user_lists_only_its_own_files(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    stored(client, public=True)
    qbchat.add_blob(b"made up", name="terms.pdf", public=True)
    assert client.get("/blobs.json", headers=READER).json()["items"] == []


def test_an_application_session_reads_what_is_public_or_of_nobody(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    qbchat.add_session("made-up-token-of-the-application", None)
    public, terms = stored(client, public=True), qbchat.add_blob(b"made up", name="terms.pdf")
    stored(client)
    headers = {"QB-Token": "made-up-token-of-the-application"}
    listed = client.get("/blobs.json", headers=headers).json()["items"]
    assert [item["blob"]["id"] for item in listed] == [public["id"], terms.id]
    for blob_id in (public["id"], terms.id):
        assert client.get(f"/blobs/{blob_id}.json", headers=headers).json()["blob"]["id"] == blob_id


def test_a_file_can_be_renamed(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with freeze_time("2026-01-01 12:00:00") as clock:
        blob = stored(client)
        clock.tick(60)
        response = client.put(f"/blobs/{blob['id']}.json", json={"blob": {"name": "fender.png", "content_type": ""}})
    shown = response.json()["blob"]
    assert (response.status_code, list(shown)) == (200, BLOB_KEYS)
    assert (shown["name"], shown["content_type"]) == ("fender.png", "image/jpeg")
    assert (shown["created_at"], shown["updated_at"]) == ("2026-01-01T12:00:00Z", "2026-01-01T12:01:00Z")


def test_a_read_only_field_of_a_file_is_ignored_with_a_warning(client: httpx.Client) -> None:
    blob = stored(client)
    with pytest.warns(
        QuickBloxWarning, match=r"blob\[public\]: is ignored, .*; omit it, or write one of content_type, name"
    ):
        shown = client.put(f"/blobs/{blob['id']}.json", json={"blob": {"public": True, "name": "new"}}).json()["blob"]
    assert (shown["public"], shown["name"]) == (False, "new")


def test_a_file_can_get_another_type(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = stored(client)
    client.put(f"/blobs/{blob['id']}.json", data={"blob[content_type]": "image/png"})
    downloaded = client.get(f"/blobs/{blob['uid']}", follow_redirects=True)
    assert (downloaded.headers["Content-Type"], downloaded.content) == ("image/png", PHOTO)
    assert qbchat.blobs.one().name == "bumper.jpg"


def test_an_update_without_a_blob_changes_nothing(client: httpx.Client) -> None:
    blob = stored(client)
    shown = client.put(f"/blobs/{blob['id']}.json", json={"blob": "fender.png"}).json()["blob"]
    assert (shown["name"], shown["content_type"]) == ("bumper.jpg", "image/jpeg")


def test_a_type_that_no_header_can_carry_does_not_prevent_the_download(client: httpx.Client) -> None:
    blob = stored(client, content_type="image/größe 👋")
    assert client.get(f"/blobs/{blob['uid']}", follow_redirects=True).headers["Content-Type"] == "image/größe ?"


def test_a_deleted_file_is_gone(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    blob = stored(client, public=True)
    location = client.get(f"/blobs/{blob['uid']}").headers["Location"]

    response = client.delete(f"/blobs/{blob['id']}.json")

    assert (response.status_code, response.content) == (200, b"")
    assert list(qbchat.blobs) == []
    for name in (f"/blobs/{blob['id']}.json", f"/blobs/{blob['uid']}"):
        again = client.get(name)
        assert (again.status_code, again.json()) == (404, NOT_FOUND)
    assert refusal(client.get(location)) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ".json"), ("PUT", ".json"), ("DELETE", ".json"), ("PUT", "/complete.json")],
    ids=["get", "update", "delete", "complete"],
)
class TestOneFile:
    """What every call for one file refuses."""

    @pytest.mark.parametrize("id", ["1", "0", "anna", "b10b", "9" * 30])
    def test_a_missing_file_is_answered_404(self, client: httpx.Client, method: str, path: str, id: str) -> None:
        response = client.request(method, f"/blobs/{id}{path}")
        assert (response.status_code, response.json()) == (404, NOT_FOUND)

    def test_a_file_of_another_user_is_answered_403(
        self, qbchat: FakeQuickBlox, client: httpx.Client, method: str, path: str
    ) -> None:
        blob = stored(client)
        before = qbchat.blobs.one().as_dict()
        response = client.request(method, f"/blobs/{blob['id']}{path}", headers=READER)
        assert (response.status_code, response.json()) == (403, NO_PERMISSION)
        assert qbchat.calls.last.reason.endswith("its owner is user 10")
        assert qbchat.blobs.one().as_dict() == before

    def test_a_file_of_nobody_is_changed_only_by_an_api_key(
        self, qbchat: FakeQuickBlox, client: httpx.Client, method: str, path: str
    ) -> None:
        blob = qbchat.add_blob(PHOTO, name="terms.pdf")
        url, body = f"/blobs/{blob.id}{path}", {"json": {"blob": {"size": len(PHOTO)}}} if "complete" in path else {}
        assert client.request(method, url, **body).status_code == 403
        assert qbchat.calls.last.reason.endswith("its owner is the application")
        assert client.request(method, url, headers=KEY, **body).status_code == 200

    def test_a_caller_without_a_user_is_refused(
        self, qbchat: FakeQuickBlox, client: httpx.Client, method: str, path: str
    ) -> None:
        qbchat.add_session("made-up-token-of-the-application", None)
        blob = stored(client)
        url = f"/blobs/{blob['id']}{path}"
        refused = client.request(method, url, headers={"QB-Token": "made-up-token-of-the-application"})
        need_user = 422, {"errors": {"base": ["Forbidden. Need user."]}}
        assert (refused.status_code, refused.json()) == ((403, NO_PERMISSION) if method == "GET" else need_user)
        assert httpx.request(method, f"{API}{url}", verify=TLS).status_code == 401


def test_a_public_file_is_changed_by_its_owner_alone(client: httpx.Client) -> None:
    blob = stored(client, public=True)
    assert client.put(f"/blobs/{blob['id']}.json", headers=READER).status_code == 403
    assert client.delete(f"/blobs/{blob['id']}.json", headers=READER).status_code == 403


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"content_type": ["can't be blank"], "name": ["can't be blank"]}),
        ({"blob": "photo.jpg"}, {"content_type": ["can't be blank"], "name": ["can't be blank"]}),
        ({"blob": {"name": "photo.jpg"}}, {"content_type": ["can't be blank"]}),
        ({"blob": {"name": "", "content_type": "image/jpeg"}}, {"name": ["can't be blank"]}),
    ],
    ids=["nothing", "a text", "no type", "an empty name"],
)
def test_a_file_needs_a_name_and_a_type(qbchat: FakeQuickBlox, client: httpx.Client, body: Any, errors: Any) -> None:
    response = client.post("/blobs.json", json=body)
    assert (response.status_code, response.json()) == (422, {"errors": errors})
    assert qbchat.calls.one().reason == f"the request has no {', '.join(f'blob[{name}]' for name in errors)}"
    assert list(qbchat.blobs) == []


@pytest.mark.parametrize("body", [{}, {"blob": 5}, {"blob": {}}, {"blob": {"size": "big"}}, {"blob": {"size": -1}}])
def test_completing_needs_a_size(qbchat: FakeQuickBlox, client: httpx.Client, body: Any) -> None:
    blob = declare(client)
    response = client.put(f"/blobs/{blob['id']}/complete.json", json=body)
    assert (response.status_code, response.json()) == (422, {"errors": {"size": ["is not a number"]}})
    assert qbchat.blobs.one().blob_status is None


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 401), ({"QB-Token": "made-up-token-of-the-application"}, 422)], ids=["none", "no user"]
)
def test_files_need_a_user(qbchat: FakeQuickBlox, headers: dict[str, str], status: int) -> None:
    qbchat.add_session("made-up-token-of-the-application", None)
    response = httpx.post(
        f"{API}/blobs.json",
        params={"blob[name]": "a", "blob[content_type]": "text/plain"},
        headers=headers,
        verify=TLS,
    )
    assert response.status_code == status


# --- lists ---


def test_a_list_has_the_callers_files_a_page_at_a_time(client: httpx.Client) -> None:
    for number in range(12):
        declare(client, name=f"{number}.jpg")
    client.post("/blobs.json", json={"blob": {"name": "other", "content_type": "text/plain"}}, headers=READER)

    first = client.get("/blobs.json").json()
    assert {key: first[key] for key in first if key != "items"} == {
        "current_page": 1,
        "per_page": 10,
        "total_entries": 12,
    }
    assert [list(item) for item in first["items"]] == [["blob"]] * 10
    assert list(first["items"][0]["blob"]) == BLOB_KEYS
    pages = [client.get("/blobs.json", params={"page": page, "per_page": 5}).json() for page in (1, 2, 3, 4)]
    names = [[item["blob"]["name"] for item in page["items"]] for page in pages]
    assert names == [[f"{number}.jpg" for number in numbers] for numbers in (range(5), range(5, 10), range(10, 12), ())]


def test_an_api_key_sees_all_files(client: httpx.Client) -> None:
    declare(client)
    own = {"blob": {"name": "terms.pdf", "content_type": "application/pdf"}}
    assert client.post("/blobs.json", json=own, headers=KEY).status_code == 201
    assert client.get("/blobs.json", headers=KEY).json()["total_entries"] == 2
    assert client.get("/blobs.json").json()["total_entries"] == 1
    assert client.get("/blobs.json", headers=KEY | {"On-Behalf-Of": "10"}).json()["total_entries"] == 1


@pytest.mark.parametrize(
    ("params", "shown", "warning"),
    [
        ({"per_page": 101}, 100, "per_page: 101 is more than QuickBlox returns at once"),
        ({"per_page": 0}, 10, "per_page: is ignored; '0' is not a number, 1 or greater"),
        ({"page": "first"}, 10, "page: is ignored; 'first' is not a number"),
    ],
    ids=["too many", "none", "no number"],
)
def test_a_page_that_is_not_a_number_gives_a_warning(
    client: httpx.Client, params: Any, shown: int, warning: str
) -> None:
    with pytest.warns(QuickBloxWarning, match=warning):
        page = client.get("/blobs.json", params=params).json()
    assert (page["current_page"], page["per_page"]) == (1, shown)


# --- other hosts ---


@pytest.mark.qbchat(hosts=["https://gateway.shop.example:8443/quickblox", "http://chat.shop.example"])
@pytest.mark.parametrize("api", ["https://gateway.shop.example:8443/quickblox", "http://chat.shop.example"])
def test_a_file_stays_on_the_host_of_a_customer(qbchat: FakeQuickBlox, api: str) -> None:
    with httpx.Client(verify=TLS, base_url=api, headers=AUTHOR) as client:
        blob = stored(client)
        redirect = client.get(f"/blobs/{blob['uid']}")
        downloaded = client.get(redirect.headers["Location"])
    assert blob["blob_object_access"]["params"].startswith(f"{api}/blobs/{blob['id']}/upload/?")
    assert redirect.headers["Location"].startswith(f"{api}/qbprod/{blob['uid']}?")
    assert downloaded.content == PHOTO
    assert len(qbchat.calls) == 5


# --- what a test declares ---


def test_a_file_can_be_there_before_the_test(qbchat: FakeQuickBlox, client: httpx.Client) -> None:
    with freeze_time("2026-01-01 12:00:00"):
        blob = qbchat.add_blob(PHOTO, name="bumper.jpg", content_type="image/jpeg", user=qbchat.add_user(10))

    assert qbchat.blobs.one() is blob
    shown = client.get(f"/blobs/{blob.id}.json").json()["blob"]
    assert (shown["size"], shown["blob_status"], shown["public"]) == (len(PHOTO), "complete", False)
    assert shown["created_at"] == shown["set_completed_at"] == "2026-01-01T12:00:00Z"
    assert client.get(f"/blobs/{blob.uid}", follow_redirects=True).content == PHOTO
    assert client.get("/blobs.json").json()["total_entries"] == 1


def test_the_user_of_a_declared_file_is_declared(qbchat: FakeQuickBlox) -> None:
    qbchat.add_blob(PHOTO, name="bumper.jpg", user=30, public=True)
    assert [user.id for user in qbchat.users] == [30]
    assert qbchat.blobs.one().content_type == "application/octet-stream"


@pytest.mark.parametrize("user", ["10", True])
def test_a_file_of_no_user_is_refused(qbchat: FakeQuickBlox, user: Any) -> None:
    with pytest.raises(TypeError, match="is not a user; expected a user id"):
        qbchat.add_blob(PHOTO, name="bumper.jpg", user=user)
    assert list(qbchat.blobs) == []


def test_a_file_of_text_is_refused(qbchat: FakeQuickBlox) -> None:
    with pytest.raises(TypeError, match=r"invalid content of type str; expected bytes: add_blob\("):
        qbchat.add_blob("hello", name="hello.txt")  # type: ignore[arg-type]


def test_the_bytes_are_not_in_the_repr(qbchat: FakeQuickBlox) -> None:
    assert "bumper" in repr(qbchat.add_blob(b"secret", name="bumper.jpg"))
    assert "secret" not in repr(qbchat.blobs)


# --- attached ---


def attach(client: httpx.Client, *ids: Any, by: str = "id") -> None:
    attachments = {str(index): {"type": "image", "url": "x", by: each} for index, each in enumerate(ids)}
    body = {"chat_dialog_id": "5d75327ba28f9a0f32cb0f99", "attachments": attachments}
    assert client.post("/chat/Message.json", json=body).status_code == 201


def test_attaching_a_file_that_nobody_uploaded_is_warned_of(client: httpx.Client) -> None:
    missing = declare(client)["id"]
    with pytest.warns(QuickBloxWarning, match=rf"attachments\[1\]: nothing was uploaded for blob {missing}"):
        attach(client, "47863", str(missing))


def test_attaching_a_file_that_was_not_completed_is_warned_of(client: httpx.Client) -> None:
    blob = declare(client)
    upload(blob, PHOTO)
    with pytest.warns(QuickBloxWarning, match=rf"attachments\[0\]: blob {blob['id']} was never completed; PUT /blobs/"):
        attach(client, blob["id"])


@pytest.mark.parametrize("by", ["uid", "id"])
def test_a_file_that_is_attached_by_its_uid_is_found(client: httpx.Client, by: str) -> None:
    missing, blob = declare(client), declare(client)
    upload(blob, PHOTO)
    with pytest.warns(QuickBloxWarning, match=rf"attachments\[0\]: nothing was uploaded for blob {missing['id']}"):
        attach(client, missing["uid"], by=by)
    with pytest.warns(QuickBloxWarning, match=rf"attachments\[1\]: blob {blob['id']} was never completed"):
        attach(client, "made-up-uid", blob["uid"], by=by)


@pytest.mark.filterwarnings("error")
def test_a_finished_file_stands_for_its_id_in_an_assertion(client: httpx.Client, qbchat: FakeQuickBlox) -> None:
    blob = qbchat.add_blob(PHOTO, name="bumper.jpg", user=10)
    attach(client, str(blob.id), blob.id)
    qbchat.posted.one().assert_attachments({"id": blob}, {"id": blob})
    with pytest.raises(AssertionError, match=f"- attachments\\[0\\].id   {blob.id + 1}"):
        qbchat.posted.one().assert_attachments({"id": qbchat.add_user(blob.id + 1)}, {"id": blob})
