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


def test_the_customer_gets_the_invoice(httpx_mock):
    base = "https://api.quickblox.com"
    httpx_mock.add_response(method="POST", url=f"{base}/blobs.json", status_code=201, json={"blob": BLOB})
    httpx_mock.add_response(method="POST", url=f"{base}/blobs/47863/upload/", status_code=201)
    httpx_mock.add_response(method="PUT", url=f"{base}/blobs/47863/complete.json")
    message = {"_id": "5d76b657a28f9a0cc7cb0f99"}
    httpx_mock.add_response(method="POST", url=f"{base}/chat/Message.json", status_code=201, json=message)

    message_id = send_invoice(
        "5d75327ba28f9a0f32cb0f99", "Here's your invoice: 9 € + shipping", "invoice & terms.pdf", b"%PDF-1.7 made up"
    )

    declared, uploaded, completed, posted = httpx_mock.get_requests()
    for request in (declared, completed, posted):
        assert request.headers["QB-Token"] == "made-up-token-of-the-shop"  # request
    blob = {"blob": {"name": "invoice & terms.pdf", "content_type": "application/pdf"}}
    assert json.loads(declared.content) == blob  # request
    content = uploaded.read()
    assert b"\r\n\r\n%PDF-1.7 made up\r\n" in content  # request
    assert b'name="key"\r\n\r\nmade-up-uid\r\n' in content  # request
    assert json.loads(completed.content) == {"blob": {"size": 16}}  # request
    assert json.loads(posted.content) == {  # request
        "chat_dialog_id": "5d75327ba28f9a0f32cb0f99",
        "message": "Here's your invoice: 9 € + shipping",
        "attachments": {"0": {"type": "file", "id": "47863", "name": "invoice & terms.pdf"}},
        "send_to_chat": 1,
        "markable": 1,
    }
    assert message_id == "5d76b657a28f9a0cc7cb0f99"
