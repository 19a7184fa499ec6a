"""Checks of the vault: whether it is the vault of this log, and who else may read it."""

from pathlib import Path
from typing import Any

from database import Database, DatabaseError
from intake.vault import loose_files, open_vault_database, shares_role, vault_problem
from staffel.settings import Settings

Json = dict[str, Any]
_MODE_ADVICE = "names and addresses are there; `chmod 700` the folder and `chmod 600` the files"
_ROLE_ADVICE = (
    "whoever reads the database reads names and addresses; give the vault a role and a database of its own "
    "(STAFFEL_VAULT, docs/deploying.md)"
)


def check_vault(settings: Settings, database: Database) -> list[Json]:
    """One row per check: `check`, `ok`, `found`, `advice`."""
    try:
        vault = open_vault_database(settings.vault_url)
    except DatabaseError as error:
        return [_finding("vault", str(error), "check STAFFEL_VAULT")]
    try:
        rows = [_finding("vault", vault_problem(database, vault), "restore the vault of this log, or name it")]
        rows.append(_check_modes(settings, vault))
        if database.dialect.name == "postgresql":
            shared = "the same role as the database's" if shares_role(database, vault) else None
            # A warning: a trial on one machine may share the role.
            rows.append(_finding("vault's role", shared, _ROLE_ADVICE) | {"ok": True})
        return rows
    finally:
        vault.dispose()


def vault_warnings(settings: Settings, database: Database) -> list[str]:
    """The problems as lines for a log or a terminal."""
    return [
        f"{row['check']}: {row['found']}; {row['advice']}" for row in check_vault(settings, database) if row["advice"]
    ]


def _check_modes(settings: Settings, vault: Database) -> Json:
    """A file that others may read is a problem; so is the folder, but while the files are tight only a warning."""
    files = loose_files([Path(str(vault.url.database))]) if vault.dialect.name == "sqlite" else []
    folders = loose_files([settings.home]) if settings.database is None else []
    loose = [*folders, *files]
    problem = f"others may read {', '.join(map(str, loose))}" if loose else None
    return _finding("vault's files", problem, _MODE_ADVICE) | {"ok": not files}


def _finding(check: str, problem: str | None, advice: str) -> Json:
    return {"check": check, "ok": problem is None, "found": problem or "ok", "advice": advice if problem else ""}
