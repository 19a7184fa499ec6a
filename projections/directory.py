"""The directory: which account a domain, a name, a person or a visitor belongs to. Never guesses between two.

Attribution asks it; the projector fills it; domains are claimed here before the claim is recorded.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Literal

from sqlalchemy import BigInteger, Column, Connection, Engine, Index, Table, Text, select
from sqlalchemy.sql.elements import ColumnElement

from database.columns import metadata
from database.engine import reading
from database.statements import add_missing, put, put_newer
from schemas.scores import AccountScored, ContactScored

directory_accounts = Table(
    "directory_accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text),
    Column("name_key", Text),
    Column("seq", BigInteger, nullable=False),
    Index("directory_accounts_by_name", "name_key"),
)
"""`name_key` is the name with case and blanks evened out."""

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
_COLUMNS = {
    "domain": (directory_domains.c.domain, directory_domains.c.account),
    "contact": (directory_contacts.c.contact, directory_contacts.c.account),
    "visitor": (directory_visitors.c.visitor, directory_visitors.c.account),
}
_AT_ONCE = 1_000


class Directory:
    """Answers from committed rows; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading = engine, reading(engine)

    def account_of_domain(self, domain: str) -> str | None:
        """The account that claimed the domain, in this spelling: lower case, no dot at the end."""
        return self._account(directory_domains.c.account, directory_domains.c.domain == domain)

    def account_of_name(self, name: str) -> str | None:
        """By account id, else by a name that one account alone has; case and blanks do not matter in names."""
        by_id = self._account(directory_accounts.c.account, directory_accounts.c.account == name.strip().lower())
        return by_id or self._account(directory_accounts.c.account, directory_accounts.c.name_key == name_key(name))

    def account_of_contact(self, contact: str) -> str | None:
        return self._account(directory_contacts.c.account, directory_contacts.c.contact == contact)

    def account_of_visitor(self, visitor: str) -> str | None:
        """The account that holds the visitor; None while it stands alone as `anon:…`."""
        return self._account(directory_visitors.c.account, directory_visitors.c.visitor == visitor)

    def contact_of_visitor(self, visitor: str) -> str | None:
        """The contact that the visitor was joined to."""
        return self._account(directory_visitors.c.contact, directory_visitors.c.visitor == visitor)

    def accounts_of(self, kind: Kind, keys: Iterable[str]) -> dict[str, str]:
        """The same for many at once: those of the domains, contacts or visitors that an account has."""
        column, account = _COLUMNS[kind]
        rest, found = iter(keys), {}
        with self._reading.connect() as connection:
            while some := list(islice(rest, _AT_ONCE)):
                rows = connection.execute(select(column, account).where(column.in_(some)))
                found.update({row[0]: row[1] for row in rows})
        return found

    def domains_of(self, account: str) -> list[str]:
        with self._reading.connect() as connection:
            claimed = select(directory_domains.c.domain).where(directory_domains.c.account == account)
            return list(connection.execute(claimed.order_by(directory_domains.c.domain)).scalars())

    def exists(self, account: str) -> bool:
        return self._account(directory_accounts.c.account, directory_accounts.c.account == account) is not None

    def claim(self, domain: str, account: str) -> str | None:
        """Reserve the domain for the account, for good. None where it has it now, else the account that has."""
        with self._engine.begin() as connection:
            add_missing(connection, directory_domains, [{"domain": domain, "account": account}])
            held = select(directory_domains.c.account).where(directory_domains.c.domain == domain)
            holder = str(connection.execute(held).scalar_one())
        return None if holder == account else holder

    def _account(self, column: Any, condition: ColumnElement[bool]) -> str | None:
        with self._reading.connect() as connection:
            found = connection.execute(select(column).where(condition).limit(2)).scalars().all()
        return found[0] if len(found) == 1 else None


Rows = list[dict[str, Any]]

Write = Callable[[Connection, Table, Rows], None]


def fill_directory(
    connection: Connection,
    updates: list[AccountScored],
    fresh: Iterable[AccountScored],
    contacts: Iterable[ContactScored],
) -> None:
    """`fresh`: those of the updates that were not told of before; they overrule where persons were found."""
    _fill_accounts(connection, updates)
    held = [scored for scored in contacts if not scored.account.startswith("anon:")]
    known = _in_order(_held(c, "contact") for c in held if c.contact.startswith("c_"))
    add_missing(connection, directory_contacts, known)
    visitors = _in_order(_held(c, "visitor") for c in held if c.contact.startswith("v_"))
    add_missing(connection, directory_visitors, visitors)
    moving = [update for update in updates if update.changes.releases or update.changes.joins]
    new = {(update.account, update.seq) for update in fresh} if moving else set()
    _follow(connection, [update for update in moving if (update.account, update.seq) in new], put)
    # What is told again may be older than what another partition told since.
    _follow(connection, [update for update in moving if (update.account, update.seq) not in new], add_missing)


def name_key(name: str) -> str:
    """Names that differ in case and blanks alone are the same."""
    return " ".join(name.casefold().split())


def _fill_accounts(connection: Connection, updates: Iterable[AccountScored]) -> None:
    told = [update for update in updates if not update.account.startswith("anon:")]
    new = [{"account": update.account, "seq": 0} for update in told if update.after_seq == 0]
    add_missing(connection, directory_accounts, _in_order(new))
    named = [(update, update.changes.profile) for update in told if update.changes.profile is not None]
    put_newer(connection, directory_accounts, _in_order(_account(update, profile) for update, profile in named))
    domains = (row for update, profile in named for row in _domains(update, profile))
    add_missing(connection, directory_domains, _in_order(domains))


def _account(update: AccountScored, profile: dict[str, Any]) -> dict[str, Any]:
    name = profile.get("name")
    return {"account": update.account, "seq": update.seq, "name": name, "name_key": name_key(name) if name else None}


def _domains(update: AccountScored, profile: dict[str, Any]) -> Rows:
    return [{"domain": domain, "account": update.account} for domain in profile.get("domains") or []]


def _held(scored: ContactScored, kind: str) -> dict[str, Any]:
    return {kind: scored.contact, "account": scored.account}


def _follow(connection: Connection, updates: list[AccountScored], write: Write) -> None:
    """Who stood alone as `anon:…` is from its release on found in the account it was released to, or joined in."""
    released = [(u.account.removeprefix("anon:"), release.to) for u in updates for release in u.changes.releases]
    visitors = [{"visitor": who, "account": to} for who, to in released if who.startswith("v_")]
    write(connection, directory_visitors, _in_order(visitors))
    contacts = [{"contact": who, "account": to} for who, to in released if not who.startswith("v_")]
    write(connection, directory_contacts, _in_order(contacts))
    write(connection, directory_visitors, _in_order(row for update in updates for row in _joined(update)))


def _in_order(rows: Iterable[dict[str, Any]]) -> Rows:
    """By key, so that projectors of other partitions that write the same rows wait for each other one way round."""
    return sorted(rows, key=lambda row: str(next(iter(row.values()))))


def _joined(update: AccountScored) -> Rows:
    joins = update.changes.joins.items()
    return [{"visitor": visitor, "account": update.account, "contact": contact} for visitor, contact in joins]
