"""The declarations of the endpoints as documents that other programs read."""
