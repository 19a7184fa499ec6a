"""Lines in JSON: by a mapping of fields to keys, or as an envelope around a line of another format."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from intake.access_log.requests import Request, request_of
from intake.observation import Rejected

Paths = Mapping[str, Sequence[str]]
"""Field -> the keys that lead to it, from the outside in."""

_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder().decode
_MOST_KEYS_SHOWN = 20


class _Envelope(msgspec.Struct):
    """How Docker (`log`), journald (`MESSAGE`) and shippers of logs (`message`) wrap a line."""

    log: str | None = None
    MESSAGE: str | None = None
    message: str | None = None
    msg: str | None = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode


def parse_json_line(paths: Paths, content: bytes, where: str) -> Request | Rejected:
    """One line, by a mapping. Rejected: `bad_json`, `bad_line` if a mapped field is missing, `bad_time`, `no_zone`."""
    try:
        value = _decode(content)
    except _ERRORS:
        return Rejected(where, "bad_line", "not JSON, though --format names json")
    values = {field: text for field, path in paths.items() if (text := _text_at(value, path)) is not None}
    return request_of(values, where, None, None)


def unwrapped(content: bytes) -> bytes | None:
    """The line inside an envelope; None if there is no envelope."""
    try:
        envelope = _decode_envelope(content)
    except _ERRORS:
        return None
    inner = envelope.log or envelope.MESSAGE or envelope.message or envelope.msg
    return inner.rstrip("\r\n").encode("utf-8", "surrogatepass") if inner else None


def keys_of(content: bytes) -> list[str] | None:
    """The keys of a JSON object, those of inner objects with a dot; None if it is no object."""
    try:
        value = _decode(content)
    except _ERRORS:
        return None
    if not isinstance(value, dict):
        return None
    keys: list[str] = []
    for key, inner in value.items():
        keys += [f"{key}.{below}" for below in inner] if isinstance(inner, dict) else [str(key)]
    return [key[:40] for key in keys[:_MOST_KEYS_SHOWN]]


def _text_at(value: Any, path: Sequence[str]) -> str | None:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, list):  # a header of several values
        value = value[0] if value else None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    return str(value)
