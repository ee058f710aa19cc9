"""Failure texts, the transcript of a conversation, and the line of code that made a call."""
