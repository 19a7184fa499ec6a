"""The duplicate window: the ids of the last records of a partition.

An id is a duplicate if it occurred at one of the `size` offsets before. To forget ids one by one, a queue beside the
set would be needed; instead, offsets are divided into generations: generation n covers the offsets from n * size up to
(n + 1) * size. Two dictionaries (id -> its last offset) hold the current generation and the previous one. When an
offset enters the next generation, the current dictionary becomes the previous one, and the old previous one is dropped
as a whole. Together they always cover the last `size` offsets. They also hold older ids, so the offset stored with an
id decides: it has to be at most `size` back. Because generations follow from offsets alone, a window rebuilt from the
log gives the same answers as one kept in memory.
"""

WINDOW_SIZE = 100_000


class DuplicateWindow:
    """Ids of the current and the previous generation. What it answers depends on the log alone."""

    def __init__(self, size: int = WINDOW_SIZE) -> None:
        self.size = size
        self._recent_end = 0
        """The offset at which the current generation ends."""
        self._recent: dict[str, int] = {}
        self._previous: dict[str, int] = {}

    def check_and_add(self, id: str, offset: int) -> bool:
        """Whether the id is in the window before `offset`; adds it at `offset`. Offsets have to rise."""
        if offset >= self._recent_end:
            self._rotate(offset)
        last_offset = self._recent.get(id)
        if last_offset is None:
            last_offset = self._previous.get(id)
        self._recent[id] = offset
        return last_offset is not None and last_offset >= offset - self.size

    def _rotate(self, offset: int) -> None:
        self._previous = self._recent if offset < self._recent_end + self.size else {}
        self._recent = {}
        self._recent_end = (offset // self.size + 1) * self.size
