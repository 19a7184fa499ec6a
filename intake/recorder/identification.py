"""Whom the observations of one batch mean: pseudonyms for addresses, anonymous ids and sources' own ids.

Asks the vault once per batch and kind; never sees an account's score, never appends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from intake.account_ids import is_pseudonym
from intake.domains import business_domain, domain_of_email, normal_address
from intake.observation import Observation
from intake.vault.vault import Foreign, Person, scope_of


class Persons(Protocol):
    """What is asked of the vault."""

    def contact_for(self, emails: Iterable[str], names: Mapping[str, str] | None = None) -> dict[str, str]: ...

    def persons(self, contacts: Iterable[str]) -> dict[str, Person]: ...

    def visitor(self, anonymous: str) -> str: ...

    def contacts_of_persons(self, persons: Iterable[Foreign]) -> dict[Foreign, str]: ...

    def remember_persons(self, contacts: Mapping[Foreign, str]) -> None: ...

    def accounts_of_companies(self, companies: Iterable[Foreign]) -> dict[Foreign, str]: ...

    def remember_companies(self, accounts: Mapping[Foreign, str]) -> None: ...

    def homes_of(self, contacts: Iterable[str]) -> dict[str, list[str]]: ...

    def add_homes(self, homes: Iterable[tuple[str, str]]) -> None: ...

    def leave_homes(self, contacts: list[str]) -> None: ...


class Who(NamedTuple):
    """Pseudonyms of one observation."""

    contact: str | None = None
    visitor: str | None = None
    email_domain: str | None = None
    """That of a business; None for free-mail."""
    alias: str | None = None
    """The visitor that a person counted as, before its source told the address."""


@dataclass(slots=True)
class People:
    vault: Persons
    contacts: dict[str, str] = field(default_factory=dict)
    persons: dict[Foreign, str] = field(default_factory=dict)
    companies: dict[Foreign, str] = field(default_factory=dict)
    addresses: dict[str, Person] = field(default_factory=dict)
    """Of contacts that came without one."""
    _new_persons: dict[Foreign, str] = field(default_factory=dict)
    _new_companies: dict[Foreign, str] = field(default_factory=dict)

    def look_up(self, observations: Iterable[Observation]) -> None:
        """Ask the vault at once about everybody whom the batch names."""
        naming = [o for o in observations if o.email or o.person or o.account_hint or (o.contact and not o.account)]
        names = {email: o.name for o in naming if (email := _email(o)) and o.name}
        emails = dict.fromkeys(email for o in naming if (email := _email(o)))
        self.contacts = self.vault.contact_for(emails, names) if emails else {}
        persons = [_foreign(o, o.person) for o in naming if o.person]
        self.persons = self.vault.contacts_of_persons(persons) if persons else {}
        companies = [_foreign(o, o.account_hint) for o in naming if o.account_hint]
        self.companies = self.vault.accounts_of_companies(companies) if companies else {}
        told = dict.fromkeys(o.contact for o in naming if o.contact and not o.account)
        silent = [*self.persons.values(), *(contact for contact in told if contact)]
        self.addresses = self.vault.persons(dict.fromkeys(silent)) if silent else {}

    def who(self, observation: Observation, content: Mapping[str, Any]) -> Who:
        """An address before a source's own id, that before a pseudonym as it stands."""
        told, visitor = observation.contact, self._visitor(observation, content)
        if observation.email is not None or observation.person is not None:
            return self._person(observation, visitor)
        if told is not None and told.startswith("v_"):
            return Who(None, told)
        return Who(told, visitor, self._business_domain(told, None))

    def shown(self, observation: Observation) -> Who:
        """Whom it shows as far as is known before the batch; nothing is learned from it."""
        visitor = self._visitor(observation, observation.data)
        email = _email(observation)
        if email is not None:
            contact = self.contacts.get(email)
            return Who(contact, visitor, self._business_domain(contact, email))
        known = self.persons.get(_foreign(observation, observation.person)) if observation.person else None
        contact = known or observation.contact
        return Who(contact, visitor, self._business_domain(contact, None))

    def alone(self, who: Who) -> str | None:
        """The visitor whose `anon:` account it is where no company is known: its own or, for a person, a made one."""
        return who.visitor or (self.vault.visitor(f"contact\n{who.contact}") if who.contact else None)

    def company(self, observation: Observation) -> str | None:
        """The account that the source's own id of a company stands for."""
        return self.companies.get(_foreign(observation, observation.account_hint)) if observation.account_hint else None

    def learn_company(self, observation: Observation, account: str) -> None:
        if not observation.account_hint:
            return
        key = _foreign(observation, observation.account_hint)
        self._new_companies[key] = self.companies.setdefault(key, account)

    def keep(self) -> None:
        """Write down what sources told about their own ids."""
        self.vault.remember_persons(self._new_persons)
        self.vault.remember_companies(self._new_companies)

    def _visitor(self, observation: Observation, content: Mapping[str, Any]) -> str | None:
        visitor = observation.visitor
        if visitor is None and observation.trusted and observation.account is None:
            inside = content.get("visitor")
            return inside if isinstance(inside, str) and is_pseudonym(inside) else None
        if visitor is None or (observation.trusted and is_pseudonym(visitor)):
            return visitor
        return self.vault.visitor(visitor)

    def _person(self, observation: Observation, visitor: str | None) -> Who:
        email = _email(observation)
        key = _foreign(observation, observation.person) if observation.person else None
        known = self.persons.get(key) if key else None
        contact = self.contacts[email] if email else known or observation.contact
        alias = self.vault.visitor(f"person\n{key.scope}\n{key.id}") if key and known is None else None
        if key and known is None and email and contact:
            self.persons[key] = self._new_persons[key] = contact
        if contact is None:
            return Who(None, visitor or alias)
        return Who(contact, visitor, self._business_domain(contact, email), alias)

    def _business_domain(self, contact: str | None, email: str | None) -> str | None:
        if email is None and (contact is None or contact not in self.addresses):
            return None
        host = domain_of_email(email or self.addresses[contact or ""].email)
        return business_domain(host) if host else None


def _email(observation: Observation) -> str | None:
    """The address, also where a source uses addresses as its own ids of persons."""
    person = observation.person
    if observation.email is not None or person is None:
        return observation.email
    return person if normal_address(person) is not None else None


def _foreign(observation: Observation, id_: str | None) -> Foreign:
    return Foreign(scope_of(observation.source), (id_ or "").strip())
