"""Registrations, domain claims, and attribution by them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from intake.account_ids import account_id, flaw_of, slug
from intake.observation import Observation, Rejected
from intake.recorder.drafts import Recorded
from intake.recorder.networks import parse_networks
from tests.intake.recorder.fakes import RecorderWorld, new_observation, registration
from tests.requirements import real_data


def test_an_account_registered_in_the_same_batch_attributes_what_follows(intake: RecorderWorld) -> None:
    intake.record(
        registration("r", "A-1", ["acme.com", "acme.de"], name="Acme"),
        new_observation("1", email="pat@acme.de"),
        new_observation("2", email="lee@lab.acme.com"),
        new_observation("3", "opportunity.opened.v1", account_hint="ACME", data={"opportunity": "o1"}),
    )
    intake.record(new_observation("4", host="gate.acme.com", visitor="x"))
    assert intake.log.fact_fields("subject", "attribution", "confidence") == [
        ("a-1", "account", 100),
        ("a-1", "claimed_domain", 100),
        ("a-1", "claimed_domain", 100),
        ("a-1", "company", 95),
        ("a-1", "claimed_domain", 60),
    ]


def test_an_opportunity_of_an_unknown_record_goes_to_the_account_of_its_name(intake: RecorderWorld) -> None:
    intake.record(registration("r", "A-1", name="Acme"), registration("s", "B-1", name="Beta"))
    hints = (("0017", "acme"), ("Beta", "Acme"), ("0018", "Gamma"))
    outcomes = intake.record(
        *(
            new_observation(
                hint, "opportunity.opened.v1", account_hint=hint, company_name=name, data={"opportunity": hint}
            )
            for hint, name in hints
        )
    )
    assert [outcome.code if isinstance(outcome, Rejected) else outcome.account for outcome in outcomes] == [
        "a-1",
        "b-1",
        "no_account",
    ]


@pytest.mark.parametrize(
    ("observation", "account"),
    [
        (registration("r", "Acme-17", ["acme.com"]), "acme-17"),
        (registration("r", None, ["www.Acme.com", "acme.de"], name="Acme GmbH"), "acme.com"),
        (registration("r", None, name="Müller & Söhne GmbH"), "muller-sohne-gmbh"),
        (new_observation("r", "account.registered.v1", account_hint="0017"), "0017"),
    ],
)
def test_an_account_is_named_by_its_id_its_first_domain_or_its_name(
    intake: RecorderWorld, observation: Observation, account: str
) -> None:
    assert [outcome.account for outcome in intake.record(observation)] == [account]


def test_domains_are_recorded_normalised(intake: RecorderWorld) -> None:
    intake.record(registration("r", None, ["https://www.ACME.com/", "bücher.example", "acme.com"]))
    assert intake.log.facts()[0]["data"] == {"domains": ["acme.com", "xn--bcher-kva.example"]}


def test_a_domain_belongs_to_one_account(intake: RecorderWorld) -> None:
    outcomes = intake.record(
        registration("1", "one", ["acme.com"]),
        registration("2", "two", ["two.com", "acme.com"]),
        new_observation("3", "account.domain_claimed.v1", account="two", data={"domain": "ACME.com"}),
        registration("4", "two", ["two.com"]),
        registration("5", "one", ["acme.com", "acme.de"]),
    )
    why = "domains: acme.com belongs to the account one; omit it here, or record this under one"
    assert outcomes == [
        Recorded("one", None, 0, 0),
        Rejected("test:2", "domain_taken", why),
        Rejected("test:3", "domain_taken", why),
        Recorded("two", None, 0, 1),
        Recorded("one", None, 0, 2),
    ]
    assert intake.directory.domains == {"acme.com": "one", "two.com": "two", "acme.de": "one"}


def test_a_claim_of_another_process_applies_at_once(intake: RecorderWorld) -> None:
    assert intake.new_recorder().record([registration("1", "one", ["acme.com"])]) == [Recorded("one", None, 0, 0)]
    assert intake.record(registration("2", "two", ["acme.com"]))[0].code == "domain_taken"
    assert intake.record(new_observation("3", email="pat@acme.com"))[0].account == "one"


@pytest.mark.parametrize(
    ("domains", "code"),
    [
        (["gmail.com"], "free_mail_domain"),
        (["co.uk"], "bad_domain"),
        (["acme"], "bad_domain"),
        (["10.0.0.1"], "bad_domain"),
    ],
)
def test_some_domains_cannot_be_claimed(intake: RecorderWorld, domains: list[str], code: str) -> None:
    assert [outcome.code for outcome in intake.record(registration("r", "a", domains))] == [code]
    assert (intake.log.records, intake.directory.domains) == ([], {})


def test_a_company_may_be_named_by_its_sources_own_id(intake: RecorderWorld) -> None:
    opened = {"opportunity": "o1"}
    intake.record(
        registration("r", "acme.com"),
        new_observation("u", "account.updated.v1", source="hubspot/c", account="b.com", account_hint="17"),
    )
    assert intake.new_recorder().record(
        [
            new_observation("1", "opportunity.opened.v1", source="hubspot/deals", account_hint="17", data=opened),
            new_observation("2", "opportunity.opened.v1", source="hubspot/deals", account_hint="18", data=opened),
        ]
    ) == [
        Recorded("b.com", None, 0, 2),
        Rejected(
            "test:2",
            "no_account",
            "no account with the id or name '18'; register it first (accounts before opportunities), "
            "or give its id as subject",
        ),
    ]


def test_the_operators_networks_find_companies(vault_engine: Engine) -> None:
    networks, _ = parse_networks(["203.0.113.0/24 acme.com"], "networks")
    intake = RecorderWorld(vault_engine, networks=networks)
    intake.record(
        new_observation("1", ip="203.0.113.7", visitor="x"), new_observation("2", ip="192.0.2.1", visitor="y")
    )
    assert intake.log.fact_fields("subject", "confidence")[0] == ("acme.com", 70)
    assert "203.0.113.7" not in str(intake.log.records)


@pytest.mark.parametrize(
    ("id_", "code"),
    [
        ("ａｃｍｅ", "bad_account"),
        ("acme\u200b", "bad_account"),
        ("acme\u202e", "bad_account"),
        ("--help", "bad_account"),
        ("..", "bad_account"),
        ("pat@acme.com", "bad_account"),
        ("аcme.example", "bad_account"),
        ("gmail.com", "free_mail_domain"),
        ("relay.mozmail.com", "free_mail_domain"),
    ],
)
def test_a_new_account_gets_no_id_that_misleads(intake: RecorderWorld, id_: str, code: str) -> None:
    outcomes = intake.record(registration("r", id_), new_observation("1", account=id_))
    assert ([outcome.code for outcome in outcomes], intake.log.records) == ([code, code], [])


def test_an_id_that_the_log_knows_goes_on(intake: RecorderWorld) -> None:
    old = ["gmail.com", "pat@acme.com", "bücher.example"]
    intake.directory.names = {id_: id_ for id_ in old}
    outcomes = intake.record(*(new_observation(id_, account=id_) for id_ in old))
    assert [outcome.account for outcome in outcomes] == old


def test_an_international_domain_names_its_account_in_either_form(intake: RecorderWorld) -> None:
    intake.record(registration("r", "Bücher.example", name="Bücher AG"))
    assert [
        outcome.account
        for outcome in intake.record(
            new_observation("1", account="BÜCHER.example"),
            new_observation("2", account="xn--bcher-kva.example"),
            new_observation("3", email="pat@bücher.example"),
            new_observation("4", account_hint=" Bücher.example", visitor="v"),
        )
    ] == ["xn--bcher-kva.example"] * 4


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Acme GmbH & Co. KG", "acme-gmbh-co-kg"),
        ("  ", None),
        ("日本電気", "日本電気"),
        ("Merge", "merge-account"),
        ("!!!", None),
        ("Газпром ｶﾌﾞｼｷ", "газпром"),
        ("Ελλάδα", "ελλάδα"),
    ],
)
def test_slugs_are_account_ids(name: str, expected: str | None) -> None:
    assert slug(name) == expected


@given(st.text(max_size=60))
def test_a_slug_is_always_a_proper_id(name: str) -> None:
    id_ = slug(name)
    assert id_ is None or (account_id(id_), flaw_of(id_)) == (id_, None)


def test_the_domains_of_real_groups_are_claimed_by_one_account_each(intake: RecorderWorld) -> None:
    path = real_data() / "domain_aliases_apple" / "shared-credentials.json"
    groups = [group["shared"] for group in msgspec.json.decode(path.read_bytes()) if "shared" in group]
    outcomes = intake.record(*(registration(str(n), f"group-{n}", group) for n, group in enumerate(groups)))
    taken = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert {outcome.code for outcome in taken} == {"free_mail_domain"}
    assert (len(outcomes), len(taken)) == (52, 3)

    claims = sorted(intake.directory.domains.items())
    mails = [new_observation(f"m{n}", email=f"pat@mail.{domain}") for n, (domain, _) in enumerate(claims)]
    assert [outcome.account for outcome in intake.record(*mails)] == [account for _, account in claims]
