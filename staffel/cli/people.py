"""Persons behind contact ids, as commands show them: from the vault, and never the address of who asked to be left
alone."""

from collections.abc import Mapping
from typing import Any
from unicodedata import combining, normalize

from audit import mark_of
from intake.vault import Person
from projections import ReadModelQueries
from schemas import ASKED, terminal_cell

Json = dict[str, Any]
Names = dict[str, str]
"""Contact -> name or email address."""
PERSON_FIELDS = ("name", "email", "title", "phone")
"""What `--names` adds to JSON and CSV."""
_MARK_TEXTS = {
    "unsubscribed": "unsubscribed from mails: do not write or call",
    "complained": "complained about a mail: do not write or call",
    "asked": "asked to be left alone: do not write or call",
}
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
"""Letters that Unicode does not decompose."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})


def names_of(persons: Mapping[str, Person]) -> Names:
    return {id: name for id, person in persons.items() if (name := person.name or person.email)}


def asked_contacts(queries: ReadModelQueries, contact: str | None = None) -> dict[str, str]:
    """Contact -> `unsubscribed`, `complained` or `asked`, in whichever account that was recorded."""
    rows = queries.suppressions(contact=contact)
    return {row.contact: mark_of(row.cause_type) for row in rows if row.contact and row.reason == ASKED}


def person_json(person: Person | None, asked: str | None) -> Json:
    """Name, address, title and phone; of who asked to be left alone neither address nor phone."""
    known = Person(None, None) if person is None else person
    silent = asked is not None
    return {
        "name": known.name,
        "email": None if silent else known.email,
        "title": known.title,
        "phone": None if silent else known.phone,
    }


def person_head(contact: str, person: Person | None, *, asked: str | None = None) -> str:
    """`Vera Kleinod, Managing Director`; without a name the address, else the contact id."""
    if person is None:
        return f"{contact} (unknown or erased)"
    name = person.name or (contact if asked else person.email) or contact
    return ", ".join(terminal_cell(text) for text in (name, person.title) if text)


def reach_text(person: Person | None, asked: str | None) -> str:
    """`vera@acme.com, +43 512 555 0100`, or why there is none to use."""
    if asked is not None:
        return _MARK_TEXTS[asked]
    known = (person.email, person.phone) if person else ()
    return ", ".join(terminal_cell(text) for text in known if text) or "no address or phone number is known"


def matches_person(person: Person | None, text: str) -> bool:
    """Whether all words of a search are parts of the name or the address, whatever their case and accents."""
    if person is None:
        return False
    told = " ".join(filter(None, (person.name, person.email)))
    return any(all(word in form(told) for word in form(text).split()) for form in (folded, folded_german))


def folded(text: str) -> str:
    """Lower case without accents: `Zoë Ørsted` is `zoe orsted`."""
    decomposed = normalize("NFKD", text.casefold()).translate(_LETTERS)
    return "".join(sign for sign in decomposed if not combining(sign))


def folded_german(text: str) -> str:
    """The same with `ae` for `ä`, as many write it."""
    return folded(normalize("NFC", text).casefold().translate(_UMLAUTS))
