"""Host names and e-mail addresses in their ASCII form, and domains in Unicode for screens.

International names follow IDNA 2008 with the mapping of UTS 46, non-transitional: `straße.example` and
`strasse.example` are two names. https://www.rfc-editor.org/rfc/rfc5891, https://www.unicode.org/reports/tr46/
"""

import re
import unicodedata
from functools import lru_cache
from ipaddress import ip_address

import idna

from intake.writing_systems import is_highly_restrictive

_MAX_LABEL = 63
_CYRILLIC_LOOKALIKES = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡ-0123456789")
"""A Cyrillic name of these letters alone looks like a Latin one. They are those of browsers, which do the same:
https://chromium.googlesource.com/chromium/src/+/main/docs/idn.md"""
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
    if not name.isascii():
        name = _to_ascii(name)
    labels = name.split(".")
    valid = len(name) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    return name if valid and not labels[-1].isdigit() else None


def _to_ascii(name: str) -> str:
    """The name in ASCII; empty if it is not a valid international name."""
    try:
        labels = idna.uts46_remap(name, std3_rules=False, transitional=False).rstrip(".").split(".")
        # A label never gets shorter in ASCII. So the check of its characters, which is slow, sees only short ones.
        if any(len(label) > _MAX_LABEL for label in labels):
            return ""
        return ".".join(label if label.isascii() else idna.alabel(label).decode("ascii") for label in labels)
    except UnicodeError:
        return ""


@lru_cache(maxsize=100_000)
def unicode_domain(name: str) -> str:
    """A domain as screens show it: international labels in Unicode, unless they might be mistaken for others."""
    if "xn--" not in name:
        return name
    labels = name.split(".")
    return ".".join(_shown_label(label, labels[-1]) for label in labels)


def _shown_label(label: str, top: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        shown = idna.ulabel(label)
    except UnicodeError:
        return label
    is_lookalike = not top.startswith("xn--") and _CYRILLIC_LOOKALIKES.issuperset(shown)
    return shown if shown.isprintable() and is_highly_restrictive(shown) and not is_lookalike else label


def ascii_account_id(id_: str) -> str:
    """An account id with an international domain in ASCII, as accounts are stored; other ids as they are."""
    if id_.isascii() or "." not in id_ or any(mark in id_ for mark in "/:@?"):
        return id_
    return ascii_host(id_) or id_


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
    """An e-mail address as the vault compares it: trimmed, lower case, in NFC, host in ASCII; None if it is invalid."""
    host = domain_of_email(text) if len(text) <= 320 else None
    local = unicodedata.normalize("NFC", text.strip().rpartition("@")[0].lower())
    if host is None or any(character.isspace() or not character.isprintable() for character in local):
        return None
    return f"{local}@{host}"


def is_own_domain(domain: str, own_domains: frozenset[str]) -> bool:
    """Whether the domain is one of the operator's own or a subdomain of one."""
    labels = domain.rstrip(".").split(".")
    return any(".".join(labels[start:]) in own_domains for start in range(len(labels)))
