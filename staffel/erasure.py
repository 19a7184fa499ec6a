"""Erasing a person: a tombstone, `contact.erased` in the log, then the deletion from the vault.

In this order a crash at any point leaves a person who can be erased again. Scores and digests stay valid, since the log
never held the person. The tombstone is a keyed hash of the address; it keeps repeated imports of old files from
bringing the person back.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from msgspec import MsgspecError

from database import overwrite_deleted
from intake.vault import Tombstone, Vault
from projections import open_queries
from schemas import ENGAGEMENT, TOPICS, decode_fact, parse_time
from staffel.application import Application
from staffel.errors import ProblemFound
from staffel.record_fact import AlreadyRecorded, record_fact
from streams import Log, scan

ERASED = "contact.erased.v1"
MAX_OVERWRITE_WAIT_S = 10.0
MAX_PLACES = 1_000
Json = dict[str, Any]


class Place(NamedTuple):
    """A record whose text names the person: written by a producer, or a dead letter of an earlier version."""

    topic: str
    partition: int
    offset: int


def erase(application: Application, email: str | None, contact: str | None) -> list[str]:
    """Erase the person with this address or contact id; an address that nobody has gets a tombstone, too.

    Returns the accounts in which `contact.erased` is recorded. Repeating it is safe. Raises `ProblemFound` if nothing
    is known of the contact id: it may be mistyped.
    """
    application.wait_until_visible("nothing was erased")
    vault = application.bound_vault
    keys = [] if contact is None else vault.keys_of(contact)
    for key in dict.fromkeys([*([vault.address_key(email)] if email is not None else []), *keys]):
        vault.mark_erased(Tombstone(key, application.clock(), contact))
    accounts = _accounts_of(application, vault, contact) if contact is not None else []
    if email is None and not keys and not accounts and not any(each.contact == contact for each in vault.tombstones()):
        raise ProblemFound(f"there is no contact {contact}, so nothing was erased; `staffel contact list` shows all")
    for account in accounts:
        with suppress(AlreadyRecorded):
            id_ = f"erased:{contact}/{account}"
            record_fact(application, ERASED, account=account, contact=contact, data={}, id=id_)
    if contact is not None:
        vault.delete_person(contact)
    return accounts


def overwrite(application: Application) -> str | None:
    """Overwrite in the vault's files what was deleted. Returns what remains, or None."""
    timeout = min(application.settings.wait, MAX_OVERWRITE_WAIT_S)
    if overwrite_deleted(application.vault_database, timeout):
        return None
    return (
        f"other processes have read the vault for {timeout:g} s, so its write-ahead log still holds the "
        "deleted row; run the command again when they are done"
    )


def kept_elsewhere(application: Application) -> str | None:
    """What of a deleted row the database keeps where no command reaches it."""
    if application.vault_database.dialect.name != "postgresql":
        return None
    return "PostgreSQL's write-ahead log and backups hold the deleted row until they are gone."


def places_of(log: Log, texts: Iterable[str]) -> Iterator[Place]:
    """The records of all topics that contain one of the texts, in any case; addresses also percent-encoded."""
    pattern = re.compile(b"|".join(map(_needle, texts)), re.IGNORECASE)
    for topic in TOPICS:
        for partition in range(log.partitions(topic)):
            for record in scan(log, topic, partition):
                if pattern.search(record.value):
                    yield Place(topic, partition, record.offset)


def apply_erasures(application: Application, tombstones: Iterable[Tombstone]) -> int:
    """Erase again, after a restore, who was erased since the backup; returns how many the vault still knew."""
    vault = application.bound_vault
    erased_at = {known.address_hash: known.erased_at for known in vault.tombstones()}
    applied = 0
    for tombstone in tombstones:
        contact = vault.contact_with_key(tombstone.address_hash)
        is_newer = erased_at.get(tombstone.address_hash, -1) < tombstone.erased_at
        if is_newer:
            vault.mark_erased(tombstone)
        # A vault that knows of the erasure has only a contact that began after it, which stays, or one whose deletion
        # was interrupted.
        if contact is not None and (is_newer or contact == tombstone.contact):
            vault.delete_person(contact)
            applied += 1
    return applied


def erasures_in_log(application: Application) -> Iterator[Tombstone]:
    """The erasures that the log tells of, for contacts whom the vault knows."""
    vault, log = application.bound_vault, application.log
    for partition in range(log.partitions(ENGAGEMENT)):
        for record in scan(log, ENGAGEMENT, partition):
            if b"contact.erased" not in record.value:
                continue
            try:
                fact = decode_fact(record.value)
            except MsgspecError:
                continue  # a dead letter, which no scorer counted
            for key in vault.keys_of(fact.contact) if fact.type == ERASED and fact.contact else ():
                yield Tombstone(key, parse_time(fact.time), fact.contact)


def _accounts_of(application: Application, vault: Vault, contact: str) -> list[str]:
    with open_queries(application.engine) as queries:
        accounts = [str(row.account) for row in queries.contact(contact)]
    if accounts:
        return accounts
    return [f"anon:{visitor}" for visitor in vault.anonymous_accounts_of([contact]).get(contact, [])]


def _needle(text: str) -> bytes:
    return b"".join(map(_spellings, unicodedata.normalize("NFC", text)))


def _spellings(character: str) -> bytes:
    """A pattern of how a record may spell a character: in either case, composed or not, or escaped as JSON allows."""
    if character == "@":
        return rb"(?:@|%40|\\u0040)"
    if character.isascii():
        return re.escape(character.encode())
    written = {character, character.lower(), character.upper()}
    written |= {unicodedata.normalize("NFD", each) for each in written}
    spelled = {each.encode() for each in written} | {json.dumps(each).strip('"').encode() for each in written}
    return b"(?:" + b"|".join(map(re.escape, sorted(spelled))) + b")"
