"""Aliases: ids and names that an account has in other systems, for example those of its billing units."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Connection, Index, Table, Text, select

from database import insert_missing, metadata, rows_by_key
from schemas import AccountScored, Alias, is_text

directory_aliases = Table(
    "directory_aliases",
    metadata,
    Column("system", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("name_key", Text, nullable=False),
    Index("directory_aliases_by_id", "id"),
    Index("directory_aliases_by_name", "name_key"),
    Index("directory_aliases_by_account", "account"),
)
"""Empty texts stand for what is missing. `name_key` is the name in lower case with single blanks."""

_columns = directory_aliases.c
_MAX_ROW_BYTES = 2_400
"""PostgreSQL takes no entry of an index beyond 2,704 bytes."""


def name_key(name: str) -> str:
    """The form in which names are compared: case folded, with single blanks."""
    return " ".join(name.casefold().split())


def write_aliases(connection: Connection, updates: Iterable[AccountScored]) -> None:
    """Add the aliases of these updates; those that are known stay as they are."""
    rows = (_row(update.account, alias) for update in updates for alias in update.changes.aliases)
    fitting = [row for row in rows if _fits_an_index(row)]
    insert_missing(connection, directory_aliases, sorted(fitting, key=lambda row: (row["system"], row["id"])))


def accounts_by_id(connection: Connection, system: str, ids: Iterable[str]) -> dict[str, str]:
    """Alias id in this system -> its account, unless several accounts have it."""
    statement = select(_columns.id, _columns.account).where(_columns.system == system)
    found: dict[str, set[str]] = {}
    for row in rows_by_key(connection, statement, _columns.id, ids):
        found.setdefault(row.id, set()).add(row.account)
    return {id: next(iter(accounts)) for id, accounts in found.items() if len(accounts) == 1}


def accounts_with_id(connection: Connection, id: str) -> set[str]:
    """The accounts with this alias id in any system."""
    statement = select(_columns.account).where(_columns.id.in_({id, id.lower()}))
    return set(connection.execute(statement).scalars())


def accounts_with_name(connection: Connection, name: str) -> set[str]:
    """The accounts with this alias name in any system."""
    return set(connection.execute(select(_columns.account).where(_columns.name_key == name_key(name))).scalars())


def aliases_of(connection: Connection, account: str) -> Iterator[Alias]:
    """All aliases of an account, by system and id."""
    statement = select(_columns.system, _columns.id, _columns.name).where(_columns.account == account)
    for row in connection.execute(statement.order_by(_columns.system, _columns.id, _columns.name)):
        yield Alias(*(text or None for text in row))


def _fits_an_index(row: dict[str, Any]) -> bool:
    """Whether every database can keep the row; an alias that does not fit is not found."""
    texts = row.values()
    return all(map(is_text, texts)) and sum(len(text.encode()) for text in texts) <= _MAX_ROW_BYTES


def _row(account: str, alias: Alias) -> dict[str, Any]:
    name = alias.name or ""
    system_and_id = {"system": alias.system or "", "id": alias.id or ""}
    return {**system_and_id, "name": name, "account": account, "name_key": name_key(name)}
