"""Realistic payloads: the factory, attachments whose fields agree, and texts like those of real chats."""
