"""A Django project of one app, which tells customers in the chat that their books are on the way."""
