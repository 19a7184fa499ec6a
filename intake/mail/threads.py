"""Remembers which messages were seen, so that answers find what they answer; never keeps a mail, only short hashes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from intake.domains import is_own_domain
from intake.mail.headers import Headers, first_value, message_ids, read_headers, senders
from intake.mail.mailbox import RawMail, read_raw_mails

_CAMPAIGN_HEADERS = ("x-campaign", "x-campaign-id", "x-campaignid", "x-mailgun-campaign-id", "x-mc-campaign")


@dataclass(slots=True)
class Threads:
    """The messages of one run, over all its files: hash of the Message-ID to a fingerprint and whose message it is.

    About 100 bytes per message, whatever the size of the mails.
    """

    own_domains: frozenset[str] = frozenset()
    messages: dict[int, int] = field(default_factory=dict)
    campaigns: dict[int, str] = field(default_factory=dict)

    def add(self, headers: Headers, envelope: str) -> None:
        """Remember this message; of several with one id the first one counts."""
        message = message_id_of(headers)
        if message is None:
            return
        key = _short_hash(message)
        from_us = any(is_own_domain(sender.domain, self.own_domains) for sender in senders(headers, envelope)[:1])
        self.messages.setdefault(key, fingerprint(headers) << 1 | from_us)
        campaign = next((value for name in _CAMPAIGN_HEADERS if (value := first_value(headers, name))), None)
        if campaign is not None and from_us:
            self.campaigns.setdefault(key, campaign[:200])

    def contains(self, message: str) -> bool:
        """It was seen in one of the files, or its id says that a machine of ours made it."""
        return _short_hash(message) in self.messages or self._has_own_message_id(message)

    def is_from_us(self, message: str) -> bool:
        """We sent it: seen with a sender of ours, or made by a machine of ours."""
        return self.messages.get(_short_hash(message), 0) & 1 == 1 or self._has_own_message_id(message)

    def is_first_with_id(self, message: str, headers: Headers) -> bool:
        """No other mail has taken this id before: the fingerprint of the first one with the id is this mail's."""
        return self.messages.get(_short_hash(message), fingerprint(headers) << 1) >> 1 == fingerprint(headers)

    def campaign_of(self, message: str) -> str | None:
        """The campaign that a mail of ours named in a header of its own."""
        return self.campaigns.get(_short_hash(message))

    def _has_own_message_id(self, message: str) -> bool:
        return is_own_domain(message.rpartition("@")[2].lower(), self.own_domains)


def index_threads(paths: Iterable[Path], own_domains: frozenset[str] = frozenset()) -> Threads:
    """Read the headers of all files once. What cannot be read is left to the reading proper, which reports it."""
    threads = Threads(own_domains)
    for path in paths:
        for mail in read_raw_mails(path):
            if isinstance(mail, RawMail):
                threads.add(read_headers(mail.head), mail.envelope.decode("latin-1"))
    return threads


def message_id_of(headers: Headers) -> str | None:
    """The first Message-ID without brackets, or None where there is none worth the name."""
    for value in headers.get("message-id", ()):
        for message in message_ids(value):
            return message[:500]
    return None


def fingerprint(headers: Headers) -> int:
    """What stays the same in every delivered copy of one mail: who, when, about what."""
    return _short_hash("\n".join(first_value(headers, name) for name in ("from", "date", "subject")))


def _short_hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")
