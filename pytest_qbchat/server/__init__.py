"""The live server: listening, HTTP/1.1, control requests, its certificate."""
