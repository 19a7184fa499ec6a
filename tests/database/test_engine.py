"""Connections to SQLite in several processes."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import text

from database import open_database

READER = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM facts').fetchone()[0])"


def test_a_process_that_ends_leaves_the_write_ahead_log_to_one_with_several_connections(tmp_path: Path) -> None:
    path = tmp_path / "staffel.db"
    engine = open_database(f"sqlite:///{path}")
    with engine.begin() as first:
        first.execute(text("CREATE TABLE facts (id INTEGER)"))
    with engine.connect(), engine.connect() as second:
        second.execute(text("INSERT INTO facts VALUES (1)"))
        second.commit()
        ended = subprocess.run([sys.executable, "-c", READER, path], capture_output=True, text=True, check=True)
        assert (ended.stdout.strip(), path.with_name("staffel.db-wal").exists()) == ("1", True)
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM facts").fetchone() == (1,)
