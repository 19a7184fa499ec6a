"""A projector that dies between any two statements leaves its whole batch or nothing, and its successor goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from schemas.scores import Changes
from tests.projections.builders import (
    Published,
    account_scored,
    anonymous,
    checkpoint,
    contact_scored,
    forward,
    gated,
    line,
    opened,
    parked,
    release,
    stage_change,
    step,
    track,
)
from tests.projections.world import World

_LINES = [line(seq) for seq in (1, 2, 3)]
_BATCH: list[Published] = [
    account_scored(
        seq=3,
        tracks={"acquisition": track(120, "sqa", falls_at="2026-02-01T00:00:00.000Z")},
        changes=Changes(
            lines=_LINES,
            stages=[stage_change(3, None, "sqa")],
            handoffs=[opened(3)],
            gated=[gated(2)],
            profile={"name": "Acme", "domains": ["acme.com"]},
            joins={"v_three": "c_anna"},
        ),
    ),
    account_scored(after_seq=3, seq=4, changes=Changes(steps=[step(4, "accepted")])),
    contact_scored(seq=3),
    anonymous("anon:v_one", seq=2, parked=[parked(1)], releases=[release()]),
    anonymous("anon:v_two", seq=1, forwards=[forward(1, "anon:v_two")]),
    anonymous("anon:v_four", seq=201, parked=[parked(seq, "anon:v_four") for seq in range(1, 202)]),
    checkpoint(9),
]


class _Killed(Exception):
    """The process died here."""


def test_a_crash_before_any_statement_leaves_all_or_nothing(world: World, straight: World) -> None:
    world.given(account_scored("first.example")).published(*_BATCH)
    before, crashes = world.everything(), 0

    while _dies_at(world, crashes):
        assert world.everything() == before
        crashes += 1

    assert crashes >= 25  # every table is written by a statement of its own, and the checkpoint
    assert world.everything() == straight.given(account_scored("first.example")).given(*_BATCH).everything()


def _dies_at(world: World, statement: int) -> bool:
    with _dying(world.engine, statement):
        try:
            world.projector.advance()
        except _Killed:
            return True
    return False


@contextmanager
def _dying(engine: Engine, after: int) -> Iterator[None]:
    """The n-th writing statement from here on, counted from 0, is never sent; neither is a commit after it."""
    sent = 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal sent
        if not statement.startswith(("INSERT", "UPDATE", "DELETE", "SELECT")):
            return
        if sent == after:
            raise _Killed
        sent += 1

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_a_commit_that_fails_writes_nothing(world: World) -> None:
    world.published(*_BATCH)
    before = world.everything()

    def fail(_connection: object) -> None:
        raise _Killed

    event.listen(world.engine, "commit", fail)
    with pytest.raises(_Killed):
        world.projector.advance()
    event.remove(world.engine, "commit", fail)

    assert world.everything() == before
    assert world.projected().rows("accounts", "account") == ["acme.com", "anon:v_four", "anon:v_one", "anon:v_two"]
