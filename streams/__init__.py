"""How records move: the log, the scorer and its two hosts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from streams.log import (
    Appended,
    KeyedLog,
    Log,
    LogError,
    LogRefused,
    LogUnavailable,
    NewRecord,
    PositionConflict,
    Record,
    Unit,
    scan,
)

if TYPE_CHECKING:
    from streams.activation import (
        MODEL_KEY,
        NoModelError,
        OtherFoldVersion,
        activate,
        activation_content,
        activation_record,
        check_activation,
        check_fold_version,
        first_record,
        holds_only_activation,
        initial_plan,
        plan_at,
        read_activation,
    )
    from streams.host import Host, HostLockHeld, Step, Stoppage, has_reached, note_stoppage, stoppage_of

__all__ = [
    "MODEL_KEY",
    "Appended",
    "Host",
    "HostLockHeld",
    "KeyedLog",
    "Log",
    "LogError",
    "LogRefused",
    "LogUnavailable",
    "NewRecord",
    "NoModelError",
    "OtherFoldVersion",
    "PositionConflict",
    "Record",
    "Step",
    "Stoppage",
    "Unit",
    "activate",
    "activation_content",
    "activation_record",
    "check_activation",
    "check_fold_version",
    "first_record",
    "has_reached",
    "holds_only_activation",
    "initial_plan",
    "note_stoppage",
    "plan_at",
    "read_activation",
    "scan",
    "stoppage_of",
]

_IMPORTED_ON_USE = {
    "Host": "streams.host",
    "HostLockHeld": "streams.host",
    "MODEL_KEY": "streams.activation",
    "NoModelError": "streams.activation",
    "OtherFoldVersion": "streams.activation",
    "Step": "streams.host",
    "Stoppage": "streams.host",
    "activate": "streams.activation",
    "activation_content": "streams.activation",
    "activation_record": "streams.activation",
    "check_activation": "streams.activation",
    "check_fold_version": "streams.activation",
    "first_record": "streams.activation",
    "holds_only_activation": "streams.activation",
    "has_reached": "streams.host",
    "note_stoppage": "streams.host",
    "stoppage_of": "streams.host",
    "initial_plan": "streams.activation",
    "plan_at": "streams.activation",
    "read_activation": "streams.activation",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_USE[name]), name)
