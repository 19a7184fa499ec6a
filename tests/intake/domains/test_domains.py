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
    is_shared_host,
    normalized_email,
    registrable_domain,
    suffixes_of,
    unicode_domain,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("acme.com", "acme.com"),
        ("www.eu.acme.co.uk", "acme.co.uk"),
        ("MÜNCHEN.de", "xn--mnchen-3ya.de"),
        ("straße.de", "xn--strae-oqa.de"),
        ("ｂüｃｈｅｒ。example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("acme.example", "acme.example"),
        ("acme.com.", "acme.com"),
        ("https://shop.acme.com:8443/a?b", "acme.com"),
        ("pages.acme.github.io", "acme.github.io"),
        ("github.io", None),
        ("mail.acme.onmicrosoft.com", "acme.onmicrosoft.com"),
        ("acme.mail.onmicrosoft.com", "acme.mail.onmicrosoft.com"),
        ("onmicrosoft.com", None),
        ("intranet.acme.sharepoint.com", "acme.sharepoint.com"),
        ("acme.zendesk.com", "acme.zendesk.com"),
        ("zendesk.com", "zendesk.com"),
        ("co.uk", None),
        ("com", None),
        ("localhost", None),
        ("printer.local", None),
        ("10.1.2.3", None),
        ("::1", None),
        ("", None),
        ("a..b.com", None),
        ("acme com", None),
        ("i❤.example", None),
        (f"{'ü' * 64}.example", None),
        (".com", None),
    ],
)
def test_the_registrable_domain_is_what_its_owner_registered(host: str, expected: str | None) -> None:
    assert registrable_domain(host) == expected


@pytest.mark.parametrize(
    "host", ["ec2-1-2-3-4.compute-1.amazonaws.com", "acme.dyndns.org", "acme.github.io", "acme.sharepoint.com"]
)
def test_a_client_below_a_private_suffix_may_be_anybody(host: str) -> None:
    assert is_shared_host(host)


@pytest.mark.parametrize("host", ["gate.acme.com", "www.acme.co.uk", "zendesk.com", "co.uk"])
def test_a_client_below_a_registered_domain_belongs_to_its_owner(host: str) -> None:
    assert not is_shared_host(host)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("xn--mnchen-3ya.de", "münchen.de"),
        ("acme.com", "acme.com"),
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
        ("xn--80ak6aa92e.xn--p1ai", "аррӏе.рф"),
        ("xn--cme-8cd.com", "xn--cme-8cd.com"),
        ("xn--zzzz.com", "xn--zzzz.com"),
    ],
)
def test_screens_show_unicode_unless_it_looks_like_another_name(name: str, expected: str) -> None:
    assert unicode_domain(name) == expected


@pytest.mark.parametrize("domain", ["gmail.com", "gmx.de", "web.de", "mailinator.com", "mail.gmail.com"])
def test_free_mail_and_disposable_domains_are_not_business_domains(domain: str) -> None:
    assert is_free_mail(domain)
    assert business_domain(domain) is None


@pytest.mark.parametrize(
    "domain",
    """privaterelay.appleid.com relay.mozmail.com duck.com users.noreply.github.com softbank.ne.jp i.softbank.jp
    ezweb.ne.jp docomo.ne.jp t.vodafone.ne.jp jcom.home.ne.jp naver.com hanmail.net vip.163.com bluewin.ch telenet.be
    hotmail.be outlook.com.br pobox.com
    hey.com pm.me passmail.net kpnmail.nl tutamail.com mailbox.org vodafonemail.de marketplace.amazon.de""".split(),
)
def test_relays_and_mailboxes_of_everybody_are_not_business_domains(domain: str) -> None:
    assert business_domain(domain) is None


@pytest.mark.parametrize("domain", ["github.com", "amazon.de", "bt.com", "mozilla.com", "zendesk.com"])
def test_providers_themselves_are_companies(domain: str) -> None:
    assert business_domain(domain) == domain


def test_microsofts_two_names_of_a_tenant_are_one() -> None:
    assert business_domain("acme.mail.onmicrosoft.com") == business_domain("acme.onmicrosoft.com")


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


def test_an_address_is_one_however_its_letters_are_composed() -> None:
    decomposed = "mu\u0308ller@mu\u0308ller.example"
    assert normalized_email(decomposed) == normalized_email("Müller@MÜLLER.example") == "müller@xn--mller-kva.example"


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
