"""What the projector leaves for the reactors: outbox, timers, moves and parked facts."""

from projections.work.tables import append_notes, moves, outbox, parked_facts

__all__ = [
    "append_notes",
    "moves",
    "outbox",
    "parked_facts",
]
