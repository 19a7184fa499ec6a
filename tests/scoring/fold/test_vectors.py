"""The vectors through the product's fold: everything that was worked out by hand comes out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scoring.model.loading import load_model
from scoring.plan.compiler import compile_model
from tests.scoring.fold_runner import Json, fold_report, plan_of
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
EXPORTED = Path(__file__).parents[4] / "shared" / "vectors" / "exported"
"""The first ten once more, as files; they lie beside some checkouts."""


def _name(case: object) -> str | None:
    if isinstance(case, Vector):
        return case.name
    return f"{case.at}-after-{case.after_facts}" if isinstance(case, Expectation | WholeResult) else None


@pytest.mark.parametrize(("vector", "expected"), EXPECTED, ids=_name)
def test_the_fold_says_what_was_worked_out_by_hand(vector: Vector, expected: Expectation) -> None:
    answer = fold_report(plan_of(vector.model), vector.facts[: expected.after_facts], expected.at, vector.account)
    assert list(differences(expected.part, answer)) == []


@pytest.mark.parametrize("expected", whole_results(), ids=lambda case: f"{case.vector}-{_name(case)}")
def test_the_fold_says_no_more_and_no_less(expected: WholeResult) -> None:
    vector = vector_named(expected.vector)
    answer = fold_report(plan_of(vector.model), vector.facts[: expected.after_facts], expected.at, vector.account)
    assert all_differences(expected.result, without_service_level(answer)) == []


@pytest.mark.skipif(not EXPORTED.is_dir(), reason="no exported vectors beside the repository")
def test_the_exported_vectors_come_out_from_their_files() -> None:
    assert list(_exported_differences()) == []


def _exported_differences() -> Iterator[Any]:
    for folder in sorted(EXPORTED.iterdir()):
        model = load_model((folder / "model.yaml").read_text(encoding="utf-8"), "model.yaml")
        plan = compile_model(model, "exported-1-000000000000")
        facts: list[Json] = [json.loads(line) for line in (folder / "facts.jsonl").read_text().splitlines()]
        for case in json.loads((folder / "expected.json").read_text(encoding="utf-8")):
            answer = fold_report(plan, facts[: case["after_facts"]], case["at"], case["full"]["account"])
            yield from (
                (folder.name, case["at"], problem)
                for problem in all_differences(case["full"], without_service_level(answer))
            )
