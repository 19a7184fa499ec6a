"""Extracts the text that the sender of a mail wrote, to recognise unsubscribe requests. The text is not recorded."""

import re
from email import message_from_bytes, policy
from email.message import Message
from html.parser import HTMLParser

from mailparser_reply import EmailReplyParser

from intake.mail.phrases import CLOSING, GREETING, QUOTED_TAIL, UNSUBSCRIBE_HINT, UNSUBSCRIBE_REQUEST

_PARSER = EmailReplyParser(languages=["en", "de", "fr", "es", "it", "nl", "pl", "sv", "da", "cs"])
_MAX_TEXT_CHARS = 20_000
_MAX_REQUEST_CHARS = 400
"""An unsubscribe request is shorter, even with greeting, closing and the header of a quoted mail."""
_QUOTED = re.compile(r"^[ \t]?>.*\n?", re.MULTILINE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_NON_WORD = re.compile(r"[^\w\s'-]+")
_BASE64 = re.compile(rb"transfer-encoding:\s*base64", re.IGNORECASE)


def is_unsubscribe_request(subject: str, head: bytes, body: bytes) -> bool:
    """Whether the sender's own text is only an unsubscribe request. If it is empty, the subject decides."""
    requested_in_subject = _is_unsubscribe_phrase(subject)
    if not (requested_in_subject or UNSUBSCRIBE_HINT.search(body, 0, _MAX_TEXT_CHARS) or _is_base64(head, body)):
        return False
    own = own_text(plain_text(head, body))
    if len(own) > _MAX_REQUEST_CHARS:
        return False
    return _is_unsubscribe_phrase(_core_text(own)) if own else requested_in_subject


def own_text(text: str) -> str:
    """The text without quoted lines, quoted mails and signature."""
    text = _without_quotes(text[:_MAX_TEXT_CHARS].replace("\r\n", "\n"))
    if not text or len(text) > _MAX_REQUEST_CHARS:
        return text
    return (_PARSER.parse_reply(text) or text).strip()


def plain_text(head: bytes, body: bytes) -> str:
    """The first plain text part in any charset, else the text of the HTML part without quotes; else empty."""
    try:
        message = message_from_bytes(head + b"\n" + body, policy=policy.compat32)
        parts = [part for part in message.walk() if part.get_content_maintype() == "text"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return body.decode("utf-8", "replace")
    plain = next((part for part in parts if part.get_content_subtype() == "plain"), None)
    if plain is not None:
        return decoded_part(plain)
    return html_text(decoded_part(parts[0])) if parts else ""


def html_text(html: str) -> str:
    """The visible text of HTML, without quoted blocks and styles."""
    reader = _VisibleText()
    try:
        reader.feed(html[:_MAX_TEXT_CHARS])
        reader.close()
    except (ValueError, AssertionError):
        return ""
    return "".join(reader.pieces)


def decoded_part(part: Message) -> str:
    """The text of one part, decoded even if its charset is missing or wrong; empty if it has none."""
    try:
        content = part.get_payload(decode=True)
        charset = str(part.get_content_charset() or "utf-8")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(charset)
    except (LookupError, UnicodeError, ValueError):
        return content.decode("utf-8", "replace")


class _VisibleText(HTMLParser):
    _HIDDEN_TAGS = frozenset({"blockquote", "style", "script", "head", "title"})
    _BREAK_TAGS = frozenset({"br", "p", "div", "tr", "li"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._depth += tag in self._HIDDEN_TAGS
        if tag in self._BREAK_TAGS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._depth = max(0, self._depth - (tag in self._HIDDEN_TAGS))

    def handle_data(self, data: str) -> None:
        if self._depth == 0:
            self.pieces.append(data)


def _is_base64(head: bytes, body: bytes) -> bool:
    return bool(_BASE64.search(head) or _BASE64.search(body, 0, _MAX_TEXT_CHARS))


def _without_quotes(text: str) -> str:
    tail, signature = QUOTED_TAIL.search(text), _SIGNATURE.search(text)
    end = min((match.start() for match in (tail, signature) if match), default=len(text))
    return _QUOTED.sub("", text[:end]).strip()


def _core_text(own: str) -> str:
    """The text between greeting and closing, as one line."""
    lines = [line.strip() for line in own.splitlines() if line.strip()]
    if lines and GREETING.match(lines[0]):
        lines = lines[1:]
    end = next((index for index, line in enumerate(lines) if index and CLOSING.match(line)), len(lines))
    return " ".join(lines[:end])


def _is_unsubscribe_phrase(text: str) -> bool:
    words = " ".join(_NON_WORD.sub(" ", text[:_MAX_REQUEST_CHARS].lower()).split())
    return UNSUBSCRIBE_REQUEST.fullmatch(words.removeprefix("re ").removeprefix("aw ").strip("- ")) is not None
