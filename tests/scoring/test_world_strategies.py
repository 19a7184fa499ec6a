"""The random worlds: their models are valid, and what the rules are about does happen in them."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from scoring.model.loading import model_from_dict
from tests.scoring.model_strategies import Json, models
from tests.scoring.oracle.account import account_after
from tests.scoring.world_strategies import World, busy_worlds, worlds


def _outcome_kinds(world: World) -> Iterator[str]:
    for account in world.accounts:
        said = account_after(world.model, world.facts, account, world.end)
        yield f"fit {said['fit']['grade']}"
        for track in said["tracks"].values():
            yield from (one["why"] for one in track["gated"])
            yield from (one["status"] for one in track["handoffs"])
            yield from ("late" for one in track["handoffs"] if one["late"])
            yield from ("falls by time" for one in track["stages"] if one["cause"] == "time")
            yield from (_line_kind(line) for line in track["lines"])


def _line_kind(line: Json) -> str:
    cut = line["cut"]
    if cut is not None:
        return "too late" if cut.endswith("too late to count") else "limited" if cut.startswith("limits") else "cut"
    return str(line["rule"]) if line["rule"].startswith("~") else "counted"


@given(models())
@settings(max_examples=60)
def test_every_random_model_is_valid(model: Json) -> None:
    assert list(model_from_dict(model).tracks) == list(model["tracks"])


@pytest.mark.parametrize(
    ("some_worlds", "wanted"),
    [
        (
            worlds(),
            {"counted", "cut", "too late", "limited", "~role", "~adjusted", "falls by time", "suppressed"}
            | {"fit unknown", "fit D"},
        ),
        (
            busy_worlds(),
            {"proposed", "accepted", "rejected", "recycled", "late"} | {"with_sales", "cooling_down", "falls by time"},
        ),
    ],
    ids=["worlds", "busy worlds"],
)
def test_what_the_rules_are_about_happens(some_worlds: st.SearchStrategy[World], wanted: set[str]) -> None:
    happened: set[str] = set()

    @given(some_worlds)
    @settings(max_examples=100, database=None, phases=[Phase.generate])
    def look(world: World) -> None:
        happened.update(_outcome_kinds(world))

    for some in range(20):
        if not wanted <= happened:
            seed(some)(look)()
    assert wanted - happened == set()
