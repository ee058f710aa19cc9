"""What the factory's payloads are made of: attachments that are coherent, and texts that people really send."""
