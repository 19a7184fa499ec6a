"""Reads the failed recipients from delivery reports; a report that names none yields none."""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from flufl.bounce import scan_message

from intake.mail.addresses import read_address, read_addresses
from intake.mail.headers import Headers, first_value, message_id_of, subject_of
from intake.mail.parts import Part, first_headers, header_blocks, plain_text
from intake.mail.phrases import DELAY, NOT_DELIVERED_SENTENCE, NOT_DELIVERED_TO

_RFC822 = re.compile(r"(?i)^\s{0,20}(?:rfc822|utf-8)\s?;\s?")
_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_MAIL_PARTS = ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers")
_FAILED = ("failed", "failure", "error")
"""Only the first is that of the RFC."""
_RECIPIENT_LINE = re.compile(r"^\s{0,8}<([^<>\s@]{1,64}@[^<>\s@]{1,190})>(?:\s\(.{1,100}\))?:")
"""`<pat@acme.example>: …` by qmail (QSBMF), Postfix, and others."""
_LISTED_RECIPIENT = re.compile(
    r"^\s{0,8}(?:[^<>()@]{1,60} ?[(<])?([^<>()\s@]{1,64}@[\w.-]{1,190}\w)[)>]?\s{0,3}(?:<mailto:.{1,100})?$"
)
"""`pat@acme.example<mailto:pat@acme.example>`, `Pat Lee (pat@acme.example)`."""
_DOMAIN = re.compile(r"@[\w.-]{1,190}")
_COPY_BEGINS = re.compile(
    r"^(?:-{2,}|={4,}|_{4,}).{0,30}(?:copy|original|returned|below|message)|^(?:received|message-id|return-path):",
    re.IGNORECASE,
)
# Its traces would show what mails hold.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)
_MAX_LINES, _MAX_LINE_CHARS, _MAX_WORD_CHARS = 60, 120, 100
"""Of a report in words: all of it stands in the first lines, and the patterns are many."""


@dataclass(frozen=True, slots=True)
class Bounce:
    """A recipient to whom a mail was not delivered, and that mail, as far as the report identifies it."""

    email: str
    message: str | None
    subject: str | None


def bounces(headers: Headers, parts: list[Part]) -> list[Bounce]:
    """The failed recipients, each once, without delays and deliveries.

    From status parts (RFC 3464) and X-Failed-Recipients; if there are none, from the words of the mail server.
    """
    blocks = [block for part in parts if part.kind in _STATUS_PARTS for block in header_blocks(part.content())]
    failed = [email for block in blocks for email in _failed_recipient(block)]
    failed += [one.email for value in headers.get("x-failed-recipients", ()) for one in read_addresses(value)]
    text = plain_text(parts)
    if not failed and not any("action" in block for block in blocks) and not DELAY.search(subject_of(headers)):
        failed = list(_recipients_in_words(headers, text))
    message, subject = _returned_mail(parts, text)
    return [Bounce(email, message, subject) for email in dict.fromkeys(failed)]


def _failed_recipient(block: Headers) -> Iterator[str]:
    if not first_value(block, "action").strip().lower().startswith(_FAILED):
        return
    for name in ("original-recipient", "final-recipient"):
        address = read_address(_RFC822.sub("", first_value(block, name)))
        if address is not None:
            yield address.email
            return


def _recipients_in_words(headers: Headers, text: str) -> Iterator[str]:
    lines = list(_own_lines(text))
    if DELAY.search(" ".join(lines)):
        return
    found = [match[1] for line in lines if (match := _RECIPIENT_LINE.match(line))]
    found += [match[1] for line in lines if (match := NOT_DELIVERED_SENTENCE.match(line.strip()))]
    found += _recipients_listed(lines)
    for address in [*found, *_recipients_known_to_library(headers, lines)]:
        sender = read_address(address)
        if sender is not None:
            yield sender.email


def _recipients_listed(lines: list[str]) -> Iterator[str]:
    """The addresses below `Delivery has failed to these recipients:`, each at the beginning of a line of its own."""
    is_listed = False
    for line in lines:
        if NOT_DELIVERED_TO.match(line.strip().strip("*")):
            is_listed = True
        elif is_listed and (match := _LISTED_RECIPIENT.match(line)):
            yield match[1]
        elif is_listed and line.rstrip().endswith(":"):
            return  # `Diagnostic information for administrators:`


def _recipients_known_to_library(headers: Headers, lines: list[str]) -> list[str]:
    """What `flufl.bounce`, which knows the words of some fifty mail servers, finds in the text.

    It takes no domain with a hyphen, so that these are written otherwise for it.
    """
    report = Message()
    # Without From the library fails; others of its patterns ask for the program.
    report["From"] = "mailer-daemon@mail.invalid"
    report["X-Mailer"] = first_value(headers, "x-mailer")[:_MAX_LINE_CHARS]
    report.set_payload(_DOMAIN.sub(lambda match: match[0].replace("-", "__"), "\n".join(lines)))
    try:
        found = scan_message(report)
    except (ValueError, LookupError, TypeError, AttributeError):
        return []
    return sorted(
        _DOMAIN.sub(lambda match: match[0].replace("__", "-"), one.decode("utf-8", "replace")) for one in found
    )


def _own_lines(text: str) -> Iterator[str]:
    """The lines before the copy of the mail, cut: no pattern sees a long line or word."""
    for line in text.splitlines()[:_MAX_LINES]:
        if _COPY_BEGINS.match(line[:_MAX_LINE_CHARS]):
            yield line[:_MAX_LINE_CHARS]
            return
        words = line[:_MAX_LINE_CHARS].split(" ")
        yield " ".join(word for word in words if len(word) <= _MAX_WORD_CHARS)


def _returned_mail(parts: list[Part], text: str) -> tuple[str | None, str | None]:
    """Message-ID and subject of the returned mail, of which all or the headers are attached, or follow the text."""
    copies = [part for part in parts if part.kind in _MAIL_PARTS]
    if copies:
        headers = first_headers(copies[0].content())
    else:
        lines = text[:20_000].splitlines()
        begin = next(
            (index for index, line in enumerate(lines) if _COPY_BEGINS.match(line[:_MAX_LINE_CHARS])), len(lines)
        )
        headers = first_headers("\n".join(lines[begin + 1 :]).encode("utf-8", "replace"))
    return message_id_of(headers), (subject_of(headers) or None)
