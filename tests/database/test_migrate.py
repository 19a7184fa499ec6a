"""A database is upgraded to the newest revision once, even if several processes start together."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, inspect, text

from database.engine import open_database
from database.errors import DatabaseError
from database.migrate import known_revisions, migrate, newest_revision


def _revision(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def test_an_empty_database_gets_all_tables(database_url: str) -> None:
    engine = open_database(database_url)
    migrate(engine)
    assert _revision(engine) == newest_revision()
    assert "log_engagement" in inspect(engine).get_table_names()


def test_migrating_again_changes_nothing(database_url: str) -> None:
    engine = open_database(database_url)
    migrate(engine)
    migrate(engine)
    assert _revision(engine) == newest_revision()


def test_the_revisions_make_one_line_and_are_named_by_their_files() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "database/migrations")
    line = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert line[::-1] == known_revisions()


def test_two_processes_that_start_at_once_both_find_the_tables(database_url: str) -> None:
    program = (
        "import sys; from database.engine import open_database; from database.migrate import migrate; "
        "migrate(open_database(sys.argv[1]))"
    )
    command = [sys.executable, "-c", program, database_url]
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda _: subprocess.run(command, capture_output=True, text=True), range(2)))
    assert [(each.returncode, each.stderr) for each in ended] == [(0, ""), (0, "")]
    assert _revision(open_database(database_url)) == newest_revision()


def test_a_database_of_a_newer_version_is_refused_by_name(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"revision 9999, but .* install the version that wrote it"):
        migrate(database)
