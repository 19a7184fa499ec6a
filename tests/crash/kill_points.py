"""Where a process may be killed: before each writing statement, before each commit, after each commit.

Listens to every engine of the process it runs in. Never changes what is written.
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
    """`transaction`: its number, counted from 0; `what`: the table of the statement, `committing` or `committed`."""

    transaction: int
    what: str


class KillPointListener:
    """Tells every point that is passed, in the order of time."""

    def __init__(self, tell: Callable[[KillPoint], None]) -> None:
        self._on_point = tell
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
        """The connection goes back to the pool right after the commit: nothing of ours ran in between."""
        if self._durable and id(dbapi_connection) in self._writing:
            self._writing.discard(id(dbapi_connection))
            self._durable = False
            self._on_point(KillPoint(self._transaction, COMMITTED))
            self._transaction += 1


class KillAt:
    """Ends its process by SIGKILL at the n-th point, counted from 0; the point is told first."""

    def __init__(self, n: int, tell: Callable[[KillPoint], None]) -> None:
        self._remaining, self._on_point = n, tell

    def __call__(self, point: KillPoint) -> None:
        if self._remaining == 0:
            self._on_point(point)
            os.kill(os.getpid(), signal.SIGKILL)
        self._remaining -= 1
