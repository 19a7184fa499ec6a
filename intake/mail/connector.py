"""Reads what people answered out of mailboxes and list archives (mbox files); never keeps a mail's text.

A reply is a mail whose In-Reply-To or References names a message of the same run, written by a person outside.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

from intake.domains import is_ours
from intake.mail.body import asks_to_unsubscribe
from intake.mail.bounces import bounces
from intake.mail.classification import answered_ids, automatic_sign, is_bounce, is_report, list_id
from intake.mail.headers import Headers, Sender, decoded, first, read_headers, senders, sent_at
from intake.mail.mailbox import RawMail, Unreadable, raw_mails
from intake.mail.threads import Threads, fingerprint, index, own_id
from intake.observation import Filtered, Item, Observation, Rejected

Answering = Literal["anyone", "us"]
"""Whose messages make an answer a reply: any message of the run, or only one that we sent."""


def read(
    path: Path,
    ours: frozenset[str] = frozenset(),
    *,
    threads: Threads | None = None,
    answering: Answering = "anyone",
    source: str | None = None,
) -> Iterator[Item]:
    """Observations of one mbox file, in file order; nothing in the file raises.

    `ours`: our own domains, whose mails are no engagement. `threads`: the messages of all files of the run, made by
    `index(paths, ours)`; without it this file alone is looked through first. `source`: else `mbox/<list id or stem>`.
    """
    ours = frozenset(domain.lower() for domain in ours)
    threads = index([path], ours) if threads is None else threads
    for raw in raw_mails(path):
        if isinstance(raw, Unreadable):
            yield Rejected(f"{path.name}:{raw.line}", "unreadable", f"{path.name} {raw.why}")
            continue
        mail = _understand(raw, path, source)
        yield from [mail] if isinstance(mail, Rejected) else _judge(mail, threads, answering)


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
        return decoded(first(self.headers, "subject"))[:300]

    @property
    def body(self) -> bytes:
        return b"".join(self.raw.body)


def _understand(raw: RawMail, path: Path, source: str | None) -> _Mail | Rejected:
    where = f"{path.name}:{raw.line}"
    headers, envelope = read_headers(raw.head), raw.envelope.decode("latin-1")
    if not headers:
        return Rejected(where, "no_headers", "no mail starts here: a `From ` line and then headers were expected")
    authors = senders(headers, envelope)
    if not authors:
        return Rejected(where, "no_sender", f"From: {first(headers, 'from')[:80]!r} names no address")
    return _Mail(
        where=where,
        source=source or f"mbox/{list_id(headers) or path.stem}",
        headers=headers,
        sender=authors[0],
        time=sent_at(headers, envelope),
        raw=raw,
    )


def _judge(mail: _Mail, threads: Threads, answering: Answering) -> Iterator[Item]:
    if is_bounce(mail.headers):
        yield from _bounced(mail, threads)
        return
    no_engagement = _no_engagement(mail, threads)
    if no_engagement is not None:
        yield Filtered(mail.where, no_engagement)
        return
    answered = _answered(mail.headers, threads, answering)
    if _unsubscribes(mail):
        yield _observation(mail, "email.unsubscribed.v1", answered, threads)
    elif answered is not None:
        yield _observation(mail, "email.replied.v1", answered, threads)
    else:
        yield Filtered(mail.where, _why_no_reply(mail.headers))


def _no_engagement(mail: _Mail, threads: Threads) -> str | None:
    if is_report(mail.headers):
        return "a report of a mail program"
    if is_ours(mail.sender.domain, threads.ours):
        return "comes from us"
    sign = automatic_sign(mail.headers, mail.sender.email)
    return f"an automatic answer ({sign})" if sign else None


def _unsubscribes(mail: _Mail) -> bool:
    return asks_to_unsubscribe(mail.subject, b"".join(mail.raw.head), mail.body)


def _answered(headers: Headers, threads: Threads, answering: Answering) -> str | None:
    """The message that it answers: In-Reply-To first, then References from right to left; never itself."""
    asked = threads.knows if answering == "anyone" or not threads.ours else threads.is_from_us
    own = own_id(headers)
    return next((message for message in answered_ids(headers) if message != own and asked(message)), None)


def _why_no_reply(headers: Headers) -> str:
    return "no reply (it answers a mail that is not here)" if answered_ids(headers) else "no reply"


def _observation(mail: _Mail, kind: str, answered: str | None, threads: Threads) -> Item:
    campaign = threads.campaign_of(answered) if answered else None
    fields = {"message": answered, "subject": mail.subject, "campaign": campaign}
    return _dated(mail, kind, _identity(mail, threads), fields, mail.sender)


def _bounced(mail: _Mail, threads: Threads) -> Iterator[Item]:
    failed = [
        bounce
        for bounce in bounces(mail.headers, b"".join(mail.raw.head), mail.body)
        if not is_ours(bounce.email.rpartition("@")[2], threads.ours)
    ]
    if not failed:
        yield Filtered(mail.where, "a delivery report that names no failed recipient outside")
    for bounce in failed:
        campaign = threads.campaign_of(bounce.message) if bounce.message else None
        fields = {"message": bounce.message, "subject": bounce.subject, "campaign": campaign}
        identity = f"{_identity(mail, threads)}/{_hash(bounce.email)}"
        yield _dated(mail, "email.bounced.v1", identity, fields, Sender(bounce.email))


def _dated(mail: _Mail, kind: str, identity: str, fields: dict[str, Any], person: Sender) -> Item:
    if mail.time is None:
        date = first(mail.headers, "date")[:80]
        return Rejected(mail.where, "bad_time", f"Date: {date!r} is no time, nor do Received or From_ tell one")
    shown = person.domain if person.masked else None
    return Observation(
        where=mail.where,
        source=mail.source,
        id=identity,
        type=kind,
        time=mail.time,
        data={name: value for name, value in fields.items() if value},
        email=None if shown else person.email,
        name=None if shown else person.name,
        host=shown,
    )


def _identity(mail: _Mail, threads: Threads) -> str:
    """The Message-ID; a hash of the content where there is none, or where another mail has taken it before."""
    message = own_id(mail.headers)
    if message is not None and threads.is_first(message, mail.headers):
        return message
    return f"content:{_hash(f'{fingerprint(mail.headers)} {mail.sender.email} {mail.raw.body_hash.hexdigest()}')}"


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
