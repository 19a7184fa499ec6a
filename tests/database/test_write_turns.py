"""Threads of one process write to SQLite by turns."""

from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, text

from database.engine import open_database

THREADS, TIMES = 4, 25


@pytest.fixture(name="engine")
def empty(tmp_path: Path) -> Engine:
    engine = open_database(f"sqlite:///{tmp_path / 'staffel.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE written (thread INTEGER, number INTEGER)"))
    return engine


def test_all_writers_finish(engine: Engine) -> None:
    together = Barrier(THREADS)

    def write(thread: int) -> None:
        together.wait()
        for number in range(TIMES):
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO written VALUES (:t, :n)"), {"t": thread, "n": number})

    threads = [Thread(target=write, args=(number,)) for number in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM written")).scalar() == THREADS * TIMES


def test_a_failed_transaction_releases_the_write_lock(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), engine.begin():
        _ = 1 / 0
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM written")).scalar() == 0


def test_a_connection_may_write_twice(engine: Engine) -> None:
    with engine.connect() as connection:
        for number in range(2):
            with connection.begin():
                connection.execute(text("INSERT INTO written VALUES (0, :n)"), {"n": number})
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM written")).scalar() == 2
