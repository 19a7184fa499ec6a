"""The syntax of account ids and pseudonyms.

Two checks: `account_id` says what can be an id at all, and `flaw_of` what nobody should choose for a new account, since
it looks like another id, like an option or like an address. Ids that a log has counted go on.
"""

import re
import unicodedata
from functools import lru_cache

from intake.writing_systems import is_highly_restrictive

RESERVED_WORDS = frozenset(
    {"adjust", "register", "merge", "split", "restore", "claim", "move", "role", "suppress", "release"}
)
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


@lru_cache(maxsize=100_000)
def flaw_of(id_: str) -> str | None:
    """Why a new account should not have this id, and what to write instead; None if it is proper."""
    normal = unicodedata.normalize("NFKC", id_)
    if normal != id_:
        return f"not in normal form (NFKC): write {normal.lower()[:80]!r}"
    if not id_.isprintable():
        return "contains invisible characters: remove them"
    if id_[0] in "-.~":
        return f"begins with `{id_[0]}`: begin with a letter or a digit"
    if "@" in id_:
        return "contains `@`: an account is a company; write its domain, and the address into `contact`"
    if not is_highly_restrictive(id_):
        return "mixes writing systems, so that it may look like another id: use the letters of one"
    return None


def is_pseudonym(text: str) -> bool:
    """Whether the text has the form of a contact `c_…` or a visitor `v_…`."""
    return _PSEUDONYM.fullmatch(text) is not None


def slug(name: str) -> str | None:
    """An account id made from a company's name: `Acme GmbH & Co.` -> `acme-gmbh-co`; None if nothing is left."""
    plain = unicodedata.normalize("NFKD", name[:400]).encode("ascii", "ignore").decode()
    words = _joined_words(plain) or _joined_words(_in_one_script(unicodedata.normalize("NFKC", name[:200])))
    return account_id(words) if words not in RESERVED_WORDS else f"{words}-account"


def _joined_words(text: str) -> str:
    return unicodedata.normalize("NFKC", "-".join(re.findall(r"\w+", text.lower()))[:200]).strip("-_")


def _in_one_script(text: str) -> str:
    """The words of the text without those that would mix writing systems."""
    words: list[str] = []
    for word in text.split():
        if is_highly_restrictive("".join([*words, word])):
            words.append(word)
    return " ".join(words)


def _is_encodable(text: str) -> bool:
    return text.isprintable() or text.encode("utf-8", "replace").decode() == text
