"""Ids of facts that name or reveal a person are keyed with the secret of the vault."""

import pytest
from sqlalchemy import Engine

from intake.recorder.drafts import Duplicate, Recorded
from tests.intake.recorder.fakes import RecorderWorld, new_observation


def ids(intake: RecorderWorld) -> list[str]:
    return [fact["id"] for fact in intake.log.facts()]


def test_marked_ids_and_fields_are_keyed(intake: RecorderWorld) -> None:
    content = {"message": "<1@mail.acme.com>", "campaign": "spring"}
    intake.record(
        new_observation("m/1", "email.replied.v1", account="acme.com", data=content, personal=("id", "campaign"))
    )
    keyed = intake.vault.keyed_id
    assert ids(intake) == [keyed("m/1")]
    assert intake.log.facts()[0]["data"] == {"message": keyed("<1@mail.acme.com>"), "campaign": keyed("spring")}


@pytest.mark.parametrize(
    "id",
    ["<1@mail.acme.com>", "seg:pat%40acme.com", "203.0.113.7-17", "open:2001:db8:0:0:0:0:2:1", "uid/PAT@ACME.COM/held"],
)
def test_an_id_that_contains_an_address_or_an_ip_is_keyed_without_a_mark(intake: RecorderWorld, id: str) -> None:
    intake.record(new_observation(id, account="acme.com"))
    assert ids(intake) == [intake.vault.keyed_id(id)]


@pytest.mark.parametrize("id", ["seg:ajs-next-1795", "account:acme.com:2026-01-05T09:12:00.000Z:0a1b", "17"])
def test_other_ids_stay_readable(intake: RecorderWorld, id: str) -> None:
    intake.record(new_observation(id, account="acme.com"))
    assert ids(intake) == [id]


def test_ids_of_trusted_files_and_of_our_own_commands_stay(intake: RecorderWorld) -> None:
    intake.record(new_observation("<1@acme.com>", account="acme.com", trusted=True))
    own = new_observation("handoff:a@b/sales/1:1", account="acme.com", source="staffel/decisions")
    intake.recorder.record([own], own=True)
    assert ids(intake) == ["<1@acme.com>", "handoff:a@b/sales/1:1"]


def test_in_a_log_that_began_before_a_fact_under_its_former_id_is_a_duplicate(vault_engine: Engine) -> None:
    intake = RecorderWorld(vault_engine, asks_former_ids=True)
    intake.record(new_observation("former", account="acme.com"))
    again = new_observation("<1@acme.com>", account="acme.com", personal=("id",), former_id="former")
    unmarked = new_observation("<2@acme.com>", account="acme.com")
    assert intake.record(again, unmarked) == [Duplicate("acme.com", None, 0, 0), Recorded("acme.com", None, 0, 1)]


def test_a_new_log_does_not_ask_for_former_ids(intake: RecorderWorld) -> None:
    intake.record(new_observation("former", account="acme.com"))
    again = new_observation("<1@acme.com>", account="acme.com", personal=("id",), former_id="former")
    assert intake.record(again) == [Recorded("acme.com", None, 0, 1)]
