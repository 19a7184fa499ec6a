"""Notices between processes: that something was written, told within the transaction that wrote it. Never what it was.

PostgreSQL delivers them when the transaction is over (LISTEN, NOTIFY). SQLite has none: there one looks again shortly.
"""

from collections.abc import Sequence
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine

if TYPE_CHECKING:
    import psycopg

APPENDED: Final = "staffel_appended"
"""The log in the database grew."""
PROJECTED: Final = "staffel_projected"
"""Read models moved on; tells the partitions."""
OUTBOX: Final = "staffel_outbox"
"""The outbox holds something to publish."""
MOVES: Final = "staffel_moves"
"""The mover has something to move."""

_POLL_INTERVAL_S = 0.02


def notify(connection: Connection, channel: str, payload: str = "") -> None:
    """Tell whoever waits, once this transaction is over; the same twice in one transaction is told once."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_notify(%s, %s)", (channel, payload))


class Notifications:
    """What is told on some channels, to one thread. Keeps a connection of its own, made anew where it was lost."""

    def __init__(self, engine: Engine, channels: Sequence[str]) -> None:
        self._engine, self._channels = engine.execution_options(isolation_level="AUTOCOMMIT"), channels
        self.supports_listen = engine.dialect.name == "postgresql"
        self._connection: Connection | None = None
        self._pause = Event()

    def wait(self, timeout: float) -> bool:
        """Block until something was told, or `timeout` seconds are over; True where it is worth while to look.

        The first call, and the first after a connection was lost, answer at once: what was told before was not heard.
        Raises `DatabaseAway` where the server is out of reach.
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
            self._connection.invalidate()  # whoever the pool gave it to next would hear on
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
