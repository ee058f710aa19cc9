import json

from invoices import send_invoice

BLOB = {
    "id": 47863,
    "uid": "made-up-uid",
    "name": "invoice & terms.pdf",
    "content_type": "application/pdf",
    "blob_object_access": {
        "id": 5,
        "blob_id": 47863,
        "params": "https://api.quickblox.com/blobs/47863/upload/?acl=authenticated-read&key=made-up-uid&expires=60",
    },
}


def test_the_customer_gets_the_invoice(respx_mock):
    declared = respx_mock.post("https://api.quickblox.com/blobs.json").respond(201, json={"blob": BLOB})
    uploaded = respx_mock.post("https://api.quickblox.com/blobs/47863/upload/").respond(201)
    completed = respx_mock.put("https://api.quickblox.com/blobs/47863/complete.json").respond(200)
    posted = respx_mock.post("https://api.quickblox.com/chat/Message.json")
    posted.respond(201, json={"_id": "5d76b657a28f9a0cc7cb0f99"})

    message_id = send_invoice(
        "5d75327ba28f9a0f32cb0f99", "Here's your invoice: 9 € + shipping", "invoice & terms.pdf", b"%PDF-1.7 made up"
    )

    assert (declared.call_count, uploaded.call_count, completed.call_count, posted.call_count) == (1, 1, 1, 1)
    for route in (declared, completed, posted):
        assert route.calls.last.request.headers["QB-Token"] == "made-up-token-of-the-shop"  # request
    blob = {"blob": {"name": "invoice & terms.pdf", "content_type": "application/pdf"}}
    assert json.loads(declared.calls.last.request.content) == blob  # request
    content = uploaded.calls.last.request.read()
    assert b"\r\n\r\n%PDF-1.7 made up\r\n" in content  # request
    assert b'name="key"\r\n\r\nmade-up-uid\r\n' in content  # request
    assert json.loads(completed.calls.last.request.content) == {"blob": {"size": 16}}  # request
    assert json.loads(posted.calls.last.request.content) == {  # request
        "chat_dialog_id": "5d75327ba28f9a0f32cb0f99",
        "message": "Here's your invoice: 9 € + shipping",
        "attachments": {"0": {"type": "file", "id": "47863", "name": "invoice & terms.pdf"}},
        "send_to_chat": 1,
        "markable": 1,
    }
    assert message_id == "5d76b657a28f9a0cc7cb0f99"
