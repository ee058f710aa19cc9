"""A fault at every call: the loop of trials, what it expects, and the rewind of the fake."""
