"""Headers of a mail: unfolding, encoded words (RFC 2047), message ids, tags of subjects. Costs grow with the length.

A value is cut before anything looks into it, so that no pattern sees more than a budget.
"""

import codecs
import re
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import a2b_qp

from intake.budgets import DEFAULT_BUDGETS

Headers = dict[str, list[str]]
"""Lower-case name -> unfolded values, in the order of the mail."""

_VALUE_CHARS = DEFAULT_BUDGETS.header_value_chars
_MAX_ENCODED_WORDS = 200
"""Of one value; what follows is left as it is."""
_MAX_REFERENCES = 200
_FOLD = re.compile(r"\n[ \t]+")
_MESSAGE_ID = re.compile(r"<([^<>]+)>")
_REPLY_PREFIX = re.compile(
    r"(?:re|aw|antw|antwort|sv|vs|odp|ynt|rif|ref|res|回复|回覆|答复)(?:\[\d{1,3}\])? ?[:：]", re.IGNORECASE
)
_FORWARD_PREFIX = re.compile(r"(?:fwd?|wg|tr|rv|i|enc|vb|doorst|转发)[ ]?[:：]", re.IGNORECASE)
_PREFIX_CHARS = 16
_TAG = re.compile(r"\[[^\[\]]{1,60}\]")
_REWRITTEN_IN_CLEAR = frozenset(
    {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
)
"""Python's own codecs, which no mail uses; decoding punycode is quadratic."""


def read_headers(lines: list[bytes]) -> Headers:
    """Unfold the headers and group them by name; other lines are ignored."""
    headers: Headers = {}
    for text in _FOLD.sub(" ", _joined(lines)).split("\n"):
        name, colon, value = text.partition(":")
        if colon:
            value = value.strip() if len(value) <= _VALUE_CHARS else _cut(name, value.strip())
            headers.setdefault(name.strip().lower(), []).append(value)
    return headers


def _joined(lines: list[bytes]) -> str:
    """The lines in UTF-8, or each in UTF-8 or Latin-1."""
    head = b"".join(lines).replace(b"\r\n", b"\n")
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError:
        return "\n".join(decoded_line(line) for line in head.split(b"\n"))


def _cut(name: str, value: str) -> str:
    """The beginning; of References the end, where a thread's newest mails stand."""
    if name.strip().lower() == "references" and len(value) > _VALUE_CHARS:
        return value[-_VALUE_CHARS:].partition(" ")[2]
    return value[:_VALUE_CHARS]


def first_value(headers: Headers, name: str) -> str:
    """The first value of a header, or an empty string."""
    values = headers.get(name)
    return values[0] if values else ""


def decoded_header(value: str) -> str:
    """The value with encoded words (RFC 2047) decoded, even if their charset is wrong, and spaces collapsed."""
    if "=?" not in value:
        return " ".join(value.split())
    return " ".join("".join(_decoded_pieces(value[:_VALUE_CHARS])).split())


def _decoded_pieces(value: str) -> list[str]:
    pieces: list[str] = []
    waiting: tuple[str, bytes] | None = None
    position = words = 0
    while words < _MAX_ENCODED_WORDS and (found := _next_word(value, position)) is not None:
        start, end, charset, content = found
        between = value[position:start]
        if waiting is not None and (between.strip() or waiting[0] != charset):
            pieces.append(decoded_text(waiting[1], waiting[0]))
            waiting = None
        if between.strip() or not words:
            pieces.append(between)
        # Some programs cut words within a character: their bytes are joined first.
        waiting = (charset, waiting[1] + content if waiting else content)
        position, words = end, words + 1
    if waiting is not None:
        pieces.append(decoded_text(waiting[1], waiting[0]))
    return [*pieces, value[position:]]


def _next_word(value: str, position: int) -> tuple[int, int, str, bytes] | None:
    """Start, end, charset and bytes of the next encoded word. Each search either advances or ends the search."""
    while (start := value.find("=?", position)) >= 0:
        parts = value[start + 2 : start + 80].split("?", 2)
        if len(parts) == 3 and parts[1] in ("q", "Q", "b", "B") and parts[0] and " " not in parts[0]:
            opened = start + 2 + len(parts[0]) + 3
            end = value.find("?=", opened)
            if end < 0:
                return None
            # "=?utf-8?Q?Demo??=": a question mark that should have been encoded belongs to the word.
            end += value.startswith("?=", end + 1)
            return start, end + 2, parts[0].partition("*")[0].lower(), _word_bytes(parts[1], value[opened:end])
        position = start + 2
    return None


def _word_bytes(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "surrogatepass")
    if encoding in "qQ":
        return a2b_qp(raw, header=True)
    try:
        return b64decode(raw + b"=" * (-len(raw) % 4))
    except Base64Error:
        return raw


def decoded_text(content: bytes, charset: str) -> str:
    """The text in a charset of any name; in UTF-8, with replacements, if it is unknown or wrong."""
    try:
        codec = codecs.lookup(charset or "ascii")
        if codec.name not in _REWRITTEN_IN_CLEAR and codec._is_text_encoding:
            return content.decode(codec.name)
    except (LookupError, ValueError):
        pass
    return decoded_line(content)


def decoded_line(line: bytes) -> str:
    """UTF-8, else Latin-1."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def message_ids(value: str) -> list[str]:
    """The ids of In-Reply-To, References or Message-ID without brackets, from left to right."""
    found = ["".join(part.split()) for part in _MESSAGE_ID.findall(value)]
    return found or [word for word in value.split() if "@" in word and "<" not in word]


def message_id_of(headers: Headers) -> str | None:
    """The first Message-ID without brackets; None if there is no valid one."""
    for value in headers.get("message-id", ()):
        for message in message_ids(value):
            return message[:500]
    return None


def referenced_ids(headers: Headers) -> list[str]:
    """The messages that it may reply to, best first: In-Reply-To, then References from right to left."""
    direct = [one for value in headers.get("in-reply-to", ()) for one in message_ids(value)]
    thread = [one for value in headers.get("references", ()) for one in message_ids(value)]
    return list(dict.fromkeys((*direct, *reversed(thread))))[:_MAX_REFERENCES]


def subject_of(headers: Headers) -> str:
    """The subject, decoded, at most 300 characters."""
    return decoded_header(first_value(headers, "subject"))[:300]


def is_answer_subject(subject: str) -> bool:
    """Whether it says `Re:` in one of many languages, after tags of lists."""
    return _REPLY_PREFIX.match(_without_tags(subject)) is not None


def bare_subject(subject: str) -> str:
    """The subject without tags of lists (`[sales]`) and prefixes of replies and forwarded mails."""
    while subject[:1] == "[" or ":" in subject[:_PREFIX_CHARS] or "：" in subject[:_PREFIX_CHARS]:
        text = _without_tags(subject)
        prefix = _REPLY_PREFIX.match(text) or _FORWARD_PREFIX.match(text)
        if prefix is None:
            return text
        subject = text[prefix.end() :].strip()
    return subject


def _without_tags(subject: str) -> str:
    while (tag := _TAG.match(subject)) is not None:
        subject = subject[tag.end() :].lstrip()
    return subject
