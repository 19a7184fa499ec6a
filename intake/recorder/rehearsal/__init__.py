"""A rehearsal: what recording would do, without writing to log, vault, directory or inbox."""

from intake.recorder.rehearsal.rehearsal import Rehearsal

__all__ = [
    "Rehearsal",
]
