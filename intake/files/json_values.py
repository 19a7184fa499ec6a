"""JSON files as a stream of values: JSON Lines, an array, or one document over many lines."""

from collections.abc import Iterator
from datetime import datetime
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import NamedTuple

import msgspec

from intake.files.text import MAX_LINE, Line, numbered_lines, read_whole, too_large
from intake.observation import Rejected
from schemas import parse_time

MAX_DOCUMENT = 64 << 20
"""Largest document or array in bytes; larger exports come as JSON Lines."""

JSON_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

MANY_ELEMENTS = 1_000_000
"""Commas of an array beyond which its items are taken one by one: `[1,1,…]` of 64 MB would be 30 million objects."""

_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_check_value = msgspec.json.Decoder(msgspec.Raw).decode
"""Raises like any decoder, and makes no objects."""
_BLANKS = b" \t\r\n"
_MAX_EXCERPT = 60


class JsonValue(NamedTuple):
    """One JSON value, not decoded yet."""

    where: str
    content: bytes


def json_values(path: Path) -> Iterator[JsonValue | Rejected]:
    """The values of a file, with arrays split into items. Invalid values are passed on: the decoder rejects them.

    A file whose first line is an incomplete value is read as one document.
    """
    lines = numbered_lines(path, MAX_DOCUMENT)
    for line in lines:
        if isinstance(line, Line) and not line.content.strip(_BLANKS):
            continue
        if isinstance(line, Line) and _is_incomplete(line.content):
            document = _document(path)
            if document is not None:
                yield from document
                return
        yield from _line_values(path, line)
        break
    name = path.name
    for line in lines:
        if isinstance(line, Line) and line.content[:1] == b"{":
            yield JsonValue(f"{name}:{line.number}", line.content)
        else:
            yield from _line_values(path, line)


def split_array(where: str, content: bytes) -> Iterator[JsonValue | Rejected]:
    """The items of an array, or the value itself. Of an invalid array, the items before the error."""
    if content.lstrip(_BLANKS)[:1] != b"[":
        yield JsonValue(where, content)
        return
    if content.count(b",") > MANY_ELEMENTS:
        yield from _items_one_by_one(where, content)
        return
    try:
        items = _decode_array(content)
    except JSON_ERRORS as error:
        yield from _items_before_error(where, content, error)
        return
    for number, item in enumerate(items, 1):
        yield _size_checked(f"{where}#{number}", bytes(item))


def rejected_json(where: str, error: Exception, content: bytes) -> Rejected:
    """One of JSON_ERRORS as a rejection: `bad_encoding`, or `bad_json` with the position."""
    if isinstance(error, UnicodeDecodeError):
        return Rejected(
            where, "bad_encoding", f"the text is not UTF-8: byte {error.object[error.start]:#x}; convert it"
        )
    if isinstance(error, RecursionError):
        return Rejected(where, "bad_json", "nested too deeply")
    if not content.strip():
        return Rejected(where, "bad_json", "empty: expected a JSON value")
    shown = content[:_MAX_EXCERPT].decode(errors="replace")
    return Rejected(where, "bad_json", f"{error}: {shown!r}")


def parse_field_time(where: str, field: str, text: str) -> int | Rejected:
    """Milliseconds since 1970 of an ISO 8601 instant; rejected as `no_zone` or `bad_time`."""
    try:
        # RFC 3339 allows `z`, too.
        return parse_time(text if text[-1:] != "z" else text.upper())
    except (ValueError, OverflowError):
        shown = repr(text[:_MAX_EXCERPT])
    if _is_naive(text):
        return Rejected(where, "no_zone", f"{field} {shown} has no time zone: add Z, or an offset like +01:00")
    return Rejected(where, "bad_time", f"{field} {shown} is not a time: write it as 2026-01-05T09:12:00Z")


def _is_naive(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _is_incomplete(content: bytes) -> bool:
    """Whether a line is the beginning of a value that continues on the next lines."""
    if len(content) > MAX_LINE:
        return False
    try:
        _check_value(content)
    except msgspec.DecodeError as error:
        return "truncated" in str(error)
    except (UnicodeDecodeError, RecursionError):
        return False
    return False


def _document(path: Path) -> Iterator[JsonValue | Rejected] | None:
    """The file as one value or array; None if it is JSON Lines."""
    content = read_whole(path, MAX_DOCUMENT)
    if isinstance(content, Rejected):
        return None
    if content.lstrip(_BLANKS)[:1] == b"[":
        return split_array(path.name, content)
    try:
        _check_value(content)
    except JSON_ERRORS:
        return None
    return iter([JsonValue(path.name, content)])


def _line_values(path: Path, line: Line | Rejected) -> Iterator[JsonValue | Rejected]:
    if isinstance(line, Rejected):
        yield line
        return
    if line.content.strip(_BLANKS):
        yield from split_array(f"{path.name}:{line.number}", line.content)


def _size_checked(where: str, content: bytes) -> JsonValue | Rejected:
    return JsonValue(where, content) if len(content) <= MAX_LINE else too_large(where, MAX_LINE)


def _items_one_by_one(where: str, content: bytes) -> Iterator[JsonValue | Rejected]:
    try:
        _check_value(content)
    except JSON_ERRORS as error:
        return _items_before_error(where, content, error)
    return _items_before_error(where, content, None)


def _items_before_error(where: str, content: bytes, error: Exception | None) -> Iterator[JsonValue | Rejected]:
    try:
        text = content.decode()
    except UnicodeDecodeError as bad:
        yield rejected_json(where, bad, content)
        return
    number, at = 0, text.index("[") + 1
    while (span := _next_item_span(text, at)) is not None:
        number, at = number + 1, span[1]
        yield _size_checked(f"{where}#{number}", text[slice(*span)].encode())
    if error is None:
        return
    yield Rejected(
        f"{where}#{number + 1}", "bad_json", f"the array breaks off here ({error}); nothing after it was read"
    )


def _next_item_span(text: str, at: int) -> tuple[int, int] | None:
    """Start and end of the next item; None at the end or at an invalid item."""
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    try:
        return at, _decoder.raw_decode(text, at)[1]
    except (JSONDecodeError, RecursionError, ValueError):
        return None


_decoder = JSONDecoder()
