"""Whom to call at an account: who, in which role, what they did, and how to reach them."""

from collections.abc import Mapping
from typing import Any

from intake.vault import Person
from schemas import terminal_cell
from staffel.cli.output import print_line
from staffel.cli.people import person_head, reach_text
from staffel.wording import quantity

Json = dict[str, Any]
MIN_VALUE_SHOWN = 0.05
"""Below, one decimal would show 0.0."""
MAX_PEOPLE = 10
"""More are in `contact list --account`."""


def print_whom_to_call(report: Json, persons: Mapping[str, Person]) -> None:
    """Persons by their score, those to be left alone last, and the roles of the model that nobody has."""
    people = people_to_call(report)
    print_line(f"\n{title_of(people)}")
    for contact in people[:MAX_PEOPLE]:
        person = persons.get(contact["contact"])
        print_line(person_head(contact["contact"], person, asked=contact["asked"]))
        print_line(f"  {', '.join(engagement_words(contact))}")
        print_line(f"  {reach_text(person, contact['asked'])}")
    if len(people) > MAX_PEOPLE:
        print_line(f"and {len(people) - MAX_PEOPLE} more: `staffel contact list --account {report['account']}`")
    visitors = visitors_text(report["contacts"])
    if visitors:
        print_line(visitors)
    if report["missing_roles"]:
        print_line(f"nobody known as {', '.join(map(terminal_cell, report['missing_roles']))}")


def people_to_call(report: Json) -> list[Json]:
    persons = (each for each in report["contacts"] if each["contact"].startswith("c_"))
    return sorted(persons, key=lambda each: (each["asked"] is not None, -max(each["scores"].values(), default=0)))


def title_of(people: list[Json]) -> str:
    """`Whom to call (2 engaged, 1 known only)`."""
    engaged = sum(bool(each["engaged"]) for each in people)
    known = len(people) - engaged
    counts = [f"{engaged} engaged"] * bool(engaged) + [f"{known} known only"] * bool(known)
    return f"Whom to call ({', '.join(counts) or quantity(0, 'contact')})"


def visitors_text(contacts: list[Json]) -> str:
    """`2 unidentified visitors (2.8 acquisition)`; empty without any."""
    visitors = [each["scores"] for each in contacts if each["contact"].startswith("v_") and not each["joined"]]
    if not visitors:
        return ""
    words = ", ".join(score_words({track: sum(each[track] for each in visitors) for track in visitors[0]}))
    return f"{quantity(len(visitors), 'unidentified visitor')}{f' ({words})' if words else ''}"


def score_words(scores: Mapping[str, float]) -> list[str]:
    """`52.4 acquisition`, without what would show as 0.0."""
    return [f"{score:.1f} {track}" for track, score in scores.items() if abs(score) >= MIN_VALUE_SHOWN]


def engagement_words(contact: Json) -> list[str]:
    """Role, points per track, and the last day of engagement."""
    last = max(contact["engaged"].values(), default=None)
    return [
        terminal_cell(contact["role"] or "role unknown"),
        *score_words(contact["scores"]),
        f"engaged {last}" if last else "has done nothing yet",
    ]
