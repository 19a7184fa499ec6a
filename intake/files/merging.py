"""Several files of one ingest as one stream: by time, each file in its own order. Never reorders within a file.

What has no time of its own (rejected, filtered) goes with what stands before it in its file. Memory: one item per file.
"""

from collections.abc import Iterable, Iterator
from heapq import merge

from intake.observation import Item, Observation

_BEFORE_ALL_TIMES = -(1 << 62)


def merge_by_time(files: Iterable[Iterable[Item]]) -> Iterator[Item]:
    """All items; of two files that offer items of one time the earlier named goes first.

    A file that steps back in time does not wait: its late items come at once.
    """
    streams = [_with_sort_keys(items, number) for number, items in enumerate(files)]
    return (item for _, _, _, item in merge(*streams, key=lambda entry: entry[:3]))


def _with_sort_keys(items: Iterable[Item], number: int) -> Iterator[tuple[int, int, int, Item]]:
    latest = _BEFORE_ALL_TIMES
    for position, item in enumerate(items):
        # The greatest time so far: the keys of a stream may not fall, or the merge would starve other files.
        latest = max(latest, item.time) if isinstance(item, Observation) else latest
        yield latest, number, position, item
