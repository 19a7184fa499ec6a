"""Identity resolution for one batch: pseudonyms for addresses, anonymous ids and sources' own ids.

The vault is read once per batch and kind of key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from intake.account_ids import is_pseudonym
from intake.domains import business_domain, domain_of_email, normalized_email
from intake.observation import Observation
from intake.vault.vault import ForeignId, Person, scope_of


class Vault(Protocol):
    """The part of the vault that the recorder uses; implemented by `intake.vault`."""

    def contacts_for(self, emails: Iterable[str], names: Mapping[str, str] | None = None) -> dict[str, str]: ...

    def persons(self, contacts: Iterable[str]) -> dict[str, Person]: ...

    def visitor_for(self, anonymous_id: str) -> str: ...

    def contacts_of_persons(self, persons: Iterable[ForeignId]) -> dict[ForeignId, str]: ...

    def remember_persons(self, contacts: Mapping[ForeignId, str]) -> None: ...

    def accounts_of_companies(self, companies: Iterable[ForeignId]) -> dict[ForeignId, str]: ...

    def remember_companies(self, accounts: Mapping[ForeignId, str]) -> None: ...

    def anonymous_accounts_of(self, contacts: Iterable[str]) -> dict[str, list[str]]: ...

    def add_anonymous_accounts(self, pairs: Iterable[tuple[str, str]]) -> None: ...

    def remove_anonymous_accounts(self, contacts: list[str]) -> None: ...


class Identity(NamedTuple):
    """The pseudonyms of one observation."""

    contact: str | None = None
    visitor: str | None = None
    email_domain: str | None = None
    """The domain of a business address; None for free-mail."""
    provisional_visitor: str | None = None
    """The visitor that the person was recorded as before their source sent the address."""


@dataclass(slots=True)
class IdentityResolver:
    vault: Vault
    contacts_by_email: dict[str, str] = field(default_factory=dict)
    contacts_by_person: dict[ForeignId, str] = field(default_factory=dict)
    accounts_by_company: dict[ForeignId, str] = field(default_factory=dict)
    persons_by_contact: dict[str, Person] = field(default_factory=dict)
    """Contact -> person, for observations that name a contact without an address."""
    _new_persons: dict[ForeignId, str] = field(default_factory=dict)
    _new_companies: dict[ForeignId, str] = field(default_factory=dict)

    def prefetch(self, observations: Iterable[Observation]) -> None:
        """Load from the vault, in one query per kind, the persons and companies of the batch."""
        naming = [o for o in observations if o.email or o.person or o.account_hint or (o.contact and not o.account)]
        names = {email: o.name for o in naming if (email := _email_of(o)) and o.name}
        emails = dict.fromkeys(email for o in naming if (email := _email_of(o)))
        self.contacts_by_email = self.vault.contacts_for(emails, names) if emails else {}
        persons = [_foreign_id(o, o.person) for o in naming if o.person]
        self.contacts_by_person = self.vault.contacts_of_persons(persons) if persons else {}
        companies = [_foreign_id(o, o.account_hint) for o in naming if o.account_hint]
        self.accounts_by_company = self.vault.accounts_of_companies(companies) if companies else {}
        contacts = dict.fromkeys(o.contact for o in naming if o.contact and not o.account)
        without_address = [*self.contacts_by_person.values(), *(contact for contact in contacts if contact)]
        self.persons_by_contact = self.vault.persons(dict.fromkeys(without_address)) if without_address else {}

    def identify(self, observation: Observation, content: Mapping[str, Any]) -> Identity:
        """The identity by address, else by the source's own id, else by the given pseudonym; learns source ids."""
        contact, visitor = observation.contact, self._visitor_of(observation, content)
        if observation.email is not None or observation.person is not None:
            return self._identify_person(observation, visitor)
        if contact is not None and contact.startswith("v_"):
            return Identity(None, contact)
        return Identity(contact, visitor, self._business_domain(contact, None))

    def known_identity(self, observation: Observation) -> Identity:
        """The identity as known before the batch; learns nothing."""
        visitor = self._visitor_of(observation, observation.data)
        email = _email_of(observation)
        if email is not None:
            contact = self.contacts_by_email.get(email)
            return Identity(contact, visitor, self._business_domain(contact, email))
        key = _foreign_id(observation, observation.person) if observation.person else None
        contact = (self.contacts_by_person.get(key) if key else None) or observation.contact
        return Identity(contact, visitor, self._business_domain(contact, None))

    def anonymous_visitor(self, identity: Identity) -> str | None:
        """The visitor whose `anon:` account is used without a company: its own, or one derived from the contact."""
        if identity.visitor or not identity.contact:
            return identity.visitor or None
        return self.vault.visitor_for(f"contact\n{identity.contact}")

    def account_of_company(self, observation: Observation) -> str | None:
        """The account that the source's own company id refers to."""
        company = observation.account_hint
        return self.accounts_by_company.get(_foreign_id(observation, company)) if company else None

    def learn_company(self, observation: Observation, account: str) -> None:
        if not observation.account_hint:
            return
        key = _foreign_id(observation, observation.account_hint)
        self._new_companies[key] = self.accounts_by_company.setdefault(key, account)

    def save(self) -> None:
        """Store the new pairs of source ids with contacts and accounts in the vault."""
        self.vault.remember_persons(self._new_persons)
        self.vault.remember_companies(self._new_companies)

    def _visitor_of(self, observation: Observation, content: Mapping[str, Any]) -> str | None:
        visitor = observation.visitor
        if visitor is None and observation.trusted and observation.account is None:
            in_data = content.get("visitor")
            return in_data if isinstance(in_data, str) and is_pseudonym(in_data) else None
        if visitor is None or (observation.trusted and is_pseudonym(visitor)):
            return visitor
        return self.vault.visitor_for(visitor)

    def _identify_person(self, observation: Observation, visitor: str | None) -> Identity:
        email = _email_of(observation)
        key = _foreign_id(observation, observation.person) if observation.person else None
        known = self.contacts_by_person.get(key) if key else None
        contact = self.contacts_by_email[email] if email else known or observation.contact
        provisional = self.vault.visitor_for(f"person\n{key.scope}\n{key.id}") if key and known is None else None
        if key and known is None and email and contact:
            self.contacts_by_person[key] = self._new_persons[key] = contact
        if contact is None:
            return Identity(None, visitor or provisional)
        return Identity(contact, visitor, self._business_domain(contact, email), provisional)

    def _business_domain(self, contact: str | None, email: str | None) -> str | None:
        if email is None and (contact is None or contact not in self.persons_by_contact):
            return None
        host = domain_of_email(email or self.persons_by_contact[contact or ""].email)
        return business_domain(host) if host else None


def _email_of(observation: Observation) -> str | None:
    """The address, also if the source uses addresses as its own ids of persons."""
    person = observation.person
    if observation.email is not None or person is None:
        return observation.email
    return person if normalized_email(person) is not None else None


def _foreign_id(observation: Observation, id_: str | None) -> ForeignId:
    return ForeignId(scope_of(observation.source), (id_ or "").strip())
