"""Checks a decision about a handoff before its fact is recorded; the fold decides again when it reads the fact."""

from dataclasses import dataclass
from typing import Any

from projections.derived_facts import decision_id
from schemas import ACCEPTED, PREVIOUS_STATUSES


@dataclass(frozen=True, slots=True)
class DecisionRefused:
    """`code`: no_such_handoff, already_decided or not_accepted."""

    code: str
    why: str


def check_decision(row: Any | None, handoff: str, status: str) -> str | DecisionRefused:
    """The id for the fact of this decision (its source is `DECISIONS_SOURCE`), or why the decision is not possible.

    `row`: the stored handoff. Two people who decide at the same time get the same id, so only one fact is recorded.
    """
    if row is None:
        return DecisionRefused("no_such_handoff", f"there is no handoff {handoff}; `staffel handoffs` lists them")
    allowed = PREVIOUS_STATUSES[status]
    if row.status in allowed:
        return decision_id(handoff, row.steps + 1)
    code = "not_accepted" if ACCEPTED in allowed else "already_decided"
    why = f"{handoff} is {_describe_status(row)}; only what is {' or '.join(allowed)} can be {status}"
    return DecisionRefused(code, why)


def _describe_status(row: Any) -> str:
    return f"{row.status} by {row.by}" if row.by else str(row.status)
