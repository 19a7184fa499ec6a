"""A request as a log describes it, and the notations that logs share: quoted fields, escapes, times."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from intake.access_log.clients import Client, client_of, is_public
from intake.observation import Rejected
from schemas import from_datetime

QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
"""A quoted field in which quotes are escaped by a backslash (Apache) or as `\\x22` (nginx)."""

_PROTOCOL = re.compile(r" HTTP/\d(?:\.\d)?$")
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))", re.DOTALL)
_CONTROL_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"b": b"\b", b"f": b"\f"}
_STATUS = re.compile(r"\d{3}(?:\.0)?")
_CLF_TIME = re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:[0-6]\d [+-]\d{4}")
_EPOCH_TIME = re.compile(r"\d{9,19}(?:\.\d{1,9})?")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {month: number for number, month in enumerate(_MONTH_NAMES, 1)}


class Request(NamedTuple):
    client: Client
    time: int
    method: str
    target: str
    """A path with its query, or an absolute URL."""
    status: int
    referrer: str | None
    agent: str | None
    """None in formats that have no user agent."""
    identity: bytes
    """The part of the line that its id is derived from."""
    host: str | None = None
    """The host that was asked, if the log says so: `www.example.com:443`."""


def method_and_target(request_line: str) -> tuple[str, str]:
    """Of `GET /pricing HTTP/1.1`; the protocol is missing in HTTP/0.9."""
    method, _, target = _PROTOCOL.sub("", request_line).partition(" ")
    return method, target


def unescaped(text: str) -> str:
    """The text without the escapes of Apache and nginx. Bytes that are not UTF-8 keep theirs."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_unescaped_byte, text.encode()).decode(errors="backslashreplace")


def _unescaped_byte(match: re.Match[bytes]) -> bytes:
    if match[1] is not None:
        return bytes([int(match[1], 16)])
    return _CONTROL_ESCAPES.get(match[2], match[2])


def header_value(header: str | None) -> str | None:
    return None if header in (None, "", "-") else header


@lru_cache(maxsize=4_096)
def minute_ms(text: str, zone: str) -> int:
    """Milliseconds since 1970 of `17/May/2015:10:05` in a zone like `+0200`. Raises KeyError or ValueError."""
    date = (int(text[7:11]), _MONTHS[text[3:6]], int(text[:2]))
    offset = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
    return from_datetime(datetime(*date, int(text[12:14]), int(text[15:]), tzinfo=timezone(offset)))


def bad_time(where: str, shown: str) -> Rejected:
    return Rejected(where, "bad_time", f"not a time like [17/May/2015:10:05:03 +0000]: {shown!r}")


def shape_of(text: str, most_chars: int = 60) -> str:
    """What a line looks like, without what it says: letters are `a` or `A`, digits `9`."""
    shown = text[:most_chars]
    shape = "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c if c.isprintable() else "?"
        for c in shown
    )
    return repr(shape if len(text) <= most_chars else f"{shape}…")


def request_of(
    values: Mapping[str, str], where: str, time_format: str | None, identity: bytes | None
) -> Request | Rejected:
    """The request that named fields describe. `identity`: of the whole line, where one format describes it."""
    time = instant_of(values.get("time", ""), where, time_format)
    client = _client_among(values)
    status = values.get("status", "")
    if isinstance(time, Rejected):
        return time
    if client is None:
        return Rejected(where, "bad_line", "the field of the client holds no address and no host name")
    if not _STATUS.fullmatch(status):
        return Rejected(where, "bad_line", "the field of the status is not a number of three digits")
    method, target = _requested(values)
    own = "\0".join(f"{name}={values[name]}" for name in sorted(values)).encode("utf-8", "surrogatepass")
    return Request(
        client,
        time,
        method,
        target,
        int(float(status)),
        referrer=header_value(values.get("referrer")),
        agent=values.get("agent"),
        identity=own if identity is None else identity,
        host=header_value(values.get("host")),
    )


def _client_among(values: Mapping[str, str]) -> Client | None:
    """The client that a trusted header names; else the connection's, unless that is a proxy in an inner network."""
    named, direct, forwarded = (
        client_of(text) if (text := values.get(name)) is not None else None
        for name in ("real_client", "client", "forwarded")
    )
    if named is not None and named.name is not None:
        return named
    if direct is not None and (is_public(direct) or direct.host):
        return direct
    return forwarded if forwarded is not None and forwarded.name is not None else direct or forwarded


def _requested(values: Mapping[str, str]) -> tuple[str, str]:
    if "request" in values:
        return method_and_target(values["request"])
    query = values.get("query", "").lstrip("?")
    target = values.get("target", "")
    target = f"{target}?{query}" if query and query != "-" and "?" not in target else target
    return values.get("method", "GET"), target


def instant_of(text: str, where: str, time_format: str | None = None) -> int | Rejected:
    """Milliseconds since 1970 of a time as servers write it: `17/May/2015:10:05:03 +0000`, ISO 8601, or seconds,
    milliseconds or microseconds since 1970. Rejected: `bad_time`, `no_zone`."""
    text = text.strip().strip("[]")
    try:
        if _CLF_TIME.fullmatch(text):
            return minute_ms(text[:17], text[21:]) + int(text[18:20]) * 1000
        if _EPOCH_TIME.fullmatch(text):
            return _epoch_ms(text)
        parsed = datetime.strptime(text, time_format) if time_format and "%" in time_format else None
        parsed = parsed or datetime.fromisoformat(text.replace(",", "."))
    except (KeyError, ValueError, OverflowError):
        return bad_time(where, shape_of(text, 40))
    if parsed.tzinfo is None:
        return Rejected(where, "no_zone", "the time has no zone: log it with an offset, as $time_iso8601 does")
    return from_datetime(parsed)


def _epoch_ms(text: str) -> int:
    """Of seconds, milliseconds, microseconds or nanoseconds since 1970: their number of digits tells which."""
    digits = len(text.partition(".")[0])
    units_per_second = next(10**power for most, power in ((11, 0), (14, 3), (17, 6), (19, 9)) if digits <= most)
    return int(Decimal(text) * 1000 / units_per_second)
