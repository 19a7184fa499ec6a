"""The vault: the persons behind the pseudonyms, and the ids that sources give to persons and companies.

The only place where names and addresses are stored. Looking up never writes: the recorder admits a person only for a
fact that is new. Erasing takes two calls, with `contact.erased` recorded in between by the caller: `mark_erased`, then
`delete_person`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from database import chunks, dialect_of, read_only
from intake.domains import normalized_email
from intake.vault.secret import SECRET_BYTES, Secret, pseudonym
from intake.vault.tables import (
    ALIASES,
    COMPANIES,
    CONTACT_VISITORS,
    PERSONS,
    SECRETS,
    TOMBSTONES,
    VAULT,
    delete_rows,
    insert_new,
    select_rows,
)

RandomBytes = Callable[[int], bytes]
"""`secrets.token_bytes`, or a deterministic one in tests."""


class Person(NamedTuple):
    email: str | None
    name: str | None
    title: str | None = None
    phone: str | None = None


class ForeignId(NamedTuple):
    """A source's own id of a person or company. `scope`: the first part of the source (`segment` of `segment/web`)."""

    scope: str
    id: str


class Newcomer(NamedTuple):
    """A person to admit, under a contact id of `new_contact`. `key`: by `Vault.address_key` or `Vault.person_key`."""

    contact: str
    key: str
    person: Person


class Tombstone(NamedTuple):
    """An erased person. `erased_at`: milliseconds since 1970; `contact`: the former contact id, if there was one."""

    address_hash: str
    erased_at: int
    contact: str | None


_COUNT_ERASURE = sa.update(SECRETS).values(forgotten=SECRETS.c.forgotten + 1)


class Vault:
    """Persons by pseudonym. Several processes may write concurrently; an erasure takes effect in all of them at once.

    Contacts are cached by address. The counter beside the secret grows with each erasure; when it has changed, or the
    cache is full, the cache is cleared. `creates`: whether a vault without a secret gets one; without it nobody is
    known.
    """

    def __init__(
        self, engine: sa.Engine, random_bytes: RandomBytes, cache_size: int = 200_000, *, creates: bool = True
    ) -> None:
        self._engine, self._read_engine = engine, read_only(engine)
        self._random_bytes, self._cache_size = random_bytes, cache_size
        self._contacts: dict[str, str] = {}
        self._nameless: set[str] = set()
        secret, self._erasure_count = self._load_secret(creates)
        self._secret = Secret(secret, cache_size)
        self.visitor_for = self._secret.visitor
        self.keyed_id = self._secret.keyed_id

    @property
    def fingerprint(self) -> str:
        """Of the secret."""
        return self._secret.fingerprint

    def address_key(self, address: str) -> str:
        """The key of a person with this normalised address."""
        return self._secret.address_hash(address)

    def person_key(self, person: ForeignId) -> str:
        """The key of a person whose address is unknown: keyed hash of the source's own id."""
        return self._secret.address_hash(f"\n{person.scope}\n{person.id}")

    def known_contacts(self, emails: Iterable[str]) -> dict[str, str]:
        """Valid address -> its contact `c_…`, for the persons of the vault."""
        self._check_erasures()
        normal = {email: address for email in emails if (address := normalized_email(email))}
        missing = [address for address in dict.fromkeys(normal.values()) if address not in self._contacts]
        self._contacts |= self._stored_contacts(missing)
        return {email: self._contacts[address] for email, address in normal.items() if address in self._contacts}

    def lacks_name(self, contact: str) -> bool:
        """Whether the vault has no name of a contact that `known_contacts` found."""
        return contact in self._nameless

    def erasure_times(self, emails: Iterable[str]) -> dict[str, int]:
        """Valid address -> when its person was erased, for those who were."""
        if not self._erasure_count:
            return {}
        keys = {email: self.address_key(address) for email in emails if (address := normalized_email(email))}
        found = self._erasures(keys.values())
        return {email: found[key] for email, key in keys.items() if key in found}

    def erased_keys(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys (`person_key`) whose person was erased."""
        self._check_erasures()
        return set(self._erasures(keys)) if self._erasure_count else set()

    def new_contact(self) -> str:
        """A random contact id for a person to admit."""
        return pseudonym("c_", self._random_bytes(8))

    def admit(self, newcomers: Sequence[Newcomer]) -> bool:
        """Store new persons, before their facts are appended.

        False if another process admitted one of them meanwhile: then none is stored, and the caller looks up again.
        """
        # In the order of their keys, so that two processes lock rows in the same order.
        rows = [
            {"contact": new.contact, "address_hash": new.key, **new.person._asdict()}
            for new in sorted(newcomers, key=attrgetter("key"))
        ]
        if not rows:
            return True
        insert: Any = dialect_of(self._engine).insert_of(VAULT)
        with self._engine.connect() as connection, connection.begin() as transaction:
            connection.execute(insert.on_conflict_do_nothing(), rows)
            if _count_contacts(connection, [row["contact"] for row in rows]) == len(rows):
                return True
            transaction.rollback()
        self._contacts.clear()
        return False

    def add_details(self, persons: Mapping[str, Person], *, replaces: bool) -> None:
        """Add what is told of known persons, by contact.

        `replaces`: also where the vault has another name, title or phone. An address is never replaced.
        """
        found = (self._details(contact, person, replaces) for contact, person in persons.items())
        updates = [update for update in found if update is not None]
        if updates:
            with self._engine.begin() as connection:
                for update in updates:
                    connection.execute(update)
            self._nameless -= {contact for contact, person in persons.items() if person.name}

    def contact_of(self, email: str) -> str | None:
        """The contact of an address, if any."""
        return self.known_contacts([email]).get(email)

    def person(self, contact: str) -> Person | None:
        return self.persons([contact]).get(contact)

    def persons(self, contacts: Iterable[str]) -> dict[str, Person]:
        """Contact -> person, for the contacts that the vault knows; erased and unknown ones are missing."""
        columns = (VAULT.c.contact, VAULT.c.email, VAULT.c.name, VAULT.c.title, VAULT.c.phone)
        found = select_rows(self._engine, columns, VAULT.c.contact, contacts)
        return {contact: Person(*fields) for contact, *fields in found}

    def names_of(self, contacts: Iterable[str]) -> dict[str, str]:
        """Contact -> name, of those whose name the vault knows."""
        return {contact: person.name for contact, person in self.persons(contacts).items() if person.name}

    def key_of(self, contact: str) -> str | None:
        """The key of a contact; None if the vault does not know the contact."""
        found = select_rows(self._engine, (VAULT.c.contact, VAULT.c.address_hash), VAULT.c.contact, [contact])
        return next((key for _, key in found), None)

    def contact_with_key(self, key: str) -> str | None:
        found = select_rows(self._engine, (VAULT.c.address_hash, VAULT.c.contact), VAULT.c.address_hash, [key])
        return next((contact for _, contact in found), None)

    def mark_erased(self, tombstone: Tombstone) -> None:
        """Leave a tombstone; one of an earlier erasure moves to the later instant."""
        insert: Any = dialect_of(self._engine).insert_of(TOMBSTONES)
        newest = insert.on_conflict_do_update(
            index_elements=["address_hash"],
            set_={"erased_at": insert.excluded.erased_at, "contact": insert.excluded.contact},
            where=TOMBSTONES.c.erased_at < insert.excluded.erased_at,
        )
        with self._engine.begin() as connection:
            connection.execute(newest, [tombstone._asdict()])
            connection.execute(_COUNT_ERASURE)
        self._contacts.clear()

    def delete_person(self, contact: str) -> None:
        """Delete what the vault has of a contact."""
        with self._engine.begin() as connection:
            connection.execute(_COUNT_ERASURE)
            ids = sa.and_(PERSONS.c.scope == ALIASES.c.scope, PERSONS.c.person == ALIASES.c.person)
            connection.execute(sa.delete(ALIASES).where(sa.exists().where(ids, PERSONS.c.contact == contact)))
            for table in (VAULT, PERSONS, CONTACT_VISITORS):
                connection.execute(sa.delete(table).where(table.c.contact == contact))
        self._contacts.clear()

    def lift_tombstone(self, key: str) -> None:
        """Let a person be known again who was erased."""
        delete_rows(self._engine, TOMBSTONES.c.address_hash, [key])

    def tombstones(self) -> list[Tombstone]:
        """All, oldest first."""
        columns = (TOMBSTONES.c.address_hash, TOMBSTONES.c.erased_at, TOMBSTONES.c.contact)
        with self._read_engine.begin() as connection:
            rows = connection.execute(sa.select(*columns).order_by(columns[1], columns[0])).all()
        return [Tombstone(*row) for row in rows]

    def contacts_of_persons(self, persons: Iterable[ForeignId]) -> dict[ForeignId, str]:
        """Source id -> contact, for persons whose address their source has sent before."""
        wanted = dict.fromkeys(persons)
        columns = (PERSONS.c.scope, PERSONS.c.person, PERSONS.c.contact)
        found = select_rows(self._engine, columns, PERSONS.c.person, (person.id for person in wanted))
        return {key: contact for scope, person, contact in found if (key := ForeignId(scope, person)) in wanted}

    def keys_of(self, contact: str) -> list[str]:
        """What a contact is known by: the key of the address, and those of the sources' own ids of the person."""
        own = self.key_of(contact)
        columns = (PERSONS.c.contact, PERSONS.c.scope, PERSONS.c.person)
        found = select_rows(self._engine, columns, PERSONS.c.contact, [contact])
        ids = [self.person_key(ForeignId(scope, person)) for _, scope, person in found]
        return list(dict.fromkeys([*([own] if own else []), *ids]))

    def remember_persons(self, contacts: Mapping[ForeignId, str]) -> None:
        rows = [{"scope": key.scope, "person": key.id, "contact": contact} for key, contact in contacts.items()]
        insert_new(self._engine, PERSONS, rows)

    def links_of(self, persons: Iterable[ForeignId]) -> dict[ForeignId, list[str]]:
        """Source id -> what it is linked with, for persons whose address their source has not sent yet."""
        wanted = dict.fromkeys(persons)
        columns = (ALIASES.c.scope, ALIASES.c.person, ALIASES.c.link)
        links: dict[ForeignId, list[str]] = {}
        for scope, person, link in select_rows(self._engine, columns, ALIASES.c.person, (key.id for key in wanted)):
            if (key := ForeignId(scope, person)) in wanted:
                links.setdefault(key, []).append(link)
        return links

    def add_links(self, links: Iterable[tuple[ForeignId, str]]) -> None:
        rows = [{"scope": key.scope, "person": key.id, "link": link} for key, link in links]
        insert_new(self._engine, ALIASES, rows)

    def remove_links(self, persons: Iterable[ForeignId]) -> None:
        with self._engine.begin() as connection:
            for key in persons:
                is_own = sa.and_(ALIASES.c.scope == key.scope, ALIASES.c.person == key.id)
                connection.execute(sa.delete(ALIASES).where(is_own))

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

    def _details(self, contact: str, person: Person, replaces: bool) -> sa.Update | None:
        told = {name: text for name, text in person._asdict().items() if text and name != "email"}
        values: dict[str, Any] = {
            name: text if replaces else sa.func.coalesce(VAULT.c[name], text) for name, text in told.items()
        }
        address = normalized_email(person.email) if person.email else None
        if address is not None:
            values["email"] = sa.func.coalesce(VAULT.c.email, address)
            values["address_hash"] = sa.case(
                (VAULT.c.email.is_(None), self.address_key(address)), else_=VAULT.c.address_hash
            )
        return sa.update(VAULT).where(VAULT.c.contact == contact).values(**values) if values else None

    def _load_secret(self, creates: bool) -> tuple[bytes, int]:
        found = self._stored_secret()
        if found is not None:
            return found
        secret = self._random_bytes(SECRET_BYTES)
        if not creates:
            return secret, 0
        insert_new(self._engine, SECRETS, [{"id": 1, "secret": secret, "forgotten": 0}])
        return self._stored_secret() or (secret, 0)

    def _stored_secret(self) -> tuple[bytes, int] | None:
        with self._read_engine.begin() as connection:
            row = connection.execute(sa.select(SECRETS.c.secret, SECRETS.c.forgotten)).first()
        return (bytes(row[0]), row[1]) if row else None

    def _check_erasures(self) -> None:
        with self._read_engine.begin() as connection:
            forgotten = connection.execute(sa.select(SECRETS.c.forgotten)).scalar() or 0
        if forgotten != self._erasure_count or len(self._contacts) > self._cache_size:
            self._contacts.clear()
            self._nameless.clear()
        self._erasure_count = forgotten

    def _erasures(self, keys: Iterable[str]) -> dict[str, int]:
        """Key of a person -> when the person was erased."""
        columns = (TOMBSTONES.c.address_hash, TOMBSTONES.c.erased_at)
        return dict(map(tuple, select_rows(self._engine, columns, columns[0], keys)))

    def _stored_contacts(self, addresses: Iterable[str]) -> dict[str, str]:
        keys = {self.address_key(address): address for address in addresses}
        columns = (VAULT.c.address_hash, VAULT.c.contact, VAULT.c.name)
        found = select_rows(self._engine, columns, VAULT.c.address_hash, keys)
        self._nameless |= {contact for _, contact, name in found if name is None}
        return {keys[key]: contact for key, contact, _ in found}


def scope_of(source: str) -> str:
    """The part of a source's name within which its ids are unique: `segment` of `segment/website`."""
    return source.partition("/")[0]


def _count_contacts(connection: sa.Connection, contacts: Sequence[str]) -> int:
    counts = (sa.select(sa.func.count()).where(VAULT.c.contact.in_(some)) for some in chunks(contacts))
    return sum(connection.execute(count).scalar_one() for count in counts)
