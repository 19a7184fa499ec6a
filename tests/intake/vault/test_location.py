"""Where the vault is: in a place of its own, bound to one log, moved there from the database of an earlier version."""

import random
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, insert, inspect, select

from database.engine import open_database, schema_of, sibling_url
from database.migrate import newest_revision, revision_of
from intake.vault.location import (
    SCHEMA,
    Link,
    WrongVault,
    bind,
    link_of,
    loose_files,
    move_out,
    open_vault_database,
    vault_rows,
)
from intake.vault.secret import Secret
from intake.vault.tables import COMPANIES, CONTACT_VISITORS, LINKS, METADATA, PERSONS, SECRETS, VAULT
from intake.vault.vault import Vault
from tests.databases import migrated_database

OLD_TABLES = (SECRETS, VAULT, PERSONS, CONTACT_VISITORS, COMPANIES)
KEY = bytes(range(32))
MARK = b"zzpat@acme.example"


def fill_old_vault(database: Engine) -> None:
    """The vault as an earlier version kept it in the main database."""
    old = sa.MetaData()
    for table in OLD_TABLES:
        columns = [c for c in table.columns if c.name not in ("title", "phone")]
        sa.Table(table.name, old, *(sa.Column(c.name, c.type, primary_key=c.primary_key) for c in columns))
    with database.begin() as connection:
        old.create_all(connection)
        connection.execute(insert(old.tables["vault_secrets"]).values(id=1, secret=KEY, forgotten=0))
        person = {"contact": "c_a", "address_hash": "x", "email": MARK.decode(), "name": "Pat"}
        connection.execute(insert(old.tables["vault"]).values(**person))
        connection.execute(sa.update(LINKS).values(asks_former_ids=True, needs_vacuum=True))


def test_the_vault_of_an_earlier_version_moves_out(database: Engine, vault_database: Engine) -> None:
    fill_old_vault(database)
    for _ in range(2):
        move_out(database, vault_database)
    assert not inspect(database).has_table("vault")
    assert {name: rows for name, rows in vault_rows(vault_database).items() if rows} == {"vault": 1, "vault_secrets": 1}
    assert link_of(database) == Link(Secret(KEY, 1).fingerprint, True)


def test_moving_out_leaves_no_trace_in_the_files_of_the_database(tmp_path: Path) -> None:
    database = open_database(migrated_database("sqlite", tmp_path))
    vault = open_vault_database(f"sqlite:///{tmp_path / 'vault.db'}")
    fill_old_vault(database)
    move_out(database, vault)
    holders = [file.name for file in tmp_path.iterdir() if MARK in file.read_bytes()]
    assert {name.removesuffix("-wal") for name in holders} == {"vault.db"}
    database.dispose()
    vault.dispose()


def test_a_move_beside_a_reader_is_finished_by_the_next_start(tmp_path: Path) -> None:
    url = migrated_database("sqlite", tmp_path)
    database, vault = open_database(url), open_vault_database(f"sqlite:///{tmp_path / 'vault.db'}")
    fill_old_vault(database)
    with closing(sqlite3.connect(tmp_path / "staffel.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM vault").fetchone()
        move_out(database, vault)
    move_out(database, vault)
    assert [file.name for file in tmp_path.glob("staffel.db*") if MARK in file.read_bytes()] == []
    database.dispose()
    vault.dispose()


def test_an_interrupted_move_goes_on(database: Engine, vault_database: Engine) -> None:
    fill_old_vault(database)
    with vault_database.begin() as connection:
        connection.execute(insert(SECRETS).values(id=1, secret=KEY, forgotten=0))
    move_out(database, vault_database)
    assert vault_rows(vault_database)["vault"] == 1


def test_a_vault_with_another_secret_takes_no_persons_of_an_earlier_version(
    database: Engine, vault_database: Engine
) -> None:
    fill_old_vault(database)
    Vault(vault_database, random.Random(1).randbytes)
    with pytest.raises(WrongVault, match="names a vault with another secret"):
        move_out(database, vault_database)
    assert inspect(database).has_table("vault")


def test_a_new_database_has_no_vault_and_asks_for_no_former_ids(database: Engine) -> None:
    assert not any(inspect(database).has_table(table.name) for table in OLD_TABLES)
    assert link_of(database) == Link(None, False)


def test_the_first_vault_that_records_is_the_vault_of_the_log(database: Engine) -> None:
    assert bind(database, "one") == bind(database, "one") == Link("one", False)
    with pytest.raises(WrongVault, match="set STAFFEL_VAULT to the vault of this log"):
        bind(database, "other")


def test_on_postgresql_the_vault_is_a_schema_of_its_own(database: Engine, vault_database: Engine) -> None:
    expected = SCHEMA if database.dialect.name == "postgresql" else None
    assert schema_of(vault_database) == expected
    with vault_database.connect() as connection:
        assert connection.execute(select(VAULT)).all() == []
    assert set(METADATA.tables) <= set(inspect(vault_database).get_table_names(schema=expected))


def test_database_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    vault = open_vault_database(f"sqlite:///{tmp_path / 'vault.db'}")
    Vault(vault, random.Random(1).randbytes)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    vault.dispose()


def test_files_that_others_may_read_are_named(tmp_path: Path) -> None:
    tight, loose = tmp_path / "tight", tmp_path / "loose"
    for file, mode in ((tight, 0o600), (loose, 0o640)):
        file.touch()
        file.chmod(mode)
    assert loose_files([tight, loose, tmp_path / "missing"]) == [loose]


def test_a_vault_is_opened_again_beside_the_tables_of_the_database(database: Engine) -> None:
    url = sibling_url(database.url.render_as_string(hide_password=False), "vault.db")
    for _ in range(2):
        open_vault_database(url).dispose()
    assert revision_of(database) == newest_revision()
