"""The vault: the persons behind the pseudonyms, and the ids that sources give to persons and companies.

The only place where names and addresses are stored. Erasing a person here does not write to the log: the caller
records `contact.erased`.
"""

import hmac
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from database import read_only
from intake.domains import normalized_email
from intake.vault.tables import (
    COMPANIES,
    CONTACT_VISITORS,
    PERSONS,
    SECRETS,
    VAULT,
    delete_rows,
    insert_new,
    select_rows,
)

RandomBytes = Callable[[int], bytes]
"""`secrets.token_bytes`, or a deterministic one in tests."""


class Person(NamedTuple):
    email: str
    name: str | None


class ForeignId(NamedTuple):
    """A source's own id of a person or company. `scope`: the first part of the source (`segment` of `segment/web`)."""

    scope: str
    id: str


class Vault:
    """Persons by pseudonym. Several processes may write concurrently; an erasure takes effect in all of them at once.

    Contacts are cached by address. The counter beside the secret grows with each erasure; when it has changed, or the
    cache is full, the cache is cleared.
    """

    def __init__(self, engine: sa.Engine, random_bytes: RandomBytes, cache_size: int = 200_000) -> None:
        self._engine, self._read_engine = engine, read_only(engine)
        self._random_bytes, self._cache_size = random_bytes, cache_size
        self._contacts: dict[str, str] = {}
        self._secret, self._erasure_count = self._load_secret()
        self._visitor = lru_cache(maxsize=cache_size)(
            lambda text: _pseudonym("v_", self._keyed_digest("visitor", text))
        )

    def contacts_for(self, emails: Iterable[str], names: Mapping[str, str] | None = None) -> dict[str, str]:
        """Valid address -> its contact `c_…`, created if it is new. `names`: by address, as given."""
        names = names or {}
        normal = {email: address for email in emails if (address := normalized_email(email))}
        named = {normal[email]: name for email, name in names.items() if email in normal}
        self._check_erasures()
        missing = [address for address in dict.fromkeys(normal.values()) if address not in self._contacts]
        known = {address: self._contacts[address] for address in normal.values() if address in self._contacts}
        while missing:  # repeats only if another process erased one of them meanwhile
            known |= self._insert_missing(missing, named)
            missing = [address for address in missing if address not in known]
        return {email: known[address] for email, address in normal.items()}

    def contact_of(self, email: str) -> str | None:
        """The contact of an address, if any."""
        address = normalized_email(email)
        found = self._stored_contacts([self._address_hash(address)]) if address else {}
        return next((contact for contact, _ in found.values()), None)

    def person(self, contact: str) -> Person | None:
        return self.persons([contact]).get(contact)

    def persons(self, contacts: Iterable[str]) -> dict[str, Person]:
        """Contact -> person, for the contacts that the vault knows; erased ones are missing."""
        columns = (VAULT.c.contact, VAULT.c.email, VAULT.c.name)
        found = select_rows(self._engine, columns, VAULT.c.contact, contacts)
        return {contact: Person(email, name) for contact, email, name in found}

    def forget(self, email: str) -> str | None:
        """Erase the person with this address. Returns their former contact, for `contact.erased`, or None."""
        contact = self.contact_of(email)
        if contact is None:
            return None
        with self._engine.begin() as connection:
            connection.execute(sa.update(SECRETS).values(forgotten=SECRETS.c.forgotten + 1))
            for table in (VAULT, PERSONS, CONTACT_VISITORS):
                connection.execute(sa.delete(table).where(table.c.contact == contact))
        self._contacts.clear()
        return contact

    def visitor_for(self, anonymous_id: str) -> str:
        """`v_…` of an anonymous id: a keyed hash, stable and irreversible."""
        return self._visitor(anonymous_id)

    def contacts_of_persons(self, persons: Iterable[ForeignId]) -> dict[ForeignId, str]:
        """Source id -> contact, for persons whose address their source has sent before."""
        wanted = dict.fromkeys(persons)
        columns = (PERSONS.c.scope, PERSONS.c.person, PERSONS.c.contact)
        found = select_rows(self._engine, columns, PERSONS.c.person, (person.id for person in wanted))
        return {key: contact for scope, person, contact in found if (key := ForeignId(scope, person)) in wanted}

    def remember_persons(self, contacts: Mapping[ForeignId, str]) -> None:
        rows = [{"scope": key.scope, "person": key.id, "contact": contact} for key, contact in contacts.items()]
        insert_new(self._engine, PERSONS, rows)

    def anonymous_accounts_of(self, contacts: Iterable[str]) -> dict[str, list[str]]:
        """Contact -> visitors whose anonymous accounts will be released once the contact's company is known."""
        visitors_by_contact: dict[str, list[str]] = {}
        columns = (CONTACT_VISITORS.c.contact, CONTACT_VISITORS.c.visitor)
        for contact, visitor in select_rows(self._engine, columns, CONTACT_VISITORS.c.contact, contacts):
            visitors_by_contact.setdefault(contact, []).append(visitor)
        return {contact: sorted(visitors) for contact, visitors in visitors_by_contact.items()}

    def add_anonymous_accounts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Pairs (contact, visitor)."""
        insert_new(
            self._engine, CONTACT_VISITORS, [{"contact": contact, "visitor": visitor} for contact, visitor in pairs]
        )

    def remove_anonymous_accounts(self, contacts: Sequence[str]) -> None:
        """Remove those of contacts whose company has been recorded."""
        delete_rows(self._engine, CONTACT_VISITORS.c.contact, contacts)

    def accounts_of_companies(self, companies: Iterable[ForeignId]) -> dict[ForeignId, str]:
        """Source id -> account. An id of another scope is used too, unless scopes disagree on its account."""
        wanted = list(dict.fromkeys(companies))
        columns = (COMPANIES.c.scope, COMPANIES.c.company, COMPANIES.c.account)
        found = select_rows(self._engine, columns, COMPANIES.c.company, (company.id for company in wanted))
        exact = {ForeignId(scope, company): account for scope, company, account in found}
        accounts_by_id: dict[str, set[str]] = {}
        for key, account in exact.items():
            accounts_by_id.setdefault(key.id, set()).add(account)
        unambiguous = {
            company: next(iter(accounts)) for company, accounts in accounts_by_id.items() if len(accounts) == 1
        }
        accounts_by_key = {key: exact.get(key) or unambiguous.get(key.id) for key in wanted}
        return {key: account for key, account in accounts_by_key.items() if account is not None}

    def remember_companies(self, accounts: Mapping[ForeignId, str]) -> None:
        """Store source ids of companies. An id that is known already keeps its account."""
        rows = [{"scope": key.scope, "company": key.id, "account": account} for key, account in accounts.items()]
        insert_new(self._engine, COMPANIES, rows)

    def _load_secret(self) -> tuple[bytes, int]:
        found = self._stored_secret()
        if found is None:
            insert_new(self._engine, SECRETS, [{"id": 1, "secret": self._random_bytes(32), "forgotten": 0}])
            found = self._stored_secret()
        if found is None:
            raise LookupError("vault_secrets is empty: the key of the vault is missing")
        return found

    def _stored_secret(self) -> tuple[bytes, int] | None:
        with self._read_engine.begin() as connection:
            row = connection.execute(sa.select(SECRETS.c.secret, SECRETS.c.forgotten)).first()
        return (bytes(row[0]), row[1]) if row else None

    def _check_erasures(self) -> None:
        with self._read_engine.begin() as connection:
            forgotten = connection.execute(sa.select(SECRETS.c.forgotten)).scalar_one()
        if forgotten != self._erasure_count or len(self._contacts) > self._cache_size:
            self._contacts.clear()
        self._erasure_count = forgotten

    def _insert_missing(self, addresses: Sequence[str], names: Mapping[str, str]) -> dict[str, str]:
        hashes = {self._address_hash(address): address for address in addresses}
        known = self._stored_contacts(hashes)
        rows = [
            self._new_row(digest, address, names.get(address))
            for digest, address in hashes.items()
            if digest not in known or (known[digest][1] is None and address in names)
        ]
        if rows:
            insert_new(self._engine, VAULT, rows, fill_column="name")
            known |= self._stored_contacts(row["address_hash"] for row in rows)
        found = {address: known[digest][0] for digest, address in hashes.items() if digest in known}
        self._contacts |= found
        return found

    def _new_row(self, digest: str, address: str, name: str | None) -> dict[str, Any]:
        contact = _pseudonym("c_", self._random_bytes(8))
        return {"contact": contact, "address_hash": digest, "email": address, "name": name}

    def _stored_contacts(self, hashes: Iterable[str]) -> dict[str, tuple[str, str | None]]:
        columns = (VAULT.c.address_hash, VAULT.c.contact, VAULT.c.name)
        found = select_rows(self._engine, columns, VAULT.c.address_hash, hashes)
        return {digest: (contact, name) for digest, contact, name in found}

    def _address_hash(self, address: str) -> str:
        return self._keyed_digest("address", address).hex()

    def _keyed_digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{purpose}\n{text}".encode("utf-8", "surrogatepass"), "sha256")


def scope_of(source: str) -> str:
    """The part of a source's name within which its ids are unique: `segment` of `segment/website`."""
    return source.partition("/")[0]


def _pseudonym(prefix: str, digest: bytes) -> str:
    return prefix + b32encode(digest[:8])[:12].decode("ascii").lower()
