"""The directory: which account a domain, a name, a person or a visitor belongs to. Never guesses between two.

Attribution asks it; the projector fills it; domains are claimed here before the claim is recorded.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Engine, select
from sqlalchemy.sql.elements import ColumnElement

from database.engine import reading
from database.statements import add_missing
from projections.filling import name_key
from projections.work_tables import directory_accounts, directory_contacts, directory_domains, directory_visitors

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
