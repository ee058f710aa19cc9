"""The resources of the chat service, with the field names of the QuickBlox reference."""

from pytest_qbchat.service.models.blob import Blob
from pytest_qbchat.service.models.dialog import Dialog, DialogType
from pytest_qbchat.service.models.message import Message
from pytest_qbchat.service.models.session import UNAUTHENTICATED, Caller, Session
from pytest_qbchat.service.models.user import User, id_of

__all__ = ["UNAUTHENTICATED", "Blob", "Caller", "Dialog", "DialogType", "Message", "Session", "User", "id_of"]
