"""A handoff as programs get it, from the read models or from a fold. Never judges one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from projections.read_models.evidence import collect_evidence
from schemas.scores import HandoffOpened, HandoffStep, Line
from schemas.times import format_time, parse_time

Json = dict[str, Any]


def handoff_json(row: Any) -> Json:
    """The stored row as JSON; what was frozen at the crossing stays as it was then."""
    return {
        "handoff": row.handoff,
        "account": row.account,
        "track": row.track,
        "crossing": row.crossing,
        "status": row.status,
        "crossed_at": format_time(row.crossed_at),
        "score": row.score,
        "model": row.model,
        "route": row.route,
        "act_now": row.act_now,
        "due_at": format_optional_time(row.due_at),
        "reasons": row.reasons,
        "people": row.people,
        "fact": row.fact,
        "facts": row.facts,
        "decided_at": format_optional_time(row.decided_at),
        "by": row.by,
        "reason": row.reason,
        "opportunity": row.opportunity,
        "late": row.late,
    }


def handoff_json_of_fold(
    account: str, opened: HandoffOpened, steps: Iterable[HandoffStep], lines: Iterable[Line], model: str
) -> Json:
    """The same of a replay: its evidence from the lines up to the crossing, its status from the last step."""
    earlier_lines = [timed_line(line) for line in lines if line.seq <= opened.seq and line.track == opened.track]
    frozen = collect_evidence(earlier_lines, parse_time(opened.crossed_at))
    return {
        "handoff": opened.handoff,
        "account": account,
        "track": opened.track,
        "crossing": opened.crossing,
        "status": "proposed",
        "crossed_at": opened.crossed_at,
        "score": opened.score,
        "model": model,
        "route": opened.route,
        "act_now": opened.act_now,
        "due_at": opened.due_at,
        "reasons": frozen.reasons,
        "people": frozen.people,
        "fact": opened.fact,
        "facts": frozen.facts,
        **last_decision([step for step in steps if step.handoff == opened.handoff]),
    }


def last_decision(steps: list[HandoffStep]) -> Json:
    """What the last step left; accepted late once is late ever."""
    if not steps:
        return {"decided_at": None, "by": None, "reason": None, "opportunity": None, "late": False}
    last = steps[-1]
    decision = {"status": last.status, "decided_at": last.at, "by": last.by, "reason": last.reason}
    return {**decision, "opportunity": last.opportunity, "late": any(step.late for step in steps)}


@dataclass(frozen=True, slots=True)
class TimedLine:
    """A line of a replay with its time in milliseconds, as the ledger has it."""

    rule: str
    contact: str
    event: str
    seq: int
    time: int
    points: float
    weight: float
    cut: str | None
    half_life: int | None


def timed_line(line: Line) -> TimedLine:
    identity = (line.rule, line.contact, line.event, line.seq, parse_time(line.time))
    return TimedLine(*identity, line.points, line.weight, line.cut, line.half_life)


def step_json(row: Any) -> Json:
    """A decision as it was recorded."""
    return {"status": row.status, "at": format_time(row.at), "by": row.by, "reason": row.reason, "fact": row.fact}


def format_optional_time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_time(milliseconds)
