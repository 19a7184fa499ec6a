"""A handoff as commands and JSON show it, from its row in the read models or from a replay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from projections.read_models import collect_evidence
from schemas import HandoffOpened, HandoffStep, Line, format_time, parse_time

Json = dict[str, Any]


class HandoffView(msgspec.Struct, frozen=True):
    """One handoff: the evidence as it was at the crossing, and the latest decision. Its fields are the JSON keys."""

    handoff: str
    account: str
    track: str
    crossing: int
    status: str
    crossed_at: str
    score: float
    model: str
    route: str | None
    act_now: bool
    due_at: str | None
    reasons: list[Json]
    people: list[str]
    fact: str
    facts: list[str]
    decided_at: str | None
    by: str | None
    reason: str | None
    opportunity: str | None
    late: bool

    @classmethod
    def from_row(cls, row: Any) -> Self:
        times = {name: format_optional_time(getattr(row, name)) for name in ("crossed_at", "due_at", "decided_at")}
        return cls(**{name: getattr(row, name) for name in cls.__struct_fields__} | times)

    @classmethod
    def from_fold(
        cls, account: str, opened: HandoffOpened, steps: Iterable[HandoffStep], lines: Iterable[Line], model: str
    ) -> Self:
        """Evidence from the lines up to the crossing, status from the last step; `late` stays once set."""
        earlier_lines = [timed_line(line) for line in lines if line.seq <= opened.seq and line.track == opened.track]
        evidence = collect_evidence(earlier_lines, parse_time(opened.crossed_at))
        own_steps = [step for step in steps if step.handoff == opened.handoff]
        last = own_steps[-1] if own_steps else None
        return cls(
            opened.handoff,
            account,
            opened.track,
            opened.crossing,
            last.status if last else "proposed",
            opened.crossed_at,
            opened.score,
            model,
            opened.route,
            opened.act_now,
            opened.due_at,
            evidence.reasons,
            evidence.people,
            opened.fact,
            evidence.facts,
            last.at if last else None,
            last.by if last else None,
            last.reason if last else None,
            last.opportunity if last else None,
            any(step.late for step in own_steps),
        )


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
    """A recorded decision."""
    return {"status": row.status, "at": format_time(row.at), "by": row.by, "reason": row.reason, "fact": row.fact}


def format_optional_time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_time(milliseconds)
