"""A PostgreSQL server for the tests, from the machine's packages. Servers that run already are not touched.

It starts on first use, stores its data in a temporary folder, listens only on a socket in there, and ends with the
test session. `STAFFEL_TEST_POSTGRES` names a server to use instead, on which databases are created and dropped.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.shutdown import SHUTDOWN

_OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=200")
_DEADLINE_S = 60
_POLL_S = 0.05


class PostgresUnavailableError(Exception):
    """There is no server and none can be started."""


def fresh_database(template: str = "template0", server: str = "") -> str:
    """The SQLAlchemy address of a new database, empty or a copy of another. Raises `NoPostgres`."""
    server, name = server or _server(), f"staffel_{uuid4().hex[:12]}"
    _execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    if os.environ.get("STAFFEL_TEST_POSTGRES"):
        SHUTDOWN.callback(_execute, server, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    base, _, query = server.partition("?")
    return f"{base.replace('postgresql:', 'postgresql+psycopg:').rpartition('/')[0]}/{name}?{query}".rstrip("?")


@cache
def _server() -> str:
    """The libpq address of the database `postgres` on the server."""
    configured = os.environ.get("STAFFEL_TEST_POSTGRES")
    return configured.replace("postgresql+psycopg:", "postgresql:") if configured else start()


def start(options: Sequence[str] = _OPTIONS) -> str:
    """The libpq address of a new server that ends with this process. Raises `NoPostgres`."""
    return Server(options).address


class Server:
    """A separate running server that may be killed and restarted on the same data."""

    def __init__(self, options: Sequence[str]) -> None:
        self._programs, self._options = _programs(), [part for option in options for part in ("-c", option)]
        self._folder = Path(tempfile.mkdtemp(prefix="staffel-postgres-"))
        SHUTDOWN.callback(shutil.rmtree, self._folder, ignore_errors=True)
        _chown_to_postgres(self._folder)
        initdb = f"{self._programs}/initdb -D data -U postgres --auth=trust --no-sync -E UTF8 --locale=C".split()
        made = subprocess.run([*_as_postgres(), *initdb], cwd=self._folder, capture_output=True, text=True)
        if made.returncode:
            raise PostgresUnavailableError(f"initdb failed: {made.stderr.strip()}")
        self.address = f"postgresql://postgres@/postgres?host={self._folder}"
        SHUTDOWN.callback(self.stop)
        self.start()

    def start(self) -> None:
        """Wait until it answers."""
        command = [*_as_postgres(), f"{self._programs}/postgres", "-D", "data", "-k", str(self._folder), *self._options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        while not _is_ready(self._folder):
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLL_S)
                raise PostgresUnavailableError(f"postgres did not start: {(self._folder / 'log').read_text()[-500:]}")

    def stop(self) -> None:
        """End every session, then stop."""
        self._end(signal.SIGINT)

    def crash(self) -> None:
        """Stop immediately, as in a failure: the next start recovers from the write-ahead log."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(_DEADLINE_S)


def _is_ready(folder: Path) -> bool:
    result = subprocess.run([_programs() / "pg_isready", "-q", "-h", folder], capture_output=True, check=False)
    return result.returncode == 0


def _programs() -> Path:
    on_path = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    initdb = Path(on_path).resolve() if on_path else versions[-1] if versions else None
    if initdb is None:
        raise PostgresUnavailableError(
            "no PostgreSQL server here; apt-get install postgresql, or set STAFFEL_TEST_POSTGRES"
        )
    return initdb.parent


def _chown_to_postgres(folder: Path) -> None:
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")


def _as_postgres() -> list[str]:
    # The server dies with the tests, even if these are killed.
    die_with_parent = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
    if os.geteuid() != 0:
        return die_with_parent
    if not die_with_parent:
        raise PostgresUnavailableError(
            "PostgreSQL does not run as root, and there is no setpriv to start it as another one"
        )
    return [*die_with_parent, "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]


def _execute(server: str, command: str, *names: str) -> None:
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))
    except psycopg.OperationalError as error:
        raise PostgresUnavailableError(f"the PostgreSQL server cannot be used: {error}") from error
