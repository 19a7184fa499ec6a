"""What the projector leaves for the reactors: outbox, timers, moves and parked facts."""

from projections.work.tables import append_notes, moves, outbox, parked_facts, unpublished_ids
from projections.work.visitors import (
    ParkedDomain,
    UnidentifiedVisitors,
    WaitingVisitor,
    parked_domains,
    unidentified_visitors,
    waiting_visitors,
)

__all__ = [
    "ParkedDomain",
    "UnidentifiedVisitors",
    "WaitingVisitor",
    "append_notes",
    "moves",
    "outbox",
    "parked_domains",
    "parked_facts",
    "unidentified_visitors",
    "unpublished_ids",
    "waiting_visitors",
]
