"""The lifecycle of a handoff: its statuses, and which one may follow which.

    proposed -> accepted | rejected | expired | withdrawn
    accepted -> converted | recycled
    expired  -> accepted, late

The fold of the scores, the read models and the check of a decision all use this table.
"""

from collections.abc import Mapping

PROPOSED = "proposed"
ACCEPTED = "accepted"
REJECTED = "rejected"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"
RECYCLED = "recycled"
CONVERTED = "converted"

PREVIOUS_STATUSES: Mapping[str, tuple[str, ...]] = {
    ACCEPTED: (PROPOSED, EXPIRED),
    REJECTED: (PROPOSED,),
    EXPIRED: (PROPOSED,),
    WITHDRAWN: (PROPOSED,),
    RECYCLED: (ACCEPTED,),
    CONVERTED: (ACCEPTED,),
}
"""Status -> the statuses it may follow; every handoff begins as `proposed`."""

CONTINUABLE_STATUSES = (PROPOSED, ACCEPTED, EXPIRED)
"""Those that another status may follow."""
OPEN_STATUSES = (PROPOSED, ACCEPTED)
"""Those in which sales works on the account: no second handoff is opened meanwhile."""
COOLDOWN_STATUSES = (REJECTED, RECYCLED)
"""Those that start the cool-down of the track."""


def is_late(previous: str, status: str) -> bool:
    """Whether sales accepted after the handoff had expired."""
    return previous == EXPIRED and status == ACCEPTED


def event_type(status: str) -> str:
    """The type of the event on `sqa-handoffs` that announces a status."""
    return f"sqa.handoff_{status}.v1"
