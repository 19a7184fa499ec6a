"""What the oracle learns about an account and its people: profile, suppression, joins, roles (rules 14 and 30)."""

from typing import Any

from tests.scoring.oracle.book import ACCOUNT, AccountBook, Fact, Line, unweighted_by_half_life, weight
from tests.scoring.oracle.model import Model, Track


def update_profile(model: Model, book: AccountBook, fact: Fact) -> None:
    """Profile, suppression, joins and then roles; they hold before the rules look at the same fact."""
    if fact.type in ("account.registered", "account.updated"):
        for name, value in fact.content.items():
            _keep_newest(book.profile, name, fact, value)
    if fact.type == "opportunity.won":
        _keep_newest(book.profile, "customer", fact, True)
    if fact.type in ("account.suppressed", "account.released"):
        book.suppressed = fact.type == "account.suppressed"
    if fact.type == "contact.identified" and fact.content.get("to") in (None, fact.account):
        _join(model, book, fact)
        _set_role(model, book, fact)
    if fact.type == "contact.registered":
        _set_role(model, book, fact)


def _keep_newest(notes: dict[str, Any], name: str, fact: Fact, value: Any) -> None:
    """The newest by (time, id) holds, whatever came last in the log."""
    if name not in notes or (fact.time, fact.id) > notes[name][:2]:
        notes[name] = (fact.time, fact.id, value)


def _join(model: Model, book: AccountBook, fact: Fact) -> None:
    """From now on the visitor is the contact. A second identification of the same visitor joins nothing."""
    visitor, contact = fact.content.get("visitor"), book.person(_identified_contact(fact))
    if visitor is None or visitor in book.joins or contact in (ACCOUNT, visitor):
        return
    difference = weight(model, book, contact) - weight(model, book, visitor)
    for track in model.tracks:
        _reweigh(
            book, track, fact, contact, unweighted_by_half_life(book, book.tracks[track.name], visitor), difference
        )
    book.joins[visitor] = contact


def _identified_contact(fact: Fact) -> str | None:
    return fact.contact or fact.content.get("contact")


def _set_role(model: Model, book: AccountBook, fact: Fact) -> None:
    person = book.person(_identified_contact(fact))
    if "role" not in fact.content or person == ACCOUNT:
        return
    before = weight(model, book, person)
    _keep_newest(book.roles, person, fact, fact.content["role"])
    difference = weight(model, book, person) - before
    for track in model.tracks:
        _reweigh(book, track, fact, person, unweighted_by_half_life(book, book.tracks[track.name], person), difference)


def _reweigh(
    book: AccountBook, track: Track, fact: Fact, person: str, values: dict[int | None, float], difference: float
) -> None:
    """One line per half-life in which the person has something to weigh anew, dated with the clock."""
    for half_life, value in values.items():
        if value != 0 and difference != 0:
            line = Line(track.name, book.clock, fact.id, fact.type, person, "~role", value, difference, None, half_life)
            book.tracks[track.name].lines.append(line)
