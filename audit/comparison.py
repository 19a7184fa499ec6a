"""Compares recorded rows with computed values, and describes each difference as a `Mismatch`."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isclose
from typing import Any, NamedTuple

from msgspec import to_builtins

from schemas import format_time, is_text, parse_time, stored_text


@dataclass(frozen=True)
class Mismatch:
    """`fact`: the fact (or `topic/partition/offset`) where the difference appears."""

    account: str
    fact: str | None
    field: str
    recorded: Any
    computed: Any


LINE_FIELDS = ("track", "time", "event", "type", "contact", "rule", "points", "weight", "cut", "half_life")
STAGE_CHANGE_FIELDS = ("track", "at", "from", "to", "cause", "score")
HANDOFF_STEP_FIELDS = (
    "handoff", "status", "at", "recorded_at", "fact", "by", "reason", "note", "opportunity", "late",
)  # fmt: skip
HANDOFF_FIELDS = (
    "track", "crossing", "crossed_at", "fact", "cause_type", "cause_time", "recorded_at", "score", "route", "act_now",
    "due_at",
)  # fmt: skip
ASSIGNMENT_FIELDS = ("handoff", "at", "recorded_at", "fact", "by", "to")


class ComparedTable(NamedTuple):
    """The fields of a read model to compare, the one that names the fact, and the one that orders rows."""

    fields: tuple[str, ...]
    fact_field: str
    order_field: str = "seq"


COMPARED_TABLES = {
    "ledger": ComparedTable(LINE_FIELDS, "event"),
    "stage_changes": ComparedTable(STAGE_CHANGE_FIELDS, "cause"),
    "handoffs": ComparedTable(HANDOFF_FIELDS, "fact", "crossed_seq"),
    "handoff_steps": ComparedTable(HANDOFF_STEP_FIELDS, "fact"),
    "handoff_assignments": ComparedTable(ASSIGNMENT_FIELDS, "fact"),
}


def compare_rows(id: str, name: str, recorded: Iterable[Any], computed: Iterable[Any]) -> Iterator[Mismatch]:
    """Rows of the read model `name` against the computed values; both in ascending order."""
    fields, fact_field, order_field = COMPARED_TABLES[name]
    for row, value in pair_rows(recorded, computed, order_field):
        if row is None or value is None:
            present = row if row is not None else value
            yield Mismatch(
                id,
                str(field_value(present, fact_field)),
                name,
                selected_fields(row, fields),
                selected_fields(value, fields),
            )
            continue
        for field in fields:
            if not is_equal(field_value(row, field), field_value(value, field)):
                yield Mismatch(
                    id,
                    str(field_value(value, fact_field)),
                    f"{name}.{field}",
                    field_value(row, field),
                    field_value(value, field),
                )


def pair_rows(
    recorded: Iterable[Any], computed: Iterable[Any], order_field: str
) -> Iterator[tuple[Any | None, Any | None]]:
    """Merge join on the order field: each row with its value, None for a missing counterpart."""
    rows, values = deque(recorded), deque(computed)
    while rows or values:
        row_first = bool(rows) and (not values or getattr(rows[0], order_field) <= values[0].seq)
        value_first = bool(values) and (not rows or values[0].seq <= getattr(rows[0], order_field))
        yield rows.popleft() if row_first else None, values.popleft() if value_first else None


ATTRIBUTE_NAMES = {"from": ("from_stage", "from_"), "to": ("to_stage", "to")}
_CANONICAL_TIME = "2026-01-05T09:12:00.000Z"
TIME_FIELDS = ("time", "at", "recorded_at", "crossed_at", "cause_time", "due_at")


def field_value(row: Any, field: str) -> Any:
    """A field of a row or of a computed value; times as ISO text."""
    names = ATTRIBUTE_NAMES.get(field, (field,))
    value = next(getattr(row, name) for name in names if hasattr(row, name))
    if field not in TIME_FIELDS:
        return value
    if isinstance(value, str) and len(value) != len(_CANONICAL_TIME):  # a fact of another producer may be written so
        return format_time(parse_time(value))
    return format_time(value) if isinstance(value, int) else value


def selected_fields(row: Any, fields: tuple[str, ...]) -> dict[str, Any] | None:
    return None if row is None else {field: field_value(row, field) for field in fields}


def is_equal(recorded: Any, computed: Any) -> bool:
    """Equality, with a tolerance for the last bits of floats and between structs and their JSON."""
    if isinstance(recorded, float) and isinstance(computed, int | float):
        return isclose(recorded, computed, rel_tol=1e-12, abs_tol=1e-9)
    if isinstance(computed, str) and not is_text(computed):  # no column can hold it
        return recorded is None or bool(recorded == stored_text(computed))
    return bool(recorded == computed) or bool(to_builtins(recorded) == to_builtins(computed))
