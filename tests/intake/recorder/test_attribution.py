"""Attribution: the rules in their order, and the overlay."""

import pytest

from intake.recorder.attribution import Attribution, AttributionSignals, Attributor, Overlay
from intake.recorder.networks import ListedNetworks, parse_networks
from tests.intake.recorder.fakes import MemoryDirectory


def attributor(directory: MemoryDirectory | None = None, overlay: Overlay | None = None) -> Attributor:
    networks, _ = parse_networks(["203.0.113.0/24 acme.com", "198.51.100.0/24 gmx.de"], "networks")
    assert isinstance(networks, ListedNetworks)
    return Attributor(directory or directory_of_acme(), networks, overlay or Overlay(100))


def directory_of_acme() -> MemoryDirectory:
    directory = MemoryDirectory()
    directory.domains = {"acme.com": "A-1", "acme.de": "A-1", "lab.acme.com": "A-2", "acme.dyndns.org": "A-5"}
    directory.names = {"Acme": "A-1"}
    directory.contacts = {"c_pat": "A-3"}
    directory.visitors = {"v_pat": "A-4"}
    return directory


EVERYTHING = AttributionSignals(
    "x", "A-9", "Acme", "c_pat", "v_pat", "acme.com", "gate.beta.com", "203.0.113.9", "v_pat"
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (EVERYTHING, Attribution("x", "account", 100, "acme.com")),
        (EVERYTHING._replace(account=None), Attribution("A-9", "company", 95, "acme.com")),
        (EVERYTHING._replace(account=None, company=None), Attribution("A-1", "company", 95, "acme.com")),
        (AttributionSignals(contact="c_pat", visitor="v_pat", ip="203.0.113.9"), Attribution("A-3", "contact", 95)),
        (AttributionSignals(contact="c_new", visitor="v_pat", host="gate.beta.com"), Attribution("A-4", "visitor", 80)),
        (
            AttributionSignals(visitor="v_pat", email_domain="beta.com"),
            Attribution("beta.com", "email_domain", 100, "beta.com"),
        ),
        (AttributionSignals(email_domain="acme.de"), Attribution("A-1", "claimed_domain", 100, "acme.de")),
        (
            AttributionSignals(email_domain="x.lab.acme.com"),
            Attribution("A-2", "claimed_domain", 100, "x.lab.acme.com"),
        ),
        (AttributionSignals(email_domain="eu.acme.com"), Attribution("A-1", "claimed_domain", 100, "eu.acme.com")),
        (
            AttributionSignals(email_domain="eu.beta.co.uk"),
            Attribution("beta.co.uk", "email_domain", 100, "eu.beta.co.uk"),
        ),
        (AttributionSignals(host="gate.acme.com"), Attribution("A-1", "claimed_domain", 60, "acme.com")),
        (
            AttributionSignals(host="gate.beta.com", ip="203.0.113.9"),
            Attribution("beta.com", "host_domain", 40, "beta.com"),
        ),
        (
            AttributionSignals(host="p5b2c1d3f.dip0.isp.net", ip="203.0.113.9"),
            Attribution("A-1", "network", 70, "acme.com"),
        ),
        (
            AttributionSignals(visitor="v_x", host="mail.gmx.de", ip="198.51.100.1", anonymous_visitor="v_x"),
            Attribution("anon:v_x", "anonymous", 0),
        ),
        (AttributionSignals(host="10.0.0.1", ip="192.0.2.1"), None),
        (AttributionSignals(company_name="Unknown Ltd"), None),
        (AttributionSignals(host="gate.beta.dyndns.org"), None),
        (
            AttributionSignals(host="gate.acme.dyndns.org"),
            Attribution("A-5", "claimed_domain", 60, "acme.dyndns.org"),
        ),
        (
            AttributionSignals(email_domain="beta.github.io"),
            Attribution("beta.github.io", "email_domain", 100, "beta.github.io"),
        ),
    ],
)
def test_the_first_rule_that_yields_an_account_applies(shown: AttributionSignals, expected: Attribution | None) -> None:
    assert attributor().attribute(shown) == expected


def test_a_batch_looks_up_each_key_once() -> None:
    directory = directory_of_acme()
    batch = attributor(directory)
    for _ in range(50):
        batch.attribute(AttributionSignals(contact="c_new", visitor="v_new", email_domain="eu.beta.com"))
    assert directory.lookups == 3


def test_unknown_keys_are_looked_up_again_in_the_next_batch() -> None:
    directory, overlay = MemoryDirectory(), Overlay(100)
    shown = AttributionSignals(email_domain="acme.com")
    assert attributor(directory, overlay).attribute(shown) == Attribution("acme.com", "email_domain", 100, "acme.com")
    directory.domains["acme.com"] = "A-1"
    assert attributor(directory, overlay).attribute(shown) == Attribution("A-1", "claimed_domain", 100, "acme.com")


def test_the_overlay_is_bounded_and_evicts_the_oldest() -> None:
    overlay = Overlay(2)
    for number in range(4):
        overlay.learn(f"c_{number}", f"v_{number}", "acme.com")
    assert (list(overlay.contacts), list(overlay.visitors)) == (["c_2", "c_3"], ["v_2", "v_3"])


def test_a_person_stays_with_their_account() -> None:
    overlay = Overlay(10)
    overlay.learn("c_a", "v_a", "anon:v_a")
    overlay.learn("c_a", "v_a", "first.com")
    overlay.learn("c_a", "v_a", "second.com")
    assert (overlay.contacts, overlay.visitors) == ({"c_a": "first.com"}, {"v_a": "first.com"})
