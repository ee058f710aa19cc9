"""What cannot be caught is refused by name, with what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_qbchat.intercept.receiver import Receiver


def cannot_catch(fake: Receiver, what: str) -> Exception:
    """The refusal of what would lead past the fake."""
    return fake.refuse(
        f"{what}, where the fake cannot catch it\n  send this call to the url of qbchat_server, or give QuickBlox a "
        "host of its own, no proxy and asyncio's own event loop in this test"
    )


def only_a_path(fake: Receiver, library: str, host: str) -> Exception:
    """The refusal of a host that is not all QuickBlox's."""
    return cannot_catch(fake, f"{library} was to reach {host}, of which only a path is QuickBlox's")
