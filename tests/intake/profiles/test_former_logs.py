"""A log that began before profiles were told by what differs has whole registrations, under ids of their own."""

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from intake.recorder.drafts import Duplicate, Recorded
from tests.intake.profiles.tables import account_row, world_with_profiles
from tests.intake.recorder.fakes import RecorderWorld, new_observation


@pytest.fixture
def old_log(engine: Engine) -> RecorderWorld:
    """Holds a registration of acme.com as it was recorded before."""
    world, _ = world_with_profiles(engine, asks_former_ids=True)
    row = account_row(segment="a")
    world.record(new_observation(row.id, row.type, source="crm", account="acme.com", data=row.data, time=0))
    return world


def test_the_same_row_is_a_duplicate_and_counts_as_told(old_log: RecorderWorld) -> None:
    assert old_log.record(account_row(segment="a")) == [Duplicate("acme.com", None, 0, 0)]
    old_log.record(account_row(segment="b"))
    assert [(fact["type"], fact["data"]) for fact in old_log.log.facts()[1:]] == [
        ("account.updated.v1", {"segment": "b"})
    ]


def test_there_and_back_is_told_although_the_log_has_a_registration_like_it(old_log: RecorderWorld) -> None:
    old_log.record(account_row(segment="a"))
    outcomes = old_log.record(account_row(segment="b"), account_row(segment="a"))
    assert [type(each) for each in outcomes] == [Recorded, Recorded]
    assert [fact["data"]["segment"] for fact in old_log.log.facts()] == ["a", "b", "a"]


def test_a_changed_row_is_told_as_a_whole_and_wins_over_the_old_registration_of_its_time(
    old_log: RecorderWorld,
) -> None:
    [outcome] = old_log.record(replace(account_row(segment="b"), id="account:acme.com:-:1"))
    assert isinstance(outcome, Recorded)
    old, new = (fact for fact in old_log.log.facts() if fact["type"] == "account.registered.v1")
    assert (new["time"], new["data"]) == (old["time"], {"segment": "b"})
    assert new["id"] > old["id"]
