"""Links between ids of a source, made before an address is known, hold once it is."""

from typing import Any

import pytest

from intake.observation import Observation
from intake.vault.vault import ForeignId, Tombstone
from tests.intake.recorder.fakes import IDENTIFIED, NOW, RecorderWorld, new_observation


def seen(id: str, **fields: Any) -> Observation:
    return new_observation(id, source="segment/web", **fields)


def alias(id: str, previous: str, person: str, **fields: Any) -> Observation:
    return seen(id, type=IDENTIFIED, visitor=previous, person=person, previous_person=previous, **fields)


def told(id: str, person: str, email: str = "pat@acme.com", **fields: Any) -> Observation:
    return seen(id, type=IDENTIFIED, person=person, email=email, **fields)


def released(intake: RecorderWorld) -> set[str]:
    """The accounts whose facts an identification gives to acme.com."""
    facts = intake.log.fact_fields("subject", "type", "data")
    return {
        account for account, type_, data in facts if type_ == IDENTIFIED and (data or {}).get("to") == "acme.com"
    } - {"acme.com"}


def anonymous(intake: RecorderWorld, visitor: str) -> str:
    return f"anon:{intake.vault.visitor_for(visitor)}"


def of_person(intake: RecorderWorld, person: str) -> str:
    return anonymous(intake, f"person\nsegment\n{person}")


def account_of(intake: RecorderWorld, id: str) -> str:
    return dict(intake.log.fact_fields("id", "subject"))[id]


BATCHES = pytest.mark.parametrize("in_one_batch", [True, False], ids=["in one batch", "one by one"])


def record(intake: RecorderWorld, in_one_batch: bool, *observations: Observation) -> None:
    for batch in [observations] if in_one_batch else [[each] for each in observations]:
        intake.new_recorder().record(list(batch))


@BATCHES
def test_an_alias_before_the_address_gives_both_ids_to_the_person(intake: RecorderWorld, in_one_batch: bool) -> None:
    observations = (seen("1", visitor="an1"), alias("2", "an1", "u1"), seen("3", person="u1"), told("4", "u1"))
    record(intake, in_one_batch, *observations)
    assert released(intake) == {anonymous(intake, "an1"), of_person(intake, "u1")}


@BATCHES
def test_a_call_with_both_ids_links_them(intake: RecorderWorld, in_one_batch: bool) -> None:
    record(intake, in_one_batch, seen("1", visitor="an1", person="u1"), told("2", "u1"))
    assert released(intake) == {anonymous(intake, "an1")}


@BATCHES
def test_an_alias_of_an_alias_holds(intake: RecorderWorld, in_one_batch: bool) -> None:
    observations = (
        seen("1", visitor="an1"),
        alias("2", "an1", "u1"),
        seen("3", person="u1"),
        alias("4", "u1", "u2"),
        seen("5", visitor="an2", person="u1"),
        told("6", "u2"),
    )
    record(intake, in_one_batch, *observations)
    ids_of_visitors = {anonymous(intake, visitor) for visitor in ("an1", "an2", "u1")}
    assert released(intake) == ids_of_visitors | {of_person(intake, "u1")}


@BATCHES
def test_after_an_alias_either_id_is_the_person(intake: RecorderWorld, in_one_batch: bool) -> None:
    observations = (told("1", "u1"), alias("2", "u1", "u2"), seen("3", person="u2"))
    record(intake, in_one_batch, *observations)
    assert intake.log.fact_fields("id", "subject", "contact")[-1] == (
        "3",
        "acme.com",
        intake.vault.contact_of("pat@acme.com"),
    )


@BATCHES
def test_an_old_id_is_the_person_once_the_new_one_is_known(intake: RecorderWorld, in_one_batch: bool) -> None:
    observations = (alias("1", "u1", "u2"), told("2", "u2"), seen("3", person="u1"))
    record(intake, in_one_batch, *observations)
    assert account_of(intake, "3") == "acme.com"


def test_a_visitor_that_a_company_has_facts_of_is_identified_there(intake: RecorderWorld) -> None:
    intake.record(seen("1", visitor="an1", host="gate.beta.com"), alias("2", "an1", "u1"))
    intake.record(told("3", "u1"))
    assert "beta.com" in released(intake)


def test_two_people_at_one_device_stay_two(intake: RecorderWorld) -> None:
    intake.record(seen("1", visitor="kiosk", person="u1"), seen("2", visitor="kiosk", person="u2"))
    intake.record(told("3", "u1"), seen("4", person="u2"))
    assert account_of(intake, "4") == of_person(intake, "u2")


def test_links_are_removed_once_their_facts_are_durable(intake: RecorderWorld) -> None:
    key = ForeignId("segment", "u1")
    intake.record(alias("1", "an1", "u1"))
    assert set(intake.vault.links_of([key])[key]) == {intake.vault.visitor_for("an1"), "=an1"}
    intake.record(told("2", "u1"))
    assert intake.vault.links_of([key, ForeignId("segment", "an1")]) == {}


def test_the_ids_of_an_erased_person_do_not_come_back(intake: RecorderWorld) -> None:
    ids = [ForeignId("segment", id) for id in ("u1", "an1", "u2")]
    intake.record(told("1", "u1"))
    [erased, *_] = ids
    intake.vault.mark_erased(Tombstone(intake.vault.person_key(erased), NOW, None))
    intake.vault.delete_person(intake.vault.contact_of("pat@acme.com") or "")
    intake.record(alias("2", "an1", "u1"), seen("3", person="u1", visitor="an2"), seen("4", person="u2", visitor="an2"))
    assert list(intake.vault.links_of(ids)) == [ForeignId("segment", "u2")]


def form(id: str, stated: str, **fields: Any) -> Observation:
    return seen(id, type="web.form_submitted.v1", stated_email=stated, data={"form": "demo"}, **fields)


def test_an_address_in_a_form_names_the_actor_whose_id_is_unknown(intake: RecorderWorld) -> None:
    intake.record(form("1", "pat@acme.com", person="u1"))
    assert intake.log.fact_fields("id", "subject", "contact") == [
        ("1", "acme.com", intake.vault.contact_of("pat@acme.com"))
    ]


def test_an_address_in_a_form_never_binds_an_id(intake: RecorderWorld) -> None:
    intake.record(form("1", "friend@beta.com", person="u1"))
    intake.record(told("2", "u1"), seen("3", person="u1"))
    assert [account_of(intake, id) for id in "123"] == ["beta.com", "acme.com", "acme.com"]


@BATCHES
def test_the_known_address_of_an_id_counts_more_than_that_in_a_form(intake: RecorderWorld, in_one_batch: bool) -> None:
    record(intake, in_one_batch, told("1", "u1"), form("2", "friend@beta.com", person="u1"))
    assert account_of(intake, "2") == "acme.com"
    assert intake.vault.contact_of("friend@beta.com") is None
