"""The vault of a rehearsal: new persons stay in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from intake.domains import normalized_email
from intake.recorder.identification import Vault
from intake.vault.vault import ForeignId, Newcomer, Person

Key = TypeVar("Key")
Value = TypeVar("Value")


class RehearsedVault:
    """Admits new persons into memory alone."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._contacts: dict[str, str] = {}
        """Key of an address -> contact."""
        self._persons: dict[str, Person] = {}
        self._person_ids: dict[ForeignId, str] = {}
        self._companies: dict[ForeignId, str] = {}
        self._anonymous: dict[tuple[str, str], None] = {}
        self._links: dict[ForeignId, dict[str, None]] = {}
        self._settled: set[ForeignId] = set()
        """Persons whose stored links were used."""

    def known_contacts(self, emails: Iterable[str]) -> dict[str, str]:
        wanted = list(emails)
        found = self._vault.known_contacts(wanted)
        keys = {email: self.address_key(normalized_email(email) or email) for email in wanted if email not in found}
        return found | {email: self._contacts[key] for email, key in keys.items() if key in self._contacts}

    def erasure_times(self, emails: Iterable[str]) -> dict[str, int]:
        return self._vault.erasure_times(emails)

    def erased_keys(self, keys: Iterable[str]) -> set[str]:
        return self._vault.erased_keys(keys)

    def lacks_name(self, contact: str) -> bool:
        return contact not in self._persons and self._vault.lacks_name(contact)

    def new_contact(self) -> str:
        return self._vault.new_contact()

    def address_key(self, address: str) -> str:
        return self._vault.address_key(address)

    def person_key(self, person: ForeignId) -> str:
        return self._vault.person_key(person)

    def admit(self, newcomers: Sequence[Newcomer]) -> bool:
        self._contacts |= {new.key: new.contact for new in newcomers}
        self._persons |= {new.contact: new.person for new in newcomers}
        return True

    def add_details(self, persons: Mapping[str, Person], *, replaces: bool) -> None:
        """Nothing is stored."""

    def persons(self, contacts: Iterable[str]) -> dict[str, Person]:
        return _remembered(self._vault.persons, contacts, self._persons)

    def visitor_for(self, anonymous_id: str) -> str:
        return self._vault.visitor_for(anonymous_id)

    def keyed_id(self, id: str) -> str:
        return self._vault.keyed_id(id)

    def contacts_of_persons(self, persons: Iterable[ForeignId]) -> dict[ForeignId, str]:
        return _remembered(self._vault.contacts_of_persons, persons, self._person_ids)

    def remember_persons(self, contacts: Mapping[ForeignId, str]) -> None:
        self._person_ids.update(contacts)

    def accounts_of_companies(self, companies: Iterable[ForeignId]) -> dict[ForeignId, str]:
        return _remembered(self._vault.accounts_of_companies, companies, self._companies)

    def remember_companies(self, accounts: Mapping[ForeignId, str]) -> None:
        self._companies.update(accounts)

    def links_of(self, persons: Iterable[ForeignId]) -> dict[ForeignId, list[str]]:
        wanted = list(persons)
        stored = self._vault.links_of([person for person in wanted if person not in self._settled])
        links = {person: [*stored.get(person, ()), *self._links.get(person, ())] for person in wanted}
        return {person: found for person, found in links.items() if found}

    def add_links(self, links: Iterable[tuple[ForeignId, str]]) -> None:
        for person, link in links:
            self._links.setdefault(person, {})[link] = None

    def remove_links(self, persons: Iterable[ForeignId]) -> None:
        for person in persons:
            self._links.pop(person, None)
            self._settled.add(person)

    def anonymous_accounts_of(self, contacts: Iterable[str]) -> dict[str, list[str]]:
        wanted = list(contacts)
        found = self._vault.anonymous_accounts_of(wanted)
        for contact, visitor in self._anonymous:
            if contact in wanted:
                found.setdefault(contact, []).append(visitor)
        return found

    def add_anonymous_accounts(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._anonymous |= dict.fromkeys(pairs)

    def remove_anonymous_accounts(self, contacts: list[str]) -> None:
        self._anonymous = {pair: None for pair in self._anonymous if pair[0] not in contacts}


def _remembered(
    stored: Callable[[list[Key]], dict[Key, Value]], keys: Iterable[Key], new: Mapping[Key, Value]
) -> dict[Key, Value]:
    wanted = list(keys)
    return {**stored(wanted), **{key: new[key] for key in wanted if key in new}}
