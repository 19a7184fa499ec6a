"""Checks a decision about a handoff before its fact is recorded; the fold decides again when it reads the fact."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from projections.derived_facts import assignment_id, decision_id
from schemas import ACCEPTED, ANSWERS, ASSIGNABLE_STATUSES, PREVIOUS_STATUSES, may_follow


@dataclass(frozen=True, slots=True)
class DecisionRefused:
    """`code`: no_such_handoff, already_decided, not_accepted, later_is_open or already_assigned."""

    code: str
    why: str


def check_decision(row: Any | None, handoff: str, status: str, taken: int = 0) -> str | DecisionRefused:
    """The id for the fact of this decision (its source is `DECISIONS_SOURCE`), or why the decision is not possible.

    `row`: the stored handoff, as of `ReadModelQueries.handoff`. Two people who decide at the same time get the same id,
    so only one fact is recorded. `taken`: how many ids decisions have taken that the fold read too late to count.
    """
    if row is None:
        return _unknown(handoff)
    if may_follow(status, row.status, [row.later_status] if row.later else []):
        return decision_id(handoff, row.steps + 1 + taken)
    allowed = PREVIOUS_STATUSES[status]
    if row.status in allowed:
        later = f"{row.later}, {_described(row.later_status, row.later_by)}"
        return DecisionRefused("later_is_open", f"{handoff} is expired; answer the later one of its track: {later}")
    code = "already_decided" if status in ANSWERS else "not_accepted"
    return DecisionRefused(code, _not_possible(row, handoff, status, allowed))


def check_assignment(row: Any | None, handoff: str, assignments: int, to: str) -> str | DecisionRefused:
    """The id for the fact of this assignment, or why it is not possible.

    `assignments`: how many the handoff has had; to assign it to somebody else at the same time is another fact.
    """
    if row is None:
        return _unknown(handoff)
    if row.status not in ASSIGNABLE_STATUSES:
        return DecisionRefused("already_decided", _not_possible(row, handoff, "assigned", ASSIGNABLE_STATUSES))
    if row.assigned_to is not None and row.assigned_to.casefold() == to.casefold():
        by = f", by {row.assigned_by}" if row.assigned_by else ""
        return DecisionRefused("already_assigned", f"{handoff} is assigned to {row.assigned_to} already{by}")
    return assignment_id(handoff, assignments + 1, to)


def accepted_beside(row: Any, others: Iterable[Any]) -> list[Any]:
    """Other handoffs of the same track that are accepted, so that two people may work the same account. `others`: of
    the account."""
    same = (each for each in others if each.track == row.track and each.handoff != row.handoff)
    return [each for each in same if each.status == ACCEPTED]


def _unknown(handoff: str) -> DecisionRefused:
    return DecisionRefused("no_such_handoff", f"there is no handoff {handoff}; `staffel handoffs --all` lists them")


def _not_possible(row: Any, handoff: str, status: str, allowed: tuple[str, ...]) -> str:
    return f"{handoff} is {_described(row.status, row.by)}; only what is {' or '.join(allowed)} can be {status}"


def _described(status: str, by: str | None) -> str:
    return f"{status} by {by}" if by else status
