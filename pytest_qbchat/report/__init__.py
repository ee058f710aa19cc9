"""What people read: failure texts, the transcript of a conversation, and the line of their code that made a call."""
