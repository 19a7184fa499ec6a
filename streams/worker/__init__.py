"""The scorer hosted by Faust: assignment, recovery, atomic units and fencing."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.scoring import ScoringTask

if TYPE_CHECKING:
    from streams.worker.faust_app import run_worker

__all__ = [
    "ScoringTask",
    "WorkerCounters",
    "WorkerOptions",
    "run_worker",
]

_IMPORTED_ON_USE = {
    "run_worker": "streams.worker.faust_app",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_USE[name]), name)
