"""A projector that dies between any two statements leaves its whole batch or nothing, and its successor goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from schemas.scores import Changes
from tests.projections.builders import (
    ScoresRecordValue,
    account_scored,
    anonymous_scored,
    checkpoint,
    contact_scored,
    forwarded_fact,
    gated_crossing,
    handoff_opened,
    handoff_step,
    ledger_line,
    parked_fact,
    stage_change,
    track_score,
    visitor_release,
)
from tests.projections.world import World

_LINES = [ledger_line(seq) for seq in (1, 2, 3)]
_BATCH: list[ScoresRecordValue] = [
    account_scored(
        seq=3,
        tracks={"acquisition": track_score(120, "sqa", falls_at="2026-02-01T00:00:00.000Z")},
        changes=Changes(
            lines=_LINES,
            stages=[stage_change(3, None, "sqa")],
            handoffs=[handoff_opened(3)],
            gated=[gated_crossing(2)],
            profile={"name": "Acme", "domains": ["acme.com"]},
            joins={"v_three": "c_anna"},
        ),
    ),
    account_scored(after_seq=3, seq=4, changes=Changes(steps=[handoff_step(4, "accepted")])),
    contact_scored(seq=3),
    anonymous_scored("anon:v_one", seq=2, parked=[parked_fact(1)], releases=[visitor_release()]),
    anonymous_scored("anon:v_two", seq=1, forwards=[forwarded_fact(1, "anon:v_two")]),
    anonymous_scored("anon:v_four", seq=201, parked=[parked_fact(seq, "anon:v_four") for seq in range(1, 202)]),
    checkpoint(9),
]


class _KilledError(Exception):
    """The process died here."""


def test_a_crash_before_any_statement_leaves_all_or_nothing(world: World, straight: World) -> None:
    world.publish_and_project(account_scored("first.example")).publish(*_BATCH)
    before, crashes = world.all_rows(), 0

    while _is_killed_at(world, crashes):
        assert world.all_rows() == before
        crashes += 1

    assert crashes >= 25  # every table is written by a statement of its own, and the checkpoint
    assert (
        world.all_rows()
        == straight.publish_and_project(account_scored("first.example")).publish_and_project(*_BATCH).all_rows()
    )


def _is_killed_at(world: World, statement: int) -> bool:
    with _kill_at_statement(world.engine, statement):
        try:
            world.projector.advance()
        except _KilledError:
            return True
    return False


@contextmanager
def _kill_at_statement(engine: Engine, after: int) -> Iterator[None]:
    """The n-th writing statement from here on, counted from 0, is never sent; neither is a commit after it."""
    sent = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal sent
        if not statement.startswith(("INSERT", "UPDATE", "DELETE", "SELECT")):
            return
        if sent == after:
            raise _KilledError
        sent += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_a_commit_that_fails_writes_nothing(world: World) -> None:
    world.publish(*_BATCH)
    before = world.all_rows()

    def fail(_connection: object) -> None:
        raise _KilledError

    event.listen(world.engine, "commit", fail)
    with pytest.raises(_KilledError):
        world.projector.advance()
    event.remove(world.engine, "commit", fail)

    assert world.all_rows() == before
    assert world.project().rows("accounts", "account") == ["acme.com", "anon:v_four", "anon:v_one", "anon:v_two"]
