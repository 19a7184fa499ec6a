"""Notifications between processes that something was written; the receiver then reads what it was.

PostgreSQL delivers them when the writing transaction commits (LISTEN, NOTIFY). SQLite has none: receivers poll.
"""

from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine

from database.dialects import dialect_of

if TYPE_CHECKING:
    import psycopg

APPENDED: Final = "staffel_appended"
"""The log in the database grew."""
PROJECTED: Final = "staffel_projected"
"""The projector wrote a batch; the payload lists the partitions."""
OUTBOX: Final = "staffel_outbox"
"""The outbox has rows to publish."""
MOVES: Final = "staffel_moves"
"""The mover has open moves."""

_POLL_INTERVAL_S = 0.02


def notify(connection: Connection, channel: str, payload: str = "") -> None:
    """Wake the receivers of a channel when this transaction commits. No-op on SQLite."""
    dialect_of(connection).notify(connection, channel, payload)


class Notifications:
    """The notifications of some channels, for one thread. Has its own connection and replaces it if it was lost."""

    def __init__(self, engine: Engine, channels: Sequence[str]) -> None:
        self._engine, self._channels = engine.execution_options(isolation_level="AUTOCOMMIT"), channels
        self.supports_listen = dialect_of(engine).supports_listen
        self._connection: Connection | None = None
        self._pause = Event()

    def wait(self, timeout: float) -> bool:
        """Block until a notification arrives or `timeout` seconds are over; True if the caller should look for work.

        The first call, and the first after a lost connection, return True at once: earlier notifications were missed.
        Raises `DatabaseUnavailable` if the server cannot be reached.
        """
        if not self.supports_listen:
            self._pause.wait(min(timeout, _POLL_INTERVAL_S))
            return True
        if self._connection is None:
            self._connection = self._listen()
            return True
        try:
            return self._receive(self._connection, timeout)
        except self._connection_errors:
            self.close()
            return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()  # in the pool it would still receive notifications
            self._connection.close()
            self._connection = None

    def _listen(self) -> Connection:
        connection = self._engine.connect()
        for channel in self._channels:
            connection.exec_driver_sql(f'LISTEN "{channel}"')
        return connection

    def _receive(self, connection: Connection, timeout: float) -> bool:
        driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
        return any(True for _ in driver.notifies(timeout=timeout, stop_after=1))

    @property
    def _connection_errors(self) -> type[Exception]:
        errors: type[Exception] = self._engine.dialect.loaded_dbapi.OperationalError
        return errors
