"""How the recorder's facts get into the log, each id once. Never decides which account a fact belongs to.

A log with unique ids sees to it by itself; before any other one stands the inbox, `intake/recorder/inbox.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import NamedTuple, Protocol, cast

from database.engine import Database
from intake.recorder.inbox import AppendedFact, Inbox
from schemas.topics import ENGAGEMENT
from streams.log import Appended, Log, NewRecord, Record


class Appender(Protocol):
    """What the recorder asks for. Threads may share one."""

    def earlier_accounts(self, ids: Iterable[str]) -> Mapping[str, str]:
        """Record id -> the account it was given before; a try that nobody answered counts."""

    def append(self, records: Sequence[NewRecord]) -> list[AppendedFact]:
        """Durable once it returns: where each record stands, and under which account, in the same order.

        Raises what log and database raise; the records may be given again then, and none is appended a second time.
        """

    def accounts_with_facts(self, accounts: Iterable[str]) -> Set[str]:
        """Those of these `anon:` accounts that the log holds anything of, or soon will."""


class UniqueIdLog(Protocol):
    """What is asked of a log that keeps each id once."""

    def append(self, topic: str, records: Sequence[NewRecord], partition: int | None = None) -> list[Appended]: ...

    def latest(self, topic: str, keys: Sequence[str]) -> Mapping[str, Record]: ...


class DirectAppender(NamedTuple):
    """Straight into a log with unique ids, which costs nothing."""

    log: UniqueIdLog

    def earlier_accounts(self, ids: Iterable[str]) -> Mapping[str, str]:
        return {}

    def append(self, records: Sequence[NewRecord]) -> list[AppendedFact]:
        places = self.log.append(ENGAGEMENT, records)
        return [AppendedFact(record.key, *place) for record, place in zip(records, places, strict=True)]

    def accounts_with_facts(self, accounts: Iterable[str]) -> Set[str]:
        return self.log.latest(ENGAGEMENT, list(accounts)).keys()


def appender_for(log: Log, database: Database, clock: Callable[[], int], *, keep_forever: bool) -> Appender:
    """The way into this log. `keep`: ids are known for ever, as those of files are, and not for thirty days."""
    if log.unique_ids:
        return DirectAppender(cast(UniqueIdLog, log))
    return Inbox(database, log, clock, keep_forever=keep_forever)
