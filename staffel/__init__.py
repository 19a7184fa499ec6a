"""The application: settings, topology, processes and the command line."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from staffel.cli.main import main

__all__ = [
    "main",
]

_IMPORTED_ON_USE = {
    "main": "staffel.cli.main",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_USE[name]), name)
