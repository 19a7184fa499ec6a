"""Facts of the family contact: identification and roles of pseudonyms; names and addresses stay in the vault."""

from typing import ClassVar

from pydantic import Field

from schemas.facts.content import FactData


class ContactRegistered(FactData):
    """A person made known by research or an export; nothing that the person did."""

    type: ClassVar[str] = "contact.registered.v1"
    role: str | None = None
    seniority: str | None = None
    owner: str | None = None
    """Who of us is responsible for the contact."""
    system: str | None = None
    """The system that knows the contact, such as `hubspot`."""


class ContactIdentified(FactData):
    """Recorded under the account that holds the visitor, and under `to`."""

    type: ClassVar[str] = "contact.identified.v1"
    visitor: str | None = None
    contact: str | None = None
    to: str | None = None
    role: str | None = None
    seniority: str | None = None


class ContactMoved(FactData):
    type: ClassVar[str] = "contact.moved.v1"
    to: str = Field(min_length=1)


class ContactSuppressed(FactData):
    type: ClassVar[str] = "contact.suppressed.v1"
    by: str | None = None
    reason: str | None = None


class ContactReleased(FactData):
    type: ClassVar[str] = "contact.released.v1"
    by: str | None = None
    reason: str | None = None


class ContactErased(FactData):
    """The vault no longer knows who this was."""

    type: ClassVar[str] = "contact.erased.v1"


FACTS = (ContactRegistered, ContactIdentified, ContactMoved, ContactSuppressed, ContactReleased, ContactErased)
