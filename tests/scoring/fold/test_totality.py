"""The fold takes whatever a record can hold: nothing raises, numbers stay finite, what cannot be read says why."""

from math import isfinite
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.scores import decode_account_scored
from streams.log import Record
from tests.scoring import model_builders as models
from tests.scoring.fold_runner import ACME, Json, fact, fold_facts, plan_of, record_of
from tests.scoring.model_strategies import ROLES
from tests.scoring.world_strategies import CONTACTS, VISITORS, worlds
from tests.streams.scorer.memory_partition import MemoryPartition

MANY_EXAMPLES = settings(max_examples=150, derandomize=True)

MODEL = {
    "model": "total",
    "timezone": "America/Santiago",
    "roles": {"user": 3.0},
    "fit": {"rules": [{"field": "employees", "above": 10, "points": 50}]},
    "tracks": {
        "t": {
            "rules": [
                models.rule("any", on=["web.page_viewed", "meeting.held"], points={"field": "minutes"}, half_life="1h"),
                models.rule("form", where={"form": {"matches": "a+"}}, at_most="1 per contact and message per month"),
                models.rule("deep", on="custom.tracked", where={"a.b": {"above": 1}}, half_life="900h"),
                models.rule("less", on="email.bounced", points={"field": "minutes", "times": -5}),
            ],
            "stages": [models.stage(enter=10, leave=1, contacts="1 within 90d", fit=["D", "unknown"], handoff=True)],
        }
    },
}
PLAN = plan_of(MODEL)
FIELDS = "minutes form message a bot role visitor contact to track points handoff reason by employees customer domain"
TYPES = (
    "web.page_viewed.v1 meeting.held.v1 email.replied.v1 custom.tracked.v1 email.bounced.v1 nps.answered.v1 "
    "nps.answered.v2 nps.answered.v7 account.updated.v1 account.domain_claimed.v1 account.suppressed.v1 "
    "contact.identified.v1 score.adjusted.v1 handoff.accepted.v1 handoff.recycled.v1 review.due.v1 what.ever"
)

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**400), 10**400),
    st.sampled_from([1e308, -1e308, 5e-324, 10**18, 0, -0.0]),
)
scalars = (
    st.none() | st.booleans() | numbers | st.text(max_size=5) | st.sampled_from([*CONTACTS, *VISITORS, *ROLES, "t"])
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", ""]), inner),
    max_leaves=5,
)
contents = st.dictionaries(st.sampled_from([*FIELDS.split(), ""]), json_values, max_size=5) | json_values
times = st.datetimes().map(lambda moment: moment.isoformat() + "Z") | st.sampled_from(
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "1969-12-31T23:00:00-12:00", "2026-01-05", "soon", ""]
)
facts = st.builds(
    lambda id, time, type, contact, content: fact(f"f{id}", time, contact=contact, data=content) | {"type": type},
    st.integers(0, 9),
    times,
    st.sampled_from(TYPES.split()),
    st.sampled_from([None, "", *CONTACTS, *VISITORS, "~account"]),
    contents,
)


def numbers_in(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for part in value.values() for number in numbers_in(part)]
    if isinstance(value, list | tuple):
        return [number for part in value for number in numbers_in(part)]
    return [value] if isinstance(value, int | float) else []


@MANY_EXAMPLES
@given(st.lists(facts, min_size=1, max_size=12))
def test_any_json_is_folded_or_refused(given_facts: list[Json]) -> None:
    partition = MemoryPartition(PLAN)
    for offset, each in enumerate(given_facts):
        partition.recover().score([record_of(each, offset)])
    assert all(unit.next == offset + 1 for offset, unit in enumerate(partition.units))
    scored = [decode_account_scored(record.value) for key, record in partition.latest.items() if key == ACME]
    said = [msgspec.to_builtins((each.tracks, each.changes)) for each in scored]
    assert all(isfinite(number) for number in numbers_in(said))


@MANY_EXAMPLES
@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_bytes_are_refused(value: bytes) -> None:
    partition = MemoryPartition(PLAN).score([Record(7, ACME, value, (("h", b"1"),))])
    [letter] = partition.units[0].dead_letters
    assert (letter.key, letter.value, ("h", b"1") in letter.headers) == (ACME, b"", False)


@pytest.mark.parametrize("points", [1e308, 10**400, 1e18, -1e308])
def test_points_without_bounds_are_bounded(points: float) -> None:
    again = [fact(f"f{i}", "2026-01-05T09:00:00Z", "web.page_viewed", data={"minutes": points}) for i in range(50)]
    adjusted = fact("g", "2026-01-05T09:00:00Z", "score.adjusted", data={"track": "t", "points": points})
    account = fold_facts(PLAN, [*again, adjusted]).accounts[ACME]
    assert all(isfinite(each) for each in account.sums)


@MANY_EXAMPLES
@given(worlds())
def test_a_refused_fact_leaves_no_trace(world: Any) -> None:
    plan = plan_of(world.model)
    broken = [{**fact, "id": f"{fact['id']} broken", "time": "soon"} for fact in world.facts]
    mixed = [each for pair in zip(broken, world.facts, strict=True) for each in pair]
    lived, alone = fold_facts(plan, mixed).accounts, fold_facts(plan, world.facts).accounts
    assert {id: account.seq for id, account in lived.items()} == {id: account.seq for id, account in alone.items()}
