"""Contacts of tables: which account they belong to, and what is told of them."""

import pytest

from intake.observation import Observation, Rejected
from intake.recorder.drafts import Duplicate, Recorded
from tests.intake.profiles.tables import account_row, contact_row
from tests.intake.recorder.fakes import RecorderWorld, new_observation

ACCOUNTS = (
    account_row("acme.com", "1001", name="Acme AG", domains=["acme.com"]),
    account_row("beta.com", "1002", name="Beta", domains=["beta.com"]),
    account_row("gamma.com", "1003", name="Gamma", domains=["gamma.com"]),
)


@pytest.mark.parametrize(
    ("row", "account"),
    [
        (contact_row("pat@gamma.com", account_hint="1001", host="beta.com"), "acme.com"),
        (contact_row("pat@gamma.com", account_hint="Acme AG", host="beta.com"), "acme.com"),
        (contact_row("pat@gamma.com", account_hint="unknown", host="www.beta.com"), "beta.com"),
        (contact_row("pat@gamma.com", host="new.example"), "new.example"),
        (contact_row("pat@gamma.com"), "gamma.com"),
        (contact_row("pat@gmail.com", account_hint="1001"), "acme.com"),
        (contact_row("pat@gmail.com", account="beta.com"), "beta.com"),
    ],
)
def test_the_account_is_that_of_the_record_id_else_the_name_else_the_domain(
    crm: RecorderWorld, row: Observation, account: str
) -> None:
    crm.record(*ACCOUNTS)
    (outcome,) = crm.record(row)
    assert outcome == Recorded(account, crm.contact(row.email or ""), 0, 3)


def test_a_contact_without_an_account_is_rejected(crm: RecorderWorld) -> None:
    why = "and no business address; register it first (accounts before contacts), or give its domain"
    assert crm.record(contact_row("pat@gmail.com", account_hint="Nobody"), contact_row("lee@gmail.com")) == [
        Rejected("test:contact:pat@gmail.com", "no_account", f"no account with the id, name or domain 'Nobody', {why}"),
        Rejected("test:contact:lee@gmail.com", "no_account", f"no company, {why}"),
    ]
    assert crm.log.facts() == []


def test_a_known_contact_without_a_company_stays_where_it_is(crm: RecorderWorld) -> None:
    crm.record(new_observation("m", "meeting.held.v1", email="pat@gmail.com", account="acme.com"))
    assert [each.account for each in crm.record(contact_row("pat@gmail.com"))] == ["acme.com"]


def test_only_what_differs_is_told_and_a_repetition_is_none(crm: RecorderWorld) -> None:
    first = contact_row(role="champion", seniority="vp")
    assert [type(each) for each in crm.record(first, first)] == [Recorded, Duplicate]
    crm.record(contact_row(role="decision_maker", seniority="vp", modified_at=5), contact_row(role="decision_maker"))
    assert crm.log.fact_fields("type", "data") == [
        ("contact.registered.v1", {"role": "champion", "seniority": "vp", "system": "crm"}),
        ("contact.registered.v1", {"role": "decision_maker"}),
    ]


def test_a_contact_of_another_company_is_told_there_as_a_whole(crm: RecorderWorld) -> None:
    crm.record(*ACCOUNTS, contact_row(role="champion", account_hint="1001"))
    crm.record(contact_row(role="champion", account_hint="1002"))
    assert [fact["subject"] for fact in crm.log.facts()[3:]] == ["acme.com", "beta.com"]
    assert crm.log.facts()[4]["data"] == {"role": "champion", "system": "crm"}


def test_title_and_phone_are_kept_as_every_database_can(crm: RecorderWorld) -> None:
    [outcome] = crm.record(contact_row(job_title="C\0IO\ud800", phone="1" * 900, name="Pat"))
    person = crm.vault.person(outcome.contact)
    assert person is not None
    assert (person.title, person.phone, person.name) == ("C\ufffdIO?", "1" * 500, "Pat")


def test_opted_out_goes_to_the_same_account(crm: RecorderWorld) -> None:
    opted_out = new_observation(
        "s", "contact.suppressed.v1", source="crm", email="pat@gmail.com", account_hint="1001", time=0
    )
    crm.record(*ACCOUNTS, contact_row("pat@gmail.com", account_hint="1001"), opted_out)
    assert crm.log.fact_fields("type", "subject")[3:] == [
        ("contact.registered.v1", "acme.com"),
        ("contact.suppressed.v1", "acme.com"),
    ]
