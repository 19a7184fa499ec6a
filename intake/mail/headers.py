"""Tolerant parsing of mail headers: addresses, dates, ids and encoded words. Invalid values yield None or nothing."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_tz

from schemas import from_datetime, parse_time

Headers = dict[str, list[str]]
"""Lower-case name -> unfolded values, in the order of the mail."""

_ADDRESS = r"[^\s<>()\[\],;:\"@＠]+@[^\s<>()\[\],;:\"@＠]+"
_ANGLE = re.compile(r"<\s*(?:mailto:)?(" + _ADDRESS + r")\s*>", re.IGNORECASE)
_BARE = re.compile(r"(" + _ADDRESS + r")")
_OBFUSCATED = re.compile(
    r"([^\s<>()\[\],;:\"@]+)\s*(?:\s(?:at|_at_)\s|\(at?\)|\[at?\]|\{at\}|＠|&#64;)\s*"
    r"([\w-]+(?:(?:\.|\sdot\s|\s?\(dot\)\s?|\s?\[dot\]\s?)[\w-]+)+)",
    re.IGNORECASE,
)
_DOT = re.compile(r"\s?[(\[]?\bdot\b[)\]]?\s?", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<([^<>]+)>")
_COMMENT = re.compile(r"\(([^()]*)\)")
_WORD_GAP = re.compile(r"(\?=)\s+(=\?)")
_MIN_TIME_MS = 31_536_000_000
"""1971. Earlier dates come from clocks that were never set."""

_MAX_ZONE_OFFSET_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender: lower-case address, and name if given. `masked`: an archive has shortened the address."""

    email: str
    name: str | None = None
    masked: bool = False

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.email.rpartition("@")[2]


def read_headers(lines: list[bytes]) -> Headers:
    """Unfold the headers and group them by name; other lines are ignored."""
    headers: Headers = {}
    values: list[str] | None = None
    for line in lines:
        text = _decoded_line(line).rstrip("\r\n")
        if text[:1] in (" ", "\t"):
            if values:
                values[-1] += " " + text.strip()
            continue
        name, colon, value = text.partition(":")
        values = headers.setdefault(name.strip().lower(), []) if colon else None
        if values is not None:
            values.append(value.strip())
    return headers


def first_value(headers: Headers, name: str) -> str:
    """The first value of a header, or an empty string."""
    values = headers.get(name)
    return values[0] if values else ""


def decoded_header(value: str) -> str:
    """The value with encoded words (RFC 2047) decoded, even if their charset is wrong, and spaces collapsed."""
    if "=?" not in value:
        return " ".join(value.split())
    try:
        parts = decode_header(_WORD_GAP.sub(r"\1 \2", value))
    except (HeaderParseError, ValueError):
        return " ".join(value.split())
    return " ".join("".join(_decoded_word(part, charset) for part, charset in parts).split())


def senders(headers: Headers, envelope: str = "") -> list[Sender]:
    """The authors: of the From headers, else of Sender, else of the `From ` line."""
    for name in ("from", "sender"):
        found = _addresses(headers, name)
        if found:
            return _original_senders(headers, found[0]) + found
    sender = read_address(envelope.removeprefix("From ").partition("  ")[0])
    return [sender] if sender else []


def read_address(value: str) -> Sender | None:
    """The first address of a header: plain, in brackets, in a group, encoded, or obfuscated as `name at domain`."""
    plain = value if "@" in value else _OBFUSCATED.sub(_deobfuscated, value)
    match = _ANGLE.search(plain) or _BARE.search(plain)
    if match is None:
        readable = decoded_header(value)
        return read_address(readable) if readable != value and "=?" not in readable else None
    email = match[1].lower().strip(".'")
    return (
        Sender(email, _display_name(plain, match), masked="..." in email.partition("@")[0])
        if _is_valid_address(email)
        else None
    )


def message_ids(value: str) -> list[str]:
    """The ids of In-Reply-To, References or Message-ID without brackets, from left to right."""
    found = ["".join(part.split()) for part in _MESSAGE_ID.findall(value)]
    return found or [word for word in value.split() if "@" in word and "<" not in word]


def sent_at(headers: Headers, envelope: str = "") -> int | None:
    """Milliseconds since 1970 of Date, else of the newest Received, else of the `From ` line; UTC if it has no zone."""
    received = first_value(headers, "received").rpartition(";")[2]
    candidates = (*headers.get("date", ()), received, _envelope_date(envelope))
    return next((at for text in candidates if (at := read_date(text)) is not None), None)


def read_date(text: str) -> int | None:
    """Milliseconds of a mail date (RFC 5322 and its obsolete forms) or ISO time; None if invalid or before 1971."""
    text = text.strip()[:200]
    try:
        fields = parsedate_tz(text)
        milliseconds = _instant(fields) if fields else parse_time(text)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return milliseconds if _MIN_TIME_MS <= milliseconds < 253_402_300_800_000 else None


def _instant(fields: tuple[int, int, int, int, int, int, int, int, int, int | None]) -> int:
    offset = fields[9] or 0
    if abs(offset) > _MAX_ZONE_OFFSET_S:
        raise ValueError("the offset from UTC is too large")
    year, month, day, hour, minute, second = fields[:6]
    return from_datetime(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)) - offset * 1000


def _addresses(headers: Headers, name: str) -> list[Sender]:
    return [sender for value in headers.get(name, ()) if (sender := read_address(value))]


def _original_senders(headers: Headers, shown: Sender) -> list[Sender]:
    """The author behind "Ada via Dev": lists that put their own address into From keep Ada's in another header."""
    if " via " not in (shown.name or ""):
        return []
    candidates = _addresses(headers, "x-original-from") + _addresses(headers, "reply-to")
    return [sender for sender in candidates if sender.email != shown.email][:1]


def _decoded_line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _decoded_word(part: str | bytes, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    try:
        return part.decode(charset or "ascii")
    except (LookupError, UnicodeError, ValueError):
        return _decoded_line(part)


def _deobfuscated(match: re.Match[str]) -> str:
    return f"{match[1]}@{_DOT.sub('.', match[2])}"


def _display_name(value: str, match: re.Match[str]) -> str | None:
    """The phrase before the bracket, else the comment after a bare address."""
    comment = _COMMENT.search(value, match.end())
    name = value[: match.start()] if value[: match.start()].strip() else comment[1] if comment else ""
    return decoded_header(name).strip(" \"'<,;:")[:200] or None


def _is_valid_address(email: str) -> bool:
    local, _, domain = email.partition("@")
    return bool(local) and "." in domain.strip(".") and len(email) <= 254


def _envelope_date(envelope: str) -> str:
    """The end of a `From ` line, from the weekday or month on."""
    words = envelope.split()
    days = [index for index, word in enumerate(words) if word[:3] in _WEEKDAYS]
    return " ".join(words[days[-1] :]) if days else " ".join(words[2:])


_WEEKDAYS = frozenset({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"})
