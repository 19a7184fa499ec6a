"""What the sender of a mail wrote, as far as it tells what the mail is: a request to unsubscribe, a reaction.

The text is not recorded.
"""

import re
import unicodedata

from mailparser_reply import EmailReplyParser

from intake.mail.addresses import read_addresses
from intake.mail.headers import Headers, bare_subject, first_value, subject_of
from intake.mail.parts import Part, plain_text
from intake.mail.phrases import (
    CLOSING,
    DEVICE_LINE,
    GREETING,
    PROGRAM_SENTENCE,
    QUOTED_TAIL,
    REACTION_HINTS,
    REACTION_TEXT,
    SYMBOL_HINTS,
    UNSUBSCRIBE_ADDRESS,
    UNSUBSCRIBE_HINTS,
    UNSUBSCRIBE_REQUEST,
    UNSUBSCRIBE_TOKEN,
)

_PARSER = EmailReplyParser(languages=["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs"])
_MAX_TEXT_CHARS = 20_000
_MAX_REQUEST_CHARS = 400
"""An unsubscribe request is shorter, even with greeting, closing and the header of a quoted mail."""
_MAX_REACTION_CHARS = 200
_MAX_CODED_BYTES = 4_096
_CODED = re.compile(rb"(?:=[0-9a-f]{2}){4}")
_REACTION_PART = "email-reaction"
_QUOTED = re.compile(r"^[ \t]?>.*\n?", re.MULTILINE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_NON_WORD = re.compile(r"[^\w\s'-]+")


def is_unsubscribe_request(headers: Headers, parts: list[Part]) -> bool:
    """Whether the sender's own text is only an unsubscribe request.

    If there is no text, or only one that a mail program wrote, the subject or the address written to decides.
    """
    subject = bare_subject(subject_of(headers))
    requested = _is_unsubscribe_subject(subject) or _is_sent_to_unsubscribe(headers)
    if not (requested or _has_hint(parts, UNSUBSCRIBE_HINTS)):
        return False
    own = own_text(plain_text(parts))
    if len(own) > _MAX_REQUEST_CHARS:
        return False
    core = _core_text(own)
    return _is_unsubscribe_phrase(core) or (requested and (not core or PROGRAM_SENTENCE.search(core) is not None))


def is_reaction(parts: list[Part]) -> bool:
    """Whether it only shows a symbol: one that its sender chose in a mail program, or wrote and nothing else."""
    if any(_REACTION_PART in part.kind for part in parts) or _is_only_symbols(parts):
        return True
    if not _has_hint(parts, REACTION_HINTS):
        return False
    text = " ".join(own_text(plain_text(parts)).split())
    return len(text) <= _MAX_REACTION_CHARS and REACTION_TEXT.search(text) is not None


def _is_only_symbols(parts: list[Part]) -> bool:
    """Signs such as `?` are an answer in words."""
    if not _has_hint(parts, SYMBOL_HINTS):
        return False
    text = _core_text(own_text(plain_text(parts)))
    return (
        len(text) <= _MAX_REACTION_CHARS
        and not any(map(str.isalnum, text))
        and any(unicodedata.category(character) == "So" for character in text)
    )


def own_text(text: str) -> str:
    """The text without quoted lines, quoted mails and signature."""
    text = _without_quotes(text[:_MAX_TEXT_CHARS].replace("\r\n", "\n"))
    if not text or len(text) > _MAX_REQUEST_CHARS:
        return text
    return (_PARSER.parse_reply(text) or text).strip()


def _has_hint(parts: list[Part], hints: tuple[bytes, ...]) -> bool:
    """Whether a text may hold such words; one in base64 may always, and a short one of another writing system, too."""
    remaining = _MAX_TEXT_CHARS
    for part in parts:
        if remaining > 0 and part.kind in ("text/plain", "text/html"):
            encoding = first_value(part.headers, "content-transfer-encoding").strip().lower()
            raw = b"".join(part.lines)[:remaining].lower()
            if encoding == "base64" or (len(raw) <= _MAX_CODED_BYTES and _is_coded(raw, encoding)):
                return True
            remaining -= len(raw)
            if any(hint in raw for hint in hints):
                return True
    return False


def _is_coded(raw: bytes, encoding: str) -> bool:
    """Whether words may look otherwise: in quoted-printable, or in a charset other than UTF-8."""
    if encoding == "quoted-printable":
        return _CODED.search(raw) is not None
    return b"\x1b$" in raw or not _is_utf_8(raw)


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _without_quotes(text: str) -> str:
    tail, signature = QUOTED_TAIL.search(text), _SIGNATURE.search(text)
    end = min((match.start() for match in (tail, signature) if match), default=len(text))
    return _QUOTED.sub("", text[:end]).strip()


def _core_text(own: str) -> str:
    """The text between greeting and closing, without advertising lines of devices, as one line."""
    lines = [line.strip() for line in own.splitlines() if line.strip()]
    lines = [line for line in lines if not DEVICE_LINE.match(line)]
    if lines and GREETING.match(lines[0]):
        lines = lines[1:]
    end = next((index for index, line in enumerate(lines) if index and CLOSING.match(line)), len(lines))
    return " ".join(lines[:end])


def _is_unsubscribe_phrase(text: str) -> bool:
    words = " ".join(_NON_WORD.sub(" ", text[:_MAX_REQUEST_CHARS].lower()).split())
    return UNSUBSCRIBE_REQUEST.fullmatch(words.strip("- ")) is not None


def _is_unsubscribe_subject(subject: str) -> bool:
    return _is_unsubscribe_phrase(subject) or UNSUBSCRIBE_TOKEN.fullmatch(subject[:_MAX_REQUEST_CHARS]) is not None


def _is_sent_to_unsubscribe(headers: Headers) -> bool:
    """Whether an address of List-Unsubscribe (`unsubscribe+AbC123@…`) was written to."""
    addresses = [one for name in ("to", "delivered-to") for one in read_addresses(first_value(headers, name))]
    return any(UNSUBSCRIBE_ADDRESS.fullmatch(one.email.partition("@")[0]) for one in addresses)
