"""A step that drops superseded score records once they were projected. Never the last record of a key."""

from collections.abc import Callable, Mapping
from typing import Protocol

from schemas.topics import SCORES

RETAINED_RECORDS = 50_000
"""Records of `scores` that stay, superseded or not, per partition."""


class CompactableLog(Protocol):
    def end(self, topic: str, partition: int) -> int: ...

    def compact(self, keep_from: Mapping[int, int]) -> int: ...


class Compaction:
    """Runs when as many records came as it keeps; the host's other steps wait meanwhile."""

    name = "compaction"

    def __init__(
        self,
        log: CompactableLog,
        projected_positions: Callable[[], Mapping[int, int]],
        retained: int = RETAINED_RECORDS,
    ) -> None:
        self._log = log
        self._projected_positions = projected_positions
        self._retained = retained
        self._compacted_to: dict[int, int] = {}

    def advance(self) -> int:
        due = {partition: floor for partition, floor in self._due_floors().items() if floor > 0}
        if due:
            self._log.compact(due)
            self._compacted_to |= due
        return 0

    def _due_floors(self) -> dict[int, int]:
        """Where each partition may be compacted to, for those that grew enough."""
        floors = {}
        for partition, position in self._projected_positions().items():
            floor = min(position, self._log.end(SCORES, partition) - self._retained)
            if floor - self._compacted_to.get(partition, 0) >= self._retained:
                floors[partition] = floor
        return floors
