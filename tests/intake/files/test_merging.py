"""Files of one ingest are merged into one stream."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from intake.files.merging import merge_by_time
from intake.observation import Filtered, Item, Observation, Rejected


def numbered_observation(file: str, number: int, time: int) -> Observation:
    return Observation(where=f"{file}:{number}", source=file, id=str(number), type="web.page_viewed.v1", time=time)


def positions(items: Iterator[Item]) -> list[str]:
    return [item.where for item in items]


def test_files_are_merged_by_time() -> None:
    web = [numbered_observation("web", 1, 10), numbered_observation("web", 2, 30)]
    mail = [numbered_observation("mail", 1, 20), numbered_observation("mail", 2, 40)]
    assert positions(merge_by_time([web, mail])) == ["web:1", "mail:1", "web:2", "mail:2"]


def test_at_equal_times_the_file_named_first_goes_first() -> None:
    assert positions(merge_by_time([[numbered_observation("b", 1, 5)], [numbered_observation("a", 1, 5)]])) == [
        "b:1",
        "a:1",
    ]


def test_a_late_item_keeps_its_place_in_its_file() -> None:
    web = [
        numbered_observation("web", 1, 10),
        numbered_observation("web", 2, 90),
        numbered_observation("web", 3, 20),
        numbered_observation("web", 4, 95),
    ]
    mail = [numbered_observation("mail", 1, 50), numbered_observation("mail", 2, 92)]
    assert positions(merge_by_time([web, mail])) == ["web:1", "mail:1", "web:2", "web:3", "mail:2", "web:4"]


def test_items_without_a_time_follow_the_item_before_them() -> None:
    web: list[Item] = [
        numbered_observation("web", 1, 10),
        Rejected("web:2", "bad_line", "x"),
        numbered_observation("web", 3, 30),
    ]
    mail: list[Item] = [Filtered("mail:1", "automatic"), numbered_observation("mail", 2, 20)]
    assert positions(merge_by_time([web, mail])) == ["mail:1", "web:1", "web:2", "mail:2", "web:3"]


@given(st.lists(st.lists(st.integers(0, 50), max_size=12), max_size=5))
def test_nothing_is_lost_and_every_file_keeps_its_order(files: list[list[int]]) -> None:
    streams = [
        [numbered_observation(f"f{n}", i, time) for i, time in enumerate(times)] for n, times in enumerate(files)
    ]
    together = list(merge_by_time(streams))
    assert len(together) == sum(map(len, streams))
    for number, stream in enumerate(streams):
        assert [item for item in together if item.where.startswith(f"f{number}:")] == stream


@given(st.lists(st.lists(st.integers(0, 50), max_size=12).map(sorted), max_size=5))
def test_files_sorted_by_time_make_a_stream_sorted_by_time(files: list[list[int]]) -> None:
    streams = [
        [numbered_observation(f"f{n}", i, time) for i, time in enumerate(times)] for n, times in enumerate(files)
    ]
    times = [item.time for item in merge_by_time(streams) if isinstance(item, Observation)]
    assert times == sorted(times)
