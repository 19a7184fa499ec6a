"""The points at which a process may be killed: before each writing statement, before and after each commit.

The listener observes every engine of its process and changes nothing.
"""

import os
import re
import signal
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import Pool

_WRITES = re.compile(
    r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|CREATE TABLE|DROP TABLE|CREATE (?:UNIQUE )?INDEX \S+ ON)\s+"?(\w+)'
)
COMMITTING, COMMITTED = "committing", "committed"


class KillPoint(NamedTuple):
    """`transaction`: its number, from 0; `what`: the table of the statement, `committing` or `committed`."""

    transaction: int
    what: str


class KillPointListener:
    """Reports every point that is passed, in order."""

    def __init__(self, on_point: Callable[[KillPoint], None]) -> None:
        self._on_point = on_point
        self._transaction = 0
        self._writing: set[int] = set()
        self._durable = False

    def listen(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._on_statement)
        event.listen(Engine, "commit", self._on_commit)
        event.listen(Engine, "rollback", self._on_rollback)
        event.listen(Pool, "checkin", self._on_checkin)

    def _on_statement(self, connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        found = _WRITES.match(statement)
        if found is not None:
            self._writing.add(id(connection.connection.dbapi_connection))
            self._on_point(KillPoint(self._transaction, found[1]))

    def _on_commit(self, connection: Connection) -> None:
        if id(connection.connection.dbapi_connection) in self._writing:
            self._on_point(KillPoint(self._transaction, COMMITTING))
            self._durable = True

    def _on_rollback(self, connection: Connection) -> None:
        self._writing.discard(id(connection.connection.dbapi_connection))

    def _on_checkin(self, dbapi_connection: Any, _record: object) -> None:
        """The connection returns to the pool right after the commit, without our code running in between."""
        if self._durable and id(dbapi_connection) in self._writing:
            self._writing.discard(id(dbapi_connection))
            self._durable = False
            self._on_point(KillPoint(self._transaction, COMMITTED))
            self._transaction += 1


class KillAt:
    """Kills its process (SIGKILL) at the n-th point, from 0, after reporting the point."""

    def __init__(self, n: int, on_point: Callable[[KillPoint], None]) -> None:
        self._remaining, self._on_point = n, on_point

    def __call__(self, point: KillPoint) -> None:
        if self._remaining == 0:
            self._on_point(point)
            os.kill(os.getpid(), signal.SIGKILL)
        self._remaining -= 1
