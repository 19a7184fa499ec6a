"""The garbage collector while much is folded: what stands is left alone, and looked through seldom.

State, facts and records hold no cycles; looking for some among millions of objects takes longer than the fold.
Never switches the collector off for good.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RELAXED_THRESHOLDS = (100_000, 50, 1_000)


@contextmanager
def gc_frozen() -> Iterator[None]:
    """Within it the collector skips what stood before, and waits longer; afterwards it is as it was."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RELAXED_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
