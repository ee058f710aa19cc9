"""The state of a fake as JSON."""
