"""Uploads and downloads over every client: multipart bodies, binary bodies, a redirect that is not followed."""

from __future__ import annotations

from support.uploads import split
from support.ways import TOKEN, World

API = "https://api.quickblox.com"
AUTHOR = {"QB-Token": TOKEN}
PHOTO = b"\xff\xd8 a dented bumper \xff\xd9"


def test_an_uploaded_file_is_downloaded_with_the_same_bytes(world: World) -> None:
    declared = world.send(
        "POST", f"{API}/blobs.json", json={"blob": {"name": "a.jpg", "content_type": "image/jpeg"}}, headers=AUTHOR
    ).json()["blob"]
    url, fields = split(declared["blob_object_access"]["params"])
    assert world.send("POST", url, data=fields, files={"file": ("a.jpg", PHOTO, "image/jpeg")}).status_code == 201
    size = {"blob": {"size": len(PHOTO)}}
    completed = world.send("PUT", f"{API}/blobs/{declared['id']}/complete.json", json=size, headers=AUTHOR)
    assert (completed.status_code, completed.content) == (200, b"")
    redirect = world.send("GET", f"{API}/blobs/{declared['uid']}", headers=AUTHOR)
    assert redirect.status_code == 301

    downloaded = world.send("GET", redirect.headers["Location"])

    assert (downloaded.status_code, downloaded.content) == (200, PHOTO)
    assert downloaded.headers["Content-Type"] == "image/jpeg"
    assert downloaded.headers["Content-Length"] == str(len(PHOTO))
    blob = world.fake.blobs.one()
    assert (blob.content, blob.blob_status, blob.size) == (PHOTO, "complete", len(PHOTO))
