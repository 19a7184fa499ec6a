"""Splits an mbox file (mboxo, mboxrd, pipermail text, plain or gzipped) into raw mails."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from intake.files.text import READ_ERRORS, open_bytes

MAX_PART_BYTES = 256 * 1024
"""Limit for the headers, and for the body, of a mail. The rest is only hashed, so that memory is bounded."""
_MAX_LINE_BYTES = 64 * 1024

_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = rb"\d{1,2}:\d{2}(?::\d{2})?"
_ENVELOPE = re.compile(
    rb"From (?:.*\s)?(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?\s+)?"
    rb"(?:" + _MONTH + rb"\s+\d{1,2}\s+" + _CLOCK + rb"\b.*\b\d{4}\b"
    rb"|\d{1,2}[ -]" + _MONTH + rb"[ -]\d{2,4}\s+" + _CLOCK + rb"|\d{4}-\d\d-\d\d[T ]" + _CLOCK + rb")"
)
_KNOWN_HEADER = re.compile(
    rb"(?i)(?:from|to|date|subject|return-path|received|message-id|delivered-to|mime-version|x-[a-z-]+):"
)
_ANY_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")


@dataclass(slots=True)
class RawMail:
    """An unparsed mail: number of its first line, `From ` line, header lines, and the beginning of its body."""

    line: int
    envelope: bytes = b""
    head: list[bytes] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    body_hash: blake2b = field(default_factory=lambda: blake2b(digest_size=16))
    remaining_bytes: int = MAX_PART_BYTES
    in_body: bool = False

    def add_line(self, line: bytes) -> None:
        """Add the next line of the mail."""
        if self.in_body:
            self._add_body_line(line)
        elif not line.strip(b"\r\n"):
            self.in_body, self.remaining_bytes = True, MAX_PART_BYTES
        elif self.remaining_bytes > 0:
            self.remaining_bytes -= len(line)
            self.head.append(line)

    def _add_body_line(self, line: bytes) -> None:
        self.body_hash.update(line)
        if self.remaining_bytes > 0:
            self.remaining_bytes -= len(line)
            self.body.append(line)


@dataclass(frozen=True, slots=True)
class UnreadableMailbox:
    """The file is unreadable from this line on."""

    line: int
    why: str


def read_raw_mails(path: Path) -> Iterator[RawMail | UnreadableMailbox]:
    """The mails of the file, in order, one at a time. An unreadable file ends with one `UnreadableMailbox`."""
    line = 0
    try:
        with open_bytes(path) as file:
            for mail in _split_mails(file):
                line = mail.line
                yield mail
    except READ_ERRORS as error:
        yield UnreadableMailbox(line + 1, f"cannot be read after line {line}: {error}")


def _split_mails(file: BinaryIO) -> Iterator[RawMail]:
    mail: RawMail | None = None
    blank, complete = True, True
    line, number = _first_line(file), 1
    while line:
        following = file.readline(_MAX_LINE_BYTES)
        if complete and line.startswith(b"From ") and _is_mail_start(line, following, blank):
            if mail is not None:
                yield mail
            mail = RawMail(number, line)
        elif mail is not None:
            mail.add_line(line)
        elif line.strip():
            mail = _mail_without_envelope(number, line)
        blank, complete = not line.strip(b"\r\n"), line.endswith(b"\n")
        number += complete
        line = following
    if mail is not None:
        yield mail


def _first_line(file: BinaryIO) -> bytes:
    return file.readline(_MAX_LINE_BYTES).removeprefix(b"\xef\xbb\xbf")


def _mail_without_envelope(number: int, line: bytes) -> RawMail:
    """The mail of a file without a `From ` line: a saved mail if it begins with a header, otherwise only a body."""
    mail = RawMail(number)
    mail.in_body = not _ANY_HEADER.match(line)
    mail.add_line(line)
    return mail


def _is_mail_start(line: bytes, following: bytes, blank: bool) -> bool:
    """Whether a `From ` line begins a mail: after a blank line, or, after a truncated mail, if a header follows."""
    if not _ENVELOPE.match(line[:500]):
        return False
    return blank or _KNOWN_HEADER.match(following) is not None
