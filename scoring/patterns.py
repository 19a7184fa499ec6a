"""Regular expressions in RE2 syntax, whose matching takes linear time. Never falls back to Python's own."""

from typing import Any

import re2


def compile_pattern(text: str) -> Any:
    """A compiled pattern whose `search(text)` finds it anywhere. ValueError says what RE2 refuses."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as refusal:
        raise ValueError(f"{text!r} is no RE2 pattern: {_reason(refusal)}") from None


def _reason(refusal: Exception) -> str:
    said = refusal.args[0] if refusal.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
