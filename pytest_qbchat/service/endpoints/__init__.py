"""The endpoints, one file per resource, each in the order of the QuickBlox reference."""

from pytest_qbchat.service.endpoints import account, content, dialogs, messages, reactions, sessions, storage, users

__all__ = ["account", "content", "dialogs", "messages", "reactions", "sessions", "storage", "users"]
