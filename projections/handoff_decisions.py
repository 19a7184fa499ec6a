"""What a person may decide about a handoff now. Judges a request; the fold alone judges the fact."""

from dataclasses import dataclass
from typing import Any

from projections.derived_facts import decision_id
from projections.read_models.handoffs import ALLOWED_FROM


@dataclass(frozen=True, slots=True)
class DecisionRefused:
    """`code`: no_such_handoff, already_decided or not_accepted."""

    code: str
    why: str


def check_decision(row: Any | None, handoff: str, status: str) -> str | DecisionRefused:
    """The id of the fact that takes the step (source `facts.DECISIONS`), or why it may not be taken.

    `row` is the handoff as stored; of two people who decide at once both get the same id, and one fact stands.
    """
    if row is None:
        return DecisionRefused("no_such_handoff", f"there is no handoff {handoff}; `staffel handoffs` lists them")
    if row.status in ALLOWED_FROM[status]:
        return decision_id(handoff, row.steps + 1)
    code = "not_accepted" if ALLOWED_FROM[status] == ("accepted",) else "already_decided"
    return DecisionRefused(
        code, f"{handoff} is {_describe_status(row)}; only what is {' or '.join(ALLOWED_FROM[status])} can be {status}"
    )


def _describe_status(row: Any) -> str:
    return f"{row.status} by {row.by}" if row.by else str(row.status)
