"""Attribution: which account a fact belongs to, by which rule, and with what confidence.

The first rule that yields an account applies, in the order of `Attributor.attribute`. Free-mail and disposable domains
never yield an account. The scorer applies merges, splits and moves later; attribution ignores them.

How the overlay works. The directory is a read model and lags behind the log: an account registered in one batch may be
missing from it in the next. The overlay is this recorder's own memory of what it has learned or looked up, and it is
consulted first. It has one index per kind of key (contact, visitor, domain, name) from key to account. `learn` adds the
account of each fact as soon as it is drafted, so that later observations of the same batch already see it; a contact or
visitor keeps the account it was first seen with, and only an identification moves a visitor to the account of its
contact. `Attributor.prefetch` adds what the directory answers. Keys that the directory does not know are remembered for
one batch only, because another process may register them at any moment. Each index is bounded: `put` moves a key to the
end, and the oldest keys are evicted; an evicted key is answered by the directory, which has caught up by then. Losing
the overlay in a restart therefore costs accuracy only for the facts that the projector has not yet applied.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol

from intake.account_ids import flaw_of
from intake.domains import (
    ascii_account_id,
    business_domain,
    is_access_line,
    is_free_mail,
    is_shared_host,
    registrable_domain,
    suffixes_of,
)
from intake.recorder.networks import CompanyNetworks

EXPLICIT, COMPANY, CONTACT, VISITOR = "account", "company", "contact", "visitor"
CLAIMED, EMAIL, HOST, NETWORK, ANONYMOUS = "claimed_domain", "email_domain", "host_domain", "network", "anonymous"
EARLIER_ATTEMPT = "earlier_try"
"""An earlier attempt to record the fact was sent to this account; the rule that found it was not stored."""
ANON = "anon:"
KeyKind = Literal["domain", "contact", "visitor"]


class Directory(Protocol):
    """The account directory of the read side. It may lag behind the log, except for claims."""

    def accounts_of(self, kind: KeyKind, keys: Iterable[str]) -> dict[str, str]:
        """Key -> account, for the known domains (claimed exactly), contacts or visitors; without `anon:…` accounts."""

    def account_of_name(self, name: str) -> str | None:
        """The account with this id or alias id, else the only account with this name or alias name."""

    def accounts_of_aliases(self, system: str, ids: Iterable[str]) -> dict[str, str]:
        """Id in this system -> the account that has it as an alias."""

    def exists(self, account: str) -> bool:
        """Whether the account has facts."""

    def claim(self, domain: str, account: str) -> str | None:
        """Reserve the domain at once. None if the account now holds it, else the account that does."""


class Attribution(NamedTuple):
    account: str
    rule: str
    confidence: int
    domain: str | None = None
    """The business domain that the observation shows, whether or not the rule used it."""


class AttributionSignals(NamedTuple):
    """What an observation shows of its account: pseudonyms, and domains in ASCII."""

    account: str | None = None
    company: str | None = None
    """The account that the source's own company id refers to, looked up before."""
    company_name: str | None = None
    contact: str | None = None
    visitor: str | None = None
    email_domain: str | None = None
    host: str | None = None
    ip: str | None = None
    anonymous_visitor: str | None = None
    """The visitor whose `anon:` account is used if no rule yields an account."""
    other_company_name: str | None = None
    """Used where the company's id and name are unknown: a report may name a record that was never imported."""


class Overlay:
    """What this recorder has learned, ahead of the directory (see the module text). Bounded, the oldest is evicted."""

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
        """Visitor -> its `anon:` account, for visitors that have facts there."""
        self.identified_pairs: dict[str, str] = {}
        """Pairs already recorded as identified: `visitor contact` -> account."""

    def put(self, accounts: dict[str, str], key: str, account: str) -> None:
        """Set the key as the newest one; evict the oldest beyond the size."""
        accounts.pop(key, None)
        accounts[key] = account
        while len(accounts) > self._size:
            del accounts[next(iter(accounts))]

    def learn(self, contact: str | None, visitor: str | None, account: str) -> None:
        """Note the account of a fact. A contact or visitor that already has one keeps it."""
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
    """Attributes the observations of one batch; asks the directory for each key at most once."""

    directory: Directory
    networks: CompanyNetworks
    overlay: Overlay
    _unknown_keys: dict[KeyKind, set[str]] = field(default_factory=_empty_keys)
    _unknown_names: set[str] = field(default_factory=set)

    def attribute(self, signals: AttributionSignals) -> Attribution | None:
        """The result of the first rule that yields an account; None if there is no account, person or visitor."""
        if signals.account is not None:
            return Attribution(signals.account, EXPLICIT, 100, signals.email_domain)
        found = self._by_company(signals) or self._by_person(signals)
        found = found or self._by_domains(signals) or self._by_network(signals.ip)
        if found is not None:
            return found if found.domain or not signals.email_domain else found._replace(domain=signals.email_domain)
        if signals.anonymous_visitor is None:
            return None
        return Attribution(ANON + signals.anonymous_visitor, ANONYMOUS, 0)

    def prefetch(self, kind: KeyKind, keys: Iterable[str]) -> None:
        """Load the accounts of these keys from the directory in one query."""
        cached, absent = self.overlay.accounts_by_kind[kind], self._unknown_keys[kind]
        missing = dict.fromkeys(key for key in keys if key not in cached and key not in absent)
        if missing:
            found = self.directory.accounts_of(kind, missing)
            # Absent for this batch only: another process may register it at any moment.
            absent.update(key for key in missing if key not in found)
            for key, account in found.items():
                self.overlay.put(cached, key, account)

    def note_unknown(self, kind: KeyKind, key: str) -> None:
        """The directory cannot know this key; it is not asked for it."""
        self._unknown_keys[kind].add(key)

    def account_of_contact(self, contact: str) -> str | None:
        return self._account_of_key("contact", contact)

    def account_of_visitor(self, visitor: str) -> str | None:
        return self._account_of_key("visitor", visitor)

    def account_of_domain(self, domain: str) -> str | None:
        """The account that claimed the longest suffix of the domain; None for free-mail, or if it is unclaimed."""
        if is_free_mail(domain):
            return None
        claims = (self.claiming_account(suffix) for suffix in suffixes_of(domain))
        return next((account for account in claims if account), None)

    def claiming_account(self, domain: str) -> str | None:
        """The account that claimed exactly this domain."""
        return self._account_of_key("domain", domain)

    def account_of_name(self, name: str) -> str | None:
        """The account with this id or name; an id that is an international domain may have either form."""
        account = self._account_named(name)
        if account is not None or name.isascii():
            return account
        in_ascii = ascii_account_id(name.strip().lower())
        return self._account_named(in_ascii) if in_ascii.isascii() else None

    def _account_named(self, name: str) -> str | None:
        key, names = name_key(name), self.overlay.names
        if key not in names and key not in self._unknown_names:
            account = self.directory.account_of_name(name)
            if account is None:
                self._unknown_names.add(key)
                return None
            self.overlay.put(names, key, account)
        return names.get(key)

    def account_key(self, id_: str) -> str | tuple[str, str]:
        """The account that a valid id names: one that exists, else a new one; or code and reason why none is made."""
        in_ascii, problem = _new_account_key(id_)
        if (in_ascii == id_ and problem is None) or self.account_of_name(id_) == id_:
            return id_
        return problem or self.account_key(in_ascii)

    def _by_company(self, signals: AttributionSignals) -> Attribution | None:
        names = filter(None, (signals.company_name, signals.other_company_name))
        account = signals.company or next(filter(None, map(self.account_of_name, names)), None)
        return Attribution(account, COMPANY, 95) if account else None

    def _by_person(self, signals: AttributionSignals) -> Attribution | None:
        account = self.account_of_contact(signals.contact) if signals.contact is not None else None
        if account is not None:
            return Attribution(account, CONTACT, 95)
        # A business address is stronger evidence than the account the visitor was seen with.
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
        # A client below a private suffix may be anybody's; an address there, and a claim, are one owner's.
        company = registrable_domain(domain) if rule != HOST or not is_shared_host(domain) else None
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


@lru_cache(maxsize=100_000)
def _new_account_key(id_: str) -> tuple[str, tuple[str, str] | None]:
    """The id with an international domain in ASCII; code and reason why a new account should not have it."""
    flaw = flaw_of(id_)
    if flaw is not None:
        return id_, ("bad_account", f"subject: {id_[:80]!r} {flaw}")
    in_ascii = ascii_account_id(id_)
    if "." in in_ascii and is_free_mail(in_ascii):
        why = "is a mail provider, whose addresses belong to many companies: choose another id"
        return in_ascii, ("free_mail_domain", f"subject: {id_[:80]!r} {why}")
    return in_ascii, None


def name_key(name: str) -> str:
    """The name without differences in case and spaces."""
    return " ".join(name.casefold().split())
