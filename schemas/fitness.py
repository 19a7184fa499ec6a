"""What every host can keep: one check of texts that become a key or a column, the strictest of all stores.

SQLite stores nearly anything. PostgreSQL takes no NUL, and no index entry beyond 2,704 bytes; the table of contacts
has one of account and contact, that of moves one of a fact's id and an account. Half a character (an unpaired
surrogate) is not UTF-8, so no log can hold it. A text that fits here can be stored by each of them.
"""

from typing import TypeGuard

MAX_KEY_LENGTH = 1_000
"""Characters of the key of a fact, which is the id of its account."""
MAX_KEY_BYTES = 2_000
MAX_CONTACT_KEY_LENGTH = 1_010
"""Characters of the key `account/~account`: what has no person has room beside the longest account."""
MAX_CONTACT_KEY_BYTES = 2_010
MAX_INDEXED_BYTES = 600
"""Of a text that shares an index entry with an account: the id of a move, the id of an alias."""
MAX_DOMAIN_LENGTH = 253

_SURELY_SHORT = 200
"""Characters below which no limit in bytes is reached."""
_NO_PERSON = "~account"
_REPLACEMENT = "\ufffd"


def is_text(value: object) -> TypeGuard[str]:
    """Whether it is a text that a column can hold: no NUL, no half of a character."""
    return type(value) is str and "\0" not in value and _is_unicode(value)


def text_or_null(value: object) -> str | None:
    """The text, or None for what a column cannot hold; for columns that may be empty."""
    return value if is_text(value) else None


def stored_text(text: str) -> str:
    """The text with a replacement character for what a column cannot hold; for columns that need a value."""
    return text if is_text(text) else text.replace("\0", _REPLACEMENT).encode("utf-8", "replace").decode()


def is_key(value: object) -> TypeGuard[str]:
    """Whether a record can be appended, and an account stored, under this key."""
    return is_text(value) and value != "" and _is_within(value, MAX_KEY_LENGTH, MAX_KEY_BYTES)


def is_contact_key(account: str, contact: str) -> bool:
    """Whether the contact of an account that fits can be stored under `account/contact`."""
    if len(account) + len(contact) < _SURELY_SHORT and contact.isascii() and "\0" not in contact:
        return True
    key = f"{account}/{contact}"
    if contact == _NO_PERSON:
        return is_text(key) and _is_within(key, MAX_CONTACT_KEY_LENGTH, MAX_CONTACT_KEY_BYTES)
    return is_key(key)


def is_indexed_text(value: object) -> TypeGuard[str]:
    """Whether it can stand in an index beside an account."""
    return is_text(value) and _is_within(value, MAX_INDEXED_BYTES, MAX_INDEXED_BYTES)


def is_domain_text(value: object) -> TypeGuard[str]:
    """Whether it has the size of a domain; not whether it is one."""
    return is_text(value) and 0 < len(value) <= MAX_DOMAIN_LENGTH


def _is_within(text: str, length: int, size: int) -> bool:
    return len(text) <= length and (len(text) <= size // 4 or len(text.encode()) <= size)


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
