"""The screen view of an account: scores, contacts, reasons, stages, handoffs and facts."""

from collections.abc import Iterable
from typing import Any

from audit import summary_rows, sums_by_track
from schemas import terminal_cell
from staffel.cli.account_page import AccountPage
from staffel.cli.handoff_view import print_handoff
from staffel.cli.outlook_view import print_next, print_timeline
from staffel.cli.output import print_line, print_table, readable
from staffel.cli.people import Names
from staffel.cli.people_view import MIN_VALUE_SHOWN, print_whom_to_call
from staffel.cli.viewer import Viewer
from staffel.wording import quantity

Json = dict[str, Any]


def print_account(page: AccountPage, *, explain: bool, deep: bool) -> None:
    report, viewer, names = page.report, page.viewer, page.names
    print_scores(report, viewer)
    print_aliases(report.get("aliases", []))
    print_next(report, viewer)
    print_whom_to_call(report, page.persons)
    if explain:
        print_people(report, names)
    for track in report["tracks"]:
        print_reasons(track, page, show_all=explain)
        if explain:
            print_lines(track, page)
    print_stages(report, viewer)
    print_handoffs_of(page)
    if deep:
        print_facts(page)


def print_story(page: AccountPage) -> None:
    """The head of the account, what is next, and its timeline."""
    print_head(page.report, page.viewer)
    print_next(page.report, page.viewer)
    print_timeline(page.report, page.names, page.viewer)


def print_head(report: Json, viewer: Viewer) -> None:
    name = readable(report["name"] or report["account"])
    print_line(f"{name} ({readable(report['account'])})\nas of {viewer.head}")
    fit, profile = report["fit"], profile_text(report)
    print_line(f"fit {fit['grade']} ({fit['points']:g} points){', ' if profile else ''}{profile}")
    print_line(
        f"{quantity(report['seq'], 'fact')}, model {report['model']}{', suppressed' if report['suppressed'] else ''}"
    )


def print_scores(report: Json, viewer: Viewer) -> None:
    print_head(report, viewer)
    print_line("")
    columns = ["track", "score", "stage", "contacts", "stage until", "times qualified"]
    cells = [
        (name, t["score"], t["stage"], t["breadth"], viewer.instant(t["falls_at"]), t["crossings"])
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


def print_people(report: Json, people: Names) -> None:
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


def print_reasons(track: str, page: AccountPage, *, show_all: bool) -> None:
    """Value per rule and contact, with its share and what was done last; negligible rows are summed up unless
    `show_all`."""
    report = page.report
    lines = [line for line in report["lines"] if line["track"] == track]
    if not lines:
        return
    total = sums_by_track(lines)[track]
    rows = summary_rows(lines)
    shown = [row for row in rows if show_all or abs(row["now"]) >= MIN_VALUE_SHOWN] or rows
    cells = [
        (row["now"], share_text(row["now"], total), row["rule"], contact_text(row, page), page.viewer.day(row["last"]),
         last_done_text(row))
        for row in shown
    ]  # fmt: skip
    columns = ["now", "share", "rule", "contact", "last", "done last"]
    print_table(f"Why {track}", columns, cells, ["now", "share"], ["done last"], ["contact"], ["last", "share"])
    if len(rows) > len(shown):
        rest = sum(row["now"] for row in rows) - sum(row["now"] for row in shown)
        print_line(f"and {len(rows) - len(shown)} more, {rest:.1f} together")
    score = report["tracks"][track]["score"]
    print_line(f"{quantity(len(lines), 'line')} in the ledger; sum {total:.6f}, score {score:.6f}")


def last_done_text(row: Json) -> str:
    """`page viewed: /pricing (17 times, 3 capped)`: what was done last, and how often the rule matched."""
    counts = [f"{row['lines']} times"] * (row["lines"] > 1) + [f"{row['cut']} capped"] * bool(row["cut"])
    return f"{row['done']} ({', '.join(counts)})" if counts else str(row["done"])


def share_text(now: float, total: float) -> str:
    return f"{100 * now / total:.0f} %" if total > 0 else "-"


def contact_text(row: Json, page: AccountPage) -> str:
    """Name from the vault, else the pseudonym; for an identified visitor the name of the contact."""
    id = str(row["contact"])
    if id == "~account":
        return "the account"
    person = next((each["joined"] for each in page.report["contacts"] if each["contact"] == id), None)
    name = page.names.get(person or id)
    return f"{name} ({id})" if name and person else name or id


def print_lines(track: str, page: AccountPage) -> None:
    rows = [
        (page.viewer.instant(line["time"]), line["rule"], contact_text(line, page), line["points"], line["weight"],
         half_life_text(line["half_life"]), line["now"], done_text(line))
        for line in sorted(page.report["lines"], key=lambda line: line["time"])
        if line["track"] == track
    ]  # fmt: skip
    columns = ["time", "rule", "contact", "points", "weight", "half-life", "now", "done"]
    numbers = ["points", "weight", "now"]
    if rows:
        optional = ["half-life", "weight", "points"]
        print_table(f"Lines of {track}", columns, rows, numbers, ["done"], ["contact"], optional)


def done_text(line: Json) -> str:
    """What was done, and the cap that was full."""
    return f"{line['done']} (capped: {cap_text(line)})" if line["cut"] else str(line["done"])


def cap_text(line: Json) -> str:
    """The exhausted cap, without the name of the line's own rule."""
    return (line["cut"] or "").removeprefix(f"{line['rule']}: ")


def half_life_text(half_life: int | None) -> str:
    if half_life is None:
        return "none"
    return f"{half_life // 24} d" if half_life % 24 == 0 else f"{half_life} h"


def print_stages(report: Json, viewer: Viewer) -> None:
    rows = [
        (viewer.instant(c["at"]), c["track"], c["from"], c["to"], c["score"], c["because"]) for c in report["stages"]
    ]
    columns = ["at", "track", "from", "to", "score", "because"]
    if rows:
        print_table("Stages", columns, rows, ["score"], ["because"], optional=["score"])


def print_handoffs_of(page: AccountPage) -> None:
    if page.report["handoffs"]:
        print_line("\nHandoffs")
    for handoff in page.report["handoffs"]:
        print_handoff(handoff, page.names, page.viewer)


def print_facts(page: AccountPage) -> None:
    rows = [fact_cells(fact, page) for fact in page.report["facts"]]
    columns = ["time", "type", "contact", "id", "points"]
    print_table("Facts", columns, rows, truncated=["contact"], wrapped=["points"])


def fact_cells(fact: Json, page: AccountPage) -> tuple[Any, ...]:
    if "refused" in fact:
        return (None, "rejected", None, f"offset {fact['offset']}", fact["refused"]["why"])
    contact = fact.get("contact", "")
    name = page.names.get(contact, contact)
    time, type = page.viewer.instant(fact["time"]), fact["type"].removesuffix(".v1")
    return (time, type, name, fact["id"], points_text(fact["lines"]))


def points_text(lines: Iterable[Json]) -> str:
    return ", ".join(f"{line['rule']} {line['points']:g}" + (" (capped)" if line["cut"] else "") for line in lines)
