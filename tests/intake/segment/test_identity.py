"""Who acts in a call: the userId decides, an address in the properties counts only where a form asks for it."""

from typing import Any

import pytest

from intake.observation import Filtered, Observation, Rejected
from tests.intake.segment.call_builders import call, observe, observe_one


def actor(body: dict[str, Any]) -> tuple[str | None, str | None, str | None, str | None]:
    seen = observe_one(body)
    return seen.person, seen.visitor, seen.email, seen.stated_email


def track(event: str, **fields: Any) -> dict[str, Any]:
    return call("track", event=event, **fields)


@pytest.mark.parametrize("event", ["Teammate Invited", "Email Opened", "Meeting Booked", "Trial Started"])
def test_an_address_in_the_properties_is_not_the_actors(event: str) -> None:
    invited = track(event, userId="u1", properties={"email": "kim@beta.example"})
    assert actor(invited) == ("u1", "a1", None, None)


def test_an_address_in_the_properties_of_a_page_is_not_the_actors() -> None:
    assert actor(call("page", properties={"url": "/", "email": "kim@beta.example"})) == (None, "a1", None, None)


@pytest.mark.parametrize("event", ["Form Submitted", "Demo Requested", "Contact Requested", "Signed Up"])
def test_a_form_states_the_address_of_the_visitor(event: str) -> None:
    assert actor(track(event, properties={"email": "pat@acme.example"})) == (None, "a1", "pat@acme.example", None)


@pytest.mark.parametrize("event", ["Form Submitted", "Signed Up"])
def test_an_address_stated_in_a_form_says_nothing_of_whose_the_user_id_is(event: str) -> None:
    stated = track(event, userId="u1", properties={"email": "pat@acme.example"})
    assert actor(stated) == ("u1", "a1", None, "pat@acme.example")


def test_the_traits_tell_the_actors_address_also_of_a_form() -> None:
    stated = track(
        "Form Submitted",
        userId="u1",
        properties={"email": "friend@beta.example"},
        context={"traits": {"email": "pat@acme.example"}},
    )
    assert actor(stated) == ("u1", "a1", "pat@acme.example", None)


@pytest.mark.parametrize(
    "bad", ["undefined", "n/a", "not given", "", 17, None, ["a@b.example"], "undefined@acme.example", "a@b", "@"]
)
def test_a_bad_address_costs_itself_and_not_the_call(bad: Any) -> None:
    assert actor(call("identify", userId="u9", traits={"email": bad})) == ("u9", "a1", None, None)
    assert actor(track("Form Submitted", properties={"form": "demo", "email": bad})) == (None, "a1", None, None)


def test_a_bad_address_gives_way_to_a_good_one() -> None:
    context = {"traits": {"email": "pat@acme.example"}}
    told = call("identify", userId="u1", traits={"email": "n/a"}, context=context)
    assert actor(told) == ("u1", "a1", "pat@acme.example", None)


NOBODY = [
    *"undefined null NULL None nil NaN 0 000 - -- n/a anonymous Guest unknown true distinct_id (null) ''".split(),
    "[object Object]",
    "(not set)",
    '"null"',
    "00000000-0000-0000-0000-000000000000",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
]


@pytest.mark.parametrize("placeholder", NOBODY)
def test_an_id_that_stands_for_nobody_is_none(placeholder: str) -> None:
    assert actor(call("page", userId=placeholder)) == (None, "a1", None, None)
    assert actor(call("page", userId="u1", anonymousId=placeholder)) == ("u1", None, None, None)
    (rejected,) = observe(call("page", userId=placeholder, anonymousId=placeholder))
    assert isinstance(rejected, Rejected)
    assert rejected.code == "missing_field"


@pytest.mark.parametrize("placeholder", ["undefined", "[object Object]", "0"])
def test_a_company_or_previous_id_that_stands_for_nobody_is_none(placeholder: str) -> None:
    assert observe_one(call("page", context={"groupId": placeholder})).account_hint is None
    assert observe_one(call("identify", userId="u1", traits={"company": placeholder})).account_hint is None
    for body in (call("group", groupId=placeholder), call("alias", userId="u1", previousId=placeholder)):
        (rejected,) = observe(body)
        assert isinstance(rejected, Rejected)
        assert rejected.code == "missing_field"


def test_an_identify_call_of_nobody_is_filtered() -> None:
    why = "an identify call without userId or e-mail address"
    assert observe(call("identify", userId="undefined", traits={"email": "n/a"})) == [Filtered("body", why)]


@pytest.mark.parametrize(
    ("value", "expected"), [(7, "7"), (12.0, "12"), (" u1 ", "u1"), ("None of them", "None of them")]
)
def test_ids_may_be_numbers_and_texts(value: Any, expected: str) -> None:
    assert observe_one(call("page", userId=value)).person == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("198.51.100.9, 10.0.0.1", "198.51.100.9"),
        ("10.0.0.1, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "10.0.0.1"),
        (["192.168.0.1", "198.51.100.9"], "198.51.100.9"),
        ("198.51.100.9:4711", "198.51.100.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:198.51.100.9", "198.51.100.9"),
        ("unknown, 198.51.100.9", "198.51.100.9"),
        ("unknown", None),
        (17, None),
        (None, None),
    ],
)
def test_of_a_list_of_addresses_the_first_public_one_is_the_clients(value: Any, expected: str | None) -> None:
    assert observe_one(call("page", context={"ip": value})).ip == expected


def test_a_user_id_that_is_an_address_names_its_person() -> None:
    assert actor(call("page", userId="pat@acme.example"))[2] == "pat@acme.example"


def test_an_alias_joins_two_ids() -> None:
    seen = observe_one(call("alias", previousId="an1", userId="u1"))
    assert isinstance(seen, Observation)
    assert (seen.person, seen.visitor) == ("u1", "an1")
