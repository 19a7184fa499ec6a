"""Writing systems of a text: whether it mixes scripts as no language does, so that it may be made to look like another.

The level is "highly restrictive" of https://www.unicode.org/reports/tr39/#Restriction_Level_Detection: one script of
those in everyday use (https://www.unicode.org/reports/tr31/#Table_Recommended_Scripts), or Latin beside the scripts
that Chinese, Japanese and Korean are written in. Digits, marks and punctuation belong to every script.
"""

from functools import cache
from typing import Any

import re2

_RECOMMENDED = (
    "Arabic Armenian Bengali Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Hebrew Kannada Khmer Lao "
    "Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan"
).split()
_WITH_LATIN = (("Latin", "Han", "Hiragana", "Katakana"), ("Latin", "Han", "Bopomofo"), ("Latin", "Han", "Hangul"))


def is_highly_restrictive(text: str) -> bool:
    """Whether the text mixes no scripts but those that are written together."""
    return text.isascii() or _pattern().fullmatch(text) is not None


@cache
def _pattern() -> Any:
    scripts = [*((name,) for name in _RECOMMENDED), *_WITH_LATIN]
    classes = ("".join(rf"\p{{{name}}}" for name in ("Common", "Inherited", *group)) for group in scripts)
    return re2.compile("|".join(f"[{names}]*" for names in classes))
