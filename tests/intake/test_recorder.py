"""The door from outside: what is recorded, under whom, and what is refused."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from intake.account_ids import slug
from intake.networks import parse_networks
from intake.observations import Observation, Rejected
from intake.pseudonyms import Allowance
from intake.recorder import Recorder
from intake.recording import Duplicate, Recorded
from intake.vault import Vault
from projections.database import open_database
from projections.directory import Directory
from projections.vault_tables import TABLES
from schemas.checks import check_fact
from streams.sql_log import SqlLog
from tests.intake.fakes import NOW, MemoryDirectory, MemoryLog, registered, seen
from tests.requirements import real_data

IDENTIFIED = "contact.identified.v1"


class Intake:
    """A recorder over fakes, with a vault of its own."""

    def __init__(self, engine: Engine, **options: Any) -> None:
        self.log, self.directory = MemoryLog(), MemoryDirectory()
        self.vault = Vault(engine, random.Random(1).randbytes)
        self.options = options
        self.recorder = self.another()

    def another(self) -> Recorder:
        """A recorder of another process, which knows only what is durable."""
        return Recorder(self.log, self.vault, self.directory, lambda: NOW, **self.options)

    def record(self, *observations: Observation) -> list[Any]:
        return self.recorder.record(observations)

    def contact(self, email: str) -> str:
        return self.vault.contact_for([email])[email]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path_factory.mktemp('vault') / 'staffel.db'}")
    TABLES.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    engine = open_database(f"sqlite:///{tmp_path / 'staffel.db'}")
    TABLES.create_all(engine)
    yield Intake(engine)
    engine.dispose()


def test_a_fact_is_recorded_under_its_account_with_the_rule_that_found_it(intake: Intake) -> None:
    observation = seen(
        "m1", "email.replied.v1", source="mbox/sales", email="Pat@EU.acme.com", data={"message": "<a@b>"}
    )

    outcomes = intake.record(observation)

    pat = intake.contact("pat@eu.acme.com")
    assert outcomes == [Recorded("acme.com", pat, 0, 0)]
    assert intake.log.facts() == [
        {
            "specversion": "1.0",
            "id": "m1",
            "source": "mbox/sales",
            "type": "email.replied.v1",
            "subject": "acme.com",
            "time": "2026-01-05T07:30:00.000Z",
            "recordedtime": "2026-01-05T08:00:00.000Z",
            "contact": pat,
            "domain": "eu.acme.com",
            "attribution": "email_domain",
            "confidence": 100,
            "data": {"message": "<a@b>"},
        }
    ]
    record = intake.log.records[0]
    assert (record.key, record.id) == ("acme.com", "mbox/sales\nm1")
    assert record.headers == (("content-type", b"application/cloudevents+json"),)


def test_a_fact_recorded_before_is_a_duplicate(intake: Intake) -> None:
    first, again = intake.record(seen(account="acme.com"), seen(account="acme.com"))
    assert (first, again) == (Recorded("acme.com", None, 0, 0), Duplicate("acme.com", None, 0, 0))
    assert intake.another().record([seen(account="acme.com")]) == [Duplicate("acme.com", None, 0, 0)]


def test_an_account_registered_in_the_same_batch_attributes_what_follows(intake: Intake) -> None:
    intake.record(
        registered("r", "A-1", ["acme.com", "acme.de"], name="Acme"),
        seen("1", email="pat@acme.de"),
        seen("2", email="lee@lab.acme.com"),
        seen("3", "opportunity.opened.v1", account_hint="ACME", data={"opportunity": "o1"}),
    )
    intake.record(seen("4", host="gate.acme.com", visitor="x"))
    assert intake.log.told("subject", "attribution", "confidence") == [
        ("a-1", "account", 100),
        ("a-1", "claimed_domain", 100),
        ("a-1", "claimed_domain", 100),
        ("a-1", "company", 95),
        ("a-1", "claimed_domain", 60),
    ]


@pytest.mark.parametrize(
    ("observation", "account"),
    [
        (registered("r", "Acme-17", ["acme.com"]), "acme-17"),
        (registered("r", None, ["www.Acme.com", "acme.de"], name="Acme GmbH"), "acme.com"),
        (registered("r", None, name="Müller & Söhne GmbH"), "muller-sohne-gmbh"),
        (seen("r", "account.registered.v1", account_hint="0017"), "0017"),
    ],
)
def test_an_account_is_named_by_its_id_its_first_domain_or_its_name(
    intake: Intake, observation: Observation, account: str
) -> None:
    assert [outcome.account for outcome in intake.record(observation)] == [account]


def test_domains_are_recorded_in_the_spelling_in_which_they_are_found(intake: Intake) -> None:
    intake.record(registered("r", None, ["https://www.ACME.com/", "bücher.example", "acme.com"]))
    assert intake.log.facts()[0]["data"] == {"domains": ["acme.com", "xn--bcher-kva.example"]}


def test_a_domain_belongs_to_one_account_alone(intake: Intake) -> None:
    outcomes = intake.record(
        registered("1", "one", ["acme.com"]),
        registered("2", "two", ["two.com", "acme.com"]),
        seen("3", "account.domain_claimed.v1", account="two", data={"domain": "ACME.com"}),
        registered("4", "two", ["two.com"]),
        registered("5", "one", ["acme.com", "acme.de"]),
    )
    why = "domains: acme.com belongs to the account one; leave it out here, or record this under one"
    assert outcomes == [
        Recorded("one", None, 0, 0),
        Rejected("test:2", "domain_taken", why),
        Rejected("test:3", "domain_taken", why),
        Recorded("two", None, 0, 1),
        Recorded("one", None, 0, 2),
    ]
    assert intake.directory.domains == {"acme.com": "one", "two.com": "two", "acme.de": "one"}


def test_a_claim_of_another_process_holds_at_once(intake: Intake) -> None:
    assert intake.another().record([registered("1", "one", ["acme.com"])]) == [Recorded("one", None, 0, 0)]
    assert intake.record(registered("2", "two", ["acme.com"]))[0].code == "domain_taken"
    assert intake.record(seen("3", email="pat@acme.com"))[0].account == "one"


@pytest.mark.parametrize(
    ("domains", "code"),
    [
        (["gmail.com"], "free_mail_domain"),
        (["co.uk"], "bad_domain"),
        (["acme"], "bad_domain"),
        (["10.0.0.1"], "bad_domain"),
    ],
)
def test_some_domains_are_nobodys(intake: Intake, domains: list[str], code: str) -> None:
    assert [outcome.code for outcome in intake.record(registered("r", "a", domains))] == [code]
    assert (intake.log.records, intake.directory.domains) == ([], {})


def test_a_company_may_be_named_by_its_sources_own_id(intake: Intake) -> None:
    opened = {"opportunity": "o1"}
    intake.record(
        registered("r", "acme.com"),
        seen("u", "account.updated.v1", source="hubspot/c", account="b.com", account_hint="17"),
    )
    assert intake.another().record(
        [
            seen("1", "opportunity.opened.v1", source="hubspot/deals", account_hint="17", data=opened),
            seen("2", "opportunity.opened.v1", source="hubspot/deals", account_hint="18", data=opened),
        ]
    ) == [
        Recorded("b.com", None, 0, 2),
        Rejected(
            "test:2",
            "no_account",
            "no account is known by '18'; register it first (accounts before opportunities), or give its id as subject",
        ),
    ]


def test_free_mail_makes_no_account_and_keeps_the_person(intake: Intake) -> None:
    outcome, again = intake.record(seen("1", email="pat@gmail.com"), seen("2", email="PAT@gmail.com"))
    pat = intake.contact("pat@gmail.com")
    assert outcome.account == again.account
    assert outcome.account.startswith("anon:v_")
    assert intake.log.told("contact", "attribution", "confidence") == [(pat, "anonymous", 0)] * 2


def test_a_free_mail_person_found_in_a_company_is_released_to_it(intake: Intake) -> None:
    intake.record(seen("1", email="pat@gmail.com"))
    alone, pat = intake.log.records[0].key, intake.contact("pat@gmail.com")
    visitor = alone.removeprefix("anon:")

    intake.another().record(
        [seen("2", IDENTIFIED, account="acme.com", email="pat@gmail.com", data={"role": "champion"})]
    )

    content = {"visitor": visitor, "contact": pat, "to": "acme.com"}
    assert intake.log.told("id", "subject", "contact", "data")[1:] == [
        ("2", "acme.com", pat, {"role": "champion"}),
        (f"identified:{visitor}:{pat}", alone, pat, content),
        (f"identified:{visitor}:{pat}~to", "acme.com", pat, content),
    ]
    intake.record(seen("3", account="acme.com", email="pat@gmail.com"))
    assert len(intake.log.records) == 5


def test_an_identification_is_recorded_where_the_visitor_is_and_where_the_person_is(intake: Intake) -> None:
    intake.record(seen("1", visitor="cookie"))
    alone, visitor = intake.log.records[0].key, intake.vault.visitor("cookie")
    outcomes = intake.record(seen("2", IDENTIFIED, visitor="cookie", email="pat@acme.com", data={"role": "champion"}))

    pat = intake.contact("pat@acme.com")
    content = {"visitor": visitor, "contact": pat, "to": "acme.com", "role": "champion"}
    assert outcomes == [Recorded("acme.com", pat, 0, 2)]
    assert intake.log.told("id", "subject", "contact", "data") == [
        ("1", alone, visitor, None),
        ("2", alone, pat, content),
        ("2~to", "acme.com", pat, content),
    ]
    assert alone == f"anon:{visitor}"


def test_after_its_identification_a_visitor_counts_for_the_persons_account(intake: Intake) -> None:
    intake.record(
        seen("1", visitor="cookie"),
        seen("2", IDENTIFIED, visitor="cookie", email="pat@acme.com"),
        seen("3", visitor="cookie"),
    )
    assert intake.log.told("id", "subject", "contact", "attribution")[-1] == (
        "3",
        "acme.com",
        intake.vault.visitor("cookie"),
        "visitor",
    )


def test_a_visitor_identified_in_the_company_that_holds_it_is_told_once(intake: Intake) -> None:
    visitor = intake.vault.visitor("cookie")
    intake.record(seen("1", host="gate.acme.com", visitor="cookie"))
    intake.record(seen("2", IDENTIFIED, visitor="cookie", email="pat@acme.com"))
    assert intake.log.told("id", "subject")[1:] == [("2", "acme.com")]
    assert intake.log.facts()[1]["data"] == {
        "visitor": visitor,
        "contact": intake.contact("pat@acme.com"),
        "to": "acme.com",
    }


def test_a_visitor_of_two_accounts_is_identified_in_both(intake: Intake) -> None:
    intake.record(seen("1", visitor="cookie"), seen("2", host="gate.beta.com", visitor="cookie"))
    alone = f"anon:{intake.vault.visitor('cookie')}"
    recorder = intake.another()
    intake.directory.visitors = {intake.vault.visitor("cookie"): "beta.com"}
    recorder.record([seen("3", IDENTIFIED, visitor="cookie", email="pat@acme.com")])
    assert intake.log.told("id", "subject")[2:] == [("3", alone), ("3~2", "beta.com"), ("3~to", "acme.com")]


def test_a_form_that_shows_visitor_and_address_identifies_too_but_once(intake: Intake) -> None:
    form = {"type": "web.form_submitted.v1", "visitor": "cookie", "email": "pat@acme.com", "data": {"form": "demo"}}
    intake.record(seen("1", **form), seen("2", **form))
    visitor, pat = intake.vault.visitor("cookie"), intake.contact("pat@acme.com")
    expected = [
        ("1", "acme.com"),
        (f"identified:{visitor}:{pat}", f"anon:{visitor}"),
        (f"identified:{visitor}:{pat}~to", "acme.com"),
        ("2", "acme.com"),
    ]
    assert intake.log.told("id", "subject") == expected
    intake.another().record([seen("1", **form), seen("2", **form)])
    assert intake.log.told("id", "subject") == expected


def test_an_identification_by_free_mail_waits_for_the_company(intake: Intake) -> None:
    visitor = intake.vault.visitor("cookie")
    intake.record(seen("1", IDENTIFIED, visitor="cookie", email="pat@gmail.com"))
    pat = intake.contact("pat@gmail.com")
    assert intake.log.told("subject", "contact", "data") == [
        (f"anon:{visitor}", pat, {"visitor": visitor, "contact": pat}),
    ]
    intake.another().record([seen("2", account="acme.com", email="pat@gmail.com")])
    assert intake.log.told("subject")[1:] == [("acme.com",), (f"anon:{visitor}",), ("acme.com",)]


def test_a_sources_own_id_of_a_person_stands_for_the_address_it_told_once(intake: Intake) -> None:
    intake.record(seen("1", source="segment/web", person="u1"))
    alone = intake.log.records[0].key
    intake.another().record([seen("2", source="segment/web", person="u1", email="pat@acme.com")])
    intake.another().record([seen("3", source="segment/server", person="u1")])

    pat = intake.contact("pat@acme.com")
    assert alone.startswith("anon:v_")
    assert intake.log.told("id", "subject", "contact")[1:] == [
        ("2", "acme.com", pat),
        (f"identified:{alone[5:]}:{pat}", alone, pat),
        (f"identified:{alone[5:]}:{pat}~to", "acme.com", pat),
        ("3", "acme.com", pat),
    ]


def test_a_person_whose_sources_own_id_is_an_address_is_known_by_it(intake: Intake) -> None:
    intake.record(seen("1", source="segment/web", person="pat@acme.com"))
    assert intake.log.told("subject", "contact") == [("acme.com", intake.contact("pat@acme.com"))]


def test_known_people_stay_with_their_account(intake: Intake) -> None:
    pat = intake.contact("pat@gmail.com")
    intake.directory.contacts[pat] = "acme.com"
    intake.record(seen("1", email="pat@gmail.com"))
    assert intake.log.told("subject", "contact", "attribution") == [("acme.com", pat, "contact")]


def test_the_operators_networks_find_companies(engine: Engine) -> None:
    networks, _ = parse_networks(["203.0.113.0/24 acme.com"], "networks")
    intake = Intake(engine, networks=networks)
    intake.record(seen("1", ip="203.0.113.7", visitor="x"), seen("2", ip="192.0.2.1", visitor="y"))
    assert intake.log.told("subject", "confidence")[0] == ("acme.com", 70)
    assert "203.0.113.7" not in str(intake.log.records)


def test_no_person_reaches_the_log(intake: Intake) -> None:
    content = {
        "url": "https://pat:secret@x.example/a/pat@acme.com?token=1&utm_source=news&email=pat@acme.com#pat",
        "title": "Mail of pat@acme.com",
        "referrer": "https://x.example/?q=a%40acme.com",
        "duration_s": 12,
        "email": "pat@acme.com",
        "ip": "203.0.113.7",
        "first_name": "Pat",
        "anything": "else",
    }
    intake.record(seen("1", email="pat@acme.com", name="Pat Lee", ip="203.0.113.7", data=content))
    assert intake.log.facts()[0]["data"] == {
        "url": "https://x.example/a/[address]?utm_source=news",
        "title": "Mail of [address]",
        "referrer": "https://x.example/",
        "duration_s": 12,
    }
    assert not any(text in intake.log.records[0].value for text in (b"pat@", b"Pat", b"203.0"))


def test_what_a_source_may_send_is_a_setting_but_for_persons(engine: Engine) -> None:
    allowances = {
        "app": Allowance(properties=frozenset({"plan", "email"})),
        "shop/eu": Allowance(frozenset("*"), query_strings=True),
    }
    intake = Intake(engine, allowances=allowances)
    content = {"name": "Upgraded", "properties": {"plan": "team", "note": "hello", "email": "a@b.com"}}
    intake.record(
        seen("1", "custom.tracked.v1", source="app/web", account="a.com", data=content),
        seen("2", "custom.tracked.v1", source="web", account="a.com", data=content),
        seen("3", source="shop/eu", account="a.com", data={"url": "/a?b=c", "basket": 3, "e-mail": "a@b.com"}),
    )
    assert [fact["data"] for fact in intake.log.facts()] == [
        {"name": "Upgraded", "properties": {"plan": "team"}},
        {"name": "Upgraded", "properties": {}},
        {"url": "/a?b=c", "basket": 3},
    ]


def test_attendees_are_counted_or_pseudonyms(intake: Intake) -> None:
    held = {"type": "meeting.held.v1", "account": "acme.com"}
    intake.record(
        seen("1", **held, data={"attendees": ["pat@acme.com", "lee@acme.com"]}),
        seen("2", **held, data={"attendees": ["c_a", "c_b", "c_c"]}),
    )
    assert [fact["data"]["attendees"] for fact in intake.log.facts()] == [2, ["c_a", "c_b", "c_c"]]


def test_a_trusted_fact_stays_as_it_is(intake: Intake) -> None:
    told = {
        "account": "acme.com",
        "contact": "c_a",
        "trusted": True,
        "recorded_at": 1_000_000,
        "time": 900_000,
        "attribution": "network",
        "confidence": 40,
        "domain": "eu.acme.com",
        "origin": "f0",
        "moves": "m1 m2",
        "data": {"url": "/a?b=c", "own": "pat@acme.com"},
    }
    intake.record(seen("1", **told))
    assert intake.log.facts() == [
        {
            "specversion": "1.0",
            "id": "1",
            "source": "web",
            "type": "web.page_viewed.v1",
            "subject": "acme.com",
            "time": "1970-01-01T00:15:00.000Z",
            "recordedtime": "1970-01-01T00:16:40.000Z",
            "contact": "c_a",
            "domain": "eu.acme.com",
            "attribution": "network",
            "confidence": 40,
            "origin": "f0",
            "moves": "m1 m2",
            "data": {"url": "/a?b=c", "own": "pat@acme.com"},
        }
    ]


def test_a_trusted_identification_that_names_its_account_is_one_record(intake: Intake) -> None:
    content = {"visitor": "v_a", "contact": "c_a", "to": "acme.com"}
    told = {"type": IDENTIFIED, "contact": "c_a", "trusted": True, "data": content}
    intake.record(seen("1", account="anon:v_a", **told), seen("2", contact="v_a", trusted=True))
    assert intake.log.told("id", "subject", "data") == [("1", "anon:v_a", content), ("2", "acme.com", None)]


def test_a_trusted_identification_without_account_finds_both(intake: Intake) -> None:
    told = {"type": IDENTIFIED, "email": "pat@acme.com", "trusted": True, "data": {"visitor": "v_a"}}
    intake.record(seen("1", **told))
    assert intake.log.told("id", "subject") == [("1", "anon:v_a"), ("1~to", "acme.com")]


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"type": "web.page_seen.v1"}, "unknown_type", "type"),
        ({"type": "web.page_viewed.v9"}, "unknown_version", "type"),
        ({"type": "web.page_viewed"}, "unknown_version", "type"),
        ({"type": "model.activated.v1"}, "control_fact", "type"),
        ({"type": "review.due.v1"}, "control_fact", "type"),
        ({"type": "account.merged.v1"}, "not_yet", "type"),
        ({"type": "engagement.retracted.v1"}, "not_yet", "type"),
        ({"time": NOW + 300_001}, "future_time", "time"),
        ({"time": -1}, "bad_time", "time"),
        ({"time": 10**15}, "bad_time", "time"),
        ({"recorded_at": NOW + 10**9}, "bad_time", "recordedtime"),
        ({"id": ""}, "empty", "id"),
        ({"id": "x" * 1_000_000}, "too_long", "id"),
        ({"source": "a\nb"}, "bad_text", "source"),
        ({"account": " "}, "empty", "subject"),
        ({"account": "x" * 1_000_000}, "too_long", "subject"),
        ({"account": "a/b"}, "bad_account", "subject"),
        ({"account": "merge"}, "bad_account", "subject"),
        ({"account": "~model"}, "bad_account", "subject"),
        ({"account": "anon:me"}, "bad_account", "subject"),
        ({"contact": "pat"}, "bad_contact", "contact"),
        ({"email": ""}, "empty", "email"),
        ({"email": "pat at acme"}, "bad_email", "email"),
        ({"visitor": ""}, "empty", "visitor"),
        ({"person": "u\0"}, "bad_text", "person"),
        ({"data": {"url": "x" * 1_000_000}}, "too_long", "url"),
        ({"data": {"url": "\ud800"}}, "bad_text", "url"),
        ({"data": {"url": 7}}, "bad_field", "url"),
        ({"type": "custom.tracked.v1", "data": {}}, "bad_field", "name"),
        ({"account": None}, "no_account", "subject"),
    ],
)
def test_what_is_wrong_is_refused_by_field_and_its_neighbours_are_recorded(
    intake: Intake, fields: dict[str, Any], code: str, field: str
) -> None:
    bad = seen(**{"id": "bad", "account": "acme.com", "where": "file:7"} | fields)
    first, refused, last = intake.record(seen("1", account="a.com"), bad, seen("2", account="a.com"))
    assert (refused.where, refused.code) == ("file:7", code)
    assert field in refused.why
    assert len(refused.why) < 300
    assert (first, last) == (Recorded("a.com", None, 0, 0), Recorded("a.com", None, 0, 1))


def test_a_time_five_minutes_ahead_is_taken(intake: Intake) -> None:
    assert intake.record(seen(account="a.com", time=NOW + 300_000)) == [Recorded("a.com", None, 0, 0)]


def test_slugs_are_account_ids() -> None:
    names = ["Acme GmbH & Co. KG", "  ", "日本電気", "Merge", "!!!"]
    assert [slug(name) for name in names] == ["acme-gmbh-co-kg", None, "日本電気", "merge-account", None]


def test_the_domains_of_real_groups_are_claimed_by_one_account_each(intake: Intake) -> None:
    path = real_data() / "domain_aliases_apple" / "shared-credentials.json"
    groups = [group["shared"] for group in msgspec.json.decode(path.read_bytes()) if "shared" in group]
    outcomes = intake.record(*(registered(str(n), f"group-{n}", group) for n, group in enumerate(groups)))
    taken = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert {outcome.code for outcome in taken} == {"free_mail_domain"}
    assert (len(outcomes), len(taken)) == (52, 3)

    claims = sorted(intake.directory.domains.items())
    mails = [seen(f"m{n}", email=f"pat@mail.{domain}") for n, (domain, _) in enumerate(claims)]
    assert [outcome.account for outcome in intake.record(*mails)] == [account for _, account in claims]


def test_two_recorders_at_once_agree(database: Engine) -> None:
    log = SqlLog(database)
    recorders = [
        Recorder(log, Vault(database, random.Random(n).randbytes), Directory(database), lambda: NOW) for n in range(2)
    ]
    observations = [registered("r", None, ["acme.com"])] + [
        seen(str(n), email=f"p{n % 40}@acme.com", visitor=f"v{n % 40}") for n in range(200)
    ]
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda recorder: recorder.record(observations), recorders)

    assert [(a.account, a.contact) for a in one] == [(b.account, b.contact) for b in two]
    assert [type(a) is type(b) for a, b in zip(one, two, strict=True)].count(True) == 0
    records = log.read("engagement", 0, 0, 10_000)
    ids = [(fact["source"], fact["id"]) for fact in map(msgspec.json.decode, (record.value for record in records))]
    assert len(ids) == len(set(ids)) == 201 + 2 * 40
    log.close()


TEXTS = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["a@acme.com", "acme.com", "c_a", "v_b", "1.2.3.4"]))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.one_of(st.text(max_size=5), st.sampled_from(["url", "domains", "domain", "name", "properties", "attendees"]))
TYPES = st.sampled_from(
    "web.page_viewed.v1 account.registered.v1 account.updated.v1 account.domain_claimed.v1 contact.identified.v1 "
    "custom.tracked.v1 meeting.held.v1 model.activated.v1 nps.answered.v2 x".split()
)
ANYTHING = st.builds(
    Observation,
    where=st.just("somewhere"),
    source=st.one_of(st.just("s"), st.text(max_size=5)),
    id=st.text(max_size=6),
    type=TYPES,
    time=st.one_of(st.just(NOW), st.integers()),
    data=st.dictionaries(KEYS, VALUES, max_size=4),
    account=TEXTS,
    account_hint=TEXTS,
    contact=TEXTS,
    email=TEXTS,
    name=TEXTS,
    visitor=TEXTS,
    person=TEXTS,
    host=TEXTS,
    ip=TEXTS,
    trusted=st.booleans(),
    attribution=TEXTS,
    origin=TEXTS,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ANYTHING, max_size=6))
def test_every_observation_gets_one_outcome_and_spoils_no_neighbour(
    engine: Engine, anything: list[Observation]
) -> None:
    intake = Intake(engine)
    good = [seen(f"good {n}", source="good", account="good.com") for n in range(len(anything))]
    mixed = [observation for pair in zip(good, anything, strict=True) for observation in pair]

    outcomes = intake.record(*mixed)

    assert len(outcomes) == len(mixed)
    assert all(isinstance(outcome, Recorded) for outcome in outcomes[::2])
    assert all(isinstance(outcome, Recorded | Duplicate | Rejected) for outcome in outcomes)
    recorded = len(intake.log.records)
    again = intake.another().record(mixed)
    assert [isinstance(outcome, Rejected) for outcome in again] == [
        isinstance(outcome, Rejected) for outcome in outcomes
    ]
    assert len(intake.log.records) == recorded
    for fact in intake.log.facts():
        assert not isinstance(check_fact(fact["type"], fact.get("data", {})), tuple)
