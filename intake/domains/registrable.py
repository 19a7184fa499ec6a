"""The registrable part of a host name: what one owner has got from a registry, or from a provider that acts like one.

Uses the public suffix list shipped with its library, without network access. Its private section holds for mail
addresses and claims: `acme.github.io` is a name of its own, and `github.io` is nobody's.
"""

from collections.abc import Iterator
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from intake.domains.host_names import ascii_host

_LOCAL_SUFFIXES = frozenset(
    {"local", "localhost", "localdomain", "internal", "intranet", "lan", "home", "arpa", "onion"}
)
_TENANT_SUFFIXES = frozenset(
    # Microsoft gives every customer a name below these, also in its national clouds; they are no public suffixes
    # (https://github.com/publicsuffix/list/issues/1485). Nobody has an address directly below them.
    "onmicrosoft.com mail.onmicrosoft.com onmicrosoft.de onmicrosoft.us mail.onmicrosoft.us partner.onmschina.cn "
    "sharepoint.com sharepoint.de sharepoint.us sharepoint.cn sharepoint-mil.us "
    # Names that other providers of software give to each customer, who receives mail there.
    "atlassian.net zohodesk.com zohodesk.eu freshservice.com "
    # Google's address for tests of a domain: `acme.com.test-google-a.com`.
    "test-google-a.com".split()
)
_TENANTS_OF_COMPANIES = frozenset(
    # The provider's own people have addresses at the name itself, each customer below it.
    "zendesk.com freshdesk.com".split()
)


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@cache
def _registry_suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


@lru_cache(maxsize=100_000)
def registrable_domain(host: str) -> str | None:
    """The registrable domain (`eu.acme.co.uk` -> `acme.co.uk`, `eu.acme.github.io` -> `acme.github.io`).

    None for public suffixes, IP addresses, local names.
    """
    name = ascii_host(host)
    if name is None or name.rsplit(".", 1)[-1] in _LOCAL_SUFFIXES:
        return None
    if name in _TENANT_SUFFIXES:
        return None
    found: str | None = _tenant_name(name) or _public_suffixes().privatesuffix(name)
    return found


def _tenant_name(name: str) -> str | None:
    labels = name.split(".")
    for start in range(1, len(labels) - 1):
        parent = ".".join(labels[start:])
        if parent in _TENANT_SUFFIXES or parent in _TENANTS_OF_COMPANIES:
            return ".".join(labels[start - 1 :])
    return None


@lru_cache(maxsize=100_000)
def is_shared_host(host: str) -> bool:
    """Whether the host stands below a private suffix or a provider's name, so that a client there may be anybody.

    A machine at `compute.amazonaws.com` or `dyndns.org` says nothing of the company of its user.
    """
    name = ascii_host(host)
    return name is not None and registrable_domain(name) != _registry_suffixes().privatesuffix(name)


def claimable_domain(text: str) -> str | None:
    """The domain that an account may claim: a registrable domain or a subdomain of one, without `www.`."""
    name = ascii_host(text)
    if name is None or registrable_domain(name) is None:
        return None
    bare = name.removeprefix("www.")
    return bare if registrable_domain(bare) else name


def suffixes_of(domain: str) -> Iterator[str]:
    """The domain and its parent domains, longest first, up to the registrable domain."""
    last = registrable_domain(domain)
    while last is not None:
        yield domain
        if domain == last:
            return
        domain = domain.partition(".")[2]
