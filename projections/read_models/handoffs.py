"""The life of handoffs in the read models, and the events that tell of it. Never decides one.

proposed -> accepted | rejected | expired | withdrawn; accepted -> converted | recycled; expired -> accepted, late.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, or_, select

from database.statements import add_missing, rows_of
from projections.derived_facts import SOURCE, event
from projections.read_models.evidence import evidence
from projections.read_models.rows import instant, step_row
from projections.read_models.tables import ReadModels
from projections.read_models.updates import Fresh
from schemas.envelope import FactRecord
from schemas.scores import AccountScored, HandoffOpened, HandoffStep
from schemas.times import format_time, parse_time

FROM: Mapping[str, tuple[str, ...]] = {
    "accepted": ("proposed", "expired"),
    "rejected": ("proposed",),
    "expired": ("proposed",),
    "withdrawn": ("proposed",),
    "recycled": ("accepted",),
    "converted": ("accepted",),
}
"""Which states a step may start from."""

_OPENINGS_AT_ONCE = 50

OPEN = ("proposed", "accepted")
"""With sales, and not ended."""


class _Opening(NamedTuple):
    account: AccountScored
    opened: HandoffOpened


def write_handoffs(
    connection: Connection, models: ReadModels, fresh: Iterable[Fresh], homes: Mapping[str, int]
) -> None:
    """Rows of new handoffs with their evidence, and the steps taken. Wants the ledger lines written before.

    `homes`: account -> partition.
    """
    known = list(fresh)
    openings = [
        _Opening(f.update, opened) for f in known for opened in f.update.changes.handoffs if opened.seq > f.known
    ]
    shown = _with_lines(connection, models, openings)
    add_missing(connection, models.handoffs, [_row(opening, lines, homes) for opening, lines in shown])
    _take_steps(
        connection, models, [(f.update.account, s) for f in known for s in f.update.changes.steps if s.seq > f.known]
    )


def _row(opening: _Opening, lines: Iterable[Any], homes: Mapping[str, int]) -> dict[str, Any]:
    update, opened = opening
    crossed_at = parse_time(opened.crossed_at)
    shown = evidence(lines, crossed_at)
    return {
        "handoff": opened.handoff,
        "account": update.account,
        "track": opened.track,
        "crossing": opened.crossing,
        "status": "proposed",
        "crossed_at": crossed_at,
        "crossed_seq": opened.seq,
        "fact": opened.fact,
        "score": opened.score,
        "model": update.model,
        "route": opened.route,
        "act_now": opened.act_now,
        "due_at": instant(opened.due_at),
        "reasons": shown.reasons,
        "people": shown.people,
        "facts": shown.facts,
        "position": {"topic": "engagement", "partition": homes[update.account], "account_seq": opened.seq},
        "seq": opened.seq,
        "steps": 0,
        "late": False,
    }


def _with_lines(
    connection: Connection, models: ReadModels, openings: Sequence[_Opening]
) -> Iterator[tuple[_Opening, Iterable[Any]]]:
    """Each with its ledger lines up to the crossing, oldest first; a few at a time, for histories are long."""
    ledger = models.ledger
    ordered = select(ledger).order_by(ledger.c.account, ledger.c.epoch, ledger.c.seq, ledger.c.n)
    for at in range(0, len(openings), _OPENINGS_AT_ONCE):
        some = openings[at : at + _OPENINGS_AT_ONCE]
        lines = rows_of(connection, ordered, ledger.c.account, [opening.account.account for opening in some])
        of_account = {account: list(rows) for account, rows in groupby(lines, attrgetter("account"))}
        for opening in some:
            yield opening, _up_to_crossing(opening, of_account.get(opening.account.account, []))


def _up_to_crossing(opening: _Opening, lines: Iterable[Any]) -> list[Any]:
    update, opened = opening
    of_track = (line for line in lines if line.track == opened.track and line.epoch == update.epoch)
    return [line for line in of_track if line.seq <= opened.seq]


def _take_steps(connection: Connection, models: ReadModels, steps: list[tuple[str, HandoffStep]]) -> None:
    if not steps:
        return
    rows = [step_row(account, step) for account, step in steps]
    add_missing(connection, models.handoff_steps, rows)
    handoffs = models.handoffs
    connection.execute(
        handoffs.update()
        .where(handoffs.c.handoff == bindparam("handoff_"), handoffs.c.seq < bindparam("seq_"))
        .values(
            {name: bindparam(f"{name}_") for name in _DECIDED}
            | {"steps": handoffs.c.steps + 1, "late": or_(handoffs.c.late, bindparam("late_"))}  # late once, late ever
        ),
        [{f"{name}_": value for name, value in _decided(row).items()} for row in rows],
    )


_DECIDED = ("status", "seq", "decided_at", "by", "reason", "opportunity")


def _decided(step: dict[str, Any]) -> dict[str, Any]:
    return {**step, "decided_at": step["at"]}


def tell_handoffs(connection: Connection, models: ReadModels, updates: Iterable[AccountScored]) -> list[FactRecord]:
    """The events of all openings and steps in these updates, in their order, with the evidence as it was frozen."""
    told = [change for update in updates for change in _in_order(update)]
    handoffs = models.handoffs
    rows = rows_of(connection, select(handoffs), handoffs.c.handoff, [change.handoff for change in told])
    frozen = {row.handoff: row for row in rows}
    return [_told(frozen[change.handoff], change) for change in told]


def _in_order(update: AccountScored) -> list[HandoffOpened | HandoffStep]:
    changes: list[HandoffOpened | HandoffStep] = [*update.changes.handoffs, *update.changes.steps]
    return sorted(changes, key=lambda change: change.seq)


def _told(row: Any, change: HandoffOpened | HandoffStep) -> FactRecord:
    told = {"handoff": row.handoff, "account": row.account, "track": row.track, "crossing": row.crossing}
    if isinstance(change, HandoffOpened):
        return _event(row, "proposed", row.crossed_at, told | proposal(row))
    return _event(row, change.status, parse_time(change.at), told | _decision(change))


def _event(row: Any, status: str, time: int, told: dict[str, Any]) -> FactRecord:
    return event(SOURCE, f"{row.handoff}:{status}", f"sqa.handoff_{status}.v1", row.account, time, told)


def proposal(row: Any) -> dict[str, Any]:
    """What the event of a proposal says of its row, the evidence as it was frozen."""
    return {
        "crossed_at": format_time(row.crossed_at),
        "score": row.score,
        "model": row.model,
        "route": row.route,
        "act_now": row.act_now,
        "due_at": None if row.due_at is None else format_time(row.due_at),
        "reasons": row.reasons,
        "people": row.people,
        "facts": row.facts,
        "position": row.position,
    }


def _decision(step: HandoffStep) -> dict[str, Any]:
    return {
        "fact": step.fact,
        "at": step.at,
        "by": step.by,
        "reason": step.reason,
        "opportunity": step.opportunity,
        "late": step.late,
    }
