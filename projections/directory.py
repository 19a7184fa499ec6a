"""The directory: which account a domain, a name, a contact or a visitor belongs to.

Attribution reads it and the projector writes it; a recorder claims a domain here before it records the claim. If two
accounts match, there is no answer.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from sqlalchemy import BigInteger, Column, Connection, Engine, Index, Table, Text, select
from sqlalchemy.sql.elements import ColumnElement

from database import insert_missing, metadata, read_only, rows_by_key, upsert, upsert_newer
from projections import aliases
from projections.aliases import name_key, write_aliases
from schemas import AccountScored, Alias, ContactScored, is_domain_text, is_indexed_text, is_key, is_text

directory_accounts = Table(
    "directory_accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text),
    Column("name_key", Text),
    Column("seq", BigInteger, nullable=False),
    Index("directory_accounts_by_name", "name_key"),
)
"""`name_key` is the name in lower case with single blanks."""

directory_domains = Table(
    "directory_domains",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Index("directory_domains_by_account", "account"),
)

directory_visitors = Table(
    "directory_visitors",
    metadata,
    Column("visitor", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("contact", Text),
)

directory_contacts = Table(
    "directory_contacts",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("account", Text, nullable=False),
)


Kind = Literal["domain", "contact", "visitor"]
_KEY_AND_ACCOUNT = {
    "domain": (directory_domains.c.domain, directory_domains.c.account),
    "contact": (directory_contacts.c.contact, directory_contacts.c.account),
    "visitor": (directory_visitors.c.visitor, directory_visitors.c.account),
}


class Directory:
    """Reads committed rows; thread-safe."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._read_only = engine, read_only(engine)

    def account_of_domain(self, domain: str) -> str | None:
        """The account that claimed the domain; in lower case, without a trailing dot."""
        return self._single_value(directory_domains.c.account, directory_domains.c.domain == domain)

    def account_of_name(self, name: str) -> str | None:
        """The account with this id, or the only account with this alias id, or the only one with this name.

        Aliases have names, too. Case and blanks in names are ignored.
        """
        own = directory_accounts.c
        with self._read_only.connect() as connection:
            by_id = connection.execute(select(own.account).where(own.account == name.strip().lower())).scalar()
            found = {by_id} if by_id else aliases.accounts_with_id(connection, name.strip())
            if not found:
                named = connection.execute(select(own.account).where(own.name_key == name_key(name)).limit(2)).scalars()
                found = set(named) | aliases.accounts_with_name(connection, name)
        return next(iter(found)) if len(found) == 1 else None

    def accounts_of_aliases(self, system: str, ids: Iterable[str]) -> dict[str, str]:
        """Alias id in this system -> its account."""
        with self._read_only.connect() as connection:
            return aliases.accounts_by_id(connection, system, ids)

    def aliases_of(self, account: str) -> list[Alias]:
        with self._read_only.connect() as connection:
            return list(aliases.aliases_of(connection, account))

    def account_of_contact(self, contact: str) -> str | None:
        return self._single_value(directory_contacts.c.account, directory_contacts.c.contact == contact)

    def account_of_visitor(self, visitor: str) -> str | None:
        """The account that the visitor belongs to; None while it is anonymous (`anon:…`)."""
        return self._single_value(directory_visitors.c.account, directory_visitors.c.visitor == visitor)

    def contact_of_visitor(self, visitor: str) -> str | None:
        """The contact that the visitor was identified as."""
        return self._single_value(directory_visitors.c.contact, directory_visitors.c.visitor == visitor)

    def accounts_of(self, kind: Kind, keys: Iterable[str]) -> dict[str, str]:
        """Domain, contact or visitor -> its account, for those that have one."""
        column, account = _KEY_AND_ACCOUNT[kind]
        with self._read_only.connect() as connection:
            return {row[0]: row[1] for row in rows_by_key(connection, select(column, account), column, keys)}

    def domains_of(self, account: str) -> list[str]:
        with self._read_only.connect() as connection:
            statement = select(directory_domains.c.domain).where(directory_domains.c.account == account)
            return list(connection.execute(statement.order_by(directory_domains.c.domain)).scalars())

    def exists(self, account: str) -> bool:
        return self._single_value(directory_accounts.c.account, directory_accounts.c.account == account) is not None

    def claim(self, domain: str, account: str) -> str | None:
        """Reserve the domain for the account, permanently. None on success, else the account that holds it."""
        with self._engine.begin() as connection:
            insert_missing(connection, directory_domains, [{"domain": domain, "account": account}])
            statement = select(directory_domains.c.account).where(directory_domains.c.domain == domain)
            holder = str(connection.execute(statement).scalar_one())
        return None if holder == account else holder

    def _single_value(self, column: Any, condition: ColumnElement[bool]) -> str | None:
        with self._read_only.connect() as connection:
            values = connection.execute(select(column).where(condition).limit(2)).scalars().all()
        return values[0] if len(values) == 1 else None


Rows = list[dict[str, Any]]

WriteRows = Callable[[Connection, Table, Rows], None]


def update_directory(
    connection: Connection,
    updates: list[AccountScored],
    new_updates: Iterable[AccountScored],
    contacts: Iterable[ContactScored],
) -> None:
    """Apply a batch. `new_updates`: those that were not delivered before; only they replace existing rows."""
    _update_accounts(connection, updates)
    write_aliases(connection, (update for update in updates if update.changes.aliases))
    in_accounts = [scored for scored in contacts if not scored.account.startswith("anon:")]
    identified = _sorted_by_key(_account_of_key_row(c, "contact") for c in in_accounts if c.contact.startswith("c_"))
    insert_missing(connection, directory_contacts, identified)
    visitors = _sorted_by_key(_account_of_key_row(c, "visitor") for c in in_accounts if c.contact.startswith("v_"))
    insert_missing(connection, directory_visitors, visitors)
    moves = [update for update in updates if update.changes.releases or update.changes.joins]
    new_keys = {(update.account, update.seq) for update in new_updates} if moves else set()
    _apply_releases_and_joins(
        connection, [update for update in moves if (update.account, update.seq) in new_keys], upsert
    )
    # Redelivered updates must not overwrite newer directory rows.
    _apply_releases_and_joins(
        connection, [update for update in moves if (update.account, update.seq) not in new_keys], insert_missing
    )


def _update_accounts(connection: Connection, updates: Iterable[AccountScored]) -> None:
    companies = [update for update in updates if not update.account.startswith("anon:")]
    new = [{"account": update.account, "seq": 0} for update in companies if update.after_seq == 0]
    insert_missing(connection, directory_accounts, _sorted_by_key(new))
    named = [(update, update.changes.profile) for update in companies if update.changes.profile is not None]
    upsert_newer(
        connection, directory_accounts, _sorted_by_key(_account_row(update, profile) for update, profile in named)
    )
    domains = (row for update, profile in named for row in _domain_rows(update, profile))
    insert_missing(connection, directory_domains, _sorted_by_key(domains))


def _account_row(update: AccountScored, profile: dict[str, Any]) -> dict[str, Any]:
    name = profile.get("name")
    if not is_text(name) or not name:
        return {"account": update.account, "seq": update.seq, "name": None, "name_key": None}
    key = name_key(name)
    return {"account": update.account, "seq": update.seq, "name": name, "name_key": key if is_key(key) else None}


def _domain_rows(update: AccountScored, profile: dict[str, Any]) -> Rows:
    domains = profile.get("domains")
    known = domains if isinstance(domains, list) else []
    return [{"domain": domain, "account": update.account} for domain in known if is_domain_text(domain)]


def _account_of_key_row(scored: ContactScored, kind: str) -> dict[str, Any]:
    return {kind: scored.contact, "account": scored.account}


def _apply_releases_and_joins(connection: Connection, updates: list[AccountScored], write: WriteRows) -> None:
    """Point released visitors and contacts to their new account, and joined visitors to account and contact."""
    released = [
        (u.account.removeprefix("anon:"), release.to)
        for u in updates
        for release in u.changes.releases
        if is_key(release.to)
    ]
    visitors = [{"visitor": who, "account": to} for who, to in released if who.startswith("v_")]
    write(connection, directory_visitors, _sorted_by_key(visitors))
    contacts = [{"contact": who, "account": to} for who, to in released if not who.startswith("v_")]
    write(connection, directory_contacts, _sorted_by_key(contacts))
    write(connection, directory_visitors, _sorted_by_key(row for update in updates for row in _join_rows(update)))


def _sorted_by_key(rows: Iterable[dict[str, Any]]) -> Rows:
    """Sort by key, so that projectors that write the same rows lock them in the same order."""
    return sorted(rows, key=lambda row: str(next(iter(row.values()))))


def _join_rows(update: AccountScored) -> Rows:
    joins = update.changes.joins.items()
    return [
        {"visitor": visitor, "account": update.account, "contact": contact}
        for visitor, contact in joins
        if is_indexed_text(visitor)
    ]
