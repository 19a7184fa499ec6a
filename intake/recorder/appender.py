"""How the recorder appends facts so that the log has each id once.

The SQL log guarantees it by a unique index. For any other log the inbox (`intake/recorder/inbox.py`) does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import NamedTuple, Protocol, cast

from database import Database
from intake.recorder.inbox import AppendedFact, Inbox
from schemas import ENGAGEMENT
from streams import Appended, Log, NewRecord, Record


class Appender(Protocol):
    """Appends facts with unique ids. Threads may share one."""

    def earlier_accounts(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Record id -> the account of an earlier attempt, including attempts that were not acknowledged."""

    def recorded(self, ids: Sequence[str]) -> Mapping[str, AppendedFact]:
        """Record id -> account, partition and offset, for those that the log has."""

    def append(self, records: Sequence[NewRecord]) -> list[AppendedFact]:
        """Account, partition and offset of each record, in the same order; durable once it returns.

        Raises the errors of log and database. Appending the same records again is then safe.
        """

    def accounts_with_facts(self, accounts: Iterable[str]) -> Set[str]:
        """Those of these `anon:` accounts that have facts in the log, or on their way to it."""


class UniqueIdLog(Protocol):
    """The part of a log with unique ids that the appender uses."""

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]: ...

    def latest(self, topic: str, keys: Sequence[str]) -> Mapping[str, Record]: ...

    def places_of(self, topic: str, ids: Sequence[str]) -> Mapping[str, tuple[str, int, int]]: ...


class DirectAppender(NamedTuple):
    """Appends directly to a log with unique ids."""

    log: UniqueIdLog

    def earlier_accounts(self, ids: Iterable[str]) -> Mapping[str, str]:
        return {}

    def recorded(self, ids: Sequence[str]) -> Mapping[str, AppendedFact]:
        return {id: AppendedFact(*place, True) for id, place in self.log.places_of(ENGAGEMENT, ids).items()}

    def append(self, records: Sequence[NewRecord]) -> list[AppendedFact]:
        positions = self.log.append(ENGAGEMENT, records)
        return [AppendedFact(record.key, *position) for record, position in zip(records, positions, strict=True)]

    def accounts_with_facts(self, accounts: Iterable[str]) -> Set[str]:
        return self.log.latest(ENGAGEMENT, list(accounts)).keys()


def appender_for(log: Log, database: Database, clock: Callable[[], int], *, keep_forever: bool) -> Appender:
    """The appender for this log. `keep_forever`: the inbox keeps ids without limit, otherwise for thirty days."""
    if log.unique_ids:
        return DirectAppender(cast(UniqueIdLog, log))
    return Inbox(database, log, clock, keep_forever=keep_forever)
