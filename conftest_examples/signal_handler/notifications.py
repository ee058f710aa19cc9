"""Notifies customers when a repair is saved.

The signal handler itself announces that a repair is finished. A worker sends the invoice later.
"""

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from dispatch import post_save
from repairs import Repair
from tasks import later

QUICKBLOX_URL = "https://api.quickblox.com"
TOKEN = "made-up-token-of-the-workshop"

# Created once, when Django imports the module, and shared by all threads.
quickblox = requests.Session()
quickblox.headers["QB-Token"] = TOKEN
# A retry after a 503 is safe, because nothing was stored. After a lost response it is not, hence `read=False`.
busy = Retry(total=2, read=False, backoff_factor=0.01, status_forcelist=[503], allowed_methods=None)
quickblox.mount("https://", HTTPAdapter(max_retries=busy))


@post_save.connect
def when_a_repair_is_saved(sender: type, instance: Repair, **_: Any) -> None:
    if instance.finished:
        _post(instance, f"Repair #{instance.number} is finished", markable=1)
        later(send_invoice, instance)


def send_invoice(repair: Repair) -> None:
    _post(repair, "Here is your invoice", attachments={"0": {"type": "file", "id": f"invoice-{repair.number}"}})


def send_greeting(repair: Repair) -> None:
    """Greet the owner of a bicycle by name. The name is stored in a QuickBlox custom object."""
    response = quickblox.get(f"{QUICKBLOX_URL}/data/Bicycle/{repair.number}.json")
    response.raise_for_status()
    _post(repair, f"Good morning, {response.json()['owner']}!")


def _post(repair: Repair, text: str, **fields: Any) -> None:
    body = {"chat_dialog_id": repair.dialog_id, "message": text, "repair": repair.number, "send_to_chat": 1, **fields}
    quickblox.post(f"{QUICKBLOX_URL}/chat/Message.json", json=body, timeout=10).raise_for_status()
