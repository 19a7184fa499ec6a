"""Visitors without a cookie, whose company is known by now.

A web server sees no more of a visitor than an address and a program. Until their company is known their facts wait
under `anon:v_…`. A network or a domain that became known afterwards names it. The addresses stand in the files alone,
so these are read anew. One `contact.identified` per visitor then releases what waits.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from intake.domains import business_domain, suffixes_of
from intake.observation import Observation
from intake.recorder.attribution import ANON, CLAIMED, Attribution, AttributionSignals, Attributor, Directory, Overlay
from intake.recorder.drafts import CONTACT_IDENTIFIED, INFERRED_SOURCE
from intake.recorder.identification import Vault
from intake.recorder.networks import CompanyNetworks, NoNetworks

_OVERLAY_SIZE = 50_000


class KnownCompany(NamedTuple):
    """The company of a visitor, and the time of the fact that shows it."""

    attribution: Attribution
    time: int


class ShownDomain(NamedTuple):
    """A domain that a fact of a visitor showed."""

    visitor: str
    domain: str
    time: int


class VisitorCompanies:
    """Finds the companies of visitors without a cookie, by the rules of attribution."""

    def __init__(self, vault: Vault, directory: Directory, networks: CompanyNetworks | None = None) -> None:
        self._vault, self._directory, self._networks = vault, directory, networks or NoNetworks()
        self._overlay = Overlay(_OVERLAY_SIZE)

    def of_clients(self, observations: Iterable[Observation]) -> dict[str, KnownCompany]:
        """Visitor -> company, by network or host name, of those that have one; bots are nobody's visitors."""
        clients = [each for each in observations if each.cookieless and each.data.get("bot") is not True]
        attributor = self._attributor()
        hosts = {business_domain(each.host) for each in clients if each.host}
        attributor.prefetch("domain", (suffix for host in hosts if host for suffix in suffixes_of(host)))
        companies: dict[str, KnownCompany] = {}
        for each in clients:
            found = attributor.attribute(AttributionSignals(host=each.host, ip=each.ip))
            if found is not None and each.visitor is not None:
                visitor = self._vault.visitor_for(each.visitor)
                earlier = companies.get(visitor)
                companies[visitor] = KnownCompany(found, max(each.time, earlier.time if earlier else 0))
        return companies

    def of_domains(self, shown: Iterable[ShownDomain]) -> Iterator[tuple[ShownDomain, str]]:
        """What was shown, with the account that claimed the domain, or that has it as its id."""
        listed = list(shown)
        attributor = self._attributor()
        attributor.prefetch("domain", (suffix for each in listed for suffix in suffixes_of(each.domain)))
        for each in listed:
            account = attributor.account_of_domain(each.domain) or attributor.account_of_name(each.domain)
            if account is not None:
                yield each, account

    def _attributor(self) -> Attributor:
        return Attributor(self._directory, self._networks, self._overlay)


def company_of_domain(shown: ShownDomain, account: str) -> KnownCompany:
    return KnownCompany(Attribution(account, CLAIMED, 100, shown.domain), shown.time)


def identification_of(visitor: str, company: KnownCompany) -> Observation:
    """`contact.identified` under the visitor's account. There is one per visitor, whatever company is found later."""
    found = company.attribution
    return Observation(
        where=ANON + visitor,
        source=INFERRED_SOURCE,
        id=f"identified:{visitor}:company",
        type=CONTACT_IDENTIFIED,
        time=company.time,
        data={"visitor": visitor, "to": found.account},
        account=ANON + visitor,
        contact=visitor,
        domain=found.domain,
        trusted=True,
        attribution=found.rule,
        confidence=found.confidence,
    )
