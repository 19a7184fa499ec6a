"""Merges the files of one ingest into one stream by time; each file keeps its own order.

Items without a time (rejected, filtered) follow the item before them in their file. Memory: one item per file.
"""

from collections.abc import Iterable, Iterator
from heapq import merge

from intake.observation import Item, Observation

_BEFORE_ALL_TIMES = -(1 << 62)


def merge_by_time(files: Iterable[Iterable[Item]]) -> Iterator[Item]:
    """All items. At equal times the file named first goes first.

    If a file steps back in time, its late items are not delayed: they sort by the latest time before them.
    """
    streams = [_with_sort_keys(items, number) for number, items in enumerate(files)]
    return (item for _, _, _, item in merge(*streams, key=lambda entry: entry[:3]))


def _with_sort_keys(items: Iterable[Item], number: int) -> Iterator[tuple[int, int, int, Item]]:
    latest = _BEFORE_ALL_TIMES
    for position, item in enumerate(items):
        # The latest time so far: heapq.merge needs ascending keys within each stream.
        latest = max(latest, item.time) if isinstance(item, Observation) else latest
        yield latest, number, position, item
