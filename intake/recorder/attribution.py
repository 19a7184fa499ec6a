"""Which account a fact belongs to, by which rule, and how sure that is. Never makes an account of a mail provider.

Follows no structure change: merges, splits and moves are the scorer's affair; releases and joins alone count here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from intake.domains import business_domain, is_access_line, is_free_mail, registrable, suffixes_of
from intake.recorder.networks import CompanyNetworks

EXPLICIT, COMPANY, CONTACT, VISITOR = "account", "company", "contact", "visitor"
CLAIMED, EMAIL, HOST, NETWORK, ANONYMOUS = "claimed_domain", "email_domain", "host_domain", "network", "anonymous"
EARLIER = "earlier_try"
"""An earlier try to record the fact went to this account, and found it by a rule that is not kept."""
ANON = "anon:"
Kind = Literal["domain", "contact", "visitor"]


class Directory(Protocol):
    """What the projections know; may lag behind what was recorded, but for claims."""

    def accounts_of(self, kind: Kind, keys: Iterable[str]) -> dict[str, str]:
        """Those of the domains (claimed exactly so), contacts or visitors that an account has; never `anon:…`."""

    def account_of_name(self, name: str) -> str | None:
        """The account of this id or, if one alone has it, of this name."""

    def claim(self, domain: str, account: str) -> str | None:
        """Reserve the domain at once; None where it is the account's own now, else the account that holds it."""


class Attribution(NamedTuple):
    account: str
    rule: str
    confidence: int
    domain: str | None = None
    """The business domain that was shown, whether or not the rule went by it."""


class Shown(NamedTuple):
    """What an observation shows of whom it is about; pseudonyms, domains in ASCII."""

    account: str | None = None
    company: str | None = None
    """Account that a source's own id of a company stands for, already found."""
    company_name: str | None = None
    contact: str | None = None
    visitor: str | None = None
    email_domain: str | None = None
    host: str | None = None
    ip: str | None = None
    alone: str | None = None
    """The visitor whose `anon:` account it is, where nothing else is known."""


class Overlay:
    """What this recorder learned itself, before the projections caught up. Bounded: what is oldest goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.contacts: dict[str, str] = {}
        self.visitors: dict[str, str] = {}
        self.domains: dict[str, str] = {}
        self.known: dict[Kind, dict[str, str]] = {
            "contact": self.contacts,
            "visitor": self.visitors,
            "domain": self.domains,
        }
        self.names: dict[str, str] = {}
        self.anonymous: dict[str, str] = {}
        """Visitors with facts of their own in `anon:…`, by visitor."""
        self.identified: dict[str, str] = {}
        """Pairs already told to the log: `visitor contact` -> account."""

    def keep(self, known: dict[str, str], key: str, account: str) -> None:
        """Set, newest last."""
        known.pop(key, None)
        known[key] = account
        while len(known) > self._size:
            del known[next(iter(known))]

    def learn(self, contact: str | None, visitor: str | None, account: str) -> None:
        """A fact of these two was attributed; the account that held one before keeps it."""
        if account.startswith(ANON):
            if visitor is not None and visitor not in self.anonymous:
                self.keep(self.anonymous, visitor, account)
            return
        if contact is not None and contact not in self.contacts:
            self.keep(self.contacts, contact, account)
        if visitor is not None and visitor not in self.visitors:
            self.keep(self.visitors, visitor, account)


def _nothing() -> dict[Kind, set[str]]:
    return {"domain": set(), "contact": set(), "visitor": set()}


@dataclass(slots=True)
class Attributor:
    """Attributes one batch, in order; asks the directory about everything at most once per batch."""

    directory: Directory
    networks: CompanyNetworks
    overlay: Overlay
    _absent: dict[Kind, set[str]] = field(default_factory=_nothing)
    _nameless: set[str] = field(default_factory=set)

    def attribute(self, shown: Shown) -> Attribution | None:
        """The first rule that knows an account; None where there is neither person, visitor nor account."""
        if shown.account is not None:
            return Attribution(shown.account, EXPLICIT, 100, shown.email_domain)
        found = self._named(shown) or self._known(shown) or self._by_domains(shown) or self._by_network(shown.ip)
        if found is not None:
            return found if found.domain or not shown.email_domain else found._replace(domain=shown.email_domain)
        return Attribution(ANON + shown.alone, ANONYMOUS, 0) if shown.alone is not None else None

    def look_up(self, kind: Kind, keys: Iterable[str]) -> None:
        """Ask the directory at once for what a batch will want to know."""
        known, absent = self.overlay.known[kind], self._absent[kind]
        asked = dict.fromkeys(key for key in keys if key not in known and key not in absent)
        if asked:
            found = self.directory.accounts_of(kind, asked)
            # What is absent is so for this batch alone: another process may register it at any moment.
            absent.update(key for key in asked if key not in found)
            for key, account in found.items():
                self.overlay.keep(known, key, account)

    def account_of_contact(self, contact: str) -> str | None:
        return self._ask("contact", contact)

    def account_of_visitor(self, visitor: str) -> str | None:
        return self._ask("visitor", visitor)

    def account_of_domain(self, domain: str) -> str | None:
        """The account that claimed the longest part of the domain; None for free-mail and where nobody did."""
        if is_free_mail(domain):
            return None
        claims = (self.claimant(suffix) for suffix in suffixes_of(domain))
        return next((account for account in claims if account), None)

    def claimant(self, domain: str) -> str | None:
        """The account that claimed exactly this domain."""
        return self._ask("domain", domain)

    def account_of_name(self, name: str) -> str | None:
        key, names = name_key(name), self.overlay.names
        if key not in names and key not in self._nameless:
            account = self.directory.account_of_name(name)
            if account is None:
                self._nameless.add(key)
                return None
            self.overlay.keep(names, key, account)
        return names.get(key)

    def _named(self, shown: Shown) -> Attribution | None:
        by_name = self.account_of_name(shown.company_name) if shown.company_name and not shown.company else None
        account = shown.company or by_name
        return Attribution(account, COMPANY, 95) if account else None

    def _known(self, shown: Shown) -> Attribution | None:
        account = self.account_of_contact(shown.contact) if shown.contact is not None else None
        if account is not None:
            return Attribution(account, CONTACT, 95)
        # An address of a business says more than where its visitor was seen before.
        if shown.visitor is None or shown.email_domain is not None:
            return None
        account = self.account_of_visitor(shown.visitor)
        return Attribution(account, VISITOR, 80) if account is not None else None

    def _by_domains(self, shown: Shown) -> Attribution | None:
        if shown.email_domain is not None:
            return self._by_domain(shown.email_domain, EMAIL, 100, 100)
        host = business_domain(shown.host) if shown.host is not None else None
        if host is None or is_access_line(host):
            return None
        found = self._by_domain(host, HOST, 40, 60)
        return found and found._replace(domain=registrable(host))

    def _by_domain(self, domain: str, rule: str, confidence: int, if_claimed: int) -> Attribution | None:
        account = self.account_of_domain(domain)
        if account is not None:
            return Attribution(account, CLAIMED, if_claimed, domain)
        company = registrable(domain)
        return Attribution(company, rule, confidence, domain) if company is not None else None

    def _by_network(self, ip: str | None) -> Attribution | None:
        told = self.networks.domain_of(ip) if ip is not None else None
        domain = business_domain(told) if told is not None else None
        if domain is None:
            return None
        sure = self.networks.confidence
        found = self._by_domain(domain, NETWORK, sure, sure)
        return found and found._replace(rule=NETWORK)

    def _ask(self, kind: Kind, key: str) -> str | None:
        account = self.overlay.known[kind].get(key)
        if account is None and key not in self._absent[kind]:
            self.look_up(kind, [key])
            account = self.overlay.known[kind].get(key)
        return account


def name_key(name: str) -> str:
    """Names that differ in case and blanks alone are the same."""
    return " ".join(name.casefold().split())
