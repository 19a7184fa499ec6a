"""The syntax of account ids and pseudonyms."""

import re
import unicodedata
from functools import lru_cache

RESERVED_WORDS = frozenset({"register", "merge", "split", "restore", "claim", "move", "role", "suppress"})
"""Subcommands of `staffel account` and the like, which an id must not equal."""

_ID = re.compile(r"[^\s/~\x00-\x1f\x7f][^\s/\x00-\x1f\x7f]{0,199}")
_PSEUDONYM = re.compile(r"[cv]_[A-Za-z0-9_-]{1,62}")


def account_id(text: str) -> str | None:
    """The id in its stored form, lower case; None if the text is not a valid id."""
    return _account_id(text) if len(text) <= 400 else None


@lru_cache(maxsize=100_000)
def _account_id(text: str) -> str | None:
    bare = text.strip().lower()
    if not _ID.fullmatch(bare) or bare in RESERVED_WORDS or not _is_encodable(bare):
        return None
    return bare if not bare.startswith("anon:") or is_pseudonym(bare[5:]) else None


def is_pseudonym(text: str) -> bool:
    """Whether the text has the form of a contact `c_…` or a visitor `v_…`."""
    return _PSEUDONYM.fullmatch(text) is not None


def slug(name: str) -> str | None:
    """An account id made from a company's name: `Acme GmbH & Co.` -> `acme-gmbh-co`; None if nothing is left."""
    plain = unicodedata.normalize("NFKD", name[:400]).encode("ascii", "ignore").decode() or name[:200]
    words = "-".join(re.findall(r"\w+", plain.lower()))[:200].strip("-_")
    return account_id(words) if words not in RESERVED_WORDS else f"{words}-account"


def _is_encodable(text: str) -> bool:
    return text.isprintable() or text.encode("utf-8", "replace").decode() == text
