"""Whether data fits its fact type; the guard at the door. Never changes, completes or coerces what it is given."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from schemas.facts.registry import TYPES

LONGEST_TEXT = 16_384
"""Characters of one string."""
LARGEST_DATA = 256 * 1024
"""Bytes of the data of one fact as JSON."""
DEEPEST = 32
LARGEST_NUMBER = 10**15

_ODD = re.compile(rb"\\u0000|\d{16}|\d[eE]")

_encode = msgspec.json.Encoder().encode
_VALIDATORS = {type_: fact.__pydantic_validator__ for type_, fact in TYPES.items()}


class FactProblem(NamedTuple):
    """Why a fact is refused: the field (dotted, empty for the whole), a stable code, and the way out."""

    field: str
    code: str
    why: str


def check_fact(type_: str, data: dict[str, Any]) -> dict[str, Any] | tuple[FactProblem, ...]:
    """The data itself where it fits its type, else everything that is wrong with it. Never raises."""
    validator = _VALIDATORS.get(type_)
    if validator is None:
        return (FactProblem("type", "unknown_type", f"{type_!r} is no fact type; see schemas/published/facts.json"),)
    try:
        written = _encode(data)
        validator.validate_json(written)
    except ValidationError as refusal:
        return tuple(_problems(refusal))
    except (TypeError, ValueError, OverflowError, RecursionError) as broken:
        return tuple(_unwritable(data)) or (FactProblem("data", "bad_data", f"cannot be written as JSON: {broken}"),)
    return _walked(written, data) or data if _suspicious(written) else data


def _suspicious(written: bytes) -> bool:
    """Whether it is worth a walk: it may hold a long text, a huge number, a NUL, or be nested deeply."""
    nested = written.count(b"{") + written.count(b"[") > DEEPEST
    return len(written) > LONGEST_TEXT or nested or _ODD.search(written) is not None


def _walked(written: bytes, data: dict[str, Any]) -> tuple[FactProblem, ...]:
    found = tuple(problem for field, part in _parts(data, "") if (problem := _part_problem(field, part)))
    if not found and len(written) > LARGEST_DATA:
        return (FactProblem("data", "too_large", f"{len(written)} bytes; at most {LARGEST_DATA} are kept"),)
    return found


def _part_problem(field: str, part: Any) -> FactProblem | None:
    if isinstance(part, str):
        return _text_problem(field, part)
    if isinstance(part, int | float) and abs(part) > LARGEST_NUMBER:
        return FactProblem(field, "bad_number", f"{field} is beyond {LARGEST_NUMBER}; write an id as text")
    if isinstance(part, dict | list):
        return FactProblem(field, "too_deep", f"{field} is nested deeper than {DEEPEST} levels")
    return None


def _text_problem(field: str, text: str) -> FactProblem | None:
    if len(text) > LONGEST_TEXT:
        return FactProblem(field, "too_long", f"{field} has {len(text)} characters; at most {LONGEST_TEXT} are kept")
    if "\0" in text:
        return FactProblem(field, "bad_text", f"{field} contains a NUL character; leave it out")
    return None


def _unwritable(data: Any) -> Iterator[FactProblem]:
    for field, part in _parts(data, ""):
        if isinstance(part, str) and not _is_unicode(part):
            yield FactProblem(field, "bad_text", f"{field} contains half a character; write it in UTF-8")


def _is_unicode(text: str) -> bool:
    return text.encode("utf-8", "replace").decode() == text


def _parts(part: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every key and scalar with its path; a list or mapping itself only where it is nested too deeply."""
    if isinstance(part, dict) and depth < DEEPEST:
        for key, inner in part.items():
            field = f"{path}.{str(key)[:40]}".removeprefix(".")
            yield field, str(key)
            yield from _parts(inner, field, depth + 1)
    elif isinstance(part, list | tuple) and depth < DEEPEST:
        for at, inner in enumerate(part):
            yield from _parts(inner, f"{path}[{at}]", depth + 1)
    else:
        yield path or "data", part


def _problems(refusal: ValidationError) -> Iterator[FactProblem]:
    seen: dict[str, list[str]] = {}
    for error in refusal.errors(include_url=False, include_input=False):
        field = str(error["loc"][0]) if error["loc"] else "data"
        seen.setdefault(field, []).append(error["msg"])
    for field, messages in seen.items():
        yield FactProblem(field, "bad_field", f"{field}: {' or '.join(dict.fromkeys(messages))}")
