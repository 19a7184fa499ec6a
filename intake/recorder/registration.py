"""Facts that register an account or claim domains for it: the account's id, and the reservation of its domains.

Domains are reserved in the directory before the fact is recorded. A domain of another account is never taken over.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from intake.account_ids import account_id, slug
from intake.domains import claimable_domain, is_free_mail
from intake.recorder.attribution import Attributor, name_key

ACCOUNT_REGISTERED = "account.registered.v1"
TYPES = frozenset({ACCOUNT_REGISTERED, "account.updated.v1", "account.domain_claimed.v1"})

Problem = tuple[str, str]


class Claims(NamedTuple):
    """The claimed domains, normalised."""

    domains: tuple[str, ...]


def claims_of(content: Mapping[str, Any]) -> Claims | Problem:
    """The domains that the data claims, or the problem with one of them."""
    listed = content.get("domains") or ([content["domain"]] if content.get("domain") is not None else [])
    if isinstance(listed, str) or not isinstance(listed, list | tuple):
        return "bad_field", 'domains: not a list; write ["acme.com", "acme.de"]'
    domains = []
    for text in listed:
        domain = claimable_domain(text) if isinstance(text, str) else None
        if domain is None:
            return "bad_domain", f"domains: {str(text)[:80]!r} is not a company's domain; for example acme.com"
        if is_free_mail(domain):
            return "free_mail_domain", f"domains: {domain} is a mail provider; claim the company's own domain"
        domains.append(domain)
    return Claims(tuple(dict.fromkeys(domains)))


def with_claimed_domains(content: dict[str, Any], claims: Claims) -> dict[str, Any]:
    """The data with its domains normalised, so that look-ups find them, and without those that are not claimed."""
    if not claims.domains:
        return {name: value for name, value in content.items() if name != "domains" or not value}
    if "domain" in content:
        return {**content, "domain": claims.domains[0]}
    return {**content, "domains": list(claims.domains)}


def new_account_id(content: Mapping[str, Any], claims: Claims, company: str | None) -> str | None:
    """The id of an account without one: its first domain, else its name, else the source's own id."""
    if claims.domains:
        return account_id(claims.domains[0])
    name = content.get("name")
    from_name = slug(name) if isinstance(name, str) else None
    return from_name or (slug(company) if company else None)


def reserve_domains(attributor: Attributor, account: str, content: Mapping[str, Any], claims: Claims) -> Problem | None:
    """Claim all domains, or none if another account holds one."""
    holders = ((domain, attributor.claiming_account(domain)) for domain in claims.domains)
    taken = next(((domain, holder) for domain, holder in holders if holder not in (None, account)), None)
    taken = taken or _claim_all(attributor, account, claims)
    if taken is not None:
        domain, holder = taken
        why = f"domains: {domain} belongs to the account {holder}; omit it here, or record this under {holder}"
        return "domain_taken", why
    for name in (account, content.get("name")):
        if isinstance(name, str) and name.strip():
            learn_name(attributor.overlay.names, name_key(name), account)
    return None


def _claim_all(attributor: Attributor, account: str, claims: Claims) -> tuple[str, str] | None:
    for domain in claims.domains:
        if attributor.overlay.domains.get(domain) == account:
            continue
        holder = attributor.directory.claim(domain, account)
        if holder is not None:
            return domain, holder
        attributor.overlay.put(attributor.overlay.domains, domain, account)
    return None


def learn_name(names: dict[str, str], key: str, account: str) -> None:
    """Let what follows in the batch find the account by this name or id."""
    if names.setdefault(key, account) != account:
        # Two accounts with this name: it is ambiguous now, and the next look-up in the directory finds neither.
        del names[key]
