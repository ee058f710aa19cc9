"""The HTML page of a run and of the live server."""
