"""A step that drops superseded score records once they were projected. Never the last record of a key."""

from collections.abc import Callable, Mapping
from typing import Protocol

from schemas.topics import SCORES

KEEP = 50_000
"""Records of `scores` that stay, superseded or not, per partition."""


class Compactable(Protocol):
    def end(self, topic: str, partition: int) -> int: ...

    def compact(self, keep_from: Mapping[int, int]) -> int: ...


class Compaction:
    """Runs when as many records came as it keeps; the host's other steps wait meanwhile."""

    name = "compaction"

    def __init__(self, log: Compactable, projected: Callable[[], Mapping[int, int]], keep: int = KEEP) -> None:
        self._log = log
        self._projected = projected
        self._keep = keep
        self._done: dict[int, int] = {}

    def advance(self) -> int:
        due = {partition: floor for partition, floor in self._floors().items() if floor > 0}
        if due:
            self._log.compact(due)
            self._done |= due
        return 0

    def _floors(self) -> dict[int, int]:
        """Where each partition may be compacted to, for those that grew enough."""
        floors = {}
        for partition, position in self._projected().items():
            floor = min(position, self._log.end(SCORES, partition) - self._keep)
            if floor - self._done.get(partition, 0) >= self._keep:
                floors[partition] = floor
        return floors
