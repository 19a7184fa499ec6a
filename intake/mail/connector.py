"""Connector for mailboxes and list archives (mbox files): replies, bounces and unsubscribe requests.

A reply is a mail whose In-Reply-To or References names a message of the same run, written by a person outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from intake.domains import is_own_domain
from intake.mail.body import is_unsubscribe_request
from intake.mail.bounces import bounces
from intake.mail.classification import automatic_reason, is_bounce, is_report, list_id, referenced_ids
from intake.mail.headers import Headers, Sender, decoded_header, first_value, read_headers, senders, sent_at
from intake.mail.mailbox import RawMail, UnreadableMailbox, read_raw_mails
from intake.mail.threads import Threads, fingerprint, index_threads, message_id_of
from intake.observation import Filtered, Item, Observation, Rejected

ReplyScope = Literal["anyone", "us"]
"""Which messages a reply must answer: any message of the run, or only one that we sent."""


def read(
    path: Path,
    own_domains: frozenset[str] = frozenset(),
    *,
    threads: Threads | None = None,
    reply_scope: ReplyScope = "anyone",
    source: str | None = None,
) -> Iterator[Item]:
    """The items of one mbox file, in file order. No content of the file raises an exception.

    `own_domains`: mails from these are not engagement. `threads`: the messages of all files of the run, made by
    `index_threads(paths, own_domains)`; by default those of this file. `source`: by default `mbox/<list id or stem>`.
    """
    own_domains = frozenset(domain.lower() for domain in own_domains)
    threads = index_threads([path], own_domains) if threads is None else threads
    for raw in read_raw_mails(path):
        if isinstance(raw, UnreadableMailbox):
            yield Rejected(f"{path.name}:{raw.line}", "unreadable", f"{path.name} {raw.why}")
            continue
        mail = _parse_mail(raw, path, source)
        yield from [mail] if isinstance(mail, Rejected) else _items_of(mail, threads, reply_scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    where: str
    source: str
    headers: Headers
    sender: Sender
    time: int | None
    raw: RawMail

    @property
    def subject(self) -> str:
        return decoded_header(first_value(self.headers, "subject"))[:300]

    @property
    def body(self) -> bytes:
        return b"".join(self.raw.body)


def _parse_mail(raw: RawMail, path: Path, source: str | None) -> _Mail | Rejected:
    where = f"{path.name}:{raw.line}"
    headers, envelope = read_headers(raw.head), raw.envelope.decode("latin-1")
    if not headers:
        return Rejected(where, "no_headers", "not the beginning of a mail: expected a `From ` line and then headers")
    authors = senders(headers, envelope)
    if not authors:
        return Rejected(where, "no_sender", f"From: {first_value(headers, 'from')[:80]!r} has no address")
    return _Mail(
        where=where,
        source=source or f"mbox/{list_id(headers) or path.stem}",
        headers=headers,
        sender=authors[0],
        time=sent_at(headers, envelope),
        raw=raw,
    )


def _items_of(mail: _Mail, threads: Threads, reply_scope: ReplyScope) -> Iterator[Item]:
    if is_bounce(mail.headers):
        yield from _bounce_items(mail, threads)
        return
    reason = _filter_reason(mail, threads)
    if reason is not None:
        yield Filtered(mail.where, reason)
        return
    answered = _answered_message(mail.headers, threads, reply_scope)
    if _is_unsubscribe(mail):
        yield _observation(mail, "email.unsubscribed.v1", answered, threads)
    elif answered is not None:
        yield _observation(mail, "email.replied.v1", answered, threads)
    else:
        yield Filtered(mail.where, _no_reply_reason(mail.headers))


def _filter_reason(mail: _Mail, threads: Threads) -> str | None:
    if is_report(mail.headers):
        return "a report of a mail server or program"
    if is_own_domain(mail.sender.domain, threads.own_domains):
        return "comes from us"
    automatic = automatic_reason(mail.headers, mail.sender.email)
    return f"an automatic answer ({automatic})" if automatic else None


def _is_unsubscribe(mail: _Mail) -> bool:
    return is_unsubscribe_request(mail.subject, b"".join(mail.raw.head), mail.body)


def _answered_message(headers: Headers, threads: Threads, reply_scope: ReplyScope) -> str | None:
    """The message that it replies to: In-Reply-To first, then References from right to left, without its own id."""
    is_answerable = threads.contains if reply_scope == "anyone" or not threads.own_domains else threads.is_from_us
    own = message_id_of(headers)
    return next((message for message in referenced_ids(headers) if message != own and is_answerable(message)), None)


def _no_reply_reason(headers: Headers) -> str:
    return "no reply (to a mail that is not in these files)" if referenced_ids(headers) else "no reply"


def _observation(mail: _Mail, kind: str, answered: str | None, threads: Threads) -> Item:
    campaign = threads.campaign_of(answered) if answered else None
    fields = {"message": answered, "subject": mail.subject, "campaign": campaign}
    return _observation_if_dated(mail, kind, _observation_id(mail, threads), fields, mail.sender)


def _bounce_items(mail: _Mail, threads: Threads) -> Iterator[Item]:
    failed = [
        bounce
        for bounce in bounces(mail.headers, b"".join(mail.raw.head), mail.body)
        if not is_own_domain(bounce.email.rpartition("@")[2], threads.own_domains)
    ]
    if not failed:
        yield Filtered(mail.where, "a delivery report without a failed outside recipient")
    for bounce in failed:
        campaign = threads.campaign_of(bounce.message) if bounce.message else None
        fields = {"message": bounce.message, "subject": bounce.subject, "campaign": campaign}
        identity = f"{_observation_id(mail, threads)}/{_hash(bounce.email)}"
        yield _observation_if_dated(mail, "email.bounced.v1", identity, fields, Sender(bounce.email))


def _observation_if_dated(mail: _Mail, kind: str, identity: str, fields: dict[str, Any], person: Sender) -> Item:
    if mail.time is None:
        date = first_value(mail.headers, "date")[:80]
        return Rejected(
            mail.where, "bad_time", f"Date: {date!r} is not a time, and there is none in Received or the `From ` line"
        )
    masked_domain = person.domain if person.masked else None
    return Observation(
        where=mail.where,
        source=mail.source,
        id=identity,
        type=kind,
        time=mail.time,
        data={name: value for name, value in fields.items() if value},
        email=None if masked_domain else person.email,
        name=None if masked_domain else person.name,
        host=masked_domain,
    )


def _observation_id(mail: _Mail, threads: Threads) -> str:
    """The Message-ID; a hash of the content if it is missing or another mail has used it before."""
    message = message_id_of(mail.headers)
    if message is not None and threads.is_first_with_id(message, mail.headers):
        return message
    return f"content:{_hash(f'{fingerprint(mail.headers)} {mail.sender.email} {mail.raw.body_hash.hexdigest()}')}"


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
