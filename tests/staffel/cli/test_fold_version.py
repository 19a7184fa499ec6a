"""A home of another version of the fold is refused by every command, and left as it is."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from database.engine import open_database
from scoring.fold.state import FOLD_VERSION
from streams.activation import activation_content, activation_record
from streams.sql.log import SqlLog
from tests import databases
from tests.staffel.cli.cli_runner import page_view, run_cli, run_json, run_ok, write_lines
from tests.staffel.cli.test_init import COMMANDS, MODEL


def home_of_fold(version: int | None) -> None:
    """The home of this test as another version of Staffel began it; the first one wrote no version."""
    shutil.rmtree(".staffel")
    Path(".staffel").mkdir()
    engine = open_database(databases.migrated_database("sqlite", Path(".staffel").absolute()))
    record = activation_record(activation_content(MODEL, "model.yaml"), 0, 0, 1)
    fact = json.loads(record.value)
    fact["data"] |= {"fold": version} if version else {}
    if version is None:
        del fact["data"]["fold"]
    SqlLog(engine).append("engagement", [record._replace(value=json.dumps(fact).encode())], partition=0)
    engine.dispose()


@pytest.mark.parametrize("version", [None, FOLD_VERSION + 1])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_home_of_another_fold(command: str, version: int | None, home: Path) -> None:
    write_lines(Path("facts.jsonl"), page_view("one"))
    home_of_fold(version)
    result = run_cli(*command.split())
    said = result.err.splitlines()[-1]
    assert (result.code, said.startswith(f"this log was scored by version {version or 1} of the fold")) == (2, True)


def test_nothing_of_a_home_of_another_fold_is_changed(home: Path) -> None:
    """Tables of an earlier version, too: the Staffel that wrote them has to open them again."""
    home_of_fold(None)
    with closing(sqlite3.connect(".staffel/staffel.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0007'")
    before = Path(".staffel/staffel.db").read_bytes()
    for command in ("accounts", "account register acme.com", "init", "audit verify"):
        assert run_cli(*command.split()).code == 2
    assert Path(".staffel/staffel.db").read_bytes() == before


def test_the_way_out_of_another_fold_works(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home_of_fold(None)
    facts = write_lines(Path("facts.jsonl"), page_view("one"))
    monkeypatch.setenv("STAFFEL_HOME", "new")
    run_ok("init")
    assert run_json("ingest", "cloudevents", facts)["recorded"] == 1
