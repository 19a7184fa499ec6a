"""Patterns of a model: RE2, which matches in linear time, with a budget for the size of all of them together.

A short pattern may compile into a large program: `\\pL{1,150}x` has 12 characters and 180,000 instructions. Every
process compiles the model anew, so the sum is bounded where a model is written down.
"""

from collections.abc import Iterator
from typing import Any

import re2

from schemas import DocumentError, KeyPath, SourceDocument

MAX_INSTRUCTIONS = 500_000
"""Of all patterns of a model: about half a second and some ten megabytes."""

_TOO_LARGE_INSTRUCTIONS = 200_000
"""About where RE2 gives up on one pattern, after the time that these take."""


def compile_pattern(text: str) -> Any:
    """A compiled pattern whose `search(text)` finds it anywhere. ValueError if RE2 rejects it."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise ValueError(f"{text!r} is not a valid RE2 pattern: {_reason(error)}") from None


def check_pattern_budget(source: SourceDocument) -> None:
    """Raises DocumentError at the pattern with which all of them together exceed the budget."""
    total = 0
    for path, pattern in _patterns(source.content, ()):
        total += _size(pattern)
        if total > MAX_INSTRUCTIONS:
            raise DocumentError((source.problem_at(path, _too_large(pattern, total)),))


def _too_large(pattern: str, total: int) -> str:
    return (
        f"with {pattern[:60]!r} the patterns of this model compile to {total:,} instructions, at most "
        f"{MAX_INSTRUCTIONS:,} are allowed; write smaller repetitions (`{{1,20}}`, not `{{1,200}}`), or `prefix`, "
        "`contains` or `any_of` in place of a pattern"
    )


def _size(pattern: str) -> int:
    """The instructions of a pattern; none if it is malformed, which is a problem of its own and costs nothing."""
    try:
        return int(compile_pattern(pattern).programsize)
    except ValueError as error:
        return _TOO_LARGE_INSTRUCTIONS if "too large" in str(error) else 0


def _patterns(content: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, value in items:
        if key == "matches" and isinstance(value, str):
            yield (*path, key), value
        else:
            yield from _patterns(value, (*path, key))


def _reason(error: Exception) -> str:
    message = error.args[0] if error.args else ""
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
