"""Decisions and assignments are checked before their facts are recorded: what the fold would ignore is refused."""

from typing import Any

import pytest

from projections.handoff_decisions import DecisionRefused, accepted_beside, check_assignment, check_decision
from projections.queries import open_queries
from schemas.scores import Changes
from tests.projections.builders import account_scored, assignment, handoff_opened, handoff_step
from tests.projections.world import World

FIRST, SECOND = "acme.com/acquisition/1", "acme.com/acquisition/2"


def told(world: World, *lives: list[str], **changes: Any) -> None:
    """Handoffs of one track, one after the other, each with its steps."""
    openings: list[Any] = []
    steps: list[Any] = []
    seq = 0
    for crossing, life in enumerate(lives, start=1):
        seq += 1
        openings.append(handoff_opened(seq, crossing=crossing))
        for status in life:
            seq += 1
            steps.append(handoff_step(seq, status, crossing=crossing))
    given = Changes(handoffs=openings, steps=steps, **changes)
    world.publish_and_project(account_scored(seq=seq + 1, changes=given))


def row_of(world: World, handoff: str = FIRST) -> Any:
    with open_queries(world.engine) as queries:
        return queries.handoff(handoff)


def refusal(answer: str | DecisionRefused) -> tuple[str, str]:
    assert isinstance(answer, DecisionRefused)
    return answer.code, answer.why


def test_two_who_decide_at_once_write_the_same_fact(world: World) -> None:
    told(world, [])

    row = row_of(world)

    assert check_decision(row, FIRST, "accepted") == check_decision(row, FIRST, "rejected") == f"handoff:{FIRST}:1"


@pytest.mark.parametrize(
    ("life", "wanted", "number"),
    [
        (["expired"], "accepted", 1),
        (["expired"], "rejected", 1),
        (["accepted"], "converted", 2),
        (["expired", "accepted"], "recycled", 2),
        (["accepted", "converted"], "recycled", 3),
    ],
)
def test_an_expiry_takes_no_step_number(world: World, life: list[str], wanted: str, number: int) -> None:
    told(world, life)

    assert check_decision(row_of(world), FIRST, wanted) == f"handoff:{FIRST}:{number}"


@pytest.mark.parametrize(
    ("life", "wanted", "expected"),
    [
        (
            ["accepted"],
            "accepted",
            ("already_decided", f"{FIRST} is accepted by sam; only what is proposed or expired can be accepted"),
        ),
        (
            ["rejected"],
            "accepted",
            ("already_decided", f"{FIRST} is rejected by sam; only what is proposed or expired can be accepted"),
        ),
        ([], "recycled", ("not_accepted", f"{FIRST} is proposed; only what is accepted or converted can be recycled")),
        (["rejected"], "converted", ("not_accepted", f"{FIRST} is rejected by sam; only what is accepted can be converted")),  # noqa: E501
    ],
)  # fmt: skip
def test_what_the_fold_would_ignore_is_refused(
    world: World, life: list[str], wanted: str, expected: tuple[str, str]
) -> None:
    told(world, life)

    assert refusal(check_decision(row_of(world), FIRST, wanted)) == expected


@pytest.mark.parametrize(("second", "described"), [([], "proposed"), (["accepted"], "accepted by sam")])
@pytest.mark.parametrize("wanted", ["accepted", "rejected"])
def test_an_expired_handoff_is_not_answered_while_a_later_one_is_with_sales(
    world: World, second: list[str], described: str, wanted: str
) -> None:
    told(world, ["expired"], second)

    why = f"{FIRST} is expired; answer the later one of its track: {SECOND}, {described}"
    assert refusal(check_decision(row_of(world), FIRST, wanted)) == ("later_is_open", why)


@pytest.mark.parametrize("second", [["expired"], ["rejected"], ["withdrawn"]])
def test_an_expired_handoff_is_answered_when_no_later_one_is_with_sales(world: World, second: list[str]) -> None:
    told(world, ["expired"], second)

    assert check_decision(row_of(world), FIRST, "accepted") == f"handoff:{FIRST}:1"


def test_whoever_accepts_a_second_one_is_told_of_the_first(world: World) -> None:
    told(world, ["expired", "accepted"], ["expired", "accepted"])

    with open_queries(world.engine) as queries:
        beside = accepted_beside(queries.handoff(SECOND), queries.handoffs(account="acme.com"))
    assert [(row.handoff, row.by) for row in beside] == [(FIRST, "sam")]


def test_a_handoff_that_does_not_exist_is_named() -> None:
    refused = check_decision(None, "nobody/acquisition/1", "accepted")

    assert refused == DecisionRefused(
        "no_such_handoff", "there is no handoff nobody/acquisition/1; `staffel handoffs --all` lists them"
    )


def test_the_same_assignment_at_once_is_one_fact_and_two_different_ones_are_two(world: World) -> None:
    told(world, [])

    row = row_of(world)

    ids = [check_assignment(row, FIRST, 0, to) for to in ("anna", "Anna", "ben")]
    assert ids == [f"handoff:{FIRST}:assigned:1:{to}" for to in ("anna", "anna", "ben")]


def test_assigning_again_to_the_same_person_is_refused_and_back_to_a_former_one_is_another_fact(world: World) -> None:
    told(world, [], assignments=[assignment(2, "anna")])

    row = row_of(world)

    assert refusal(check_assignment(row, FIRST, 1, "ANNA")) == (
        "already_assigned",
        f"{FIRST} is assigned to anna already, by berta",
    )
    assert check_assignment(row, FIRST, 1, "ben") == f"handoff:{FIRST}:assigned:2:ben"


@pytest.mark.parametrize("life", [[], ["expired"], ["accepted"]])
def test_what_waits_or_is_worked_can_be_assigned(world: World, life: list[str]) -> None:
    told(world, life)

    assert check_assignment(row_of(world), FIRST, 0, "anna") == f"handoff:{FIRST}:assigned:1:anna"


def test_what_is_closed_cannot_be_assigned(world: World) -> None:
    told(world, ["rejected"])

    code, why = refusal(check_assignment(row_of(world), FIRST, 0, "anna"))
    assert (code, why.partition(";")[0]) == ("already_decided", f"{FIRST} is rejected by sam")
