"""A database that cannot be used says why, and what to do about it."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

from database.engine import open_database, read_only
from database.errors import DatabaseError, DatabaseUnavailable
from database.migrate import migrate
from database.statements import insert_rows, upsert
from projections.directory import directory_domains
from schemas.scores import Changes
from tests import postgres
from tests.projections.builders import account_scored, ledger_line
from tests.projections.fake_broker_log import FakeBrokerLog
from tests.projections.world import World
from tests.requirements import postgres_url


def select_one(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS t (v TEXT)"))
        connection.execute(text("INSERT INTO t VALUES (:v)"), {"v": "x" * 2_000_000})


def test_a_database_out_of_sight_is_opened_at_its_first_use(tmp_path: Path) -> None:
    select_one(open_database(f"sqlite:///{tmp_path / 'new' / 'deep' / 'staffel.db'}"))
    assert (tmp_path / "new" / "deep" / "staffel.db").exists()


def test_sqlite_is_durable_at_every_commit(tmp_path: Path) -> None:
    with open_database(f"sqlite:///{tmp_path / 's.db'}").connect() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {each}").scalar() for each in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]


@pytest.mark.parametrize("url", ["sqlite://", "mysql://h/x", "nonsense", "", "oracle+xyz:///"])
def test_what_is_no_address_of_a_database_is_refused_with_the_forms_that_are(url: str) -> None:
    with pytest.raises(DatabaseError, match="write sqlite:///PATH or postgresql"):
        open_database(url)


def test_a_locked_file_is_reported(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.db'}"
    select_one(open_database(url))
    other = sqlite3.connect(tmp_path / "s.db")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="another process keeps it locked"):
        select_one(open_database(f"{url}?timeout=0.05"))
    other.close()


def test_who_only_reads_waits_for_no_writer(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 's.db'}?timeout=0.05")
    select_one(engine)
    with engine.begin() as writing, read_only(engine).connect() as asking:
        writing.execute(text("DELETE FROM t"))
        assert asking.execute(text("SELECT count(*) FROM t")).scalar() == 1


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_text("a letter to a friend, and no database at all. " * 100)
    with pytest.raises(DatabaseError, match="not a SQLite database; move it away"):
        select_one(open_database(f"sqlite:///{tmp_path / 's.db'}"))


def test_a_damaged_file_is_reported(tmp_path: Path) -> None:
    select_one(engine := open_database(f"sqlite:///{tmp_path / 's.db'}"))
    engine.dispose()
    with (tmp_path / "s.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)
    with pytest.raises(DatabaseError, match="damaged; restore it from a backup"):
        select_one(open_database(f"sqlite:///{tmp_path / 's.db'}"))


def test_a_full_disk_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 's.db'}")
    select_one(engine)
    # The engine's own limit gives the same error as a disk without room.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=600"))
    engine.dispose()
    with pytest.raises(DatabaseError, match="the disk is full; free some space"):
        select_one(engine)
    with read_only(engine).connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM t")).scalar() == 1


def test_a_folder_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="the file cannot be opened"):
        select_one(open_database(f"sqlite:///{tmp_path}"))


def test_an_unreachable_server_is_reported_without_the_password() -> None:
    engine = open_database("postgresql+psycopg://me:geheim@127.0.0.1:1/staffel?connect_timeout=2")
    with pytest.raises(DatabaseError, match="cannot be reached") as raised:
        select_one(engine)
    assert "geheim" not in str(raised.value)


def test_a_missing_database_is_reported() -> None:
    url = postgres_url().replace("/staffel_", "/absent_")
    with pytest.raises(DatabaseError, match=r"refuses the connection; check user, .* does not exist"):
        select_one(open_database(url))


def test_a_server_that_goes_away_is_merely_away_and_used_again_once_it_is_back() -> None:
    server = postgres.Server(["listen_addresses="])
    engine = open_database(postgres.fresh_database(server=server.address))
    select_one(engine)
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM t"))
        server.crash()
        with pytest.raises(DatabaseUnavailable, match=r"start again once it runs|the connection was lost"):
            connection.execute(text("SELECT count(*) FROM t"))
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        select_one(engine)

    server.start()
    select_one(engine)
    engine.dispose()
    server.stop()


def test_an_idle_connection_is_replaced_after_a_restart_of_the_server() -> None:
    server = postgres.Server(["listen_addresses="])
    engine = open_database(postgres.fresh_database(server=server.address))
    with engine.connect() as connection:
        idle = connection.info
    idle["used"] = float("-inf")

    server.crash()
    server.start()

    select_one(engine)
    engine.dispose()
    server.stop()


def test_a_projector_resumes_at_its_checkpoint_after_the_server_was_away() -> None:
    server = postgres.Server(["listen_addresses="])
    engine = open_database(postgres.fresh_database(server=server.address))
    migrate(engine)
    world = World(engine, log=FakeBrokerLog()).publish_and_project(account_scored())
    world.publish(account_scored(after_seq=1, seq=2, changes=Changes(lines=[ledger_line(2)])))

    server.crash()
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            world.projector.advance()
    server.start()

    assert world.project().rows("accounts", "seq") == [2]
    assert world.rows("ledger", "seq") == [2]
    engine.dispose()
    server.stop()


@pytest.mark.parametrize("copies", [True, False])
def test_a_server_that_goes_away_in_the_middle_of_a_batch_leaves_nothing_of_it(copies: bool) -> None:
    """Once before rows are copied, once before a statement."""
    server = postgres.Server(["listen_addresses="])
    engine = open_database(postgres.fresh_database(server=server.address))
    migrate(engine)
    with pytest.raises(DatabaseUnavailable), engine.begin() as connection:  # noqa: PT012
        upsert(connection, directory_domains, [{"domain": "acme.com", "account": "acme.com"}])
        server.crash()
        write = insert_rows if copies else upsert
        write(connection, directory_domains, [{"domain": "acme.de", "account": "acme.com"}])

    server.start()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM directory_domains")).scalar() == 0
    engine.dispose()
    server.stop()


def test_an_error_of_one_statement_is_not_a_database_error(database: Engine) -> None:
    with pytest.raises(Exception, match="no_such_table") as raised, database.connect() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(raised.value, DatabaseError)
