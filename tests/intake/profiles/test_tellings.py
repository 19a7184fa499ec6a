"""An import tells of an account only what differs from what its source told last."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.recorder.drafts import Duplicate, Recorded
from intake.recorder.profiles.tellings import Telling, next_telling
from intake.recorder.profiles.told_profiles import ToldProfile, account_key
from schemas.times import format_time, parse_time
from tests.intake.profiles.tables import MemoryProfiles, account_row
from tests.intake.recorder.fakes import NOW, RecorderWorld

CREATED, LATER = parse_time("2025-03-01T00:00:00.000Z"), parse_time("2025-06-01T00:00:00.000Z")
REGISTERED, UPDATED = "account.registered.v1", "account.updated.v1"
WorldAndProfiles = tuple[RecorderWorld, MemoryProfiles]


def told(world: RecorderWorld) -> list[tuple[Any, ...]]:
    """Type, time and data of every fact."""
    return [(fact["type"], parse_time(fact["time"]), fact["data"]) for fact in world.log.facts()]


def test_the_first_telling_is_the_whole_row_at_its_date(crm: RecorderWorld) -> None:
    crm.record(account_row(name="Acme", employees=10, time=CREATED, modified_at=LATER))
    assert told(crm) == [(REGISTERED, CREATED, {"name": "Acme", "employees": 10})]


def test_the_same_row_again_is_a_duplicate(crm: RecorderWorld) -> None:
    (first,) = crm.record(account_row(name="Acme", employees=10))
    (again,) = crm.record(account_row(name="Acme", employees=10, modified_at=LATER))
    assert (first, again) == (Recorded("acme.com", None, 0, 0), Duplicate("acme.com", None, 0, 0))
    assert len(crm.log.facts()) == 1


def test_a_changed_row_tells_what_differs_at_its_modification(crm: RecorderWorld) -> None:
    crm.record(account_row(name="Acme", employees=10, time=CREATED))
    crm.record(account_row(name="Acme", employees=12, country="DE", time=CREATED, modified_at=LATER))
    assert told(crm)[1:] == [(UPDATED, LATER, {"employees": 12, "country": "DE"})]


@pytest.mark.parametrize("modified_at", [None, CREATED, CREATED - 1, NOW + 1])
def test_without_a_modification_after_the_telling_before_it_is_dated_by_the_import(
    crm: RecorderWorld, modified_at: int | None
) -> None:
    crm.record(account_row(employees=10, time=CREATED))
    crm.record(account_row(employees=12, time=CREATED, modified_at=modified_at))
    assert told(crm)[1:] == [(UPDATED, NOW, {"employees": 12})]


def test_changes_of_one_import_follow_each_other(crm: RecorderWorld) -> None:
    crm.record(account_row(employees=10), account_row(employees=12), account_row(employees=14))
    assert [(at, data) for _, at, data in told(crm)] == [
        (0, {"employees": 10}),
        (NOW, {"employees": 12}),
        (NOW + 1, {"employees": 14}),
    ]


def test_there_and_back_are_three_facts(crm: RecorderWorld) -> None:
    for segment in ("a", "b", "a", "a"):
        crm.record(account_row(segment=segment))
    assert [fact["data"]["segment"] for fact in crm.log.facts()] == ["a", "b", "a"]
    assert len({fact["id"] for fact in crm.log.facts()}) == 3


def test_a_field_that_is_missing_tells_nothing(crm: RecorderWorld) -> None:
    crm.record(account_row(name="Acme", employees=10))
    crm.record(account_row(name="Acme"), account_row(employees=10))
    assert len(crm.log.facts()) == 1


def test_a_blank_tells_that_what_was_told_is_not_there_any_more(crm: RecorderWorld) -> None:
    for employees in (10, None, None, 10):
        crm.record(account_row(name="Acme", employees=employees))
    assert [data for _, _, data in told(crm)] == [
        {"name": "Acme", "employees": 10},
        {"employees": None},
        {"employees": 10},
    ]


def test_a_blank_of_which_nothing_was_told_tells_nothing(crm: RecorderWorld) -> None:
    """Another source may know it."""
    crm.record(account_row(name="Acme", employees=None), account_row(name="Acme", employees=None))
    assert [data for _, _, data in told(crm)] == [{"name": "Acme"}]


def test_each_source_has_told_for_itself(crm: RecorderWorld) -> None:
    crm.record(account_row(segment="a", source="hubspot"), account_row(segment="b", source="salesforce"))
    crm.record(account_row(segment="a", source="hubspot"))
    assert crm.log.fact_fields("source", "type") == [("hubspot", REGISTERED), ("salesforce", REGISTERED)]


def test_what_was_appended_but_not_noted_is_a_duplicate_when_it_is_repeated(
    crm_with_profiles: WorldAndProfiles,
) -> None:
    crm, profiles = crm_with_profiles
    crm.record(account_row(segment="a"))
    profiles.fails = True
    with pytest.raises(OSError, match="killed"):
        crm.record(account_row(segment="b"))
    assert [type(each) for each in crm.record(account_row(segment="b"))] == [Duplicate]
    crm.record(account_row(segment="a"))
    assert [fact["data"]["segment"] for fact in crm.log.facts()] == ["a", "b", "a"]


def test_a_fact_that_the_log_lost_is_told_again(crm: RecorderWorld) -> None:
    crm.record(account_row(segment="a", employees=10))
    crm.record(account_row(segment="b"))
    crm.log.__init__()  # type: ignore[misc]
    crm.record(account_row(segment="b", employees=10))
    assert [data for _, _, data in told(crm)] == [{"segment": "b", "employees": 10}]


def test_a_rejected_row_has_told_nothing(crm_with_profiles: WorldAndProfiles) -> None:
    crm, profiles = crm_with_profiles
    crm.record(account_row(domains=["gmail.com"]), account_row(employees=True))
    assert (crm.log.facts(), profiles.profiles) == ([], {})


FIELDS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, 2, "x", None]), max_size=3)


@given(st.lists(st.tuples(FIELDS, st.none() | st.integers(0, NOW)), min_size=1, max_size=8))
def test_the_tellings_together_are_what_was_told_last_of_each_field(rows: list[tuple[dict[str, Any], Any]]) -> None:
    before: ToldProfile | None = None
    known: dict[str, Any] = {}
    facts: dict[str, Telling] = {}
    for fields, modified_at in rows:
        row = account_row(time=5, modified_at=modified_at)
        telling = next_telling(account_key("crm", "acme.com"), row, fields, before, NOW)
        known |= {name: value for name, value in fields.items() if value is not None or name in known}
        before = telling.profile
        facts.setdefault(telling.id, telling)
    assert before is not None
    assert before.fields == known
    latest = [telling.content for telling in sorted(facts.values(), key=lambda each: each.time)]
    assert {name: value for content in latest for name, value in content.items()} == known
    assert len({telling.time for telling in facts.values()}) == len(facts)
    assert all(format_time(telling.time) for telling in facts.values())
