"""Which texts may be the id of an account or a pseudonym. Never looks one up."""

import re
import unicodedata
from functools import lru_cache

RESERVED_WORDS = frozenset({"register", "merge", "split", "restore", "claim", "move", "role", "suppress"})
"""Verbs of the command line, which ids may not take."""

_ID = re.compile(r"[^\s/~\x00-\x1f\x7f][^\s/\x00-\x1f\x7f]{0,199}")
_PSEUDONYM = re.compile(r"[cv]_[A-Za-z0-9_-]{1,62}")


def account_id(text: str) -> str | None:
    """The id as it is written: lower case; None where the text cannot be one."""
    return _account_id(text) if len(text) <= 400 else None


@lru_cache(maxsize=100_000)
def _account_id(text: str) -> str | None:
    bare = text.strip().lower()
    if not _ID.fullmatch(bare) or bare in RESERVED_WORDS or not _is_encodable(bare):
        return None
    return bare if not bare.startswith("anon:") or is_pseudonym(bare[5:]) else None


def is_pseudonym(text: str) -> bool:
    """Whether it reads as a contact `c_…` or a visitor `v_…`."""
    return _PSEUDONYM.fullmatch(text) is not None


def slug(name: str) -> str | None:
    """An account id made of a company's name: `Acme GmbH & Co.` -> `acme-gmbh-co`; None where nothing is left."""
    plain = unicodedata.normalize("NFKD", name[:400]).encode("ascii", "ignore").decode() or name[:200]
    words = "-".join(re.findall(r"\w+", plain.lower()))[:200].strip("-_")
    return account_id(words) if words not in RESERVED_WORDS else f"{words}-account"


def _is_encodable(text: str) -> bool:
    return text.isprintable() or text.encode("utf-8", "replace").decode() == text
