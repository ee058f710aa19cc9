"""The objects that a test uses: the fake, its messages and users, and the collections of records."""
