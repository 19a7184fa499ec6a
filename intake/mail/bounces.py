"""Reads the failed recipients from delivery reports; a report that names none yields none."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message

from intake.mail.body import decoded_part
from intake.mail.headers import Headers, decoded_header, first_value, message_ids, read_address, read_headers

_RFC822 = re.compile(r"(?i)^\s*(?:rfc822|utf-8)\s*;\s*")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A recipient to whom a mail was not delivered, and that mail, as far as the report identifies it."""

    email: str
    message: str | None
    subject: str | None


def bounces(headers: Headers, head: bytes, body: bytes) -> list[Bounce]:
    """The failed recipients (RFC 3464 status parts, X-Failed-Recipients), each once, without delays and deliveries."""
    parts = _parts(head, body)
    failed = [email for part in parts if _is_status(part) for email in _failed_recipients(part)]
    failed += _addresses_in(first_value(headers, "x-failed-recipients"))
    message, subject = _returned_mail(parts)
    return [Bounce(email, message, subject) for email in dict.fromkeys(failed)]


def _parts(head: bytes, body: bytes) -> list[Message]:
    try:
        return list(message_from_bytes(head + b"\n" + body, policy=policy.compat32).walk())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []


def _is_status(part: Message) -> bool:
    return part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")


def _failed_recipients(status: Message) -> list[str]:
    """The recipients of a status part, which has one block of fields for each."""
    blocks = status.get_payload()
    found = (
        [_failed_recipient(block) for block in blocks if isinstance(block, Message)] if isinstance(blocks, list) else []
    )
    return [email for email in found if email is not None]


def _failed_recipient(block: Message) -> str | None:
    if str(block.get("Action", "")).strip().lower() != "failed":
        return None
    for name in ("Original-Recipient", "Final-Recipient"):
        address = read_address(_RFC822.sub("", str(block.get(name, ""))))
        if address is not None:
            return address.email
    return None


def _addresses_in(value: str) -> list[str]:
    found = [read_address(part) for part in value.split(",")]
    return [address.email for address in found if address is not None]


def _returned_mail(parts: list[Message]) -> tuple[str | None, str | None]:
    """Message-ID and subject of the returned mail, of which all or the headers are attached."""
    for part in parts[1:]:
        kind, inner = part.get_content_type(), part.get_payload()
        if kind in ("text/rfc822-headers", "message/rfc822-headers"):
            return _id_and_subject(
                read_headers(decoded_part(part).encode("utf-8", "replace").splitlines(keepends=True))
            )
        if kind in ("message/rfc822", "message/global") and isinstance(inner, list) and isinstance(inner[0], Message):
            return _id_and_subject({name.lower(): [str(value)] for name, value in reversed(inner[0].items())})
    return None, None


def _id_and_subject(headers: Headers) -> tuple[str | None, str | None]:
    ids = message_ids(first_value(headers, "message-id"))
    return (ids[0] if ids else None), (decoded_header(first_value(headers, "subject"))[:300] or None)
