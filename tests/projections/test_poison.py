"""Nothing in `engagement` stops scorer, projector, mover or relay, and what stands beside it is counted."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from projections.directory import Directory, directory_domains
from projections.read_models.tables import read_models
from projections.work.tables import moves, outbox, parked_facts
from staffel.dead_letters import letter_rows
from tests.projections.poison import Home, Json, fact

BEFORE, AFTER = fact("before", "first.com"), fact("after", "last.com")
LONG, NUL = "t" * 1_001, "a\0b"
REGISTERED, IDENTIFIED = "account.registered", "contact.identified"


@pytest.fixture
def home(database: Engine) -> Home:
    return Home(database)


def account_row(home: Home, account: str) -> Any:
    table = read_models().accounts
    with home.engine.connect() as connection:
        return connection.execute(select(table).where(table.c.account == account)).one_or_none()


def assert_neighbours_count(home: Home) -> None:
    assert [account_row(home, account).score for account in ("first.com", "last.com")] == [60.0, 60.0]
    assert home.mismatches() == []


RANDOM_NAME = "".join(chr(0x4E00 + (n * 7919) % 20_000) for n in range(16_000))
"""A name that does not compress into an index entry."""


@pytest.mark.parametrize(
    "data",
    [
        {"name": ["x"], "owner": {}, "segment": 5},
        {"domains": [1, None, {}, "x" * 300, NUL], "parent": [1], "segment": {}},
        {"domains": "acme.com", "name": {"a": 1}, "owner": [[]]},
        {"name": NUL, "owner": NUL, "segment": NUL, "domains": ["good.com", NUL]},
        {"name": RANDOM_NAME, "owner": RANDOM_NAME, "domains": [RANDOM_NAME]},
        {"employees": 10**300, "revenue": -(10**30), "customer": "yes"},
    ],
)
def test_firmographics_of_any_type_are_counted_and_null_where_no_column_holds_them(home: Home, data: Json) -> None:
    home.append(BEFORE, fact("odd", type=REGISTERED, data=data), fact("own"), AFTER).run()
    assert_neighbours_count(home)
    row = account_row(home, "acme.com")
    assert (row.score, row.seq, home.letters()) == (60.0, 2, [])
    assert all(each is None or each in data.values() for each in (row.name, row.owner, row.segment))


def test_of_odd_domains_the_good_ones_are_claimed_and_a_name_too_long_for_an_index_is_shown(home: Home) -> None:
    domains = [1, "good.com", NUL, "x" * 254]
    home.append(fact("odd", type=REGISTERED, data={"name": RANDOM_NAME, "domains": domains})).run()
    with home.engine.connect() as connection:
        assert connection.execute(select(directory_domains.c.domain)).scalars().all() == ["good.com"]
    assert account_row(home, "acme.com").name == RANDOM_NAME
    assert Directory(home.engine).account_of_name("good") is None


@pytest.mark.parametrize(
    "odd",
    [
        fact(NUL),
        fact("x" * 5_000),
        fact(RANDOM_NAME),
        fact("odd", source=NUL + RANDOM_NAME),
        fact("odd", type=IDENTIFIED, data={"role": NUL}),
        fact("odd", type=IDENTIFIED, data={"role": {"a": []}}),
        fact("odd", type=IDENTIFIED, data={"visitor": f"v_{NUL}"}),
        fact("odd", type=IDENTIFIED, data={"visitor": f"v_{RANDOM_NAME}"}),
        fact("odd", type="account.domain_claimed", data={"domain": NUL}),
        fact("odd", type="account.domain_claimed", data={"domain": RANDOM_NAME}),
        fact("odd", type="account.alias_added", data={"system": NUL, "id": RANDOM_NAME, "name": NUL}),
        fact("odd", type="email.replied", data={"message": NUL}),
        fact("odd", domain=5, confidence="much", attribution={}, specversion=2, moves=[1], origin=7),
    ],
)
def test_texts_that_no_column_holds_are_counted_all_the_same(home: Home, odd: Json) -> None:
    home.append(BEFORE, odd, fact("own"), AFTER).run()
    assert_neighbours_count(home)
    assert (account_row(home, "acme.com").seq, home.letters()) == (2, [])


def test_what_a_decision_says_is_null_where_no_column_holds_it(home: Home) -> None:
    decision = {"handoff": "acme.com/main/1", "by": NUL, "reason": ["a"], "opportunity": RANDOM_NAME}
    home.append(fact("own"), fact("odd", type="handoff.rejected", data=decision), BEFORE, AFTER).run()
    assert_neighbours_count(home)
    table = read_models().handoff_steps
    with home.engine.connect() as connection:
        [step] = connection.execute(select(table.c.by, table.c.reason, table.c.opportunity)).all()
    assert step == (None, "['a']", RANDOM_NAME)


@pytest.mark.parametrize("contact", [LONG, NUL, RANDOM_NAME])
def test_a_contact_that_no_key_holds_makes_its_fact_a_dead_letter(home: Home, contact: str) -> None:
    home.append(BEFORE, fact("odd", contact=contact), fact("own"), AFTER).run()
    assert_neighbours_count(home)
    assert (account_row(home, "acme.com").seq, home.letters()) == (1, [("2", "unfit_key")])


def test_letters_of_records_that_name_impossible_accounts_are_listed(home: Home) -> None:
    for number, subject in enumerate((NUL, LONG, "語" * 2_000)):
        home.append_raw("acme.com", msgspec.json.encode(fact(f"odd{number}", subject)))
    rows = [letter for letter, _ in letter_rows(home.run().log)]
    assert [(letter["id"], letter["code"], letter["retried"]) for letter in rows] == [
        (f"engagement/0/{offset}", "wrong_key", False) for offset in (1, 2, 3)
    ]


@pytest.mark.parametrize("to", [LONG, NUL, RANDOM_NAME])
def test_facts_of_a_visitor_sent_to_an_account_that_no_key_holds_become_dead_letters(home: Home, to: str) -> None:
    views = [fact(id, "anon:v_a", contact="v_a") for id in ("one", "two", "late")]
    sent = fact("odd", "anon:v_a", IDENTIFIED, contact=None, data={"visitor": "v_a", "contact": "c_b", "to": to})
    home.append(BEFORE, *views[:2], sent, AFTER).run()
    home.append(views[2]).run()
    assert_neighbours_count(home)
    assert home.letters() == [("2", "unfit_account"), ("3", "unfit_account"), ("6", "unfit_account")]
    with home.engine.connect() as connection:
        assert connection.execute(select(moves.c.done)).scalars().all() == [True]
        assert connection.execute(select(parked_facts)).all() == []


@pytest.mark.parametrize("to", ["a/b", "~checkpoint", "~model", " ", "x" * 1_000])
def test_facts_of_a_visitor_sent_to_what_is_no_account_become_dead_letters_or_count_there(home: Home, to: str) -> None:
    view = fact("one", "anon:v_a", contact="v_a")
    sent = fact("odd", "anon:v_a", IDENTIFIED, contact=None, data={"visitor": "v_a", "contact": "c_b", "to": to})
    home.append(BEFORE, view, sent, AFTER).run()
    assert_neighbours_count(home)
    assert {code for _, code in home.letters()} <= {"wrong_key", "unfit_key"}


def test_a_visitor_s_fact_is_moved_whatever_its_data_and_its_envelope_hold(home: Home) -> None:
    odd = msgspec.json.encode(fact("one", "anon:v_a", contact="v_a", domain=5, confidence="x", moves=3, data="DATA"))
    home.append_raw("anon:v_a", odd.replace(b'"DATA"', b'{"n": 1e400, "m": %s}' % (b"1" * 5_000)))
    home.append_raw("anon:v_a", odd.replace(b'"DATA"', b"null").replace(b'"one"', b'"two"'))
    sent = {"visitor": "v_a", "contact": "c_b", "to": "acme.com"}
    home.append(BEFORE, fact("odd", "anon:v_a", IDENTIFIED, contact=None, data=sent), AFTER).run()
    assert_neighbours_count(home)
    assert (account_row(home, "acme.com").score, home.letters()) == (120.0, [])


def test_a_home_that_stood_still_at_an_impossible_account_goes_on(home: Home) -> None:
    """Rows of an earlier version: an open move, and a forwarded fact, to an account that no log can hold."""
    view = fact("one", "anon:v_a", contact="v_a")
    home.append(BEFORE, view).run()
    late = {**view, "id": "two", "subject": LONG, "origin": "two", "moves": "odd", "recordedtime": ""}
    waiting = {"topic": "engagement", "key": LONG, "event": msgspec.json.encode(late), "at": 1, "published": False}
    with home.engine.begin() as connection:
        row = {"move": "odd", "account": "anon:v_a", "to_account": LONG, "done": False}
        connection.execute(moves.insert().values(row))
        connection.execute(outbox.insert().values(id="bus\ntwo~odd", **waiting))
    home.append({**view, "id": "two"}, AFTER).run()
    assert_neighbours_count(home)
    assert home.letters() == [("2", "unfit_account"), ("3", "unfit_account")]


ODD = st.sampled_from([NUL, LONG, "", "a/b", "~model", "c_a", "v_a", "acme.com", "anon:v_a", "😀" * 700, "x" * 20_000])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
NAMES = "name owner segment domains domain parent contact visitor to role by reason handoff opportunity points track id"
TYPES = (
    "web.form_submitted account.registered account.domain_claimed account.alias_added contact.identified "
    "contact.registered handoff.accepted handoff.rejected score.adjusted account.suppressed review.due account.merged"
)
FACTS = st.builds(
    lambda id, account, type, contact, data, more: {**fact(id, account, type, contact=contact, data=data), **more},
    st.text(max_size=5) | ODD,
    st.sampled_from(["acme.com", "anon:v_a", "anon:v_b"]),
    st.sampled_from(TYPES.split()),
    VALUES | ODD,
    st.dictionaries(st.sampled_from(NAMES.split()), VALUES, max_size=6) | VALUES,
    st.dictionaries(st.sampled_from(["domain", "confidence", "moves", "origin", "source", "attribution"]), VALUES),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FACTS, min_size=1, max_size=8), st.uuids())
def test_no_json_stops_a_step_and_its_neighbours_are_counted(home: Home, odd: list[Json], run: Any) -> None:
    beside = f"{run}.com"
    home.append(fact(f"{run}/1", beside), *odd, fact(f"{run}/2", beside)).run()
    assert account_row(home, beside).score == 120.0
    assert home.mismatches() == []
