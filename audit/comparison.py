"""Compares recorded rows, and published suppressions, with computed values; each difference is a `Mismatch`."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from math import isclose
from typing import Any, NamedTuple

import msgspec
from msgspec import to_builtins

from projections import ReadModelQueries
from projections.read_models import AccountSuppressions, Change, Suppression, events_of, opened_in
from projections.work import unpublished_ids
from schemas import SUPPRESSIONS, FactRecord, format_time, is_text, parse_time, record_id, stored_text
from scoring.fold import PendingChanges
from streams import Log, scan


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


_FIELD = f"published on {SUPPRESSIONS}"
COLUMNS = tuple(field.name for field in fields(Suppression))


class _Published(msgspec.Struct):
    source: str
    id: str
    type: str
    subject: str
    time: str
    data: Any = None


_decode_published = msgspec.json.Decoder(_Published).decode


class SuppressionCheck:
    """Derives the suppressions of all accounts anew, batch by batch; `compare` when all facts are folded.

    The people of handoffs are those recorded with them: what led to these is in the ledger, which is compared itself.
    """

    def __init__(self, log: Log, queries: ReadModelQueries, ends: Mapping[int, int]) -> None:
        """`ends`: of the topic `suppressions` before the snapshot: what is beyond them may be newer than it."""
        self._log, self._queries, self._ends = log, queries, ends
        self._people: dict[str, list[str]] = {}
        self._accounts: dict[str, AccountSuppressions] = {}

    def add(self, account: str, outcome: PendingChanges) -> None:
        """What a batch of facts did to an account."""
        changes: list[Change] = [*outcome.handoffs, *outcome.steps, *outcome.signals]
        if not changes:
            return
        if opened := opened_in(changes):
            self._people |= self._queries.people(opened)
        self._accounts.setdefault(account, AccountSuppressions(account, [], self._people)).apply(changes)

    def compare(self, mismatched: Iterable[str]) -> Iterator[Mismatch]:
        """`mismatched`: accounts that are told of already."""
        skipped = set(mismatched)
        derived = {id: row for each in self._accounts.values() for id, row in each.rows.items()}
        recorded = {row.suppression: Suppression(*(getattr(row, name) for name in COLUMNS))
                    for row in self._queries.all_suppressions()}  # fmt: skip
        for id in recorded | derived:
            row = derived.get(id) or recorded[id]
            if row.account not in skipped and recorded.get(id) != derived.get(id):
                yield _row_mismatch(row.account, recorded.get(id), derived.get(id))
        yield from self._compare_published(derived.values(), skipped)

    def _compare_published(self, rows: Iterable[Suppression], skipped: set[str]) -> Iterator[Mismatch]:
        expected = {record_id(event.source, event.id): event for _, event in events_of(rows)}
        missing = dict(expected)
        for place, published, is_settled in self._published():
            id = record_id(published.source, published.id)
            event = expected.get(id)
            missing.pop(id, None)
            is_right = published == _as_published(event) if event is not None else not is_settled
            if not is_right and published.subject not in skipped:
                yield Mismatch(published.subject, place, _FIELD, published.data, event and event.data)
        waiting = unpublished_ids(self._queries.connection, missing)
        for id, event in missing.items():
            if id not in waiting and event.subject not in skipped:
                yield Mismatch(event.subject, event.id, _FIELD, None, event.data)

    def _published(self) -> Iterator[tuple[str, "_Published", bool]]:
        """Place and event, and whether it is older than the snapshot; empty where a record is no event."""
        for partition, end in self._ends.items():
            for record in scan(self._log, SUPPRESSIONS, partition):
                try:
                    published = _decode_published(record.value)
                except (msgspec.MsgspecError, ValueError):
                    published = _Published("", "", "", record.key, "")
                yield f"{SUPPRESSIONS}/{partition}/{record.offset}", published, record.offset < end


def _as_published(event: FactRecord) -> _Published:
    return _Published(event.source, event.id, event.type, event.subject, event.time, event.data)


def _row_mismatch(account: str, recorded: Suppression | None, derived: Suppression | None) -> Mismatch:
    present = recorded or derived
    fact = None if present is None else present.cause
    if recorded is None or derived is None:
        return Mismatch(account, fact, "suppressions", _shown(recorded), _shown(derived))
    name = next(name for name in COLUMNS if getattr(recorded, name) != getattr(derived, name))
    return Mismatch(account, fact, f"suppressions.{name}", getattr(recorded, name), getattr(derived, name))


def _shown(row: Suppression | None) -> dict[str, Any] | None:
    names = ("suppression", "contact", "reason", "since")
    return None if row is None else {name: getattr(row, name) for name in names}
