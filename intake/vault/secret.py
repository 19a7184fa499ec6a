"""Keyed hashes: what stands in the log in place of addresses, visitors and personal ids.

All are HMAC-SHA-256 with the secret of the vault, each purpose apart, so that nobody without the secret can confirm a
guess.
"""

import hmac
from base64 import b32encode
from functools import lru_cache

SECRET_BYTES = 32


class Secret:
    """The secret of one vault."""

    def __init__(self, secret: bytes, cache_size: int) -> None:
        self._secret = secret
        self.visitor = lru_cache(maxsize=cache_size)(self._visitor)

    @property
    def fingerprint(self) -> str:
        """Tells two secrets apart and reveals neither."""
        return self._digest("fingerprint", "")[:16].hex()

    def address_hash(self, address: str) -> str:
        return self._digest("address", address).hex()

    def keyed_id(self, id: str) -> str:
        """`k_` and 32 hexadecimal digits: the id of a fact, or of a mail or meeting, that names or reveals a person."""
        return f"k_{self._digest('id', id)[:16].hex()}"

    def _visitor(self, anonymous_id: str) -> str:
        return pseudonym("v_", self._digest("visitor", anonymous_id))

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{purpose}\n{text}".encode("utf-8", "surrogatepass"), "sha256")


def pseudonym(prefix: str, digest: bytes) -> str:
    """The prefix and 12 characters of the digest."""
    return prefix + _base32(digest[:8])[:12]


def _base32(content: bytes) -> str:
    return b32encode(content).decode("ascii").lower().rstrip("=")
