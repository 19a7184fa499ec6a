"""URLs without user name, fragment, path parameters, and query parameters but for `utm_*` and those allowed by name."""

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

from intake.recorder.redaction.texts import IP, MAX_LENGTH, TOKEN, redacted_text
from intake.sources import folded_name, fully_unquoted, is_sensitive

Names = frozenset[tuple[str, ...]]
"""Folded names of parameters."""
NO_NAMES: Names = frozenset()

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,40}):(?!\d)")
_PARTS = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]{0,40}:)?//)?([^?#]*)(?:\?([^#]*))?")
_IPV6_HOST = re.compile(r"\[[0-9a-f:.%]+\]", re.IGNORECASE)
_UTM = re.compile(r"utm_[a-z0-9_]{1,40}")
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.\[\]-]{0,40}")
_PATH_OF_WORDS = re.compile(r"[a-z/_-]*+(?:\.[a-z]{1,5}+)?")
_PLAIN_PATH = re.compile(r"(?:[/_-]++(?:[a-z]++|[0-9]{1,15}+(?![0-9])))*+[/_-]*+(?:\.[a-z]{1,5}+)?")
"""Words and numbers of lower-case sites: most paths."""
_CREDENTIAL_WORDS = re.compile(
    "token|reset|confirm|verif|activat|invit|magic|unsub|optout|session|login|sso|auth|share|key|ip-"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_END_OF_SEGMENT = re.compile("[;?#]")
_END_OF_VALUE = re.compile("[?&#]")
_CREDENTIAL_SEGMENTS = frozenset(
    "token tokens reset resetpassword passwordreset confirm confirmation verify verification activate activation "
    "invite invitation magic magiclink unsubscribe optout auth session sessions sso login key keys share".split()
)
"""Folded path segments that a credential may follow: `/reset-password/a8f3…`."""


def redacted_url(url: str, allowed: Names = NO_NAMES) -> tuple[str, tuple[str, ...]]:
    """The URL as it may be recorded, and the names of what was left out of it (`query.email`)."""
    return _reduced(url, allowed) if len(url) > 2_000 else _cached(url, allowed)


def _reduced(url: str, allowed: Names) -> tuple[str, tuple[str, ...]]:
    if len(url) > MAX_LENGTH:
        return url, ()  # rejected later
    scheme = _SCHEME.match(url)
    if scheme and "." not in scheme[1] and scheme[1].lower() not in ("http", "https"):
        return _reduced_foreign(url, scheme)
    left_out: list[str] = []
    origin, path, query = _split(url)
    remaining = "&".join(_parameters(query, allowed, left_out)) if query else ""
    address = origin + (path if _is_plain(path) else _path(path, left_out))
    return f"{address}?{remaining}" if remaining else address, tuple(left_out)


_cached = lru_cache(maxsize=50_000)(_reduced)


def _reduced_foreign(url: str, scheme: re.Match[str]) -> tuple[str, tuple[str, ...]]:
    """Of `file:`, `mailto:`, `data:` and the like only the scheme, and the host if there is one."""
    rest = url[scheme.end() :]
    host = re.split(r"[/?#]", rest[2:], maxsplit=1)[0].rpartition("@")[2] if rest.startswith("//") else ""
    return f"{scheme[0]}//{redacted_text(host)}" if host else scheme[0], ("url",)


def _split(url: str) -> tuple[str, str, str]:
    """Scheme with host, path and query."""
    parts = _PARTS.match(url)
    assert parts is not None, "all of it may be empty"
    slashes, address, query = parts.groups()
    if slashes is None:
        return "", address, query or ""
    authority, slash, path = address.replace("\\", "/").partition("/")
    host = _IPV6_HOST.sub(IP, authority.rpartition("@")[2])
    return slashes + redacted_text(host), slash + path, query or ""


def _is_plain(path: str) -> bool:
    """Whether nothing in the path could be an address, an IP address or a credential."""
    if _PATH_OF_WORDS.fullmatch(path):
        return True
    return _PLAIN_PATH.fullmatch(path) is not None and not _CREDENTIAL_WORDS.search(path)


def _path(path: str, left_out: list[str]) -> str:
    segments = []
    before = ""
    for segment in path.split("/"):
        segments.append(_segment(segment, before, left_out))
        before = segment
    return "/".join(segments)


def _segment(segment: str, before: str, left_out: list[str]) -> str:
    if len(segment) < 16 and (segment.isalpha() or not segment):
        return segment
    decoded = fully_unquoted(segment)
    address, parameters = _cut(decoded, _END_OF_SEGMENT)
    left_out += [_counted_name(part.partition("=")[0]) for part in re.split("[;?&#]", parameters) if "=" in part]
    cleaned = redacted_text(address)
    if _UUID.search(cleaned) or (cleaned == address and _follows_credential_name(cleaned, before)):
        cleaned = TOKEN
    return segment if cleaned == decoded else _quoted(cleaned)


def _follows_credential_name(segment: str, before: str) -> bool:
    """A word stays: `/login/sso`."""
    is_word = segment.replace("-", "").replace("_", "").isalpha() and len(segment) < 24
    return not is_word and "".join(folded_name(before)) in _CREDENTIAL_SEGMENTS


def _parameters(query: str, allowed: Names, left_out: list[str]) -> Iterator[str]:
    for part in query.replace(";", "&").split("&"):
        name, equals, value = part.partition("=")
        if not name:
            continue
        if _is_kept(name, allowed):
            yield name + equals + _value(value)
        else:
            left_out.append(_counted_name(name))


@lru_cache(maxsize=10_000)
def _is_kept(name: str, allowed: Names) -> bool:
    parts = folded_name(name)
    if is_utm(name):
        return not is_sensitive((parts[0].removeprefix("utm"),))
    return bool(allowed) and parts in allowed and not is_sensitive(parts)


def is_utm(name: str) -> bool:
    """Whether a parameter is one of `utm_source`, `utm_medium`, …"""
    return name[:3].lower() == "utm" and _UTM.fullmatch(fully_unquoted(name).lower().replace("-", "_")) is not None


def _value(value: str) -> str:
    decoded = fully_unquoted(value)
    address, _ = _cut(decoded, _END_OF_VALUE)  # a whole URL with parameters of its own
    cleaned = redacted_text(address)
    return value if cleaned == decoded else _quoted(cleaned)


def _quoted(text: str) -> str:
    return quote(text, safe="[]!$'()*,:@~", errors="replace")


def _cut(text: str, end: re.Pattern[str]) -> tuple[str, str]:
    found = end.search(text)
    return (text[: found.start()], text[found.start() :]) if found else (text, "")


@lru_cache(maxsize=10_000)
def _counted_name(parameter: str) -> str:
    """The name under which a parameter is counted; `query.…` for one that no program would choose."""
    name = fully_unquoted(parameter)
    return f"query.{name}" if _PLAIN_NAME.fullmatch(name) and redacted_text(name) == name else "query.…"
