"""The lifecycle of a handoff: its statuses, and which one may follow which.

    proposed  -> accepted | rejected | expired | withdrawn
    expired   -> accepted | rejected | withdrawn
    accepted  -> converted | recycled
    converted -> recycled

An expired one can be accepted or rejected only while no later handoff of its track is proposed or accepted. The fold of
the scores, the read models and the check of a decision all use this table.
"""

from collections.abc import Iterable, Mapping

PROPOSED = "proposed"
ACCEPTED = "accepted"
REJECTED = "rejected"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"
RECYCLED = "recycled"
CONVERTED = "converted"

PREVIOUS_STATUSES: Mapping[str, tuple[str, ...]] = {
    ACCEPTED: (PROPOSED, EXPIRED),
    REJECTED: (PROPOSED, EXPIRED),
    EXPIRED: (PROPOSED,),
    WITHDRAWN: (PROPOSED, EXPIRED),
    RECYCLED: (ACCEPTED, CONVERTED),
    CONVERTED: (ACCEPTED,),
}
"""Status -> the statuses it may follow; every handoff begins as `proposed`."""

CONTINUABLE_STATUSES = (PROPOSED, ACCEPTED, EXPIRED, CONVERTED)
"""Those that another status may follow."""
OPEN_STATUSES = (PROPOSED, ACCEPTED)
"""Those in which sales works on the account, besides a converted one whose opportunity is open: no second handoff of
the track is opened meanwhile."""
ANSWERS = (ACCEPTED, REJECTED)
"""What sales answers to a proposal."""
ASSIGNABLE_STATUSES = (PROPOSED, EXPIRED, ACCEPTED)
COOLDOWN_STATUSES = (REJECTED, RECYCLED)
"""Those that start the cool-down of the track."""


def may_follow(status: str, previous: str, later: Iterable[str]) -> bool:
    """Whether a handoff in the status `previous` may take another; `later`: of the later handoffs of its track."""
    if previous not in PREVIOUS_STATUSES[status]:
        return False
    return previous != EXPIRED or status not in ANSWERS or not any(each in OPEN_STATUSES for each in later)


def is_late(status: str, previous: str, time: int, due_at: int | None) -> bool:
    """Whether sales answers after the due time, or after the expiry of a handoff without one. Milliseconds."""
    if status not in ANSWERS:
        return False
    return previous == EXPIRED if due_at is None else time > due_at


def event_type(status: str) -> str:
    """The type of the event on `sqa-handoffs` that announces a status."""
    return f"sqa.handoff_{status}.v1"
