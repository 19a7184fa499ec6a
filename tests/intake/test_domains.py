"""The domains of host names and addresses, and the domains that never yield an account."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.domains import (
    ascii_host,
    business_domain,
    claimable_domain,
    domain_of_email,
    is_access_line,
    is_free_mail,
    registrable_domain,
    suffixes_of,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("acme.com", "acme.com"),
        ("www.eu.acme.co.uk", "acme.co.uk"),
        ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
        ("acme.example", "acme.example"),
        ("acme.com.", "acme.com"),
        ("https://shop.acme.com:8443/a?b", "acme.com"),
        ("pages.acme.github.io", "github.io"),
        ("co.uk", None),
        ("com", None),
        ("localhost", None),
        ("printer.local", None),
        ("10.1.2.3", None),
        ("::1", None),
        ("", None),
        ("a..b.com", None),
        ("acme com", None),
        (".com", None),
    ],
)
def test_the_registrable_domain_is_what_its_owner_registered(host: str, expected: str | None) -> None:
    assert registrable_domain(host) == expected


def test_the_private_section_of_the_suffix_list_is_off() -> None:
    assert registrable_domain("acme.blogspot.com") == "blogspot.com"


@pytest.mark.parametrize("domain", ["gmail.com", "gmx.de", "web.de", "mailinator.com", "mail.gmail.com"])
def test_free_mail_and_disposable_domains_are_not_business_domains(domain: str) -> None:
    assert is_free_mail(domain)
    assert business_domain(domain) is None


def test_a_business_host_keeps_its_whole_name() -> None:
    assert business_domain("Mail.Acme.com") == "mail.acme.com"


def test_an_account_claims_a_domain_without_www() -> None:
    assert [
        claimable_domain(text) for text in ("www.acme.com", "eu.acme.com", "https://www.acme.com/x", "co.uk", "acme")
    ] == [
        "acme.com",
        "eu.acme.com",
        "acme.com",
        None,
        None,
    ]


def test_suffixes_run_from_the_longest_to_the_registrable_domain() -> None:
    assert list(suffixes_of("a.b.acme.co.uk")) == ["a.b.acme.co.uk", "b.acme.co.uk", "acme.co.uk"]
    assert list(suffixes_of("co.uk")) == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [("Pat@Acme.com", "acme.com"), ("a@b@acme.com", "acme.com"), ("@acme.com", None), ("pat", None), ("pat@", None)],
)
def test_an_address_shows_its_host(address: str, expected: str | None) -> None:
    assert domain_of_email(address) == expected


@pytest.mark.parametrize(
    "host",
    [
        "p5b2c1d3f.dip0.t-ipconnect.de",
        "84-115-23-1.cable.dynamic.surfer.at",
        "host-12-34-56-78.isp.example",
        "1.2.3.4.static.isp.example",
        "pool-71-1-2-3.nycmny.isp.example",
        "dsl-customer.isp.example",
    ],
)
def test_lines_of_providers_are_recognised(host: str) -> None:
    assert is_access_line(host)


@pytest.mark.parametrize("host", ["proxy1.acme.com", "gate.acme-2000.example", "vpn.pharma24.example", "acme.com"])
def test_gateways_of_companies_are_not_provider_lines(host: str) -> None:
    assert not is_access_line(host)


@given(st.text(max_size=300))
def test_any_text_is_handled_without_an_exception(text: str) -> None:
    name = ascii_host(text)
    assert name is None or (name.isascii() and name == name.lower() and "." in name)
    assert domain_of_email(text) is None or "@" in text
    assert registrable_domain(text) is None or list(suffixes_of(name or ""))[-1] == registrable_domain(text)
    assert is_access_line(text) in (True, False)
