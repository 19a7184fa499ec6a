"""One account in full, as `staffel account` tells it. Never rounds what it hands on."""

from typing import Any

import msgspec

from audit.explain import line_of_fold, line_of_row, stage_change_of_fold, stage_change_of_row, summary, sums
from audit.replay import fold_account, recorded_within
from audit.standing import of_account, of_row, tracks_at
from projections.queries import asking
from scoring.asking import seen_at
from staffel.handoff_shape import handoff_json
from staffel.printing import minute, print_table, say
from staffel.wiring import Staffel

Json = dict[str, Any]


def explanation(staffel: Staffel, id: str, at: int, *, historic: bool, lines: bool, deep: bool) -> Json | None:
    """The account at an instant; `lines` whose sums are its scores; `deep`: every fact of its history."""
    told = then(staffel, id, at) if historic else today(staffel, id, at)
    if told is not None and not lines:
        del told["lines"]
    if told is not None and deep:
        told["facts"] = facts_of(staffel, id, at if historic else None)
    return told


def today(staffel: Staffel, id: str, at: int) -> Json | None:
    """From the read models."""
    with asking(staffel.engine) as questions:
        row = questions.account(id)
        if row is None or row.score is None:
            return None
        as_of = max(at, row.as_of)
        told = of_row(row, tracks_at(row.state, at, staffel.plan), as_of)
        told["profile"] = row.profile or {}
        told["suppressed"] = row.suppressed
        told["contacts"] = [contact_json(each) for each in questions.contacts(id)]
        told["stages"] = [stage_change_of_row(change) for change in questions.stage_changes(id)]
        told["handoffs"] = [handoff_json(each) for each in questions.handoffs(account=id)]
        told["lines"] = [line_of_row(line, as_of) for line in questions.lines(id)]
    return told


def then(staffel: Staffel, id: str, until: int) -> Json | None:
    """From the account's own history, with what had been recorded by then."""
    plan = staffel.plan
    account = fold_account(staffel.log, id, plan, recorded_within(until=until))
    if account is None or account.outcome is None:
        return None
    shown = seen_at(account, until, plan)
    fallen = shown.outcome.stages if shown.outcome else []
    told = of_account(shown, plan)
    told["profile"] = {field: value for field, (value, _, _) in account.profile.items() if value is not None}
    told["suppressed"] = account.suppressed
    told["contacts"] = [
        {"contact": each.id, "role": each.role, "engaged": {}, "scores": {}} for each in account.contacts.values()
    ]
    told["stages"] = [stage_change_of_fold(change) for change in [*account.outcome.stages, *fallen]]
    told["handoffs"] = [msgspec.to_builtins(opened) for opened in account.outcome.handoffs]
    told["lines"] = [line_of_fold(line, shown.clock) for line in account.outcome.lines or []]
    return told


def contact_json(row: Any) -> Json:
    return {"contact": row.contact, "role": row.role, "engaged": row.engaged, "scores": row.scores}


def facts_of(staffel: Staffel, id: str, until: int | None) -> list[Json]:
    """Every fact of the account in log order, with the lines it wrote."""
    lines: dict[str, list[Json]] = {}
    account = fold_account(staffel.log, id, staffel.plan, recorded_within(until=until))
    outcome = account.outcome if account else None
    for line in (outcome.lines if outcome else None) or []:
        lines.setdefault(line.event, []).append({"rule": line.rule, "points": line.points, "cut": line.cut})
    facts = (msgspec.json.decode(record.value) for record in staffel.log.history(id))
    return [{**fact, "lines": lines.get(fact["id"], [])} for fact in facts]


def print_explanation(told: Json, people: dict[str, str], *, explain: bool, deep: bool) -> None:
    say(f"{told['name'] or told['account']} ({told['account']}), as of {minute(told['as_of'])} UTC")
    fit = told["fit"]
    say(f"fit {fit['grade']} ({fit['points']:g} points), model {told['model']}, {told['seq']} facts")
    columns = ["track", "score", "stage", "breadth", "falls", "crossings"]
    cells = [
        (name, t["score"], t["stage"], t["breadth"], minute(t["falls_at"]), t["crossings"])
        for name, t in told["tracks"].items()
    ]
    print_table("", columns, cells, numbers=["score", "breadth", "crossings"])
    print_people(told, people)
    print_reasons(told, people)
    if explain:
        print_lines(told, people)
    print_stages(told)
    if deep:
        print_facts(told)


def print_people(told: Json, people: dict[str, str]) -> None:
    rows = [
        (people.get(each["contact"], each["contact"]), each["role"], max(each["engaged"].values(), default=None))
        for each in told["contacts"]
    ]
    if rows:
        print_table("People", ["who", "role", "last engaged"], rows)


def print_reasons(told: Json, people: dict[str, str]) -> None:
    rows = [
        (row["track"], row["rule"], who(row, people), row["lines"], row["cut"], minute(row["last"]), row["now"])
        for row in summary(told["lines"])
    ]
    columns = ["track", "rule", "who", "lines", "of them cut", "last", "now"]
    print_table("Why", columns, rows, numbers=["lines", "of them cut", "now"])
    for track, total in sums(told["lines"]).items():
        say(f"{track}: the lines sum to {total:.6f}, the score is {told['tracks'][track]['score']:.6f}")


def print_lines(told: Json, people: dict[str, str]) -> None:
    rows = [
        (line["track"], minute(line["time"]), line["type"], who(line, people), line["rule"],
         line["points"], line["weight"], faded_in(line["half_life"]), line["now"], line["cut"])
        for line in told["lines"]
    ]  # fmt: skip
    columns = ["track", "time", "type", "who", "rule", "points", "weight", "half-life", "now", "cut"]
    print_table("Lines", columns, rows, numbers=["points", "weight", "now"])


def faded_in(half_life: int | None) -> str:
    if half_life is None:
        return "none"
    return f"{half_life // 24}d" if half_life % 24 == 0 else f"{half_life}h"


def print_stages(told: Json) -> None:
    rows = [(c["track"], minute(c["at"]), c["from"], c["to"], c["cause"], c["score"]) for c in told["stages"]]
    if rows:
        print_table("Stages", ["track", "at", "from", "to", "cause", "score"], rows, numbers=["score"])


def print_facts(told: Json) -> None:
    rows = [
        (minute(fact["time"]), minute(fact["recordedtime"]), fact["type"], fact.get("contact"), fact["id"], worth(fact))
        for fact in told["facts"]
    ]
    print_table("Facts", ["time", "recorded", "type", "contact", "id", "lines"], rows)


def worth(fact: Json) -> str:
    return ", ".join(f"{line['rule']} {line['points']:g}" + (" (cut)" if line["cut"] else "") for line in fact["lines"])


def who(row: Json, people: dict[str, str]) -> str:
    """A person's name where the vault knows one, else the pseudonym."""
    return people.get(row["contact"], str(row["contact"]))
