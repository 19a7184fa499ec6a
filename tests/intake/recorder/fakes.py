"""Fakes of log and directory, a recorder with them, and builders of observations."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import Engine

from intake.domains import normalized_email
from intake.observation import Observation
from intake.recorder.appender import DirectAppender
from intake.recorder.attribution import KeyKind
from intake.recorder.recorder import Recorder
from intake.vault.vault import Newcomer, Person, Vault
from schemas.topics import ENGAGEMENT, TOPICS
from streams.log import Appended, LogUnavailable, NewRecord, Record
from streams.partitioner import partition_of

IDENTIFIED = "contact.identified.v1"
NOW = 1_767_600_000_000
"""2026-01-05T08:00:00Z."""


class MemoryLog:
    """A log with unique ids: one partition in a list."""

    def __init__(self) -> None:
        self.records: list[NewRecord] = []
        self._offsets: dict[str | None, int] = {}

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        assert (topic, partition) == ("engagement", None)
        return [self._append(record) for record in records]

    def latest(self, topic: str, keys: Sequence[str]) -> Mapping[str, Record]:
        assert topic == "engagement"
        return {r.key: Record(at, r.key, r.value, r.headers) for at, r in enumerate(self.records) if r.key in keys}

    def places_of(self, topic: str, ids: Sequence[str]) -> Mapping[str, tuple[str, int, int]]:
        assert topic == "engagement"
        return {id: (self.records[self._offsets[id]].key, 0, self._offsets[id]) for id in ids if id in self._offsets}

    def facts(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(record.value) for record in self.records]

    def fact_fields(self, *fields: str) -> list[tuple[Any, ...]]:
        """These fields of every fact."""
        return [tuple(fact.get(field) for field in fields) for fact in self.facts()]

    def _append(self, record: NewRecord) -> Appended:
        offset = self._offsets.get(record.id)
        if offset is not None:
            return Appended(0, offset, True)
        self.records.append(record)
        self._offsets[record.id] = len(self.records) - 1
        return Appended(0, len(self.records) - 1, False)


class MemoryBroker:
    """A log without unique ids, like a broker's: topics in lists. `fails_after`: how many more records it accepts."""

    unique_ids = False

    def __init__(self, partitions: int = 1) -> None:
        self.topics: dict[str, list[list[NewRecord]]] = {name: [[] for _ in range(partitions)] for name in TOPICS}
        self.fails_after: int | None = None
        self._log_id, self._lock = uuid4(), Lock()

    def generation(self, topic: str) -> str:
        return f"{topic} of {self._log_id}"

    def partitions(self, topic: str) -> int:
        return len(self.topics[topic])

    def partition_of(self, topic: str, key: str) -> int:
        return partition_of(key, self.partitions(topic))

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]:
        with self._lock:
            return [self._append(topic, record, partition) for record in records]

    def position(self, partition: int) -> int:
        return 0

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        found = self.topics[topic][partition][start : start + limit]
        return [Record(start + at, record.key, record.value, record.headers) for at, record in enumerate(found)]

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        return {partition: self.read(topic, partition, start, limit) for partition, start in starts.items()}

    def end(self, topic: str, partition: int) -> int:
        return len(self.topics[topic][partition])

    def latest_in(self, topic: str, partition: int, key: str) -> Record | None:
        found = [record for record in self.read(topic, partition, 0, 100_000) if record.key == key]
        return found[-1] if found else None

    def history(self, account: str) -> Iterator[Record]:
        partition = self.partition_of(ENGAGEMENT, account)
        yield from (record for record in self.read(ENGAGEMENT, partition, 0, 100_000) if record.key == account)

    def wait(self, seen: Mapping[int, int], timeout: float, topic: str = ENGAGEMENT) -> bool:
        return any(self.end(topic, partition) > end for partition, end in seen.items())

    def close(self) -> None:
        """No-op: holds no resources."""

    def facts(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(record.value) for partition in self.topics[ENGAGEMENT] for record in partition]

    def fact_ids(self) -> list[str]:
        return [fact["id"] for fact in self.facts()]

    def _append(self, topic: str, record: NewRecord, fixed_partition: int | None) -> Appended:
        if self.fails_after is not None:
            self.fails_after -= 1
            if self.fails_after < 0:
                self.fails_after = None
                raise LogUnavailable("the broker does not acknowledge")
        partition = self.partition_of(topic, record.key) if fixed_partition is None else fixed_partition
        self.topics[topic][partition].append(record)
        return Appended(partition, self.end(topic, partition) - 1, False)


class MemoryDirectory:
    """A directory that lags behind until a test fills it, except for claims."""

    def __init__(self) -> None:
        self.domains: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.accounts: set[str] = set()
        self.aliases: dict[tuple[str, str], str] = {}
        self.contacts: dict[str, str] = {}
        self.visitors: dict[str, str] = {}
        self.lookups = 0

    def accounts_of(self, kind: KeyKind, keys: Iterable[str]) -> dict[str, str]:
        known = {"domain": self.domains, "contact": self.contacts, "visitor": self.visitors}[kind]
        wanted = list(keys)
        self.lookups += len(wanted)
        return {key: known[key] for key in wanted if key in known}

    def account_of_name(self, name: str) -> str | None:
        self.lookups += 1
        return self.names.get(name)

    def accounts_of_aliases(self, system: str, ids: Iterable[str]) -> dict[str, str]:
        return {id: self.aliases[system, id] for id in ids if (system, id) in self.aliases}

    def exists(self, account: str) -> bool:
        return account in self.accounts

    def claim(self, domain: str, account: str) -> str | None:
        holder = self.domains.setdefault(domain, account)
        return None if holder == account else holder


def new_observation(id: str = "1", type: Any = "web.page_viewed.v1", **fields: Any) -> Observation:
    """A page view of the web source, half an hour ago."""
    values: dict[str, Any] = {"where": f"test:{id}", "source": "web", "time": NOW - 1_800_000} | fields
    return Observation(id=id, type=type, **values)


def registration(id: str, account: str | None, domains: Sequence[str] = (), **data: Any) -> Observation:
    content = data | ({"domains": list(domains)} if domains else {})
    return new_observation(id, "account.registered.v1", source="crm", account=account, data=content)


class RecorderWorld:
    """A recorder with fakes and a real vault."""

    def __init__(self, engine: Engine, **options: Any) -> None:
        self.log, self.directory = MemoryLog(), MemoryDirectory()
        self.vault = Vault(engine, random.Random(1).randbytes)
        self.options = options
        self.recorder = self.new_recorder()

    def new_recorder(self) -> Recorder:
        """A recorder like that of another process: it starts with an empty overlay."""
        return Recorder(DirectAppender(self.log), self.vault, self.directory, lambda: NOW, **self.options)

    def record(self, *observations: Observation) -> list[Any]:
        return self.recorder.record(observations)

    def contact(self, email: str) -> str:
        """The contact of the address; admitted now if nobody has it yet."""
        return contact_for(self.vault, email)


def contact_for(vault: Vault, email: str, name: str | None = None) -> str:
    """The contact of an address, admitted if it is new."""
    known = vault.contact_of(email)
    if known is not None:
        return known
    address = normalized_email(email)
    assert address is not None
    contact = vault.new_contact()
    assert vault.admit([Newcomer(contact, vault.address_key(address), Person(address, name))])
    return contact
