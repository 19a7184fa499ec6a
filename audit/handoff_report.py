"""A handoff as commands and JSON show it, from its row in the read models or from a replay."""

from dataclasses import dataclass
from typing import Any, Self

import msgspec

from projections import ANSWERED_STATUSES, is_overdue
from projections.read_models import collect_evidence
from schemas import EXPIRED, OPEN_STATUSES, PROPOSED, HandoffOpened, Line, format_time, parse_time, text_or_null
from scoring.fold import Account, PendingChanges, profile_with_claims

Json = dict[str, Any]


class HandoffView(msgspec.Struct, frozen=True):
    """One handoff: the evidence as it was at the crossing, and the latest decision. Its fields are the JSON keys."""

    handoff: str
    account: str
    name: str | None
    """Of the account, as `owner`."""
    owner: str | None
    track: str
    crossing: int
    status: str
    overdue: bool
    """Sales has not answered, and the due time is over at the instant of the report."""
    assigned_to: str | None
    route: str | None
    act_now: bool
    starts_at: str
    """From when the time to answer counts: the crossing, or when its cause was recorded if that was later."""
    due_at: str | None
    crossed_at: str
    cause_type: str | None
    cause_time: str | None
    score: float
    model: str
    reasons: list[Json]
    people: list[str]
    fact: str
    facts: list[str]
    decided_at: str | None
    by: str | None
    reason: str | None
    note: str | None
    opportunity: str | None
    late: bool
    answer_instead: str | None
    """A later handoff of the track that is proposed or accepted: an expired one can no longer be answered then."""

    @classmethod
    def from_row(cls, row: Any, at: int) -> Self:
        """`row`: of `ReadModelQueries.handoffs`; `at`: the instant of the report, in milliseconds."""
        times = {name: format_optional_time(getattr(row, name)) for name in _TIME_COLUMNS}
        derived = {
            "starts_at": format_time(max(row.crossed_at, row.recorded_at or row.crossed_at)),
            "overdue": not row.answered_later and is_overdue(row.status, row.due_at, at),
            "answer_instead": row.later if row.status == EXPIRED else None,
        }
        columns = {name: getattr(row, name) for name in cls.__struct_fields__ if name not in derived}
        return cls(**columns | times | derived)

    @classmethod
    def from_fold(cls, account: Account, opened: HandoffOpened, model: str, at: int) -> Self:
        """Evidence from the lines up to the crossing, status from the last step; `late` stays once set."""
        pending = account.pending_changes
        lines, steps = (pending.lines or [], pending.steps) if pending else ([], [])
        earlier_lines = [timed_line(line) for line in lines if line.seq <= opened.seq and line.track == opened.track]
        evidence = collect_evidence(earlier_lines, parse_time(opened.crossed_at))
        own_steps = [step for step in steps if step.handoff == opened.handoff]
        last = own_steps[-1] if own_steps else None
        status = last.status if last else PROPOSED
        later = later_statuses(opened, pending)
        profile = profile_with_claims(account)
        answered_later = any(each in ANSWERED_STATUSES for each in later.values())
        due_at = None if opened.due_at is None else parse_time(opened.due_at)
        with_sales = [handoff for handoff, each in later.items() if each in OPEN_STATUSES]
        return cls(
            handoff=opened.handoff,
            account=account.id,
            name=text_or_null(profile.get("name")),
            owner=text_or_null(profile.get("owner")),
            track=opened.track,
            crossing=opened.crossing,
            status=status,
            overdue=not answered_later and is_overdue(status, due_at, at),
            assigned_to=assigned_to(opened.handoff, pending),
            route=opened.route,
            act_now=opened.act_now,
            starts_at=max(opened.crossed_at, opened.recorded_at),
            due_at=opened.due_at,
            crossed_at=opened.crossed_at,
            cause_type=opened.cause_type,
            cause_time=opened.cause_time,
            score=opened.score,
            model=model,
            reasons=evidence.reasons,
            people=evidence.people,
            fact=opened.fact,
            facts=evidence.facts,
            decided_at=last.at if last else None,
            by=last.by if last else None,
            reason=last.reason if last else None,
            note=last.note if last else None,
            opportunity=last.opportunity if last else None,
            late=any(step.late for step in own_steps),
            answer_instead=with_sales[-1] if with_sales and status == EXPIRED else None,
        )


_TIME_COLUMNS = ("due_at", "crossed_at", "cause_time", "decided_at")


def later_statuses(opened: HandoffOpened, pending: PendingChanges | None) -> dict[str, str]:
    """Later handoffs of the same track, oldest first -> their status."""
    if pending is None:
        return {}
    same = (each for each in pending.handoffs if each.track == opened.track and each.crossing > opened.crossing)
    last = {step.handoff: step.status for step in pending.steps}
    return {each.handoff: last.get(each.handoff, PROPOSED) for each in same}


def assigned_to(handoff: str, pending: PendingChanges | None) -> str | None:
    own = [each.to for each in pending.assignments if each.handoff == handoff] if pending else []
    return own[-1] if own else None


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
    """A recorded decision: `at` is when it was made, `recorded_at` when it was written down."""
    times = {"at": format_time(row.at), "recorded_at": format_optional_time(row.recorded_at)}
    columns = ("by", "reason", "note", "opportunity", "late", "fact")
    return {"status": row.status, **times, **{name: getattr(row, name) for name in columns}}


def assignment_json(row: Any) -> Json:
    times = {"at": format_time(row.at), "recorded_at": format_time(row.recorded_at)}
    return {"to": row.to, **times, "by": row.by, "fact": row.fact}


def format_optional_time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else format_time(milliseconds)
