"""The garbage collector while many facts are folded.

State, facts and records contain no reference cycles; searching millions of objects for some takes longer than the fold.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RELAXED_THRESHOLDS = (100_000, 50, 1_000)


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Exclude existing objects from collection and collect less often; restores both at the end."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RELAXED_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
