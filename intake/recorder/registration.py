"""Facts that register an account or claim domains for it: which id it gets, and whose domains are whose.

Reserves domains through the directory before anything is recorded; never takes one from an account that holds it.
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
    """Domains in the spelling in which they are claimed."""

    domains: tuple[str, ...]


def claims_of(content: Mapping[str, Any]) -> Claims | Problem:
    """The domains that the data names, or what is wrong with one of them."""
    listed = content.get("domains") or ([content["domain"]] if content.get("domain") is not None else [])
    if isinstance(listed, str) or not isinstance(listed, list | tuple):
        return "bad_field", 'domains: not a list; write ["acme.com", "acme.de"]'
    domains = []
    for text in listed:
        domain = claimable_domain(text) if isinstance(text, str) else None
        if domain is None:
            return "bad_domain", f"domains: {str(text)[:80]!r} is no domain that a company can have; write acme.com"
        if is_free_mail(domain):
            return "free_mail_domain", f"domains: everybody may have a mailbox at {domain}; claim the company's own one"
        domains.append(domain)
    return Claims(tuple(dict.fromkeys(domains)))


def with_claimed_domains(content: dict[str, Any], claims: Claims) -> dict[str, Any]:
    """The data with its domains as they were claimed, so that they are found by that spelling."""
    if not claims.domains:
        return content
    if "domain" in content:
        return {**content, "domain": claims.domains[0]}
    return {**content, "domains": list(claims.domains)}


def new_account_id(content: Mapping[str, Any], claims: Claims, company: str | None) -> str | None:
    """The id of an account that named none: its first domain, else its name, else what its source calls it."""
    if claims.domains:
        return account_id(claims.domains[0])
    name = content.get("name")
    from_name = slug(name) if isinstance(name, str) else None
    return from_name or (slug(company) if company else None)


def reserve_domains(attributor: Attributor, account: str, content: Mapping[str, Any], claims: Claims) -> Problem | None:
    """Claim all of the domains or, where another account holds one, none."""
    holders = ((domain, attributor.claiming_account(domain)) for domain in claims.domains)
    taken = next(((domain, holder) for domain, holder in holders if holder not in (None, account)), None)
    taken = taken or _claim_all(attributor, account, claims)
    if taken is not None:
        domain, holder = taken
        why = f"domains: {domain} belongs to the account {holder}; leave it out here, or record this under {holder}"
        return "domain_taken", why
    for name in (account, content.get("name")):
        if isinstance(name, str) and name.strip():
            _learn_name(attributor, name_key(name), account)
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


def _learn_name(attributor: Attributor, key: str, account: str) -> None:
    names = attributor.overlay.names
    if names.setdefault(key, account) != account:
        # Two accounts of one name: the name says nothing any more, and the directory, asked again, will say so.
        del names[key]
