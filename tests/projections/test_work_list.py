"""The work list: what is on it, in which order, and for whom."""

from collections.abc import Iterable
from typing import Any

import pytest

from projections.queries import open_queries
from projections.work_list import WorkListFilter, is_overdue, listed_handoffs
from schemas.scores import Changes
from schemas.times import parse_time
from tests.projections.builders import NOON, account_scored, assignment, at, handoff_opened, handoff_step
from tests.projections.world import World


def handoff_of(account: str, *life: str, due: float | None = 4, owner: str | None = None, **fields: Any) -> Any:
    """An account with one handoff, opened at its first seq, and the steps that followed."""
    opened = handoff_opened(1, account, due_at=None if due is None else at(due), **fields)
    steps = [handoff_step(seq, status, account) for seq, status in enumerate(life, start=2)]
    profile = {"owner": owner} if owner else None
    return account_scored(account, seq=1 + len(life), changes=Changes(handoffs=[opened], steps=steps, profile=profile))


def two_of_one_track(first: Iterable[str], second: Iterable[str]) -> Any:
    """Two handoffs of acme.com: the second opens after the first has taken its steps."""
    first, second = list(first), list(second)
    opens = 2 + len(first)
    steps = [handoff_step(seq, status) for seq, status in enumerate(first, start=2)]
    steps += [handoff_step(seq, status, crossing=2) for seq, status in enumerate(second, start=opens + 1)]
    opened = [handoff_opened(1), handoff_opened(opens, crossing=2)]
    return account_scored(seq=opens + len(second), changes=Changes(handoffs=opened, steps=steps))


def listed(world: World, hours: float = 0, limit: int | None = None, **chosen: Any) -> list[str]:
    """Account and number of what is listed so many hours after noon."""
    with open_queries(world.engine) as queries:
        rows = listed_handoffs(queries, parse_time(at(hours)), WorkListFilter(**chosen), limit)
    return [row.handoff.replace("/acquisition/", "/") for row in rows]


def test_overdue_ones_come_first_then_what_is_due_next_then_what_is_being_worked(world: World) -> None:
    world.publish_and_project(
        handoff_of("accepted.example", "accepted", due=2),
        handoff_of("whenever.example", due=None),
        handoff_of("later.example", due=9),
        handoff_of("soon.example", due=7),
        handoff_of("late.example", due=5),
        handoff_of("latest.example", "expired", due=3),
    )

    assert listed(world, hours=6) == [
        f"{name}.example/1" for name in ("latest", "late", "soon", "later", "whenever", "accepted")
    ]


def test_at_its_very_due_time_a_handoff_is_not_overdue(world: World) -> None:
    world.publish_and_project(handoff_of("acme.com", due=4))

    assert listed(world, hours=4, only_overdue=True) == []
    assert listed(world, hours=4.001, only_overdue=True) == ["acme.com/1"]


@pytest.mark.parametrize("life", [["rejected"], ["withdrawn"], ["accepted", "converted"], ["accepted", "recycled"]])
def test_what_sales_is_done_with_is_not_listed_unless_asked_for(world: World, life: list[str]) -> None:
    world.publish_and_project(handoff_of("acme.com", *life))

    assert listed(world) == []
    assert listed(world, also_closed=True) == listed(world, status=life[-1]) == ["acme.com/1"]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ([], ["acme.com/1", "acme.com/2"]),
        (["withdrawn"], ["acme.com/1"]),
        (["expired"], ["acme.com/1", "acme.com/2"]),
        (["accepted"], ["acme.com/2"]),
        (["rejected"], []),
        (["accepted", "recycled"], []),
    ],
)
def test_an_expired_handoff_stays_until_it_or_a_later_one_of_its_track_is_answered(
    world: World, second: list[str], expected: list[str]
) -> None:
    world.publish_and_project(two_of_one_track(["expired"], second))

    assert listed(world, hours=99) == expected


def test_an_answer_in_another_track_leaves_an_expired_handoff_listed(world: World) -> None:
    other = {"handoff": "acme.com/expansion/2", "track": "expansion", "crossing": 2}
    changes = Changes(
        handoffs=[handoff_opened(1), handoff_opened(2, **other)],
        steps=[handoff_step(3, "expired"), handoff_step(4, "rejected", **other)],
    )
    world.publish_and_project(account_scored(seq=4, changes=changes))

    assert listed(world) == ["acme.com/1"]


def test_an_expired_handoff_names_the_later_one_that_is_to_be_answered(world: World) -> None:
    world.publish_and_project(two_of_one_track(["expired"], ["accepted"]))

    with open_queries(world.engine) as queries:
        rows = [(row.crossing, row.later, row.later_status, row.later_by) for row in queries.handoffs()]
    assert rows == [(1, "acme.com/acquisition/2", "accepted", "sam"), (2, None, None, None)]


def test_mine_is_what_was_assigned_to_me_else_what_i_accepted_else_what_belongs_to_my_accounts(world: World) -> None:
    to_me, to_ben = assignment(3, "sam", account="given.example"), assignment(3, "ben", account="taken.example")
    world.publish_and_project(
        handoff_of("given.example", owner="ben"),
        handoff_of("taken.example", "accepted", owner="sam"),
        handoff_of("accepted.example", "accepted", owner="ben"),
        handoff_of("owned.example", owner="sam"),
        handoff_of("nobody.example"),
    )
    for each in (to_me, to_ben):
        account = each.handoff.partition("/")[0]
        seq = 2 if account == "given.example" else 3
        changes = Changes(assignments=[each])
        world.publish_and_project(account_scored(account, after_seq=seq - 1, seq=3, changes=changes))

    assert sorted(listed(world, user="sam")) == ["accepted.example/1", "given.example/1", "owned.example/1"]
    assert sorted(listed(world, user="ben")) == ["taken.example/1"]


@pytest.mark.parametrize(("owner", "user"), [("Anna", "anna"), ("straße", "STRASSE"), ("anna", "ANNA")])
def test_names_of_persons_are_compared_regardless_of_case(world: World, owner: str, user: str) -> None:
    world.publish_and_project(handoff_of("acme.com", owner=owner))

    assert listed(world, user=user) == listed(world, owner=user) == ["acme.com/1"]
    assert listed(world, user="ben") == listed(world, owner="ben") == []


def test_route_track_and_limit_choose(world: World) -> None:
    expansion = {"handoff": "c.example/expansion/1", "track": "expansion"}
    world.publish_and_project(
        handoff_of("a.example", route="sdr", due=5),
        handoff_of("b.example", route="ae", due=6),
        handoff_of("c.example", route="ae", due=7, **expansion),
    )

    assert listed(world, route="AE") == ["b.example/1", "c.example/expansion/1"]
    assert listed(world, route="ae", track="acquisition") == ["b.example/1"]
    assert listed(world, limit=2) == ["a.example/1", "b.example/1"]


@pytest.mark.parametrize(
    ("status", "due_at", "overdue"),
    [
        ("proposed", NOON - 1, True),
        ("proposed", NOON, False),
        ("proposed", None, False),
        ("expired", NOON - 1, True),
        ("expired", None, True),
        ("accepted", NOON - 1, False),
        ("rejected", NOON - 1, False),
    ],
)
def test_overdue_is_what_has_no_answer_after_its_due_time(status: str, due_at: int | None, overdue: bool) -> None:
    assert is_overdue(status, due_at, NOON) is overdue
