"""The company of a visitor without a cookie, by networks and domains of today."""

from typing import Any

import pytest

from intake.observation import Observation
from intake.recorder.attribution import Attribution
from intake.recorder.networks import parse_networks
from intake.visitors import KnownCompany, ShownDomain, VisitorCompanies, company_of_domain, identification_of
from tests.intake.recorder.fakes import NOW, RecorderWorld, new_observation

NETWORKS, _ = parse_networks(["198.51.100.0/24 acme.com"], "networks.txt")


def companies(world: RecorderWorld) -> VisitorCompanies:
    return VisitorCompanies(world.vault, world.directory, NETWORKS)


def client(ip: str | None = "198.51.100.7", **fields: Any) -> Observation:
    return new_observation(visitor=f"{ip}|Firefox", ip=ip, **{"cookieless": True, **fields})


def test_a_network_names_the_company(intake: RecorderWorld) -> None:
    found = companies(intake).of_clients([client(), client("203.0.113.9")])
    attribution = Attribution("acme.com", "network", 70, "acme.com")
    assert found == {intake.vault.visitor_for("198.51.100.7|Firefox"): KnownCompany(attribution, NOW - 1_800_000)}


def test_a_network_of_a_claimed_domain_names_the_account_that_claimed_it(intake: RecorderWorld) -> None:
    intake.directory.domains["acme.com"] = "acme"
    (found,) = companies(intake).of_clients([client()]).values()
    assert found.attribution.account == "acme"


def test_a_host_name_below_a_claimed_domain_names_the_account(intake: RecorderWorld) -> None:
    intake.directory.domains["acme.onmicrosoft.com"] = "acme"
    host = client(None, host="gw.acme.onmicrosoft.com")
    (found,) = companies(intake).of_clients([host]).values()
    assert found.attribution.account == "acme"


@pytest.mark.parametrize("fields", [{"cookieless": False}, {"data": {"bot": True}}], ids=["with a cookie", "a bot"])
def test_others_are_left_as_they_are(intake: RecorderWorld, fields: dict[str, Any]) -> None:
    assert companies(intake).of_clients([client(**fields)]) == {}


def test_the_newest_fact_of_a_visitor_gives_the_time(intake: RecorderWorld) -> None:
    (found,) = companies(intake).of_clients([client(time=2), client(time=9), client(time=5)]).values()
    assert found.time == 9


def test_a_domain_names_the_account_that_claimed_it_or_has_it_as_its_id(intake: RecorderWorld) -> None:
    intake.directory.domains["acme.com"], intake.directory.names["beta.com"] = "acme", "beta.com"
    shown = [ShownDomain("v_1", each, 5) for each in ("eu.acme.com", "beta.com", "gamma.com", "gmail.com")]
    assert list(companies(intake).of_domains(shown)) == [(shown[0], "acme"), (shown[1], "beta.com")]


def test_a_visitor_is_identified_once_whatever_company_is_found_later(intake: RecorderWorld) -> None:
    visitor = intake.vault.visitor_for("one")
    acme, beta = (company_of_domain(ShownDomain(visitor, f"{name}.com", NOW), name) for name in ("acme", "beta"))
    intake.recorder.record([identification_of(visitor, acme)], own=True)
    intake.recorder.record([identification_of(visitor, beta)], own=True)
    assert intake.log.fact_fields("id", "source", "type", "subject", "contact", "attribution", "domain", "data") == [
        (
            f"identified:{visitor}:company",
            "staffel/intake",
            "contact.identified.v1",
            f"anon:{visitor}",
            visitor,
            "claimed_domain",
            "acme.com",
            {"visitor": visitor, "to": "acme"},
        )
    ]
