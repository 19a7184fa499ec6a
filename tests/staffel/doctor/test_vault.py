"""What `staffel doctor` says about the vault."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from database.engine import open_database
from intake.vault.tables import LINKS
from staffel.doctor.vault import check_vault, vault_warnings
from staffel.settings import Settings
from tests.staffel.cli.cli_runner import run_json, run_ok


def rows_of(settings: Settings, database: Engine) -> dict[str, str]:
    return {row["check"]: row["found"] for row in check_vault(settings, database)}


def settings_of(database: Engine) -> Settings:
    return Settings(database=database.url.render_as_string(hide_password=False))


def test_a_vault_of_its_own_in_order_is_no_finding(home: Path) -> None:
    run_ok("account", "register", "acme")
    home.chmod(0o700)
    rows = {row["check"]: row for row in run_json("doctor")}
    assert [rows[name]["ok"] for name in ("vault", "vault's files")] == [True, True]


@pytest.mark.parametrize(("file", "mode"), [("", 0o755), ("vault.db", 0o640)])
def test_files_that_others_may_read_are_a_finding(home: Path, file: str, mode: int) -> None:
    run_ok("account", "register", "acme")
    home.chmod(0o700)
    (home / file).chmod(mode)
    settings = Settings(home=home)
    engine = open_database(settings.database_url)
    assert vault_warnings(settings, engine) == [
        f"vault's files: others may read {home / file}; names and addresses are there; `chmod 700` the folder and "
        "`chmod 600` the files"
    ]
    assert [row["ok"] for row in check_vault(settings, engine)] == [True, file == ""]
    engine.dispose()


def test_another_vault_than_that_of_the_log_is_a_finding(database: Engine, vault_database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(update(LINKS).values(fingerprint="another"))
    assert rows_of(settings_of(database), database)["vault"] == "no secret; the log was recorded with a vault"


def test_on_postgresql_the_role_of_the_database_is_a_finding(database: Engine) -> None:
    expected = "the same role as the database's" if database.dialect.name == "postgresql" else None
    assert rows_of(settings_of(database), database).get("vault's role") == expected
