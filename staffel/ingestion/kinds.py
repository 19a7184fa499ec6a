"""The kind of a file, guessed from how it begins."""

import csv
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from intake import Rejected
from intake.files import Line, numbered_lines
from staffel.ingestion.readers import InputFile, Kind

_LINES_LOOKED_AT = 25
_SEGMENT_TYPES = frozenset({"track", "page", "screen", "identify", "group", "alias"})
_SEGMENT_KEYS = frozenset({"batch", "anonymousId", "userId", "messageId"})
_MAIL_HEADER = re.compile(rb"(?:Return-Path|Received|Delivered-To|Message-ID|X-GM-THRID|MIME-Version):", re.IGNORECASE)
_OPPORTUNITY_COLUMNS = frozenset(
    "stage dealstage stagename opportunitystage salesstage phase dealphase verkaufsphase dealname opportunityname "
    "opportunityid dealid closedate schlussdatum abschlussdatum iswon isclosedwon closevalue "
    "dealamount dealwert".split()
)
_CONTACT_COLUMNS = frozenset(
    "email emailaddress workemail emailadresse firstname lastname vorname nachname jobtitle contactid "
    "positionsbezeichnung".split()
)
_ACCOUNT_COLUMNS = frozenset(
    "name companyname accountname company account organization organisation firma firmenname unternehmen "
    "unternehmensname domain companydomainname website websiteurl webseite homepage staffelaccount accountid".split()
)
_DELIMITERS = ",;\t|"


def guessed_files(paths: Iterable[Path]) -> tuple[list[InputFile], list[Rejected]]:
    """The files with their kinds, and a rejection for each file that is of no known kind."""
    guesses = [(path, guess_kind(path)) for path in paths]
    known = [InputFile(kind, path) for path, kind in guesses if not isinstance(kind, Rejected)]
    return known, [kind for _, kind in guesses if isinstance(kind, Rejected)]


def guess_kind(path: Path) -> Kind | Rejected:
    """Rejected, as a whole: `unknown_kind`, and files that cannot be read. An empty file counts as CloudEvents."""
    lines: list[bytes] = []
    for line in islice(numbered_lines(path), _LINES_LOOKED_AT):
        if isinstance(line, Line):
            lines.append(line.content)
        elif line.whole:
            return line
    filled = [line for line in lines if line.strip()]
    if not filled:
        return "cloudevents"
    kind = _kind_of_text(filled) or _kind_of_json(filled) or _kind_of_log(filled) or _kind_of_table(filled)
    return kind or _unknown(path)


def _unknown(path: Path) -> Rejected:
    why = "the kind of the file cannot be guessed: name it, for example `staffel ingest accounts FILE`"
    return Rejected(path.name, "unknown_kind", why, whole=True)


def _kind_of_text(lines: Sequence[bytes]) -> Kind | None:
    if lines[0].strip().upper() == b"BEGIN:VCALENDAR":
        return "calendar"
    if lines[0].startswith((b"From ", b">From ")) or sum(map(bool, map(_MAIL_HEADER.match, lines))) >= 2:
        return "mbox"
    return None


def _kind_of_json(lines: Sequence[bytes]) -> Kind | None:
    if not lines[0].lstrip().startswith((b"{", b"[")):
        return None
    objects = [value for line in lines if isinstance(value := _first_object(line), dict)]
    if not objects:
        # One document over several lines: its keys stand in the text.
        text = b"\n".join(lines)
        keys: set[Any] = {match.decode() for match in re.findall(rb'"(\w{1,40})"\s*:', text)}
        return _kind_of_keys(keys, None)
    return next(filter(None, (_kind_of_keys(set(value), value.get("type")) for value in objects)), None)


def _first_object(line: bytes) -> Any:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value[0] if isinstance(value, list) and value else value


def _kind_of_keys(keys: set[Any], call_type: Any) -> Kind | None:
    if "specversion" in keys:
        return "cloudevents"
    if keys & _SEGMENT_KEYS or (isinstance(call_type, str) and call_type in _SEGMENT_TYPES):
        return "segment"
    return None


def _kind_of_log(lines: Sequence[bytes]) -> Kind | None:
    from intake.access_log import is_log_line

    return "access-log" if any(map(is_log_line, lines)) else None


def _kind_of_table(lines: Sequence[bytes]) -> Kind | None:
    """By the names of the columns, in the first lines: exports may begin with a line `sep=;` or a title."""
    return next(filter(None, (_kind_of_header(line.decode("cp1252", "replace")) for line in lines[:5])), None)


def _kind_of_header(line: str) -> Kind | None:
    delimiter = max(_DELIMITERS, key=line.count)
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return None
    names = {re.sub(r"[\W_]+", "", cell).casefold() for cell in cells}
    if names & _OPPORTUNITY_COLUMNS:
        return "opportunities"
    if names & _CONTACT_COLUMNS:
        return "contacts"
    return "accounts" if names & _ACCOUNT_COLUMNS else None
