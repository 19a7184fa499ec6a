"""Identity resolution for one batch: pseudonyms for addresses, anonymous ids, sources' own ids, and ids of facts.

The vault is read once per batch and kind of key. Persons whom it does not know get a contact id that is stored only if
a fact of theirs is recorded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from intake.account_ids import is_pseudonym
from intake.domains import business_domain, domain_of_email, normalized_email
from intake.observation import Observation
from intake.recorder.links import LinkStore, PersonLinks
from intake.recorder.redaction import holds_person
from intake.vault.vault import ForeignId, Newcomer, Person, scope_of
from schemas import stored_text
from schemas.facts import is_act_of_person

CONTACT_REGISTERED = "contact.registered.v1"
_REGISTER_TYPES = frozenset({CONTACT_REGISTERED, "contact.suppressed.v1"})
_MAX_TEXT_CHARS = 500
OPAQUE_ID_FIELDS = frozenset({"message", "meeting", "campaign", "opportunity"})
"""Fields whose values sources make up: they identify a mail or a meeting, and may hold an address."""


class Vault(LinkStore, Protocol):
    """The part of the vault that the recorder uses; implemented by `intake.vault`."""

    def known_contacts(self, emails: Iterable[str]) -> dict[str, str]: ...

    def erasure_times(self, emails: Iterable[str]) -> dict[str, int]: ...

    def erased_keys(self, keys: Iterable[str]) -> set[str]: ...

    def lacks_name(self, contact: str) -> bool: ...

    def new_contact(self) -> str: ...

    def address_key(self, address: str) -> str: ...

    def person_key(self, person: ForeignId) -> str: ...

    def admit(self, newcomers: Sequence[Newcomer]) -> bool: ...

    def add_details(self, persons: Mapping[str, Person], *, replaces: bool) -> None: ...

    def persons(self, contacts: Iterable[str]) -> dict[str, Person]: ...

    def visitor_for(self, anonymous_id: str) -> str: ...

    def keyed_id(self, id: str) -> str: ...

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
    earlier_visitors: tuple[str, ...] = ()
    """The visitors that the person was recorded as before their source sent the address."""


@dataclass(slots=True)
class IdentityResolver:
    """Looks up persons; proposes a contact id for a new one, which `save` admits if a draft used it."""

    vault: Vault
    links: PersonLinks
    contacts_by_email: dict[str, str] = field(default_factory=dict)
    contacts_by_person: dict[ForeignId, str] = field(default_factory=dict)
    accounts_by_company: dict[ForeignId, str] = field(default_factory=dict)
    persons_by_contact: dict[str, Person] = field(default_factory=dict)
    """Contact -> person, for observations that name a contact without an address."""
    _erasure_times: dict[str, int] = field(default_factory=dict)
    _erased_ids: set[ForeignId] = field(default_factory=set)
    """Ids in registers of contacts whose person was erased."""
    _proposed: dict[str, Newcomer] = field(default_factory=dict)
    """Contact id -> a person whom the vault does not know."""
    _used: dict[str, Newcomer] = field(default_factory=dict)
    _details: dict[str, Person] = field(default_factory=dict)
    """Known contact -> what the batch adds to the person."""
    _register: dict[str, Person] = field(default_factory=dict)
    """Known contact -> what a register of contacts says of the person, which replaces what the vault has."""
    _new_persons: dict[ForeignId, str] = field(default_factory=dict)
    _new_companies: dict[ForeignId, str] = field(default_factory=dict)

    def prefetch(self, observations: Iterable[Observation]) -> None:
        """Load from the vault, in one query per kind, the persons and companies of the batch."""
        naming = [o for o in observations if o.email or o.person or o.account_hint or (o.contact and not o.account)]
        emails = dict.fromkeys(email for o in naming for email in (_email_of(o), o.stated_email) if email)
        self.contacts_by_email = self.vault.known_contacts(emails) if emails else {}
        self._erasure_times = self.vault.erasure_times(emails) if emails else {}
        persons = [_foreign_id(o, id_) for o in naming for id_ in (o.person, o.previous_person) if id_]
        self.contacts_by_person = self.vault.contacts_of_persons(persons) if persons else {}
        registered = {self.vault.person_key(key): key for o in naming if (key := _registered_id(o))}
        erased = self.vault.erased_keys(registered) if registered else set()
        self._erased_ids = {registered[key] for key in erased}
        self.links.prefetch(persons)
        companies = [_foreign_id(o, o.account_hint) for o in naming if o.account_hint]
        self.accounts_by_company = self.vault.accounts_of_companies(companies) if companies else {}
        contacts = dict.fromkeys(o.contact for o in naming if o.contact and not o.account)
        without_address = [*self.contacts_by_person.values(), *(contact for contact in contacts if contact)]
        self.persons_by_contact = self.vault.persons(dict.fromkeys(without_address)) if without_address else {}

    def is_new(self, contact: str) -> bool:
        """Whether nobody knew this contact before the batch."""
        return contact in self._proposed

    def is_new_or_erased(self, observation: Observation) -> bool:
        """Whether the observation shows an address that the vault does not know, or one of an erased person."""
        email = self._address_of(observation)
        return email is not None and (email not in self.contacts_by_email or email in self._erasure_times)

    def is_erased(self, observation: Observation, content: Mapping[str, Any]) -> bool:
        """Whether the person was erased and this does not bring them back.

        Only what happened after the erasure counts, and only an act of the person begins a new contact.
        """
        email = self._address_of(observation)
        if self._erased_ids and email not in self.contacts_by_email and _registered_id(observation) in self._erased_ids:
            return True
        erased_at = self._erasure_times.get(email) if email is not None else None
        if erased_at is None:
            return False
        if observation.time <= erased_at:
            return True
        return email not in self.contacts_by_email and not is_act_of_person(observation.type, content)

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
        email = self._address_of(observation)
        if email is not None:
            contact = self.contacts_by_email.get(email)
            return Identity(contact, visitor, self._business_domain(contact, email))
        key = _foreign_id(observation, observation.person) if observation.person else None
        contact = (self.contacts_by_person.get(key) if key else None) or observation.contact
        return Identity(contact, visitor, self._business_domain(contact, None))

    def earlier_visitors(self, observations: Iterable[Observation]) -> set[str]:
        """The visitors that persons of these observations may have been recorded as before they were known."""
        keys = dict.fromkeys(_foreign_id(o, o.person) for o in observations if o.person and _email_of(o))
        return self.links.visitors() | {
            self._visitor_of_person(key) for key in keys if key not in self.contacts_by_person
        }

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

    def is_proposed(self, contact: str) -> bool:
        """Whether this batch gave the contact its id."""
        return contact in self._proposed

    def use(self, observation: Observation, contact: str | None) -> None:
        """Called for each draft that will be recorded: its person is admitted, and what it tells is added."""
        if contact is None:
            return
        if contact in self._proposed:
            newcomer = self._used.get(contact) or self._proposed[contact]
            person = newcomer.person._replace(name=newcomer.person.name or observation.name or None)
            self._used[contact] = newcomer._replace(person=person)
        if observation.type == CONTACT_REGISTERED:
            self._register[contact] = _person_of(observation, _email_of(observation))
        elif observation.name and self.vault.lacks_name(contact):
            self._details.setdefault(contact, Person(None, observation.name))

    def save(self) -> bool:
        """Store what the batch learned of persons and companies. False if another process admitted one of the persons
        meanwhile; then nothing is stored, and the batch has to be drafted again."""
        if not self.vault.admit(list(self._used.values())):
            return False
        self.vault.add_details(self._details, replaces=False)
        self.vault.add_details(self._register, replaces=True)
        return True

    def save_foreign_ids(self) -> None:
        """Store the new pairs of source ids with contacts and accounts."""
        persons = {key: contact for key, contact in self._new_persons.items() if self._is_stored(contact)}
        self.vault.remember_persons(persons)
        self.links.save()
        self.vault.remember_companies(self._new_companies)

    def _is_stored(self, contact: str) -> bool:
        return contact in self._used or contact not in self._proposed

    def _visitor_of(self, observation: Observation, content: Mapping[str, Any]) -> str | None:
        visitor = observation.visitor
        if visitor is None and observation.trusted and observation.account is None:
            in_data = content.get("visitor")
            return in_data if isinstance(in_data, str) and is_pseudonym(in_data) else None
        if visitor is None or (observation.trusted and is_pseudonym(visitor)):
            return visitor
        return self.vault.visitor_for(visitor)

    def _identify_person(self, observation: Observation, visitor: str | None) -> Identity:
        email = self._address_of(observation)
        # An address that somebody typed into a form says nothing of the source's own ids.
        is_stated = email is not None and _email_of(observation) is None
        key = _foreign_id(observation, observation.person) if observation.person and not is_stated else None
        known = self._known_contact(observation, key) if key else None
        contact = self._contact_of_address(observation, email, known) if email else known or observation.contact
        if contact is None and key and observation.type == CONTACT_REGISTERED:
            contact = self._propose(self.vault.person_key(key), _person_of(observation, None))
        if key is None:
            return Identity(contact, visitor, self._business_domain(contact, email))
        is_new = key not in self.contacts_by_person
        if is_new and contact and (email or known or observation.type == CONTACT_REGISTERED):
            self._bind(key, contact)
        linked = self._linked_visitors(observation, key, contact, visitor)
        if contact is None:
            return Identity(None, visitor or self._visitor_of_person(key))
        earlier = (self._visitor_of_person(key), *linked) if is_new else linked
        return Identity(contact, visitor, self._business_domain(contact, email), earlier)

    def _known_contact(self, observation: Observation, key: ForeignId) -> str | None:
        """The contact of the source's own id, else of the id that the person had before."""
        known = self.contacts_by_person.get(key)
        if known is None and observation.previous_person:
            return self.contacts_by_person.get(_foreign_id(observation, observation.previous_person))
        return known

    def _linked_visitors(
        self, observation: Observation, key: ForeignId, contact: str | None, visitor: str | None
    ) -> tuple[str, ...]:
        """Notes what the observation links; the visitors that are linked with a person who is known now."""
        previous = _foreign_id(observation, observation.previous_person) if observation.previous_person else None
        self.links.add(key, visitor if contact is None else None, previous)
        if contact is None or self.contacts_by_person.get(key) != contact:
            return ()
        linked = self.links.settle(key)
        new = [other for other in linked.persons if other not in self.contacts_by_person]
        for other in new:
            self._bind(other, contact)
        return (*linked.visitors, *map(self._visitor_of_person, new))

    def _bind(self, key: ForeignId, contact: str) -> None:
        self.contacts_by_person[key] = self._new_persons[key] = contact

    def _visitor_of_person(self, key: ForeignId) -> str:
        return self.vault.visitor_for(f"person\n{key.scope}\n{key.id}")

    def _address_of(self, observation: Observation) -> str | None:
        """The address; one that was typed into a form only if the source's own id is unknown."""
        email = _email_of(observation)
        if email is not None or observation.stated_email is None:
            return email
        person = observation.person
        is_known = person is not None and _foreign_id(observation, person) in self.contacts_by_person
        return None if is_known else observation.stated_email

    def _contact_of_address(self, observation: Observation, email: str, known: str | None) -> str:
        """The contact of the address, else the one that the source's own id has if its address was unknown until now,
        else a new one."""
        contact = self.contacts_by_email.get(email)
        if contact is None and known is not None and known in self.persons_by_contact:
            person = self.persons_by_contact[known]
            contact = known if person.email is None else None
            if contact is not None:
                self._details[known] = _person_of(observation, email)
        if contact is None:
            address = normalized_email(email) or email
            same = self.contacts_by_email.get(address)
            contact = same or self._propose(self.vault.address_key(address), _person_of(observation, address))
            self.contacts_by_email[address] = contact
        self.contacts_by_email[email] = contact
        return contact

    def _propose(self, key: str, person: Person) -> str:
        contact = self.vault.new_contact()
        self._proposed[contact] = Newcomer(contact, key, person)
        return contact

    def _business_domain(self, contact: str | None, email: str | None) -> str | None:
        address = email
        if address is None and contact is not None and contact in self.persons_by_contact:
            address = self.persons_by_contact[contact].email
        host = domain_of_email(address) if address else None
        return business_domain(host) if host else None


def with_keyed_ids(observation: Observation, vault: Vault) -> Observation:
    """The observation with a keyed hash in place of each id that names or reveals a person: those that its connector
    marked, and ids of mails, meetings and the like that contain an address or an IP."""
    content, id_ = observation.data, observation.id
    named = content.keys() & OPAQUE_ID_FIELDS | content.keys() & observation.personal
    fields = [name for name in named if _is_personal_id(observation, name, content[name])]
    if fields:
        content = {**content, **{name: vault.keyed_id(content[name]) for name in fields}}
    if "id" not in observation.personal and not holds_person(id_):
        return replace(observation, data=content) if fields else observation
    return replace(observation, id=vault.keyed_id(id_), former_id=observation.former_id or id_, data=content)


def _is_personal_id(observation: Observation, name: str, value: object) -> bool:
    return isinstance(value, str) and (name in observation.personal or holds_person(value))


def _person_of(observation: Observation, email: str | None) -> Person:
    return Person(email, observation.name, _kept_text(observation.job_title), _kept_text(observation.phone))


def _kept_text(text: str | None) -> str | None:
    """As every database can keep it."""
    return stored_text(text)[:_MAX_TEXT_CHARS] if text else None


def _email_of(observation: Observation) -> str | None:
    """The address, also if the source uses addresses as its own ids of persons."""
    person = observation.person
    if observation.email is not None or person is None:
        return observation.email
    return person if normalized_email(person) is not None else None


def _registered_id(observation: Observation) -> ForeignId | None:
    """The id of a person in a register of contacts, such as a CRM."""
    is_registered = observation.person and observation.type in _REGISTER_TYPES
    return _foreign_id(observation, observation.person) if is_registered else None


def _foreign_id(observation: Observation, id_: str | None) -> ForeignId:
    return ForeignId(scope_of(observation.source), (id_ or "").strip())
