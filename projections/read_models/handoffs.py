"""The rows of handoffs and their steps in the read models, and the events on `sqa-handoffs` made from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from database import insert_missing, rows_by_key
from projections.derived_facts import STAFFEL_SOURCE, new_event
from projections.read_models.evidence import collect_evidence
from projections.read_models.rows import Row, assignment_row, parse_optional_time, step_row
from projections.read_models.tables import ReadModels
from projections.read_models.updates import UnseenUpdate
from schemas import (
    EXPIRED,
    PROPOSED,
    AccountScored,
    FactRecord,
    HandoffOpened,
    HandoffStep,
    event_type,
    format_time,
    parse_time,
    stored_text,
    text_or_null,
)

_OPENINGS_PER_QUERY = 50


class _Opening(NamedTuple):
    update: AccountScored
    opened: HandoffOpened


def write_handoffs(
    connection: Connection, models: ReadModels, new_updates: Iterable[UnseenUpdate], partitions: Mapping[str, int]
) -> None:
    """Insert new handoffs with their evidence, and apply new steps. The ledger lines must have been written before.

    `partitions`: account -> partition.
    """
    updates = list(new_updates)
    openings = [
        _Opening(f.update, opened) for f in updates for opened in f.update.changes.handoffs if opened.seq > f.known_seq
    ]
    with_lines = _with_ledger_lines(connection, models, openings)
    insert_missing(
        connection, models.handoffs, [_handoff_row(opening, lines, partitions) for opening, lines in with_lines]
    )
    _apply_steps(
        connection,
        models,
        [step_row(f.update.account, s) for f in updates for s in f.update.changes.steps if s.seq > f.known_seq],
    )
    _apply_assignments(
        connection,
        models,
        [
            assignment_row(f.update.account, a)
            for f in updates
            for a in f.update.changes.assignments
            if a.seq > f.known_seq
        ],
    )


def _handoff_row(opening: _Opening, lines: Iterable[Any], partitions: Mapping[str, int]) -> dict[str, Any]:
    update, opened = opening
    crossed_at = parse_time(opened.crossed_at)
    frozen_evidence = collect_evidence(lines, crossed_at)
    return {
        "handoff": opened.handoff,
        "account": update.account,
        "track": opened.track,
        "crossing": opened.crossing,
        "status": PROPOSED,
        "crossed_at": crossed_at,
        "crossed_seq": opened.seq,
        "fact": stored_text(opened.fact),
        "cause_type": text_or_null(opened.cause_type),
        "cause_time": parse_optional_time(opened.cause_time),
        "recorded_at": parse_optional_time(opened.recorded_at),
        "score": opened.score,
        "model": update.model,
        "route": opened.route,
        "act_now": opened.act_now,
        "due_at": parse_optional_time(opened.due_at),
        "reasons": frozen_evidence.reasons,
        "people": frozen_evidence.people,
        "facts": frozen_evidence.facts,
        "evidence_until": frozen_evidence.until,
        "position": {"topic": "engagement", "partition": partitions[update.account], "account_seq": opened.seq},
        "seq": opened.seq,
        "steps": 0,
        "late": False,
    }


def _with_ledger_lines(
    connection: Connection, models: ReadModels, openings: Sequence[_Opening]
) -> Iterator[tuple[_Opening, Iterable[Any]]]:
    """Each opening with its ledger lines up to the crossing, oldest first; in batches, as histories are long."""
    ledger = models.ledger
    ordered = select(ledger).order_by(ledger.c.account, ledger.c.epoch, ledger.c.seq, ledger.c.n)
    for start in range(0, len(openings), _OPENINGS_PER_QUERY):
        batch = openings[start : start + _OPENINGS_PER_QUERY]
        lines = rows_by_key(connection, ordered, ledger.c.account, [opening.update.account for opening in batch])
        lines_by_account = {account: list(rows) for account, rows in groupby(lines, attrgetter("account"))}
        for opening in batch:
            yield opening, _lines_up_to_crossing(opening, lines_by_account.get(opening.update.account, []))


def _lines_up_to_crossing(opening: _Opening, lines: Iterable[Any]) -> list[Any]:
    update, opened = opening
    of_track = (line for line in lines if line.track == opened.track and line.epoch == update.epoch)
    return [line for line in of_track if line.seq <= opened.seq]


def _apply_steps(connection: Connection, models: ReadModels, rows: list[Row]) -> None:
    if not rows:
        return
    insert_missing(connection, models.handoff_steps, rows)
    handoffs = models.handoffs
    connection.execute(
        handoffs.update()
        .where(handoffs.c.handoff == bindparam("handoff_"), handoffs.c.seq < bindparam("seq_"))
        .values(
            {name: bindparam(f"{name}_") for name in _DECISION_COLUMNS}
            | {
                "steps": handoffs.c.steps + bindparam("number_"),
                "late": or_(handoffs.c.late, bindparam("late_")),
            }  # stays late
        ),
        [{f"{name}_": value for name, value in _decision_values(row).items()} for row in rows],
    )


_DECISION_COLUMNS = ("status", "seq", "decided_at", "by", "reason", "note", "opportunity")


def _decision_values(step: Row) -> Row:
    values = {name: step[name] for name in ("handoff", "status", "seq", "by", "reason", "note", "opportunity", "late")}
    return {**values, "decided_at": step["at"], "number": 0 if step["status"] == EXPIRED else 1}


def _apply_assignments(connection: Connection, models: ReadModels, rows: list[Row]) -> None:
    """Each was the newest when the fold read it, so the last one in the log holds."""
    if not rows:
        return
    insert_missing(connection, models.handoff_assignments, rows)
    handoffs, names = models.handoffs, ("to", "by", "at")
    connection.execute(
        handoffs.update()
        .where(handoffs.c.handoff == bindparam("handoff_"))
        .values({f"assigned_{name}": bindparam(f"{name}_") for name in names}),
        [{f"{name}_": row[name] for name in ("handoff", *names)} for row in rows],
    )


def handoff_events(connection: Connection, models: ReadModels, updates: Iterable[AccountScored]) -> list[FactRecord]:
    """The events of all openings and steps in these updates, in order, with the evidence stored at the crossing."""
    changes = [change for update in updates for change in _changes_in_order(update)]
    handoffs = models.handoffs
    rows = rows_by_key(connection, select(handoffs), handoffs.c.handoff, [change.handoff for change in changes])
    rows_by_handoff = {row.handoff: row for row in rows}
    return [_event_of(rows_by_handoff[change.handoff], change) for change in changes]


def _changes_in_order(update: AccountScored) -> list[HandoffOpened | HandoffStep]:
    changes: list[HandoffOpened | HandoffStep] = [*update.changes.handoffs, *update.changes.steps]
    return sorted(changes, key=lambda change: change.seq)


def _event_of(row: Any, change: HandoffOpened | HandoffStep) -> FactRecord:
    data = {"handoff": row.handoff, "account": row.account, "track": row.track, "crossing": row.crossing}
    if isinstance(change, HandoffOpened):
        return _handoff_event(row, PROPOSED, row.crossed_at, data | proposal_data(row))
    return _handoff_event(row, change.status, parse_time(change.at), data | _decision_data(change))


def _handoff_event(row: Any, status: str, time: int, data: dict[str, Any]) -> FactRecord:
    return new_event(STAFFEL_SOURCE, f"{row.handoff}:{status}", event_type(status), row.account, time, data)


def proposal_data(row: Any) -> dict[str, Any]:
    """The data of a proposal's event, from the row of its handoff."""
    return {
        "crossed_at": format_time(row.crossed_at),
        "score": row.score,
        "model": row.model,
        "route": row.route,
        "act_now": row.act_now,
        "due_at": _optional_text(row.due_at),
        "reasons": row.reasons,
        "people": row.people,
        "facts": row.facts,
        "evidence_until": _optional_text(row.evidence_until),
        "cause_type": row.cause_type,
        "cause_time": _optional_text(row.cause_time),
        "recorded_at": _optional_text(row.recorded_at),
        "position": row.position,
    }


def _optional_text(instant: int | None) -> str | None:
    return None if instant is None else format_time(instant)


def _decision_data(step: HandoffStep) -> dict[str, Any]:
    return {
        "fact": step.fact,
        "at": step.at,
        "recorded_at": step.recorded_at,
        "by": step.by,
        "reason": step.reason,
        "opportunity": step.opportunity,
        "late": step.late,
    }
