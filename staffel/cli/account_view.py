"""The screen view of an account: scores, contacts, reasons, stages, handoffs and facts."""

from collections.abc import Iterable
from typing import Any

from audit import summary_rows, sums_by_track
from schemas import parse_time, terminal_cell
from staffel.cli.handoff_view import print_handoff
from staffel.cli.output import format_minute, print_line, print_table, readable
from staffel.cli.viewer import Viewer
from staffel.wording import quantity

Json = dict[str, Any]
People = dict[str, str]
MIN_VALUE_SHOWN = 0.05
"""Below, one decimal would show 0.0."""


def print_account(report: Json, people: People, *, explain: bool, deep: bool) -> None:
    """`people`: contact -> name or email address from the vault."""
    print_scores(report)
    print_aliases(report.get("aliases", []))
    print_people(report, people)
    for track in report["tracks"]:
        print_reasons(track, report, people, show_all=explain)
        if explain:
            print_lines(track, report, people)
    print_stages(report)
    print_handoffs_of(report, people)
    if deep:
        print_facts(report, people)


def print_scores(report: Json) -> None:
    print_line(
        f"{readable(report['name'] or report['account'])} ({readable(report['account'])}), as of "
        f"{format_minute(report['as_of'])} UTC"
    )
    fit, profile = report["fit"], profile_text(report)
    print_line(f"fit {fit['grade']} ({fit['points']:g} points){', ' if profile else ''}{profile}")
    print_line(
        f"{quantity(report['seq'], 'fact')}, model {report['model']}{', suppressed' if report['suppressed'] else ''}\n"
    )
    columns = ["track", "score", "stage", "contacts", "stage until", "times qualified"]
    cells = [
        (name, t["score"], t["stage"], t["breadth"], format_minute(t["falls_at"]), t["crossings"])
        for name, t in report["tracks"].items()
    ]
    numbers = ["score", "contacts", "times qualified"]
    print_table("", columns, cells, numbers, optional=["times qualified", "contacts"])


def print_aliases(aliases: list[Json]) -> None:
    """Ids and names in other systems: `Acme Sales (hubspot 1002)`."""
    texts = [alias_text(**alias) for alias in aliases]
    if texts:
        print_line(f"\nalso {', '.join(map(terminal_cell, texts))}")


def alias_text(system: str | None, id: str | None, name: str | None) -> str:
    place = " ".join(filter(None, (system, id)))
    return f"{name} ({place})" if name and place else name or place


def profile_text(report: Json) -> str:
    """`pharmaceuticals, 1200 employees, DE, customer, owner anna`."""
    profile = report["profile"]
    employees = profile.get("employees")
    words = [
        profile.get("industry"),
        f"{employees:g} employees" if isinstance(employees, int | float) else None,
        profile.get("country"),
        "customer" if profile.get("customer") is True else None,
        f"owner {profile['owner']}" if profile.get("owner") else None,
    ]
    return ", ".join(terminal_cell(str(word)) for word in words if word)


def print_people(report: Json, people: People) -> None:
    """Contacts and unidentified visitors; an identified visitor counts as the contact it became."""
    tracks = list(report["tracks"])
    shown = [each for each in report["contacts"] if not each["contact"].startswith("~") and not each["joined"]]
    rows = [
        (people.get(each["contact"], each["contact"]), each["role"], *each["scores"].values(),
         max(each["engaged"].values(), default=None))
        for each in sorted(shown, key=lambda each: -max(each["scores"].values(), default=0))
    ]  # fmt: skip
    if rows:
        columns = ["contact", "role", *tracks, "last engaged"]
        optional = [*reversed(tracks[1:]), "last engaged"]
        print_table(contacts_title(shown), columns, rows, tracks, truncated=["contact"], optional=optional)


def contacts_title(contacts: list[Json]) -> str:
    """With the numbers of engaged and known persons, if some have not done anything yet."""
    persons = [each for each in contacts if each["contact"].startswith("c_")]
    engaged = sum(bool(each["engaged"]) for each in persons)
    known = len(persons) - engaged
    return f"Contacts ({engaged} engaged, {known} known only)" if known else "Contacts"


def print_reasons(track: str, report: Json, people: People, *, show_all: bool) -> None:
    """Value per rule and contact, with its share; negligible rows are summed up unless `show_all`."""
    lines = [line for line in report["lines"] if line["track"] == track]
    if not lines:
        return
    total = sums_by_track(lines)[track]
    rows = summary_rows(lines)
    shown = [row for row in rows if show_all or abs(row["now"]) >= MIN_VALUE_SHOWN] or rows
    cells = [
        (row["now"], share_text(row["now"], total), row["rule"], contact_text(row, report, people), row["lines"],
         row["cut"] or None, format_minute(row["last"]))
        for row in shown
    ]  # fmt: skip
    columns = ["now", "share", "rule", "contact", "lines", "capped", "last"]
    numbers, optional = ["now", "share", "lines", "capped"], ["lines", "capped", "last"]
    print_table(f"Why {track}", columns, cells, numbers, truncated=["contact"], optional=optional)
    if len(rows) > len(shown):
        rest = sum(row["now"] for row in rows) - sum(row["now"] for row in shown)
        print_line(f"and {len(rows) - len(shown)} more, {rest:.1f} together")
    score = report["tracks"][track]["score"]
    print_line(f"{quantity(len(lines), 'line')} in the ledger; sum {total:.6f}, score {score:.6f}")


def share_text(now: float, total: float) -> str:
    return f"{100 * now / total:.0f} %" if total > 0 else "-"


def contact_text(row: Json, report: Json, people: People) -> str:
    """Name from the vault, else the pseudonym; for an identified visitor the name of the contact."""
    id = str(row["contact"])
    person = next((each["joined"] for each in report["contacts"] if each["contact"] == id), None)
    name = people.get(person or id)
    return f"{name} ({id})" if name and person else name or id


def print_lines(track: str, report: Json, people: People) -> None:
    rows = [
        (format_minute(line["time"]), line["rule"], contact_text(line, report, people), line["points"], line["weight"],
         half_life_text(line["half_life"]), line["now"], cap_text(line))
        for line in sorted(report["lines"], key=lambda line: line["time"])
        if line["track"] == track
    ]  # fmt: skip
    columns = ["time", "rule", "contact", "points", "weight", "half-life", "now", "capped by"]
    numbers = ["points", "weight", "now"]
    if rows:
        optional = ["half-life", "weight", "points"]
        print_table(f"Lines of {track}", columns, rows, numbers, ["capped by"], ["contact"], optional)


def cap_text(line: Json) -> str:
    """The exhausted cap, without the name of the line's own rule."""
    return (line["cut"] or "").removeprefix(f"{line['rule']}: ")


def half_life_text(half_life: int | None) -> str:
    if half_life is None:
        return "none"
    return f"{half_life // 24} d" if half_life % 24 == 0 else f"{half_life} h"


def print_stages(report: Json) -> None:
    rows = [(format_minute(c["at"]), c["track"], c["from"], c["to"], c["score"], c["cause"]) for c in report["stages"]]
    columns = ["at", "track", "from", "to", "score", "cause"]
    if rows:
        print_table("Stages", columns, rows, numbers=["score"], truncated=["cause"], optional=["cause"])


def print_handoffs_of(report: Json, people: People) -> None:
    if report["handoffs"]:
        print_line("\nHandoffs")
    viewer = Viewer("UTC", parse_time(report["as_of"]))
    for handoff in report["handoffs"]:
        print_handoff(handoff, people, viewer)


def print_facts(report: Json, people: People) -> None:
    rows = [fact_cells(fact, people) for fact in report["facts"]]
    print_table("Facts", ["time", "type", "contact", "id", "points"], rows, truncated=["contact"], wrapped=["points"])


def fact_cells(fact: Json, people: People) -> tuple[Any, ...]:
    if "refused" in fact:
        return (None, "rejected", None, f"offset {fact['offset']}", fact["refused"]["why"])
    contact = fact.get("contact", "")
    name = people.get(contact, contact)
    return (format_minute(fact["time"]), fact["type"].removesuffix(".v1"), name, fact["id"], points_text(fact["lines"]))


def points_text(lines: Iterable[Json]) -> str:
    return ", ".join(f"{line['rule']} {line['points']:g}" + (" (capped)" if line["cut"] else "") for line in lines)
