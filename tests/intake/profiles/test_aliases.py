"""Several billing units of one company: a later row of a domain becomes an alias of the account that holds it."""

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine

from intake.observation import Rejected
from intake.recorder.drafts import Duplicate, Outcome, Recorded
from intake.recorder.registration import ACCOUNT_REGISTERED
from intake.sources import read_sources
from tests.intake.profiles.tables import account_row, world_with_profiles
from tests.intake.recorder.fakes import RecorderWorld, new_observation

ACME = ["acme.com"]
ALIAS = "account.alias_added.v1"


def aliases(world: RecorderWorld) -> list[tuple[object, ...]]:
    """Account and data of the aliases."""
    return [(fact["subject"], fact["data"]) for fact in world.log.facts() if fact["type"] == ALIAS]


def briefly(outcomes: list[Outcome]) -> list[tuple[object, ...]]:
    return [
        (each.code,) if isinstance(each, Rejected) else (type(each), each.account, each.is_alias) for each in outcomes
    ]


def test_a_row_with_the_domain_of_another_account_becomes_its_alias(crm: RecorderWorld) -> None:
    outcomes = crm.record(
        account_row("a-1", name="Acme AG", domains=ACME),
        account_row("a-2", name="Acme Sales", domains=ACME, employees=7),
    )
    assert briefly(outcomes) == [(Recorded, "a-1", False), (Recorded, "a-1", True)]
    assert aliases(crm) == [("a-1", {"system": "crm", "id": "a-2", "name": "Acme Sales"})]
    assert crm.log.facts()[0]["data"] == {"name": "Acme AG", "domains": ACME}


def test_rows_that_are_named_by_their_domain_differ_by_their_record_ids(crm: RecorderWorld) -> None:
    rows = [
        account_row("acme.com", "1001", name="Acme AG", domains=ACME),
        account_row("acme.com", "1002", name="Acme Sales", domains=ACME),
    ]
    assert briefly(crm.record(*rows)) == [(Recorded, "acme.com", False), (Recorded, "acme.com", True)]
    assert briefly(crm.record(*reversed(rows))) == [(Duplicate, "acme.com", True), (Duplicate, "acme.com", False)]
    assert aliases(crm) == [("acme.com", {"system": "crm", "id": "1002", "name": "Acme Sales"})]


def test_an_id_and_a_record_id_of_a_row_are_two_aliases(crm: RecorderWorld) -> None:
    crm.record(account_row("a-1", domains=ACME), account_row("a-2", "1002", name="Acme Sales", domains=ACME))
    assert aliases(crm) == [
        ("a-1", {"system": "crm", "id": "1002", "name": "Acme Sales"}),
        ("a-1", {"system": "crm", "id": "a-2"}),
    ]


def test_a_further_row_without_any_id_is_known_by_its_name(crm: RecorderWorld) -> None:
    further = replace(account_row("acme.com", name="Acme Sales", domains=ACME, employees=3), account=None)
    crm.record(account_row("a-1", name="Acme AG", domains=ACME), further, further)
    assert aliases(crm) == [("a-1", {"system": "crm", "name": "Acme Sales"})]


def test_a_further_row_whose_first_one_was_rejected_is_the_account(crm: RecorderWorld) -> None:
    further = replace(account_row("acme.com", name="Acme Sales", domains=ACME), account=None)
    assert briefly(crm.record(further)) == [(Recorded, "acme.com", False)]


def test_what_names_the_alias_goes_to_the_account(crm: RecorderWorld) -> None:
    opened = {"type": "opportunity.opened.v1", "source": "crm", "data": {"opportunity": "1"}}
    outcomes = crm.record(
        account_row("acme.com", "1001", name="Acme AG", domains=ACME),
        account_row("acme.com", "1002", name="Acme Sales", domains=ACME),
        new_observation("o1", account_hint="1002", **opened),
        new_observation("o2", account_hint="acme  sales", **opened),
    )
    assert [each.account for each in outcomes[2:]] == ["acme.com", "acme.com"]


def test_an_alias_stays_one_where_its_row_no_longer_shows_the_domain(crm: RecorderWorld) -> None:
    crm.record(account_row("a-1", domains=ACME), account_row("a-2", name="Acme Sales", domains=ACME))
    crm.directory.aliases["crm", "a-2"] = "a-1"
    assert briefly(crm.record(account_row("a-2", name="Acme Sales", employees=9))) == [(Duplicate, "a-1", True)]


def test_another_name_of_the_alias_is_added(crm: RecorderWorld) -> None:
    crm.record(account_row("a-1", domains=ACME))
    crm.record(account_row("a-2", name="Acme Sales", domains=ACME), account_row("a-2", name="Acme Trade", domains=ACME))
    assert [data["name"] for _, data in aliases(crm)] == ["Acme Sales", "Acme Trade"]  # type: ignore[index]


WHY = (
    "domains: acme.com belongs to the account a-1, and a-2 is an account with facts; "
    "merge the two (`account merge`), or omit the domain"
)


@pytest.mark.parametrize("known_by", ["told", "registered", "directory"])
def test_an_account_with_facts_never_becomes_an_alias(crm: RecorderWorld, known_by: str) -> None:
    crm.record(account_row("a-1", domains=ACME))
    if known_by == "told":
        crm.record(account_row("a-2"))
    if known_by == "registered":
        crm.record(new_observation("r", ACCOUNT_REGISTERED, account="a-2"))
    if known_by == "directory":
        crm.directory.accounts.add("a-2")
    assert crm.record(account_row("a-2", domains=ACME)) == [Rejected("crm.csv:2", "domain_taken", WHY)]
    assert aliases(crm) == []


def test_an_account_that_the_source_knows_by_its_record_never_becomes_an_alias(crm: RecorderWorld) -> None:
    crm.record(account_row("a-1", "1", domains=ACME), account_row("beta", "2", name="Beta"))
    [outcome] = crm.record(account_row("acme.com", "2", name="Beta", domains=ACME))
    assert outcome == Rejected("crm.csv:2", "domain_taken", WHY.replace("a-2", "beta"))
    assert aliases(crm) == []


def test_a_command_that_registers_with_a_domain_of_another_account_is_rejected(crm: RecorderWorld) -> None:
    crm.record(account_row("a-1", domains=ACME))
    registered = new_observation("r", ACCOUNT_REGISTERED, account="a-2", data={"domains": ACME})
    assert briefly(crm.record(registered)) == [("domain_taken",)]


def test_a_source_that_keeps_its_ids_has_an_account_for_each_row(engine: Engine) -> None:
    crm, _ = world_with_profiles(engine, sources=read_sources("crm: {keep_ids: true}", "sources.yaml"))
    rows = [
        account_row("a-1", name="Acme AG", domains=ACME),
        account_row("a-2", name="Acme Sales", domains=["acme.com", "acme.de"]),
        account_row("acme.com", "1003", name="Acme Trade", domains=ACME),
        replace(account_row("acme.com", name="Acme Care", domains=ACME), account=None),
    ]
    for _ in range(2):
        assert [each.account for each in crm.record(*rows)] == ["a-1", "a-2", "1003", "acme-care"]
    assert crm.log.fact_fields("subject", "data") == [
        ("a-1", {"name": "Acme AG", "domains": ACME}),
        ("a-2", {"name": "Acme Sales", "domains": ["acme.de"]}),
        ("1003", {"name": "Acme Trade"}),
        ("acme-care", {"name": "Acme Care"}),
    ]
