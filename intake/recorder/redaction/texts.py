"""Texts without e-mail addresses, IP addresses and credentials, however these are written or encoded.

Every step takes time linear in the length of the text: repetitions are bounded, or run over each character once.
"""

import binascii
import html
import re
import unicodedata
from base64 import b64decode
from functools import lru_cache
from ipaddress import ip_address

from intake.sources import fully_unquoted

ADDRESS, IP, TOKEN = "[address]", "[ip]", "[token]"
MAX_LENGTH = 16_384
"""Longer texts stay as they are: validation rejects them."""
_CACHED_LENGTH = 1_000

_WORD = r"(?:[A-Z\u00c0-\u00de]?+[a-z\u00df-\u024f]{1,40}+|\d{8,15}+|[A-Za-z0-9]{1,7}+)(?![^\W_])"
_PLAIN = re.compile(rf"(?:(?:{_WORD})?+(?:[ ,'!?|/_–-]|(?<!\d)\.(?!\d)))*+(?:{_WORD})?+")
"""Words and short numbers: most names and titles."""
_SIGNS_IN_WORDS = re.compile(
    r"ip-\d| (?:dot|punkt) |bearer |[rsp]k_|gh[opusr]_|(?:whsec|pat|stf)_|xox|glpat", re.IGNORECASE
)
"""What may be an address, an IP address or a credential although it consists of words."""
_INVISIBLE = re.compile("[\xad\u200b-\u200f\u2060-\u2064\ufeff]")
_ENCODED_AT = re.compile(r"%(?:25)*40|\\[ux]0{0,2}40", re.IGNORECASE)
_BRACKET = re.compile(r"[\[({<]")
_SPELLED_AT = re.compile(r"\s{0,3}[\[({<]\s{0,3}(?:at|ät)\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
_SPELLED_DOT = re.compile(r"\s{0,3}[\[({<]\s{0,3}(?:dot|punkt|point)\s{0,3}[\])}>]\s{0,3}", re.IGNORECASE)
_WORDS_AT_DOT = re.compile(r"\s{1,3}at\s{1,3}([\w.-]{1,63})\s{1,3}(?:dot|punkt)\s{1,3}", re.IGNORECASE)
_SPACED_AT = re.compile(r"\s{0,3}@\s{1,3}(?=[\w-]{1,63}\.\w)|\s{1,3}@(?=[\w-]{1,63}\.\w)")
_QUOTED_LOCAL_PART = re.compile(r'"[^"]{1,128}"@')
_COMMENT_BEFORE_AT = re.compile(r"\([^()]{0,128}\)@")
_LITERAL_HOST = re.compile(r"@\[(?:ipv6:)?([0-9a-f.:]{2,45})\]", re.IGNORECASE)
_RUN = re.compile(r'[^\s<>()\[\]{}",;]+')
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_IPV4_IN_HOST = re.compile(r"(?<!\d)(?<!\d-)\d{1,3}(?:-\d{1,3}){3}(?=\.[a-z])|(?<=\bip-)\d{1,3}(?:-\d{1,3}){3}", re.I)
_IPV6 = re.compile(r"(?<![0-9a-f:])(?=[0-9a-f]{0,4}:[0-9a-f]{0,4}:)[0-9a-f:]{3,39}(?:(?:\.\d{1,3}){3})?(?!\w)", re.I)
_CREDENTIAL = re.compile(
    r"eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"  # JSON Web Token, RFC 7519
    r"|\b(?:whsec|sk_live|sk_test|rk_live|rk_test|pk_live|pk_test|gh[opusr]|github_pat|shpat|stf)_[\w+/=.-]{4,}"
    r"|\b(?:glpat|xox[abeprs])-[\w-]{10,}|\bSG\.[\w-]{16,}(?:\.[\w-]+)?|\bA[KS]IA[0-9A-Z]{16}|\bAIza[\w-]{30,}"
    r"|\bbearer [\w+/=.~-]{16,}"
    r"|\b(?:pass|password|passwd|passwort|kennwort|pwd|token|secret|api[ _-]?key|jwt)\s?[=:]\s?\S+",
    re.IGNORECASE,
)
_CREDENTIAL_SIGN = re.compile(
    r"eyj|whsec|[prs]k_|gh[opusr]_|pat_|stf_|glpat|xox|sg\.|a[ks]ia|aiza|bearer|pass|pwd|kennwort|token|secret|api|jwt"
)
_TOKEN_RUN = re.compile(r"[A-Za-z0-9_+/=.~-]{16,}")
_PIECES = re.compile(r"[A-Za-z0-9]{16,}")
_ENCODED_PIECE = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:[I-Za-f][A-Za-z0-9]{3}){2,128}(?:[I-Za-f][A-Za-z0-9]{1,2}={0,2})?"
    r"|(?:[2-7][0-9a-fA-F]){8,512})(?![A-Za-z0-9])"
)
"""Base64 (RFC 4648) of printable ASCII, whose four characters begin with I to f, or its hexadecimal digits. Addresses
need neither `+` nor `/`: these stand for bytes that addresses do not contain."""
_ADDRESS_BYTES = re.compile(rb"[\x21-\x7e]@[\x21-\x7e]")
_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[A-Za-z])")
"""Where lower case, upper case and digits follow each other: often in random text, seldom in words."""
_DIGEST = re.compile(r"(?!(?:[2-7][0-9a-f])+$)[0-9a-f]{16,}")
"""Hexadecimal digits that stand for no text; most ids of facts."""
_PLAIN_ID = re.compile(r"(?:[a-z]++:)?(?!.*(?:ip-|xox|glpat))(?:(?:[a-z]++|[0-9a-f]{1,15}+)(?![0-9a-z])-?)*+")
"""`seg:ajs-next-4711-0a1b2c3d`, a UUID: words and numbers too short to stand for an address."""
_ADDRESS_IN_ID = re.compile(r"\w@\w")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")


def redacted_text(text: str) -> str:
    """The text with every address, IP address and credential replaced by `[address]`, `[ip]` and `[token]`."""
    return _redacted(text, True) if len(text) > _CACHED_LENGTH else _cached_redacted(text, True)


def redacted_name(text: str) -> str:
    """Like `redacted_text` for the name or id of a form, a campaign, a feature: random ids stay."""
    return _redacted(text, False) if len(text) > _CACHED_LENGTH else _cached_redacted(text, False)


def holds_person(text: str) -> bool:
    """Whether an id contains an address, an IP address or a credential, encoded or not."""
    if _DIGEST.fullmatch(text) or _PLAIN_ID.fullmatch(text):
        return False
    return _ADDRESS_IN_ID.search(text) is not None or redacted_name(text) != text


def _redacted(text: str, with_random: bool) -> str:
    if len(text) > MAX_LENGTH or (_PLAIN.fullmatch(text) and not _SIGNS_IN_WORDS.search(text)):
        return text
    plain = _plain(text)
    cleaned = _without_credentials(_without_ips(_without_addresses(plain)), with_random)
    return text if cleaned == plain else cleaned


_cached_redacted = lru_cache(maxsize=50_000)(_redacted)


def _plain(text: str) -> str:
    """The text as a person would read it: decoded, without invisible characters and look-alikes of `@`."""
    if "%" in text:
        text = fully_unquoted(text)
    if "%" in text or "\\" in text:
        text = _ENCODED_AT.sub("@", text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return text


def _without_addresses(text: str) -> str:
    found = _with_signs(text)
    if "@" in found:
        found = _SPACED_AT.sub("@", found)
        found = _LITERAL_HOST.sub(r"@\1", found)
        found = _COMMENT_BEFORE_AT.sub("@", found)
        found = _QUOTED_LOCAL_PART.sub("quoted@", found)
        cleaned = _RUN.sub(_without_address, found)
        text = text if cleaned == found else cleaned
    return _ENCODED_PIECE.sub(_without_encoded_address, text)


def _with_signs(text: str) -> str:
    """`pat (at) acme (dot) com` as `pat@acme.com`."""
    if _BRACKET.search(text) and _SPELLED_AT.search(text):
        return _SPELLED_DOT.sub(".", _SPELLED_AT.sub("@", text))
    return _WORDS_AT_DOT.sub(r"@\1.", text) if " " in text else text


def _without_address(match: re.Match[str]) -> str:
    run = match[0]
    local_part, _, host = run.strip("@").partition("@")
    if not local_part or not any(character.isalnum() for character in host):
        return run
    return ADDRESS + run[len(run.rstrip(".:!?")) :]


def _without_encoded_address(match: re.Match[str]) -> str:
    piece = match[0]
    if piece.isalpha() and (piece.islower() or piece[1:].islower()):
        return piece  # a word
    return ADDRESS if any(_ADDRESS_BYTES.search(decoded) for decoded in _decodings(piece)) else piece


def _decodings(piece: str) -> list[bytes]:
    """The text that a piece of Base64 or of hexadecimal digits stands for, if any."""
    bare = piece.rstrip("=")
    decoded = []
    try:
        decoded.append(b64decode(bare + "=" * (-len(bare) % 4)))
        if _HEX.fullmatch(piece):
            decoded.append(bytes.fromhex(piece))
    except (ValueError, binascii.Error):
        pass
    return [found for found in decoded if found.isascii() and found.decode("ascii").isprintable()]


def _without_ips(text: str) -> str:
    if text.count(".") > 2:
        text = _IPV4.sub(_without_ip, text)
    if text.count("-") > 2:
        text = _IPV4_IN_HOST.sub(_without_ip, text)
    return _IPV6.sub(_without_ipv6, text) if text.count(":") > 1 else text


def _without_ip(match: re.Match[str]) -> str:
    return IP if all(int(part) < 256 for part in re.split("[.-]", match[0])) else match[0]


def _without_ipv6(match: re.Match[str]) -> str:
    found = match[0]
    for candidate in dict.fromkeys((found, found.rstrip(":"), found.lstrip(":"), found.strip(":"))):
        try:
            ip_address(candidate)
        except ValueError:
            continue
        return found.replace(candidate, IP, 1) if candidate.strip(":") else found
    return found


def _without_credentials(text: str, with_random: bool) -> str:
    if _CREDENTIAL_SIGN.search(text.lower()):
        text = _CREDENTIAL.sub(TOKEN, text)
    return _TOKEN_RUN.sub(_without_token, text) if with_random else text


def _without_token(match: re.Match[str]) -> str:
    return TOKEN if any(is_random(piece) for piece in _PIECES.findall(match[0])) else match[0]


def is_random(piece: str) -> bool:
    """Whether letters and digits look drawn by lot: hexadecimal, Base32 or Base64, and no words."""
    digits = sum(character.isdigit() for character in piece)
    if digits == len(piece):
        return digits >= 20
    if digits >= 2 and _HEX.fullmatch(piece):
        return True
    changes = len(_CHANGE.findall(piece))
    if digits >= 2 and (piece.isupper() or piece.islower()):
        return changes >= 4 and changes >= len(piece) * 0.2
    return changes >= len(piece) * (0.42 if digits else 0.5)
