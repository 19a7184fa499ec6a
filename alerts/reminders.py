"""The steps of a service level: reminders before and after a handoff is due, and alerts to further routes. Pure.

They are alerts, planned when the handoff is proposed and canceled by any answer of sales; no fact records them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from alerts.rules import ESCALATION, REMINDER, Interest, alert_id, is_addressed, takes_kind
from projections import STAFFEL_SOURCE, new_event
from schemas import FactRecord, parse_time
from scoring.model import Route
from scoring.plan import Plan, applied_route, step_at

_TYPES = {REMINDER: "alert.reminded.v1", ESCALATION: "alert.escalated.v1"}
"""Not types of `sqa-handoffs`, so that receivers which act on handoffs open no second task."""
DUE_PERCENT = 100


class Step(NamedTuple):
    """An alert to send at `at` unless sales answers before; `to`: the route of an escalation."""

    kind: str
    at: int
    percent: int
    to: str | None


def steps_of(proposal: Mapping[str, Any], plan: Plan) -> Iterator[Step]:
    """The steps of a handoff; none without a due time."""
    level, due_at = plan.model.handoff.service_level, proposal.get("due_at")
    if level is None or due_at is None:
        return
    act_now, due, start = proposal.get("act_now") is True, parse_time(due_at), starts_at(proposal)
    for step in level.steps:
        instant = step_at(
            step.at, start, due, act_now, plan.model.handoff, route_of(proposal, plan), plan.model.timezone
        )
        if step.alert is not None:
            yield Step(REMINDER, instant, step.at, None)
        if step.to is not None:
            yield Step(ESCALATION, instant, step.at, step.to)


def step_event(proposed: FactRecord, step: Step) -> FactRecord:
    """The content of a step's alert, from the event of the proposal; the id depends on nothing else."""
    id = alert_id(proposed, f"{step.kind}:{step.percent}:{step.to or ''}")
    data = {**proposed.data, "step": {"percent": step.percent, "to": step.to}}
    return new_event(STAFFEL_SOURCE, id, _TYPES[step.kind], proposed.subject, step.at, data)


def gets_step(step: Step, data: Mapping[str, Any], interest: Interest) -> bool:
    """Whether a channel gets the alert: a reminder as who got the handoff, an escalation as who did not."""
    owner = (data.get("company") or {}).get("owner")
    is_told_first = is_addressed(data.get("route"), owner, interest)
    if step.to is None:
        return takes_kind(step.kind, interest) and is_told_first
    return takes_kind(step.kind, interest) and is_addressed(step.to, owner, interest) and not is_told_first


def is_superseded(event: FactRecord, now: int) -> bool:
    """Whether a reminder comes after the due time that it reminds of, as after an outage."""
    step, due_at = event.data.get("step") or {}, event.data.get("due_at")
    is_early = step.get("to") is None and (step.get("percent") or DUE_PERCENT) < DUE_PERCENT
    return is_early and due_at is not None and now >= parse_time(due_at)


def route_of(proposal: Mapping[str, Any], plan: Plan) -> Route | None:
    """The route of a handoff, as the model in force has it."""
    due_at = proposal.get("due_at")
    due = None if due_at is None else parse_time(due_at)
    act_now, model = proposal.get("act_now") is True, plan.model
    return applied_route(proposal.get("route"), starts_at(proposal), due, act_now, model.handoff, model.timezone)


def starts_at(proposal: Mapping[str, Any]) -> int:
    """When the service level of a handoff begins (docs/scoring.md, rule 32)."""
    times = (proposal.get(name) for name in ("crossed_at", "recorded_at"))
    return max((parse_time(time) for time in times if time), default=0)
