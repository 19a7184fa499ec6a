"""The table of what each source told last of an account or contact. It holds no personal data."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Column, Engine, Table, Text, select

from database import Json, metadata, read_only, rows_by_key, timestamp_ms, upsert

told_profiles = Table(
    "told_profiles",
    metadata,
    Column("source", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("record", Text),
    Column("fact", Text, nullable=False),
    timestamp_ms("time", nullable=False),
    Column("fields", Json, nullable=False),
)
"""`subject`: `account:acme.com`, or a contact within an account; `record`: the account's id in the source, if it has
one; `fact` and `time`: id and time of the fact that told last; `fields`: all that was told, the last of each."""


class ProfileKey(NamedTuple):
    source: str
    subject: str


class ToldProfile(NamedTuple):
    """What a source told of a subject; `fact` is the id of the last telling, `time` its time in milliseconds."""

    fact: str
    time: int
    fields: Mapping[str, Any]
    record: str | None = None


class Profiles(Protocol):
    """What sources told last."""

    def find(self, keys: Iterable[ProfileKey]) -> dict[ProfileKey, ToldProfile]: ...

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None: ...


class StoredProfiles:
    """In the database. Several processes may write at the same time: the last one holds."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._read_only = engine, read_only(engine)

    def find(self, keys: Iterable[ProfileKey]) -> dict[ProfileKey, ToldProfile]:
        wanted, columns = set(keys), told_profiles.c
        with self._read_only.connect() as connection:
            rows = rows_by_key(connection, select(told_profiles), columns.subject, [key.subject for key in wanted])
        found = {ProfileKey(row.source, row.subject): row for row in rows}
        return {key: _profile_of(row) for key, row in found.items() if key in wanted}

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None:
        """In the order of their keys, so that two processes lock rows in the same order."""
        rows = [{**key._asdict(), **profile._asdict()} for key, profile in sorted(profiles.items())]
        with self._engine.begin() as connection:
            upsert(connection, told_profiles, rows)


class NoProfiles:
    """Remembers nothing: every telling is a first one."""

    def find(self, keys: Iterable[ProfileKey]) -> dict[ProfileKey, ToldProfile]:
        return {}

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None:
        """Forgets them."""


def _profile_of(row: Any) -> ToldProfile:
    return ToldProfile(row.fact, row.time, row.fields, row.record)
