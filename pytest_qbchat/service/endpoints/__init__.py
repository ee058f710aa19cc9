"""The endpoints, one file per resource, each in the order of the QuickBlox reference."""
