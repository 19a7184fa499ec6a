"""The garbage collector while many facts are folded."""

import gc

import pytest

from streams.scorer.gc_tuning import gc_frozen


def test_what_stands_is_left_alone_and_afterwards_all_is_as_it_was() -> None:
    usual = gc.get_threshold()
    with gc_frozen():
        assert (gc.get_freeze_count() > 0, gc.get_threshold() > usual, gc.isenabled()) == (True, True, True)
    assert (gc.get_freeze_count(), gc.get_threshold()) == (0, usual)


def test_an_error_leaves_nothing_behind() -> None:
    usual = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), gc_frozen():
        _ = 1 / 0
    assert gc.get_threshold() == usual
