"""The duplicate window knows the ids of exactly the last records of a partition."""

from hypothesis import given
from hypothesis import strategies as st

from streams.scorer.deduplication import WINDOW_SIZE, DuplicateWindow


def seen_answers(size: int, ids: list[tuple[str, int]]) -> list[bool]:
    window = DuplicateWindow(size)
    return [window.check_and_add(id, offset) for id, offset in ids]


def test_an_id_is_known_to_the_edge_of_the_window_and_not_beyond() -> None:
    assert seen_answers(3, [("a", 0), ("b", 1), ("c", 2), ("a", 3)]) == [False, False, False, True]
    assert seen_answers(3, [("a", 0), ("b", 1), ("c", 2), ("d", 3), ("a", 4)]) == [False] * 5


def test_a_duplicate_stands_in_the_window_itself() -> None:
    assert seen_answers(2, [("a", 0), ("a", 2), ("a", 4), ("a", 7)]) == [False, True, True, False]


def test_the_window_holds_a_hundred_thousand_records() -> None:
    window = DuplicateWindow()
    seen = [window.check_and_add(f"{n}", n) for n in range(WINDOW_SIZE)]
    assert (any(seen), window.check_and_add("0", WINDOW_SIZE), window.check_and_add("0", 3 * WINDOW_SIZE)) == (
        False,
        True,
        False,
    )
    assert [window.check_and_add("x", offset) for offset in (0, WINDOW_SIZE, 2 * WINDOW_SIZE + 1)] == [
        False,
        True,
        False,
    ]


@given(st.integers(1, 6), st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 4)), max_size=40))
def test_it_is_as_if_the_last_records_were_looked_through(size: int, steps: list[tuple[str, int]]) -> None:
    offsets = [sum(gap for _, gap in steps[: n + 1]) for n in range(len(steps))]
    placed = [(id, offset) for (id, _), offset in zip(steps, offsets, strict=True)]
    looked = [
        any(id == other and offset - size <= earlier < offset for other, earlier in placed[:n])
        for n, (id, offset) in enumerate(placed)
    ]
    assert seen_answers(size, placed) == looked


@given(st.integers(1, 6), st.lists(st.sampled_from("abcd"), max_size=40), st.integers(0, 40))
def test_it_can_be_rebuilt_from_the_last_records_alone(size: int, ids: list[str], at: int) -> None:
    placed = [(id, offset) for offset, id in enumerate(ids)]
    assert seen_answers(size, placed)[at:] == seen_answers(size, placed[max(0, at - size) :])[min(at, size) :]
