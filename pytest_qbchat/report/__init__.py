"""What people read: failure texts, the transcript of a conversation, and where in their code a call was made."""
