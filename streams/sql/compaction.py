"""A step that deletes projected score records that have a later record of the same key."""

from collections.abc import Callable, Mapping

from schemas import SCORES
from streams.sql.log import SqlLog

RETAINED_RECORDS = 50_000
"""The newest records of each partition of `scores` that are kept in any case."""


class Compaction:
    """Runs once a partition has grown by as many records as it retains."""

    name = "compaction"

    def __init__(
        self,
        log: SqlLog,
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
        """Partition -> the offset to compact up to, for the partitions that have grown enough."""
        floors = {}
        for partition, position in self._projected_positions().items():
            floor = min(position, self._log.end(SCORES, partition) - self._retained)
            if floor - self._compacted_to.get(partition, 0) >= self._retained:
                floors[partition] = floor
        return floors
