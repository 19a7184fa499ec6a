"""How recorded rows and computed values are compared, and what is said of one that differs. Never reads a table."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isclose
from typing import Any, NamedTuple

from msgspec import to_builtins

from schemas.times import format_time


@dataclass(frozen=True)
class Mismatch:
    """`fact`: the fact (or place) at which it shows."""

    account: str
    fact: str | None
    field: str
    recorded: Any
    computed: Any


LINE = ("track", "time", "event", "type", "contact", "rule", "points", "weight", "cut", "half_life")
CHANGE = ("track", "at", "from", "to", "cause", "score")
STEP = ("handoff", "status", "at", "fact", "by", "reason", "opportunity", "late")
OPENED = ("track", "crossing", "crossed_at", "fact", "score", "route", "act_now", "due_at")


class Compared(NamedTuple):
    """Which fields of a read model are compared, which one names the fact, which one orders."""

    fields: tuple[str, ...]
    fact: str
    by: str = "seq"


TABLES = {
    "ledger": Compared(LINE, "event"),
    "stage_changes": Compared(CHANGE, "cause"),
    "handoffs": Compared(OPENED, "fact", "crossed_seq"),
    "handoff_steps": Compared(STEP, "fact"),
}


def compare_rows(id: str, name: str, recorded: Iterable[Any], computed: Iterable[Any]) -> Iterator[Mismatch]:
    """Rows of the read model `name` with what the fold says of the account, both in their order."""
    fields, fact, by = TABLES[name]
    for row, value in paired(recorded, computed, by):
        if row is None or value is None:
            there = row if row is not None else value
            yield Mismatch(id, str(read(there, fact)), name, shown(row, fields), shown(value, fields))
            continue
        for field in fields:
            if not same(read(row, field), read(value, field)):
                yield Mismatch(id, str(read(value, fact)), f"{name}.{field}", read(row, field), read(value, field))


def paired(recorded: Iterable[Any], computed: Iterable[Any], by: str) -> Iterator[tuple[Any | None, Any | None]]:
    """Each row with its value; one of the two is None where the other stands alone at its seq."""
    rows, values = deque(recorded), deque(computed)
    while rows or values:
        row_first = bool(rows) and (not values or getattr(rows[0], by) <= values[0].seq)
        value_first = bool(values) and (not rows or values[0].seq <= getattr(rows[0], by))
        yield rows.popleft() if row_first else None, values.popleft() if value_first else None


RENAMED = {"from": ("from_stage", "from_"), "to": ("to_stage", "to")}
INSTANTS = ("time", "at", "crossed_at", "due_at")


def read(row: Any, field: str) -> Any:
    """A field of a row or of a computed value; instants in ISO form."""
    names = RENAMED.get(field, (field,))
    value = next(getattr(row, name) for name in names if hasattr(row, name))
    return format_time(value) if field in INSTANTS and isinstance(value, int) else value


def shown(row: Any, fields: tuple[str, ...]) -> dict[str, Any] | None:
    return None if row is None else {field: read(row, field) for field in fields}


def same(recorded: Any, computed: Any) -> bool:
    """Floats but for their last bits; what is a struct here is JSON there."""
    if isinstance(recorded, float) and isinstance(computed, int | float):
        return isclose(recorded, computed, rel_tol=1e-12, abs_tol=1e-9)
    return bool(recorded == computed) or bool(to_builtins(recorded) == to_builtins(computed))
