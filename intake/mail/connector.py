"""Connector for mailboxes and list archives (mbox files): replies, first contacts, bounces, unsubscribe requests.

A reply is a mail whose In-Reply-To or References names a message of the same run, written by a person outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.domains import is_own_domain
from intake.files.text import unreadable
from intake.mail.addresses import Sender
from intake.mail.authors import author_of, list_id
from intake.mail.body import is_reaction, is_unsubscribe_request
from intake.mail.bounces import bounces
from intake.mail.classification import (
    RECEIPT,
    UPDATE,
    automatic_reason,
    calendar_method,
    first_contact_obstacle,
    invitation_reason,
    is_bounce,
    is_read_receipt,
    is_report,
    is_update,
    label_reason,
)
from intake.mail.dates import UnknownZone, sent_at
from intake.mail.headers import (
    Headers,
    first_value,
    is_answer_subject,
    message_id_of,
    read_headers,
    referenced_ids,
    subject_of,
)
from intake.mail.mailbox import RawMail, UnreadableMailbox, read_raw_mails
from intake.mail.parts import Part, TooComplex, mime_parts
from intake.mail.threads import Threads, fingerprint, former_fingerprint, index_threads
from intake.observation import Filtered, Item, Observation, Rejected

ReplyScope = Literal["anyone", "us"]
"""Which messages a reply must answer: any message of the run, or only one that we sent."""
_NOBODY = Sender("")


def read(
    path: Path,
    own_domains: frozenset[str] = frozenset(),
    *,
    threads: Threads | None = None,
    reply_scope: ReplyScope = "anyone",
    source: str | None = None,
    budgets: Budgets = DEFAULT_BUDGETS,
) -> Iterator[Item]:
    """The items of one mbox file, in file order. No content of the file raises an exception.

    `own_domains`: mails from these are not engagement. `threads`: the messages of all files of the run, made by
    `index_threads(paths, own_domains)`; by default those of this file. `source`: by default `mbox/<list id or stem>`.
    """
    own_domains = frozenset(domain.lower() for domain in own_domains)
    threads = index_threads([path], own_domains, budgets) if threads is None else threads
    items = (
        item
        for raw in read_raw_mails(path, budgets)
        for item in _items(raw, path, source, threads, reply_scope, budgets)
    )
    yield from _refused_if_alone(items)


def _refused_if_alone(items: Iterator[Item]) -> Iterator[Item]:
    """The items; if the only one is text without headers, the file is no mailbox and is refused as a whole."""
    first, second = next(items, None), next(items, None)
    if second is None and isinstance(first, Rejected) and first.code == "no_headers":
        first = replace(first, whole=True)
    yield from (item for item in (first, second) if item is not None)
    yield from items


def _items(
    raw: RawMail | UnreadableMailbox,
    path: Path,
    source: str | None,
    threads: Threads,
    reply_scope: ReplyScope,
    budgets: Budgets,
) -> Iterator[Item]:
    if isinstance(raw, UnreadableMailbox):
        yield unreadable(raw.error, f"{path.name}:{raw.line}" if raw.line else path.name, whole=not raw.line)
        return
    mail = _parse_mail(raw, path, source, budgets)
    yield from [mail] if isinstance(mail, Rejected) else _items_of(mail, threads, reply_scope, budgets)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    where: str
    source: str
    headers: Headers
    envelope: str
    sender: Sender
    raw: RawMail


def _parse_mail(raw: RawMail, path: Path, source: str | None, budgets: Budgets) -> _Mail | Rejected:
    where = f"{path.name}:{raw.line}"
    if raw.is_too_large:
        return Rejected(where, "too_large", f"the headers of the mail exceed {budgets.header_bytes:,} bytes")
    headers, envelope = read_headers(raw.head), raw.envelope[:500].decode("latin-1")
    if not headers:
        return Rejected(where, "no_headers", "not the beginning of a mail: expected a `From ` line and then headers")
    return _Mail(
        where=where,
        source=source or f"mbox/{list_id(headers) or path.stem}",
        headers=headers,
        envelope=envelope,
        sender=author_of(headers, envelope) or _NOBODY,
        raw=raw,
    )


def _items_of(mail: _Mail, threads: Threads, reply_scope: ReplyScope, budgets: Budgets) -> Iterator[Item]:
    reason = label_reason(mail.headers)
    is_report_of_server = is_bounce(mail.headers, mail.sender.email or first_value(mail.headers, "from").lower())
    if reason is None and not is_report_of_server:
        reason = _uninteresting_reason(mail, threads)
    if reason is not None:
        yield Filtered(mail.where, reason)
        return
    parts = mime_parts(mail.headers, mail.raw.body, budgets)
    if isinstance(parts, TooComplex):
        yield Rejected(mail.where, "too_complex", parts.why)
    elif is_report_of_server:
        yield from _bounce_items(mail, parts, threads)
    elif mail.sender is _NOBODY:
        yield Rejected(mail.where, "no_sender", "From, Sender and the `From ` line hold no address that can be read")
    else:
        yield _item_of(mail, parts, threads, reply_scope)


def _uninteresting_reason(mail: _Mail, threads: Threads) -> str | None:
    if is_report(mail.headers):
        return "a report of a mail server or program"
    return "comes from us" if is_own_domain(mail.sender.domain, threads.own_domains) else None


def _item_of(mail: _Mail, parts: list[Part], threads: Threads, reply_scope: ReplyScope) -> Item:
    answered = _answered_message(mail.headers, threads, reply_scope)
    # Before anything else: mail programs write these on a person's behalf, and mark them as automatic.
    if is_unsubscribe_request(mail.headers, parts):
        return _answer(mail, "email.unsubscribed.v1", answered, threads)
    if reason := _program_reason(mail, parts):
        return Filtered(mail.where, reason)
    if answered is not None:
        return _answer(mail, "email.replied.v1", answered, threads)
    if reason := _no_first_contact_reason(mail, parts, threads):
        return Filtered(mail.where, reason)
    return _first_contact(mail, threads)


def _program_reason(mail: _Mail, parts: list[Part]) -> str | None:
    if reason := invitation_reason(mail.headers, parts):
        return reason
    if is_update(parts):
        return UPDATE
    if is_read_receipt(mail.headers):
        return RECEIPT
    return "a reaction" if is_reaction(parts) else automatic_reason(mail.headers, mail.sender.email)


def _answered_message(headers: Headers, threads: Threads, reply_scope: ReplyScope) -> str | None:
    """The message that it replies to: In-Reply-To first, then References from right to left, without its own id."""
    is_answerable = threads.contains if reply_scope == "anyone" or not threads.own_domains else threads.is_from_us
    own = message_id_of(headers)
    return next((message for message in referenced_ids(headers) if message != own and is_answerable(message)), None)


def _no_first_contact_reason(mail: _Mail, parts: list[Part], threads: Threads) -> str | None:
    """Senders such as Amazon SES and Exchange rewrite Message-IDs: answers then name one that no sent copy has."""
    others = set(referenced_ids(mail.headers)) - {message_id_of(mail.headers)}
    if others or is_answer_subject(subject_of(mail.headers)):
        return "answers a mail that is not here"
    if calendar_method(parts):
        return UPDATE
    return first_contact_obstacle(mail.headers, threads.own_domains)


def _answer(mail: _Mail, kind: str, answered: str | None, threads: Threads) -> Item:
    campaign = threads.campaign_of(answered) if answered else None
    fields = {"message": answered, "subject": subject_of(mail.headers), "campaign": campaign}
    return _observation(mail, kind, _identity(mail, threads), fields, mail.sender)


def _first_contact(mail: _Mail, threads: Threads) -> Item:
    fields = {"message": message_id_of(mail.headers), "subject": subject_of(mail.headers)}
    return _observation(mail, "email.received.v1", _identity(mail, threads), fields, mail.sender)


def _bounce_items(mail: _Mail, parts: list[Part], threads: Threads) -> Iterator[Item]:
    failed = [
        bounce
        for bounce in bounces(mail.headers, parts)
        if not is_own_domain(bounce.email.rpartition("@")[2], threads.own_domains)
    ]
    if not failed:
        yield Filtered(mail.where, "a delivery report without a failed outside recipient")
    identity = _identity(mail, threads)
    for bounce in failed:
        campaign = threads.campaign_of(bounce.message) if bounce.message else None
        fields = {"message": bounce.message, "subject": bounce.subject, "campaign": campaign}
        own = replace(
            identity, id=f"{identity.id}/{bounce.email}", former_id=f"{identity.former_id}/{_hash(bounce.email)}"
        )
        yield _observation(mail, "email.bounced.v1", own, fields, Sender(bounce.email))


@dataclass(frozen=True, slots=True)
class _Identity:
    """The id in clear, which the recorder keys, and the one of logs from before that."""

    id: str
    former_id: str


def _observation(mail: _Mail, kind: str, identity: _Identity, fields: dict[str, Any], person: Sender) -> Item:
    time = sent_at(mail.headers, mail.envelope)
    if not isinstance(time, int):
        return _without_time(mail.where, time)
    masked_domain = person.domain if person.masked else None
    data = {name: value for name, value in fields.items() if value}
    return Observation(
        where=mail.where,
        source=mail.source,
        id=identity.id,
        former_id=identity.former_id,
        personal=("id", "message") if "message" in data else ("id",),
        type=kind,
        time=time,
        data=data,
        email=None if masked_domain else person.email,
        name=None if masked_domain else person.name,
        host=masked_domain,
    )


def _without_time(where: str, time: UnknownZone | None) -> Rejected:
    if isinstance(time, UnknownZone):
        why = "Date has a time zone that is not known, and no Received line gives the time; write one like +0100"
        return Rejected(where, "no_zone", why)
    why = "Date is missing or not a time, and there is none in Received or the `From ` line"
    return Rejected(where, "bad_time", why)


def _identity(mail: _Mail, threads: Threads) -> _Identity:
    """By the Message-ID; by a hash of the content if it is missing or another mail has used it before."""
    message, own = message_id_of(mail.headers), fingerprint(mail.headers, mail.sender)
    if message is not None and threads.is_first_with_id(message, own):
        return _Identity(message, message)
    sender, content = mail.sender.email, mail.raw.body_digest()
    former = former_fingerprint(mail.headers)
    return _Identity(
        f"content:{_hash(f'{own} {sender} {content}')}", f"content:{_hash(f'{former} {sender} {content}')}"
    )


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
