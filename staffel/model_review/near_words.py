"""Words that were probably meant."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

_SIMILAR = 0.75
"""Nearer than what `difflib` takes for close: unlike names must not be told to be each other."""
_SEPARATORS = re.compile(r"[\W_]+")


def meant(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a misspelt word stands for; None if it is a candidate itself, or near to none."""
    known = list(candidates)
    if word in known:
        return None
    by_key = {_key(candidate): candidate for candidate in known}
    key = _key(word)
    close = [key] if key in by_key else get_close_matches(key, by_key, n=1, cutoff=_SIMILAR)
    return by_key[close[0]] if close else None


def _key(word: str) -> str:
    """Without case and separators: `Duration-S` is `duration_s`."""
    return _SEPARATORS.sub("", word).casefold()
