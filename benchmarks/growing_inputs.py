"""Inputs of a size: one function per thing that may grow within a file, of any kind of file.

Sizes stay within the budgets of the connectors, also where an input is ten times as large.
"""

import json
from collections.abc import Callable
from typing import NamedTuple

from staffel.ingestion import Kind

_LOG_LINE = '198.51.100.7 - - [05/Jan/2026:09:12:00 +0000] "GET /{} HTTP/1.1" 200 512 "-" "Mozilla/5.0"'
_EVENT = {"specversion": "1.0", "id": "1", "source": "bus", "type": "custom.tracked.v1", "subject": "acme.com"}
_TIME = "2026-01-05T09:12:00Z"
_CALENDAR = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:one@ours.example\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20200105T090000Z\r\nDTEND:20200105T093000Z\r\nSUMMARY:Sound\r\nORGANIZER:mailto:sam@ours.example\r\n"
    "{}END:VEVENT\r\nEND:VCALENDAR\r\n"
)
_MAIL = (
    "From pat@acme.example Mon Jan  5 09:12:00 2026\nFrom: Pat <pat@acme.example>\nTo: sam@ours.example\n"
    "Message-ID: <1@acme.example>\nDate: Mon, 5 Jan 2026 09:12:00 +0000\nSubject: Hello\n{}\n"
)


class GrowingInput(NamedTuple):
    kind: Kind
    size: int
    """The smaller one; the larger one is ten times as large."""
    content: Callable[[int], str]


def _headers(count: int) -> str:
    return _MAIL.format("".join(f"X-{number}: some value\n" for number in range(count)))


def _long_header(length: int) -> str:
    return _MAIL.format("To: " + "a <" * (length // 3) + "\n")


def _recipients(count: int) -> str:
    return _MAIL.format("Cc: " + ",\n ".join(f"P{n} <p{n}@acme.example>" for n in range(count)) + "\n")


def _parts(depth: int) -> str:
    levels = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(depth))
    return _MAIL.format("Content-Type: multipart/mixed; boundary=b0\n\n" + levels)


def _attendees(count: int) -> str:
    return _CALENDAR.format("".join(f"ATTENDEE:mailto:p{n}@acme{n}.example\r\n" for n in range(count)))


def _occurrences(count: int) -> str:
    return _CALENDAR.format(f"RRULE:FREQ=DAILY;COUNT={count}\r\nATTENDEE:mailto:pat@acme.example\r\n")


def _exceptions(count: int) -> str:
    days = "".join(f"EXDATE:{2020 + n // 300}{n % 12 + 1:02}{n % 25 + 1:02}T090000Z\r\n" for n in range(count))
    return _CALENDAR.format(f"RRULE:FREQ=DAILY;COUNT=2000\r\nATTENDEE:mailto:pat@acme.example\r\n{days}")


def _columns(count: int) -> str:
    names = ",".join(["Name", "Domain", *(f"Column {n}" for n in range(count))])
    return f"{names}\nAcme,acme.example{',x' * count}\n"


def _cells(length: int) -> str:
    return f'Name,Domain,Industry,Annual revenue\n"Acme","acme.example","{"1.234,5 " * (length // 8)}",7\n'


def _rows(count: int) -> str:
    return "Name,Domain\n" + "".join(f"Acme {n},acme{n}.example\n" for n in range(count))


def _open_quotes(count: int) -> str:
    return "Name,Domain\n" + "".join(f'"Acme {n},acme{n}.example\n' for n in range(count))


def _nesting(depth: int) -> str:
    return json.dumps({**_EVENT, "time": _TIME})[:-1] + f', "data": {{"properties": {"[" * depth}{"]" * depth}}}}}\n'


def _properties(count: int) -> str:
    data = {"name": "x", "properties": {f"p{n}": "pat@acme.example" for n in range(count)}}
    call = {"type": "track", "event": "x", "userId": "7", "timestamp": _TIME, "properties": data["properties"]}
    return json.dumps(call) + "\n"


def _path(length: int) -> str:
    return _LOG_LINE.format(";a/" * (length // 3)) + "\n"


def _blanks(length: int) -> str:
    return "a " * (length // 2) + "\n" + _LOG_LINE.format("") + "\n"


def _times(length: int) -> str:
    return '[05/Jan/2026:09:12:00 +0000] "' * (length // 30) + "\n" + _LOG_LINE.format("") + "\n"


def _lists(length: int) -> str:
    return "198.51.100.7, " * (length // 14) + _LOG_LINE.format("") + "\n"


GROWING_INPUTS: dict[str, GrowingInput] = {
    "headers of a mail": GrowingInput("mbox", 200, _headers),
    "one header of a mail": GrowingInput("mbox", 3_000, _long_header),
    "recipients of a mail": GrowingInput("mbox", 200, _recipients),
    "nesting of a mail": GrowingInput("mbox", 20, _parts),
    "attendees of a meeting": GrowingInput("calendar", 190, _attendees),
    "occurrences of a meeting": GrowingInput("calendar", 300, _occurrences),
    "exceptions of a meeting": GrowingInput("calendar", 200, _exceptions),
    "columns of a table": GrowingInput("accounts", 450, _columns),
    "cells of a table": GrowingInput("accounts", 10_000, _cells),
    "rows of a table": GrowingInput("accounts", 300, _rows),
    "open quotes of a table": GrowingInput("accounts", 300, _open_quotes),
    "nesting of an event": GrowingInput("cloudevents", 50, _nesting),
    "properties of a call": GrowingInput("segment", 500, _properties),
    "path of a request": GrowingInput("access-log", 1_500, _path),
    "words of a log line": GrowingInput("access-log", 1_600, _blanks),
    "times of a log line": GrowingInput("access-log", 1_600, _times),
    "addresses of a log line": GrowingInput("access-log", 1_400, _lists),
}
