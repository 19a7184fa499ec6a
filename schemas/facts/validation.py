"""Validation of fact data against its type, before it is recorded. Valid data stays as it is."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from schemas.facts.registry import TYPES

MAX_TEXT_LENGTH = 16_384
"""In characters, of one string."""
MAX_DATA_BYTES = 256 * 1024
"""Of the data of one fact as JSON."""
MAX_DEPTH = 32
MAX_NUMBER = 10**15

_SUSPICIOUS_BYTES = re.compile(rb"\\u0000|\d{16}|\d[eE]")

_encode = msgspec.json.Encoder().encode
_VALIDATORS = {type_: fact.__pydantic_validator__ for type_, fact in TYPES.items()}


class FactProblem(NamedTuple):
    """Why a fact is rejected: the field (dotted, empty for the whole), a stable code, and the remedy."""

    field: str
    code: str
    why: str


def check_fact(type_: str, data: dict[str, Any]) -> dict[str, Any] | tuple[FactProblem, ...]:
    """The data itself if it is valid, else all its problems. Never raises."""
    validator = _VALIDATORS.get(type_)
    if validator is None:
        return (FactProblem("type", "unknown_type", f"unknown event type {type_!r}; see schemas/published/facts.json"),)
    try:
        encoded = _encode(data)
        validator.validate_json(encoded)
    except ValidationError as validation_error:
        return tuple(_validation_problems(validation_error))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return tuple(_encoding_problems(data)) or (
            FactProblem("data", "bad_data", f"cannot be written as JSON: {error}"),
        )
    return _content_problems(encoded, data) or data if _needs_walk(encoded) else data


def _needs_walk(encoded: bytes) -> bool:
    """Whether every value must be checked: there may be a long text, a huge number, a NUL or deep nesting."""
    nested = encoded.count(b"{") + encoded.count(b"[") > MAX_DEPTH
    return len(encoded) > MAX_TEXT_LENGTH or nested or _SUSPICIOUS_BYTES.search(encoded) is not None


def _content_problems(encoded: bytes, data: dict[str, Any]) -> tuple[FactProblem, ...]:
    problems = tuple(problem for field, part in _walk(data, "") if (problem := _part_problem(field, part)))
    if not problems and len(encoded) > MAX_DATA_BYTES:
        return (FactProblem("data", "too_large", f"{len(encoded)} bytes; the maximum is {MAX_DATA_BYTES}"),)
    return problems


def _part_problem(field: str, part: Any) -> FactProblem | None:
    if isinstance(part, str):
        return _text_problem(field, part)
    if isinstance(part, int | float) and abs(part) > MAX_NUMBER:
        return FactProblem(field, "bad_number", f"{field} exceeds {MAX_NUMBER}; write ids as text")
    if isinstance(part, dict | list):
        return FactProblem(field, "too_deep", f"{field} is nested deeper than {MAX_DEPTH} levels")
    return None


def _text_problem(field: str, text: str) -> FactProblem | None:
    if len(text) > MAX_TEXT_LENGTH:
        return FactProblem(field, "too_long", f"{field} has {len(text)} characters; the maximum is {MAX_TEXT_LENGTH}")
    if "\0" in text:
        return FactProblem(field, "bad_text", f"{field} contains a NUL character; remove it")
    return None


def _encoding_problems(data: Any) -> Iterator[FactProblem]:
    for field, part in _walk(data, ""):
        if isinstance(part, str) and not _is_unicode(part):
            yield FactProblem(
                field, "bad_text", f"{field} contains half a character (a lone surrogate); write it in UTF-8"
            )


def _is_unicode(text: str) -> bool:
    return text.encode("utf-8", "replace").decode() == text


def _walk(part: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every key and scalar with its path; a list or mapping itself only if it is nested too deeply."""
    if isinstance(part, dict) and depth < MAX_DEPTH:
        for key, inner in part.items():
            field = f"{path}.{str(key)[:40]}".removeprefix(".")
            yield field, str(key)
            yield from _walk(inner, field, depth + 1)
    elif isinstance(part, list | tuple) and depth < MAX_DEPTH:
        for at, inner in enumerate(part):
            yield from _walk(inner, f"{path}[{at}]", depth + 1)
    else:
        yield path or "data", part


def _validation_problems(validation_error: ValidationError) -> Iterator[FactProblem]:
    messages_by_field: dict[str, list[str]] = {}
    for error in validation_error.errors(include_url=False, include_input=False):
        field = str(error["loc"][0]) if error["loc"] else "data"
        messages_by_field.setdefault(field, []).append(error["msg"])
    for field, messages in messages_by_field.items():
        yield FactProblem(field, "bad_field", f"{field}: {' or '.join(dict.fromkeys(messages))}")
