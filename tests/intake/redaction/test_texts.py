"""Texts: addresses, IP addresses and credentials in every form are replaced, words and ids stay."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.recorder.redaction import holds_person, redacted_text
from intake.recorder.redaction.texts import MAX_LENGTH, redacted_name

ADDRESSES = [
    "o'brien@acme.com",
    "pat.lee+news@eu.acme.co.uk",
    '"pat lee"@acme.com',
    "pat(comment)@acme.com",
    "pat@localhost",
    "pat@[203.0.113.7]",
    "pat@[IPv6:2001:db8::1]",
    "pat@münchen.de",
    "пат@почта.рф",
    "mailto:pat@acme.com",
    "@pat@acme.social",
    "pat＠acme．com",
    "pat\u200b@acme.com",
    "pat @ acme.com",
    "pat (at) acme.com",
    "pat[at]acme[dot]com",
    "pat {at} acme (dot) com",
    "pat <at> acme.com",
    "pat at acme dot com",
    "pat%40acme.com",
    "pat%2540acme.com",
    "pat%25252540acme.com",
    "%70%61%74%40acme.com",
    "pat%EF%BC%A0acme.com",
    "pat&#64;acme.com",
    "pat&commat;acme.com",
    "pat\\u0040acme.com",
    "cGF0QGFjbWUuY29t",
    "YUBiLmNvbQ==",
    "7061744061636d652e636f6d",
]
IPS = [
    "203.0.113.7",
    "203%2E0%2E113%2E7",
    "2001:db8::1",
    "2001:0db8:0000:0000:0000:0000:0000:0001",
    "ip-203-0-113-7",
    "203-0-113-7.dip.isp.net",
]
CREDENTIALS = [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "whsec_geheim5",
    "sk_live_51abcdef",
    "ghp_abcdefghij",
    "AKIAIOSFODNN7EXAMPLE",
    "9f86d081884c7d659a2feaa0c55ad015",
    "JBSWY3DPEHPK3PXP5TQGIZLS",
    "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ",
    "12345678901234567890",
    "password=geheim",
    "Passwort: geheim",
    "token=abc",
    "Bearer abcdefghijklmnopqrst",
]
HARMLESS = [
    "Kennenlernen mit dem Team",
    "How to choose an isolator in 2026",
    "how-to-choose-a-steri-isolator-2026-guide",
    "SteriFlow2026Brochure",
    "Donaudampfschifffahrtsgesellschaft",
    "version 1.2.3",
    "std::vector",
    "at 10:20:30",
    "2026-01-05T09:12:00Z",
    "Q&A at Acme",
    "50% off @acme",
    "COVID19 & B2B",
    "Meet us at Analytica",
    "",
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_is_replaced_in_every_form(text: str) -> None:
    assert redacted_text(text) == "[address]"
    assert redacted_text(f"An {text} gesandt").startswith("An [address")


@pytest.mark.parametrize("text", IPS)
def test_an_ip_address_is_replaced(text: str) -> None:
    assert redacted_text(text).removeprefix("ip-").removesuffix(".dip.isp.net") == "[ip]"


@pytest.mark.parametrize("text", CREDENTIALS)
def test_a_credential_is_replaced(text: str) -> None:
    assert redacted_text(text) == "[token]"


@pytest.mark.parametrize("text", HARMLESS)
def test_words_numbers_and_times_stay(text: str) -> None:
    assert redacted_text(text) == text


@pytest.mark.parametrize("text", ADDRESSES + IPS)
def test_an_id_that_contains_an_address_holds_a_person(text: str) -> None:
    assert holds_person(f"{text}/2026")


@pytest.mark.parametrize("text", ["6f1a2b3c-1111-2222-3333-444455556666", "9f86d081884c7d659a2feaa0c55ad015", "demo"])
def test_a_random_id_holds_no_person_and_stays_as_the_name_of_a_form(text: str) -> None:
    assert not holds_person(text)
    assert redacted_name(text) == text


def test_the_rest_of_a_text_stays() -> None:
    assert redacted_text("Ask <pat@acme.com>, or (lee@b.de).") == "Ask <[address]>, or ([address])."


def test_a_text_that_is_too_long_stays_for_validation_to_reject() -> None:
    text = "pat@acme.com " * MAX_LENGTH
    assert redacted_text(text) is text


_LOCAL_PARTS = st.text(alphabet=string.ascii_letters + string.digits + "!#$%&'*+-=?^_`{|}~.", min_size=1, max_size=64)
_WORDS = st.text(alphabet=string.ascii_letters + "äöü /()[]<>,;:.'\"", max_size=40)


@given(_WORDS, _LOCAL_PARTS, _WORDS)
def test_whatever_stands_around_it_no_domain_of_an_address_stays(before: str, local_part: str, after: str) -> None:
    assert "zzacme" not in redacted_text(f"{before} {local_part}a@zzacme.example {after}").lower()


@given(st.text(max_size=200))
def test_redacting_again_changes_nothing(text: str) -> None:
    once = redacted_text(text)
    assert redacted_text(once) == once
