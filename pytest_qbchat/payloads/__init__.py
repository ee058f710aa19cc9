"""Realistic payloads: the factory, attachments whose fields agree, and texts that people really send."""
