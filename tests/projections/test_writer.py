"""However updates are cut, repeated and put into batches, the read models are the same."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from database.engine import Database
from projections.read_models.tables import read_models
from projections.read_models.updates import UpdateBatch
from projections.writer import write_read_models
from schemas.scores import AccountScored, Changes
from tests.projections.builders import (
    account_scored,
    gated_crossing,
    handoff_opened,
    handoff_step,
    ledger_line,
    stage_change,
    track_score,
)

_LAST = 12
_CHANGES = Changes(
    lines=[
        ledger_line(seq, points=seq, rule=rule)
        for seq in range(1, _LAST + 1)
        for rule in ("page", "form")[: 1 + seq % 2]
    ],
    stages=[stage_change(4, None, "sqa"), stage_change(6, "sqa", None), stage_change(9, None, "sqa")],
    handoffs=[handoff_opened(4), handoff_opened(9, crossing=2)],
    steps=[
        handoff_step(6, "rejected"),
        handoff_step(11, "accepted", crossing=2),
        handoff_step(12, "converted", crossing=2),
    ],
    gated=[gated_crossing(8, "cooling_down", None)],
)


def update_between(after_seq: int, seq: int) -> AccountScored:
    """The update with the facts after one seq up to another."""
    changes = {
        name: [change for change in getattr(_CHANGES, name) if after_seq < change.seq <= seq]
        for name in ("lines", "stages", "handoffs", "steps", "gated")
    }
    scored = {"acquisition": track_score(float(seq), falls_at=f"2026-03-{seq:02}T00:00:00.000Z")}
    return account_scored(after_seq=after_seq, seq=seq, tracks=scored, changes=Changes(**changes))


@st.composite
def update_batches(draw: st.DrawFn) -> Sequence[Sequence[AccountScored]]:
    """Batches in which no update comes before what it follows, with repetitions and overlaps."""
    ends = [*sorted(draw(st.sets(st.integers(1, _LAST - 1), max_size=6))), _LAST]
    updates = [update_between(draw(st.integers(0, before)), end) for before, end in zip([0, *ends], ends, strict=False)]
    again = draw(st.lists(st.integers(0, len(updates) - 1), max_size=3))
    updates += [updates[place] for place in again]
    places = sorted(draw(st.lists(st.integers(0, len(updates)), max_size=3)))
    return [updates[a:b] for a, b in zip([0, *places], [*places, len(updates)], strict=True)]


@settings(max_examples=60)
@given(batches=update_batches())
def test_cutting_changes_nothing(batches: Sequence[Sequence[AccountScored]]) -> None:
    assert rows_after(batches) == rows_after([[update_between(0, _LAST)]])


def rows_after(batches: Sequence[Sequence[AccountScored]]) -> dict[str, list[object]]:
    engine: Database = create_engine("sqlite://")
    with engine.begin() as connection:
        read_models().metadata.create_all(connection)
        for updates in batches:
            write_read_models(connection, read_models(), [UpdateBatch({"acme.com": updates} if updates else {}, [])])
        return _rows(connection)


def _rows(connection: Connection) -> dict[str, list[object]]:
    tables = read_models().metadata.sorted_tables
    return {t.name: list(map(tuple, connection.execute(select(t).order_by(*t.primary_key)))) for t in tables}
