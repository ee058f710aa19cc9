"""The endpoints, one file per resource, each in the order of the QuickBlox reference. All files here are imported."""

from importlib import import_module
from os import listdir

for _file in sorted(listdir(__path__[0])):  # pkgutil takes longer to import than all of them
    if _file.endswith(".py") and _file != "__init__.py":
        import_module(f"{__name__}.{_file.removesuffix('.py')}")
