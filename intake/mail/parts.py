"""The parts of a mail (MIME, RFC 2045 and 2046), split in one pass, within budgets for their number and nesting."""

import re
from binascii import Error as Base64Error
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.mail.headers import Headers, decoded_text, first_value, read_headers

_PARAMETER = re.compile(r";\s{0,10}([a-z*-]{1,40})\s?=\s?(?:\"([^\"]{0,300})\"|([^\s;\"]{1,300}))", re.IGNORECASE)
_TOKEN = re.compile(r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})[^<>]*>?|<[^<>]*>?|[^<]+")
_HIDDEN_TAGS = frozenset({"blockquote", "style", "script", "head", "title"})
_BREAK_TAGS = frozenset({"br", "p", "div", "tr", "li"})
_MAX_HTML_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class TooComplex:
    """The mail has more parts, or deeper ones, than the budget allows."""

    why: str


@dataclass(slots=True)
class Part:
    """A part that holds no further ones: its headers, and its lines as they were sent."""

    headers: Headers
    lines: list[bytes] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The content type in lower case, `text/plain` by default."""
        named = first_value(self.headers, "content-type").partition(";")[0].strip().lower()
        return named if "/" in named else "text/plain"

    def parameter(self, name: str) -> str:
        """A parameter of the content type, or an empty string."""
        return content_parameter(self.headers, name)

    def content(self) -> bytes:
        """The bytes, decoded from their transfer encoding."""
        raw, encoding = b"".join(self.lines), first_value(self.headers, "content-transfer-encoding").strip().lower()
        if encoding == "quoted-printable":
            return a2b_qp(raw)
        if encoding == "base64":
            try:
                return a2b_base64(raw)
            except Base64Error:
                return _complete_base64(raw)
        return raw

    def text(self) -> str:
        """The text, decoded even if its charset is missing or wrong."""
        return decoded_text(self.content(), self.parameter("charset") or "utf-8")


def mime_parts(headers: Headers, body: list[bytes], budgets: Budgets = DEFAULT_BUDGETS) -> list[Part] | TooComplex:
    """The parts without further ones inside, in order. A mail inside a mail is one part."""
    parts: list[Part] = []
    open_parts: list[bytes] = []
    for part in _split(headers, body, open_parts, budgets.mail_nesting):
        parts.append(part)
        if len(parts) > budgets.mail_parts:
            return TooComplex(f"the mail has more than {budgets.mail_parts} parts")
        if len(open_parts) > budgets.mail_nesting:
            return TooComplex(f"the parts of the mail are nested deeper than {budgets.mail_nesting}")
    return parts


def _split(headers: Headers, body: list[bytes], delimiters: list[bytes], deepest: int) -> Iterator[Part]:
    """`delimiters`: those of the multiparts around the line, the innermost last. Ends with one too deep."""
    part, in_head, head = Part(headers), False, list[bytes]()
    boundary = _boundary(headers)
    is_preamble = boundary is not None
    if boundary is not None:
        delimiters.append(boundary)
    for line in body:
        depth, closes = _depth(line, delimiters) if line[:2] == b"--" else (None, False)
        if depth is not None:
            if not is_preamble:
                yield part
            del delimiters[depth + (not closes) :]
            part, head, in_head, is_preamble = Part({}), [], not closes, closes
        elif is_preamble:
            continue
        elif not in_head:
            part.lines.append(line)
        elif line.strip(b"\r\n"):
            head.append(line)
        else:
            in_head = False
            part = Part(read_headers(head))
            boundary = _boundary(part.headers)
            if boundary is not None:
                delimiters.append(boundary)
                is_preamble = True
            if len(delimiters) > deepest:
                yield part
                return
    if not is_preamble:
        yield part


def _depth(line: bytes, delimiters: list[bytes]) -> tuple[int | None, bool]:
    """At which depth a line delimits parts, and whether it closes them."""
    bare = line.rstrip()
    for depth in range(len(delimiters) - 1, -1, -1):
        if bare.startswith(delimiters[depth]) and bare[len(delimiters[depth]) :] in (b"", b"--"):
            return depth, len(bare) > len(delimiters[depth])
    return None, False


def _boundary(headers: Headers) -> bytes | None:
    if not first_value(headers, "content-type").strip().lower().startswith("multipart/"):
        return None
    boundary = content_parameter(headers, "boundary")
    return b"--" + boundary.encode("utf-8", "surrogatepass") if boundary else None


def content_parameter(headers: Headers, name: str) -> str:
    """A parameter of the header Content-Type, or an empty string."""
    for found in _PARAMETER.finditer(first_value(headers, "content-type")):
        if found[1].lower().partition("*")[0] == name:
            return (found[2] if found[2] is not None else found[3]).strip()
    return ""


def _complete_base64(raw: bytes) -> bytes:
    """What of damaged base64 can be read."""
    symbols = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    try:
        return a2b_base64(symbols + b"=" * (-len(symbols) % 4))
    except Base64Error:
        return a2b_base64(symbols[: len(symbols) // 4 * 4])


def plain_text(parts: list[Part]) -> str:
    """The first plain text in any charset, else the text of the first HTML part without quotes; else empty."""
    texts = [part for part in parts if part.kind.startswith("text/")]
    plain = next((part for part in texts if part.kind == "text/plain"), None)
    if plain is not None:
        return plain.text()
    html = next((part for part in texts if part.kind == "text/html"), None)
    return html_text(html.text()) if html is not None else ""


def html_text(html: str) -> str:
    """The visible text of HTML, without quoted blocks and styles. Tags that never end cost no more than others."""
    pieces: list[str] = []
    depth = position = 0
    html = html[:_MAX_HTML_CHARS]
    while (token := _TOKEN.match(html, position)) is not None:
        position = token.end()
        if token[0] == "<!--":
            end = html.find("-->", position)
            position = len(html) if end < 0 else end + 3
        elif token[2] is not None:
            tag = token[2].lower()
            if tag in _HIDDEN_TAGS and not token[0].endswith("/>"):
                depth = max(0, depth + (-1 if token[1] else 1))
            pieces += ["\n"] if tag in _BREAK_TAGS and not depth else []
        elif not depth and token[0][0] != "<":
            pieces.append(token[0])
    try:
        return unescape("".join(pieces))
    except ValueError:
        return "".join(pieces)


def header_blocks(content: bytes) -> list[Headers]:
    """The blocks of fields of a delivery status (RFC 3464), which blank lines separate."""
    blocks: list[list[bytes]] = [[]]
    for line in content.splitlines(keepends=True):
        if line.strip():
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return [read_headers(block) for block in blocks if block]


def first_headers(content: bytes) -> Headers:
    """The headers of a mail inside a mail."""
    head: list[bytes] = []
    for line in content[:65_536].lstrip(b"\r\n").splitlines(keepends=True):
        if not line.strip():
            break
        head.append(line)
    return read_headers(head)
