"""One account as a person reads it: where it stands, who, why, what became of it. Never computes a score."""

from collections.abc import Iterable
from typing import Any

from audit.explain import summary, sums
from staffel.cli.handoff_view import say_handoff
from staffel.cli.output import minute, plain, print_table, say
from staffel.wording import counted

Json = dict[str, Any]
People = dict[str, str]
SMALL = 0.05
"""Shown with one decimal it would be nothing."""


def print_account(told: Json, people: People, *, explain: bool, deep: bool) -> None:
    """`people`: contact -> what the vault calls it."""
    print_standing(told)
    print_people(told, people)
    for track in told["tracks"]:
        print_reasons(track, told, people, whole=explain)
        if explain:
            print_lines(track, told, people)
    print_stages(told)
    print_handoffs_of(told, people)
    if deep:
        print_facts(told, people)


def print_standing(told: Json) -> None:
    say(f"{plain(told['name'] or told['account'])} ({told['account']}), as of {minute(told['as_of'])} UTC")
    fit, known = told["fit"], profile_of(told)
    say(f"fit {fit['grade']} ({fit['points']:g} points){', ' if known else ''}{known}")
    say(f"{counted(told['seq'], 'fact')}, model {told['model']}{', suppressed' if told['suppressed'] else ''}\n")
    columns = ["track", "score", "stage", "people", "falls", "crossings"]
    cells = [
        (name, t["score"], t["stage"], t["breadth"], minute(t["falls_at"]), t["crossings"])
        for name, t in told["tracks"].items()
    ]
    print_table("", columns, cells, numbers=["score", "people", "crossings"])


def profile_of(told: Json) -> str:
    """`pharmaceuticals, 1200 employees, DE, customer, owner anna`."""
    known = told["profile"]
    employees = known.get("employees")
    words = [
        known.get("industry"),
        f"{employees:g} employees" if isinstance(employees, int | float) else None,
        known.get("country"),
        "customer" if known.get("customer") is True else None,
        f"owner {known['owner']}" if known.get("owner") else None,
    ]
    return ", ".join(plain(str(word)) for word in words if word)


def print_people(told: Json, people: People) -> None:
    """Persons, and visitors that nobody knows yet; a visitor that turned out to be a person is part of that one."""
    tracks = list(told["tracks"])
    shown = [each for each in told["contacts"] if not each["contact"].startswith("~") and not each["joined"]]
    rows = [
        (people.get(each["contact"], each["contact"]), each["role"], *each["scores"].values(),
         max(each["engaged"].values(), default=None))
        for each in sorted(shown, key=lambda each: -max(each["scores"].values(), default=0))
    ]  # fmt: skip
    if rows:
        print_table("People", ["who", "role", *tracks, "last engaged"], rows, numbers=tracks, cut=["who"])


def print_reasons(track: str, told: Json, people: People, *, whole: bool) -> None:
    """By rule and person, with the share of each; what is worth next to nothing in one line, unless all is asked."""
    lines = [line for line in told["lines"] if line["track"] == track]
    if not lines:
        return
    total = sums(lines)[track]
    rows = summary(lines)
    shown = [row for row in rows if whole or abs(row["now"]) >= SMALL] or rows
    cells = [
        (row["now"], share(row["now"], total), row["rule"], who(row, told, people), row["lines"], row["cut"] or None,
         minute(row["last"]))
        for row in shown
    ]  # fmt: skip
    columns = ["now", "share", "rule", "who", "lines", "cut", "last"]
    print_table(f"Why {track}", columns, cells, numbers=["now", "share", "lines", "cut"], cut=["who"])
    if len(rows) > len(shown):
        rest = sum(row["now"] for row in rows) - sum(row["now"] for row in shown)
        say(f"and {len(rows) - len(shown)} more, worth {rest:.1f} together")
    score = told["tracks"][track]["score"]
    say(f"{counted(len(lines), 'line')} of the ledger; their sum is {total:.6f}, the score is {score:.6f}")


def share(now: float, total: float) -> str:
    return f"{100 * now / total:.0f} %" if total > 0 else "-"


def who(row: Json, told: Json, people: People) -> str:
    """A name where the vault knows one, else the pseudonym; of a visitor the person that it turned out to be."""
    id = str(row["contact"])
    person = next((each["joined"] for each in told["contacts"] if each["contact"] == id), None)
    known = people.get(person or id)
    return f"{known} ({id})" if known and person else known or id


def print_lines(track: str, told: Json, people: People) -> None:
    rows = [
        (minute(line["time"]), line["rule"], who(line, told, people), line["points"], line["weight"],
         faded_in(line["half_life"]), line["now"], cut_by(line))
        for line in sorted(told["lines"], key=lambda line: line["time"])
        if line["track"] == track
    ]  # fmt: skip
    columns = ["time", "rule", "who", "points", "weight", "fades", "now", "cut by"]
    numbers = ["points", "weight", "now"]
    if rows:
        print_table(f"Lines of {track}", columns, rows, numbers=numbers, cut=["who"], wraps=["cut by"])


def cut_by(line: Json) -> str:
    """The cap that had no room, its rule's name left out where the line tells it."""
    return (line["cut"] or "").removeprefix(f"{line['rule']}: ")


def faded_in(half_life: int | None) -> str:
    if half_life is None:
        return "none"
    return f"{half_life // 24}d" if half_life % 24 == 0 else f"{half_life}h"


def print_stages(told: Json) -> None:
    rows = [(minute(c["at"]), c["track"], c["from"], c["to"], c["score"], c["cause"]) for c in told["stages"]]
    if rows:
        print_table("Stages", ["at", "track", "from", "to", "score", "cause"], rows, numbers=["score"], cut=["cause"])


def print_handoffs_of(told: Json, people: People) -> None:
    if told["handoffs"]:
        say("\nHandoffs")
    for handoff in told["handoffs"]:
        say_handoff(handoff, people)


def print_facts(told: Json, people: People) -> None:
    rows = [fact_cells(fact, people) for fact in told["facts"]]
    print_table("Facts", ["time", "type", "who", "id", "worth"], rows, cut=["who"], wraps=["worth"])


def fact_cells(fact: Json, people: People) -> tuple[Any, ...]:
    if "refused" in fact:
        return (None, "set aside", None, f"offset {fact['offset']}", fact["refused"]["why"])
    contact = fact.get("contact", "")
    who = people.get(contact, contact)
    return (minute(fact["time"]), fact["type"].removesuffix(".v1"), who, fact["id"], worth_of(fact["lines"]))


def worth_of(lines: Iterable[Json]) -> str:
    return ", ".join(f"{line['rule']} {line['points']:g}" + (" (cut)" if line["cut"] else "") for line in lines)
