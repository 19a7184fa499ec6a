"""Verify finds every altered suppression, and every event of `suppressions` that is altered, missing or made up."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, text

from audit.verify import Mismatch, verify
from schemas.topics import SUPPRESSIONS
from streams.log import NewRecord
from tests.projections.campaign_world import CampaignWorld
from tests.projections.world import World

STARTED = "acme.com/c_b/with_sales/acquisition/1/2"


@pytest.fixture
def campaign(database: Engine) -> CampaignWorld:
    """Two people with sales, one of whom unsubscribed."""
    return CampaignWorld(World(database)).hand_over().record("email.unsubscribed")


def found(campaign: CampaignWorld) -> list[Mismatch]:
    return verify(campaign.world.log, campaign.world.engine).mismatches


def execute(campaign: CampaignWorld, statement: str) -> None:
    with campaign.world.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount >= 1


def publish(campaign: CampaignWorld, **changed: object) -> None:
    """One more record on the topic: the first one, changed."""
    first = msgspec.json.decode(campaign.world.records_of_topic(SUPPRESSIONS)[0].value)
    campaign.world.log.append(SUPPRESSIONS, [NewRecord("acme.com", msgspec.json.encode(first | changed), None)])


def test_what_was_derived_and_published_has_no_mismatch(campaign: CampaignWorld) -> None:
    assert found(campaign.decide("accepted", "recycled")) == []


def test_what_waits_in_the_outbox_is_not_missing(campaign: CampaignWorld) -> None:
    campaign.append("contact.released")
    campaign.score()
    campaign.world.project()
    assert found(campaign) == []


WHERE = f"WHERE suppression = '{STARTED}'"


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        (f"UPDATE suppressions SET since = since + 1 {WHERE}", "suppressions.since"),
        (f"UPDATE suppressions SET reason = 'asked' {WHERE}", "suppressions.reason"),
        (f"UPDATE suppressions SET ended_seq = 3 {WHERE}", "suppressions.ended_seq"),
        (f"DELETE FROM suppressions {WHERE}", "suppressions"),
        (f"UPDATE suppressions SET suppression = 'made up' {WHERE}", "suppressions"),
    ],
)
def test_an_altered_row_is_named(campaign: CampaignWorld, statement: str, field: str) -> None:
    execute(campaign, statement)
    assert {(each.account, each.field) for each in found(campaign)} == {("acme.com", field)}


ALTERATIONS: list[Callable[[CampaignWorld], None]] = [
    lambda campaign: publish(campaign, time="2026-01-05T09:00:00.001Z"),
    lambda campaign: publish(campaign, data={}),
    lambda campaign: publish(campaign, id="made up"),
    lambda campaign: execute(campaign, "DELETE FROM log_suppressions"),
]


@pytest.mark.parametrize("alter", ALTERATIONS)
def test_what_was_published_is_compared_with_what_is_derived(
    campaign: CampaignWorld, alter: Callable[[CampaignWorld], None], tmp_path: Path
) -> None:
    alter(campaign)
    assert {(each.account, each.field) for each in found(campaign)} == {("acme.com", "published on suppressions")}
