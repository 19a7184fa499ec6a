"""A log whose reader is paused between reading and writing. Never changes what is read."""

from collections.abc import Callable, Mapping

from streams.log import Log, Record


class LogPausedAfterRead:
    """The part of the log port that a projector asks; `meanwhile` is what others do during the pause."""

    def __init__(self, log: Log, during_pause: Callable[[], object]) -> None:
        self._log, self._during_pause = log, during_pause

    def partitions(self, topic: str) -> int:
        return self._log.partitions(topic)

    def generation(self, topic: str) -> str:
        return self._log.generation(topic)

    def end(self, topic: str, partition: int) -> int:
        return self._log.end(topic, partition)

    def read_each(self, topic: str, starts: Mapping[int, int], limit: int) -> Mapping[int, list[Record]]:
        records = self._log.read_each(topic, starts, limit)
        self._during_pause()
        return records
