"""A handoff as sales reads it: whose it is, until when, and the reasons, largest first. Never decides one."""

from typing import Any

from staffel.cli.output import minute, plain, say

Json = dict[str, Any]
REASONS = 3


def say_handoff(row: Json, people: dict[str, str], *, most: int = REASONS, name: str | None = None) -> None:
    """Some lines: the handoff, where it stands, its largest reasons."""
    say(f"{row['handoff']}{f'  {plain(name)}' if name else ''}")
    say(f"  {standing(row)}")
    if row["reason"]:
        say(f"  because: {plain(row['reason'])}")
    say(f"  crossed {minute(row['crossed_at'])} with a score of {row['score']:.1f}")
    for reason in row["reasons"][:most]:
        who = people.get(reason["contact"], reason["contact"])
        say(f"  {reason['points']:8.1f}  {reason['rule']}, {plain(who)}")
    rest = len(row["reasons"]) - most
    if rest > 0:
        say(f"            and {rest} more")


def standing(row: Json) -> str:
    """`proposed to sdr, act now, answer by 2026-01-05 13:00`, or what was decided and by whom."""
    route = f" to {plain(row['route'])}" if row["route"] else ""
    if row["status"] == "proposed":
        due = f", answer by {minute(row['due_at'])}" if row["due_at"] else ""
        return f"proposed{route}{', act now' if row['act_now'] else ''}{due}"
    late = " late" if row["late"] else ""
    by = f" by {plain(row['by'])}" if row["by"] else ""
    return f"{row['status']}{late}{by}, {minute(row['decided_at'])} (was proposed{route})"
