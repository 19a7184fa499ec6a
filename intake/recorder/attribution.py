"""Which account a fact belongs to, by which rule, and how sure that is. Never makes an account of a mail provider.

Follows no structure change: merges, splits and moves are the scorer's affair; releases and joins alone count here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from intake.domains import business_domain, is_access_line, is_free_mail, registrable_domain, suffixes_of
from intake.recorder.networks import CompanyNetworks

EXPLICIT, COMPANY, CONTACT, VISITOR = "account", "company", "contact", "visitor"
CLAIMED, EMAIL, HOST, NETWORK, ANONYMOUS = "claimed_domain", "email_domain", "host_domain", "network", "anonymous"
EARLIER_ATTEMPT = "earlier_try"
"""An earlier try to record the fact went to this account, and found it by a rule that is not kept."""
ANON = "anon:"
KeyKind = Literal["domain", "contact", "visitor"]


class Directory(Protocol):
    """What the projections know; may lag behind what was recorded, but for claims."""

    def accounts_of(self, kind: KeyKind, keys: Iterable[str]) -> dict[str, str]:
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


class AttributionSignals(NamedTuple):
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
    anonymous_visitor: str | None = None
    """The visitor whose `anon:` account it is, where nothing else is known."""


class Overlay:
    """What this recorder learned itself, before the projections caught up. Bounded: what is oldest goes first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.contacts: dict[str, str] = {}
        self.visitors: dict[str, str] = {}
        self.domains: dict[str, str] = {}
        self.accounts_by_kind: dict[KeyKind, dict[str, str]] = {
            "contact": self.contacts,
            "visitor": self.visitors,
            "domain": self.domains,
        }
        self.names: dict[str, str] = {}
        self.anonymous_visitors: dict[str, str] = {}
        """Visitors with facts of their own in `anon:…`, by visitor."""
        self.identified_pairs: dict[str, str] = {}
        """Pairs already told to the log: `visitor contact` -> account."""

    def put(self, accounts: dict[str, str], key: str, account: str) -> None:
        """Set, newest last."""
        accounts.pop(key, None)
        accounts[key] = account
        while len(accounts) > self._size:
            del accounts[next(iter(accounts))]

    def learn(self, contact: str | None, visitor: str | None, account: str) -> None:
        """A fact of these two was attributed; the account that held one before keeps it."""
        if account.startswith(ANON):
            if visitor is not None and visitor not in self.anonymous_visitors:
                self.put(self.anonymous_visitors, visitor, account)
            return
        if contact is not None and contact not in self.contacts:
            self.put(self.contacts, contact, account)
        if visitor is not None and visitor not in self.visitors:
            self.put(self.visitors, visitor, account)


def _empty_keys() -> dict[KeyKind, set[str]]:
    return {"domain": set(), "contact": set(), "visitor": set()}


@dataclass(slots=True)
class Attributor:
    """Attributes one batch, in order; asks the directory about everything at most once per batch."""

    directory: Directory
    networks: CompanyNetworks
    overlay: Overlay
    _unknown_keys: dict[KeyKind, set[str]] = field(default_factory=_empty_keys)
    _unknown_names: set[str] = field(default_factory=set)

    def attribute(self, signals: AttributionSignals) -> Attribution | None:
        """The first rule that knows an account; None where there is neither person, visitor nor account."""
        if signals.account is not None:
            return Attribution(signals.account, EXPLICIT, 100, signals.email_domain)
        found = (
            self._by_company(signals)
            or self._by_person(signals)
            or self._by_domains(signals)
            or self._by_network(signals.ip)
        )
        if found is not None:
            return found if found.domain or not signals.email_domain else found._replace(domain=signals.email_domain)
        return (
            Attribution(ANON + signals.anonymous_visitor, ANONYMOUS, 0)
            if signals.anonymous_visitor is not None
            else None
        )

    def prefetch(self, kind: KeyKind, keys: Iterable[str]) -> None:
        """Ask the directory at once for what a batch will want to know."""
        cached, absent = self.overlay.accounts_by_kind[kind], self._unknown_keys[kind]
        missing = dict.fromkeys(key for key in keys if key not in cached and key not in absent)
        if missing:
            found = self.directory.accounts_of(kind, missing)
            # What is absent is so for this batch alone: another process may register it at any moment.
            absent.update(key for key in missing if key not in found)
            for key, account in found.items():
                self.overlay.put(cached, key, account)

    def account_of_contact(self, contact: str) -> str | None:
        return self._account_of_key("contact", contact)

    def account_of_visitor(self, visitor: str) -> str | None:
        return self._account_of_key("visitor", visitor)

    def account_of_domain(self, domain: str) -> str | None:
        """The account that claimed the longest part of the domain; None for free-mail and where nobody did."""
        if is_free_mail(domain):
            return None
        claims = (self.claiming_account(suffix) for suffix in suffixes_of(domain))
        return next((account for account in claims if account), None)

    def claiming_account(self, domain: str) -> str | None:
        """The account that claimed exactly this domain."""
        return self._account_of_key("domain", domain)

    def account_of_name(self, name: str) -> str | None:
        key, names = name_key(name), self.overlay.names
        if key not in names and key not in self._unknown_names:
            account = self.directory.account_of_name(name)
            if account is None:
                self._unknown_names.add(key)
                return None
            self.overlay.put(names, key, account)
        return names.get(key)

    def _by_company(self, signals: AttributionSignals) -> Attribution | None:
        by_name = self.account_of_name(signals.company_name) if signals.company_name and not signals.company else None
        account = signals.company or by_name
        return Attribution(account, COMPANY, 95) if account else None

    def _by_person(self, signals: AttributionSignals) -> Attribution | None:
        account = self.account_of_contact(signals.contact) if signals.contact is not None else None
        if account is not None:
            return Attribution(account, CONTACT, 95)
        # An address of a business says more than where its visitor was seen before.
        if signals.visitor is None or signals.email_domain is not None:
            return None
        account = self.account_of_visitor(signals.visitor)
        return Attribution(account, VISITOR, 80) if account is not None else None

    def _by_domains(self, signals: AttributionSignals) -> Attribution | None:
        if signals.email_domain is not None:
            return self._by_domain(signals.email_domain, EMAIL, 100, 100)
        host = business_domain(signals.host) if signals.host is not None else None
        if host is None or is_access_line(host):
            return None
        found = self._by_domain(host, HOST, 40, 60)
        return found and found._replace(domain=registrable_domain(host))

    def _by_domain(self, domain: str, rule: str, confidence: int, claimed_confidence: int) -> Attribution | None:
        account = self.account_of_domain(domain)
        if account is not None:
            return Attribution(account, CLAIMED, claimed_confidence, domain)
        company = registrable_domain(domain)
        return Attribution(company, rule, confidence, domain) if company is not None else None

    def _by_network(self, ip: str | None) -> Attribution | None:
        listed = self.networks.domain_of(ip) if ip is not None else None
        domain = business_domain(listed) if listed is not None else None
        if domain is None:
            return None
        confidence = self.networks.confidence
        found = self._by_domain(domain, NETWORK, confidence, confidence)
        return found and found._replace(rule=NETWORK)

    def _account_of_key(self, kind: KeyKind, key: str) -> str | None:
        account = self.overlay.accounts_by_kind[kind].get(key)
        if account is None and key not in self._unknown_keys[kind]:
            self.prefetch(kind, [key])
            account = self.overlay.accounts_by_kind[kind].get(key)
        return account


def name_key(name: str) -> str:
    """Names that differ in case and blanks alone are the same."""
    return " ".join(name.casefold().split())
