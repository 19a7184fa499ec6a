"""The oracle itself, held against the vectors: what judges the fold is judged first."""

import pytest

from tests.scoring.oracle.account import account_after, account_at
from tests.scoring.vectors import (
    Expectation,
    Vector,
    WholeResult,
    all_differences,
    all_vectors,
    differences,
    vector_named,
    whole_results,
    without_service_level,
)

EXPECTED = [(vector, one) for vector in all_vectors() for one in vector.expect]


def _name(case: object) -> str | None:
    if isinstance(case, Vector):
        return case.name
    return f"{case.at}-after-{case.after_facts}" if isinstance(case, Expectation | WholeResult) else None


@pytest.mark.parametrize(("vector", "expected"), EXPECTED, ids=_name)
def test_the_oracle_says_what_was_worked_out_by_hand(vector: Vector, expected: Expectation) -> None:
    said = account_after(vector.model, vector.facts[: expected.after_facts], vector.account, expected.at)
    assert list(differences(expected.part, said)) == []


@pytest.mark.parametrize("expected", whole_results(), ids=lambda case: f"{case.vector}-{_name(case)}")
def test_the_oracle_says_no_more_and_no_less(expected: WholeResult) -> None:
    vector = vector_named(expected.vector)
    said = account_after(vector.model, vector.facts[: expected.after_facts], vector.account, expected.at)
    assert all_differences(expected.result, without_service_level(said)) == []


def test_as_of_an_instant_counts_what_was_recorded_by_then_whenever_it_happened() -> None:
    vector = vector_named("01-whole-hours")
    late = {**vector.facts[1], "recordedtime": "2026-01-05T12:00:00.000Z"}
    facts = [vector.facts[0], late]
    seen = [account_at(vector.model, facts, "acme.com", f"2026-01-05T{hour}:00:00.000Z")["seq"] for hour in (11, 12)]
    assert seen == [1, 2]


def test_an_account_is_never_valued_before_its_clock() -> None:
    vector = vector_named("01-whole-hours")
    asked_early = account_after(vector.model, vector.facts, "acme.com", "2026-01-05T00:00:00.000Z")
    assert asked_early["as_of"] == "2026-01-05T10:00:00.000Z"


def test_another_account_of_the_partition_changes_nothing_but_takes_identities() -> None:
    vector = vector_named("01-whole-hours")
    other = {**vector.facts[0], "subject": "other.com"}
    before = account_after(vector.model, vector.facts, "acme.com", "2026-01-06T00:00:00.000Z")
    after = account_after(vector.model, [*vector.facts, other], "acme.com", "2026-01-06T00:00:00.000Z")
    first_taken = account_after(vector.model, [other, *vector.facts], "acme.com", "2026-01-06T00:00:00.000Z")
    assert (after, first_taken["seq"]) == (before, 1)


def test_an_anonymous_account_is_counted_but_not_scored() -> None:
    vector = vector_named("04-hysteresis-and-falls")
    facts = [{**fact, "subject": "anon:v_x"} for fact in vector.facts]
    said = account_after(vector.model, facts, "anon:v_x", "2026-01-06T11:30:00.000Z")
    track = said["tracks"]["acquisition"]
    assert (said["seq"], track["score"], track["stage"], track["lines"]) == (2, 0, None, [])
