"""The index of messages by which replies find the mail they answer. Holds short hashes only."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from intake.budgets import DEFAULT_BUDGETS, Budgets
from intake.domains import is_own_domain
from intake.mail.addresses import Sender
from intake.mail.authors import author_of
from intake.mail.headers import Headers, bare_subject, first_value, message_id_of, read_headers, subject_of
from intake.mail.mailbox import RawMail, read_raw_mails

_CAMPAIGN_HEADERS = ("x-campaign", "x-campaign-id", "x-campaignid", "x-mailgun-campaign-id", "x-mc-campaign")


@dataclass(slots=True)
class Threads:
    """The messages of one run, over all its files: hash of the Message-ID -> fingerprint, and whether we sent it.

    About 100 bytes per message, whatever the size of the mails.
    """

    own_domains: frozenset[str] = frozenset()
    messages: dict[int, int] = field(default_factory=dict)
    campaigns: dict[int, str] = field(default_factory=dict)

    def add(self, headers: Headers, envelope: str) -> None:
        """Add a message. Of several with one id the first counts."""
        message = message_id_of(headers)
        if message is None:
            return
        key, author = _short_hash(message), author_of(headers, envelope)
        from_us = author is not None and is_own_domain(author.domain, self.own_domains)
        self.messages.setdefault(key, fingerprint(headers, author) << 1 | from_us)
        campaign = next((value for name in _CAMPAIGN_HEADERS if (value := first_value(headers, name))), None)
        if campaign is not None and from_us:
            self.campaigns.setdefault(key, campaign[:200])

    def contains(self, message: str) -> bool:
        """Whether the message is in one of the files, or its id ends in one of our domains."""
        return _short_hash(message) in self.messages or self._has_own_message_id(message)

    def is_from_us(self, message: str) -> bool:
        """Whether we sent it: its sender is ours, or its id ends in one of our domains."""
        return self.messages.get(_short_hash(message), 0) & 1 == 1 or self._has_own_message_id(message)

    def is_first_with_id(self, message: str, fingerprint: int) -> bool:
        """Whether the mail of this fingerprint is the first with this id, or a copy of the first."""
        return self.messages.get(_short_hash(message), fingerprint << 1) >> 1 == fingerprint

    def campaign_of(self, message: str) -> str | None:
        """The campaign in the headers of a mail that we sent."""
        return self.campaigns.get(_short_hash(message))

    def _has_own_message_id(self, message: str) -> bool:
        return is_own_domain(message.rpartition("@")[2].lower(), self.own_domains)


def index_threads(
    paths: Iterable[Path], own_domains: frozenset[str] = frozenset(), budgets: Budgets = DEFAULT_BUDGETS
) -> Threads:
    """Index the headers of all files. Unreadable parts are skipped; the connector reports them."""
    threads = Threads(own_domains)
    for path in paths:
        for mail in read_raw_mails(path, budgets):
            if isinstance(mail, RawMail):
                threads.add(read_headers(mail.head), mail.envelope[:500].decode("latin-1"))
    return threads


def fingerprint(headers: Headers, author: Sender | None) -> int:
    """A hash of what all delivered copies of a mail share: author, date and subject.

    Lists and groups rewrite From and put tags before the subject.
    """
    email = author.email if author is not None else ""
    return _short_hash("\n".join((email, first_value(headers, "date"), bare_subject(subject_of(headers)))))


def former_fingerprint(headers: Headers) -> int:
    """The fingerprint in ids of mails without a Message-ID before groups and tags were looked through."""
    return _short_hash("\n".join(first_value(headers, name) for name in ("from", "date", "subject")))


def _short_hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")
