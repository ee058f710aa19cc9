"""What a test holds: the fake, its messages and users, and the collections that it is observed through."""
