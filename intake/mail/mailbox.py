"""Splits an mbox file (mboxo, mboxrd, mboxcl, pipermail text, plain or gzipped) into raw mails.

A separator is a `From ` line, with a date or bare, as Thunderbird and Got Your Back write it. Mails inside mails, which
begin the same way, are told from it by the boundary or the length of the mail around them.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.files.text import READ_ERRORS, open_bytes

MAX_BODY_BYTES = 256 * 1024
"""Of a body, as it stands in the file. The rest is only hashed, so that memory is bounded."""
_MAX_LINE_BYTES = 64 * 1024
_LOOK_AHEAD_BYTES = 256 * 1024
_LOOKS_AHEAD = 64
"""In one file: how often a search for the end of the mail around may fail."""
_HEADER_LINES_AHEAD = 200

_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = rb"\d{1,2}:\d{2}(?::\d{2})?"
_ENVELOPE = re.compile(
    rb"From (?:.{0,300}\s)?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s{1,3})?"
    rb"(?:" + _MONTH + rb"\s{1,3}\d{1,2}\s{1,3}" + _CLOCK + rb"\b.{0,60}\b\d{4}\b"
    rb"|\d{1,2}[ -]" + _MONTH + rb"[ -]\d{2,4}\s{1,3}" + _CLOCK + rb"|\d{4}-\d\d-\d\d[T ]" + _CLOCK + rb")"
)
_BARE_ENVELOPE = re.compile(rb"From(?: (?:-|[^\s]{1,254})?)?\s*$")
_KNOWN_HEADER = re.compile(
    rb"(?i)(?:from|to|date|subject|return-path|received|message-id|delivered-to|mime-version|x-[a-z-]{1,60}):"
)
_TELLING_HEADER = re.compile(rb"(?i)(from|date|message-id|received|return-path|delivered-to|mime-version|subject):")
_ANY_HEADER = re.compile(rb"[!-9;-~]{1,100}[ \t]{0,10}:|From ")
_FORWARD = re.compile(
    rb"(?i)(?:[-_=>* ]{2,}.{0,20}|begin |anfang der |d.{1,2}but du )"
    rb"(?:forwarded|original|weitergeleitete?|urspr.{1,2}ngliche|transf.{1,2}r.{1,2}|reenviado|inoltrato|doorgestuurd)"
)
_BOUNDARY = re.compile(rb"(?i)boundary\*?=\s?(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))")
_CONTENT_LENGTH = re.compile(rb"(?im)^content-length:[ \t]{0,10}(\d{1,12})[ \t\r]{0,10}$")


@dataclass(slots=True)
class RawMail:
    """An unparsed mail: number of its first line, `From ` line, header lines, and the beginning of its body."""

    line: int
    envelope: bytes = b""
    head: list[bytes] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    head_bytes: int = 0
    body_bytes: int = 0
    in_body: bool = False
    is_too_large: bool = False
    """Its headers exceed the budget: the rest of them was not kept."""
    _boundary: bytes | None = None
    """`--boundary` of its parts; empty if it has none."""
    _is_in_part: bool = False
    _rest: blake2b | None = None
    """The hash of the body, once it is longer than what is kept."""

    def add_head_line(self, line: bytes, budgets: Budgets) -> None:
        """Add the next line of the headers, or the blank one after them."""
        if len(line) < 3 and not line.strip(b"\r\n"):
            self.in_body = True
            return
        self.head_bytes += len(line)
        if self.head_bytes <= budgets.header_bytes:
            self.head.append(line)
        else:
            self.is_too_large = True

    def add_body_line(self, line: bytes) -> None:
        """Add the next line of the body."""
        if self.body_bytes < MAX_BODY_BYTES:
            self.body.append(line)
        else:
            if self._rest is None:
                self._rest = blake2b(b"".join(self.body), digest_size=16)
            self._rest.update(line)
        self.body_bytes += len(line)
        if line.startswith(b"--"):
            self._follow_parts(line.rstrip())

    def _follow_parts(self, line: bytes) -> None:
        if self._boundary is None:
            match = _BOUNDARY.search(b"".join(self.head))
            self._boundary = b"--" + (match[1] or match[2]) if match else b""
        if self._boundary and line.startswith(self._boundary):
            rest = line[len(self._boundary) :]
            self._is_in_part = self._is_in_part if rest not in (b"", b"--") else not rest

    @property
    def delimiter(self) -> bytes | None:
        """`--boundary`, once such a line began a part that has not ended yet."""
        return self._boundary if self._is_in_part else None

    def body_digest(self) -> str:
        """A hash of the whole body."""
        return (self._rest or blake2b(b"".join(self.body), digest_size=16)).hexdigest()

    def last_text(self) -> bytes:
        """The last line of the body that is not blank, cut; empty if it was not kept."""
        if self._rest is not None:
            return b""
        return next((line[:200].strip() for line in reversed(self.body[-5:]) if line.strip()), b"")

    def remaining_length(self) -> int:
        """How many bytes the body still has, if a Content-Length says so."""
        head = b"".join(self.head)
        if b"\ncontent-length:" not in head.lower():
            return 0
        found = _CONTENT_LENGTH.search(head)
        return int(found[1]) - self.body_bytes if found else 0


@dataclass(frozen=True, slots=True)
class UnreadableMailbox:
    """The file is unreadable after this line, at which its last mail begins; 0 if nothing was read."""

    line: int
    error: BaseException


def read_raw_mails(path: Path, budgets: Budgets = DEFAULT_BUDGETS) -> Iterator[RawMail | UnreadableMailbox]:
    """The mails of the file, in order, one at a time. An unreadable file ends with one `UnreadableMailbox`."""
    line = 0
    try:
        with open_bytes(path, budgets) as file:
            for mail in _split_mails(_Lines(file), budgets):
                line = mail.line
                yield mail
    except READ_ERRORS as error:
        yield UnreadableMailbox(line, error)


class _Lines:
    """The lines of a file, of which some may be looked at before they are taken."""

    def __init__(self, file: BinaryIO) -> None:
        self.read = file.readline
        self.ahead: deque[bytes] = deque()
        self.looks_left = _LOOKS_AHEAD
        self.inside = 0
        """How many of the lines ahead are known to belong to the mail they are in."""

    def take(self) -> bytes:
        if not self.ahead:
            return self.read(_MAX_LINE_BYTES)
        self.inside -= self.inside > 0
        return self.ahead.popleft()

    def following(self) -> Iterator[bytes]:
        """The lines after the one taken last; they can still be taken."""
        yield from self.ahead
        while line := self.read(_MAX_LINE_BYTES):
            self.ahead.append(line)
            yield line


def _split_mails(lines: _Lines, budgets: Budgets) -> Iterator[RawMail]:
    mail: RawMail | None = None
    before, complete = b"", True
    line, number = lines.take().removeprefix(b"\xef\xbb\xbf"), 1
    while line:
        if complete and line.startswith(b"From") and _is_mail_start(line, lines, not before.strip(b"\r\n"), mail):
            if mail is not None:
                yield mail
            mail = RawMail(number, line)
        elif mail is not None:
            mail.add_body_line(line) if mail.in_body else mail.add_head_line(line, budgets)
        elif line.strip():
            mail = _mail_without_envelope(number, line, budgets)
        before, complete = line, line.endswith(b"\n")
        number += complete
        line = lines.take() if lines.ahead else lines.read(_MAX_LINE_BYTES)
    if mail is not None:
        yield mail


def _mail_without_envelope(number: int, line: bytes, budgets: Budgets) -> RawMail:
    """The mail of a file without a `From ` line: a saved mail if it begins with a header, otherwise only a body."""
    mail = RawMail(number)
    mail.in_body = not _ANY_HEADER.match(line)
    mail.add_body_line(line) if mail.in_body else mail.add_head_line(line, budgets)
    return mail


def _is_mail_start(line: bytes, lines: _Lines, blank: bool, mail: RawMail | None) -> bool:
    """Whether a `From ` line begins a mail: a header follows; one of a few, unless a blank line stands before.

    Without a date it needs several headers of a mail.
    """
    if line.startswith(b"From ") and _ENVELOPE.match(line[:500]):
        pattern = _ANY_HEADER if blank else _KNOWN_HEADER
        starts = mail is None or pattern.match(next(lines.following(), b"").removeprefix(b">")) is not None
    else:
        starts = _BARE_ENVELOPE.match(line[:300]) is not None and _begins_with_headers(lines, blank)
    return starts and (mail is None or not _is_inside(mail, line, lines))


def _begins_with_headers(lines: _Lines, blank: bool) -> bool:
    """Whether a mail's own headers follow: two of them, or author and date where no blank line stands before."""
    found: set[bytes] = set()
    for index, line in enumerate(islice(lines.following(), _HEADER_LINES_AHEAD)):
        header = _TELLING_HEADER.match(line)
        if header is not None:
            found.add(header[1].lower())
        elif not (_ANY_HEADER.match(line) or (index and line[:1] in b" \t")):
            break
        if b"from" in found and found & {b"date", b"message-id"}:
            return True
    return blank and len(found) > 1


def _is_inside(mail: RawMail, line: bytes, lines: _Lines) -> bool:
    """Whether the `From ` line just taken stands in the text or an attachment of the mail before it."""
    if not mail.in_body:
        return False
    if lines.inside or _FORWARD.match(mail.last_text()):
        return True
    remaining = mail.remaining_length() - len(line)
    if (mail.delimiter is None and remaining < 0) or not lines.looks_left:
        return False
    lines.inside = max(_lines_to_delimiter(mail.delimiter, lines), _lines_to_length(remaining, lines))
    lines.looks_left -= not lines.inside
    return lines.inside > 0


def _lines_to_delimiter(delimiter: bytes | None, lines: _Lines) -> int:
    """How many lines follow up to the last delimiter of the mail; 0 if another mail declares that boundary before."""
    if delimiter is None:
        return 0
    read = 0
    for count, line in enumerate(lines.following(), 1):
        if line.startswith(delimiter) and line.rstrip() == delimiter + b"--":
            return count
        read += len(line)
        if read > _LOOK_AHEAD_BYTES or (delimiter[2:] in line and b"boundary" in line.lower()):
            return 0
    return 0


def _lines_to_length(remaining: int, lines: _Lines) -> int:
    """How many lines follow up to the end of the mail by its Content-Length; 0 if no mail begins there."""
    if not 0 <= remaining <= _LOOK_AHEAD_BYTES:
        return 0
    ahead = lines.following()
    for count, line in enumerate(ahead, 1):
        remaining -= len(line)
        if remaining <= 0:
            following = next(ahead, b"")
            after = next(ahead, b"") if not following.strip() else following
            return count if remaining == 0 and (not after or after.startswith(b"From ")) else 0
    return 0
