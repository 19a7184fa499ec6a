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
    Column("account", Text, primary_key=True),
    Column("record", Text),
    Column("fact", Text, nullable=False),
    timestamp_ms("time", nullable=False),
    Column("fields", Json, nullable=False),
)
"""`subject`: `account:acme.com`, or `contact:c_…` within `account`; `record`: the account's id in the source, if it has
one; `fact` and `time`: id and time of the fact that told last; `fields`: all that was told, the last of each."""


class ProfileKey(NamedTuple):
    source: str
    subject: str
    account: str

    @property
    def id(self) -> str:
        """The beginning of the ids of its tellings."""
        return self.subject if self.subject == account_subject(self.account) else f"{self.subject}/{self.account}"


def account_subject(account: str) -> str:
    return f"account:{account}"


def account_key(source: str, account: str) -> ProfileKey:
    return ProfileKey(source, account_subject(account), account)


def contact_subject(contact: str) -> str:
    return f"contact:{contact}"


def contact_key(source: str, contact: str, account: str) -> ProfileKey:
    """What a source tells of a contact, it tells of the contact within one account."""
    return ProfileKey(source, contact_subject(contact), account)


class ToldProfile(NamedTuple):
    """What a source told of a subject; `fact` is the id of the last telling, `time` its time in milliseconds."""

    fact: str
    time: int
    fields: Mapping[str, Any]
    record: str | None = None


class Profiles(Protocol):
    """What sources told last."""

    def find(self, source: str, subjects: Iterable[str]) -> dict[ProfileKey, ToldProfile]: ...

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None: ...


class StoredProfiles:
    """In the database. Several processes may write at the same time: the last one holds."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._read_only = engine, read_only(engine)

    def find(self, source: str, subjects: Iterable[str]) -> dict[ProfileKey, ToldProfile]:
        """What this source told of these subjects."""
        columns = told_profiles.c
        statement = select(told_profiles).where(columns.source == source)
        with self._read_only.connect() as connection:
            rows = rows_by_key(connection, statement, columns.subject, subjects)
        return {ProfileKey(row.source, row.subject, row.account): _profile_of(row) for row in rows}

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None:
        """In the order of their keys, so that two processes lock rows in the same order."""
        rows = [{**key._asdict(), **profile._asdict()} for key, profile in sorted(profiles.items())]
        with self._engine.begin() as connection:
            upsert(connection, told_profiles, rows)


class NoProfiles:
    """Remembers nothing: every telling is a first one."""

    def find(self, source: str, subjects: Iterable[str]) -> dict[ProfileKey, ToldProfile]:
        return {}

    def store(self, profiles: Mapping[ProfileKey, ToldProfile]) -> None:
        """Forgets them."""


def _profile_of(row: Any) -> ToldProfile:
    return ToldProfile(row.fact, row.time, row.fields, row.record)
