"""The duplicate window: which record ids stand within the last records of a partition. Never looks further back."""

WINDOW_SIZE = 100_000


class DuplicateWindow:
    """A pure function of the log: an id is known where it stood at one of the `size` offsets before.

    Two generations of ids take turns, so that nothing is forgotten one by one.
    """

    def __init__(self, size: int = WINDOW_SIZE) -> None:
        self.size = size
        self._recent_end = 0
        """Offset at which the recent generation ends."""
        self._recent: dict[str, int] = {}
        self._previous: dict[str, int] = {}

    def check_and_add(self, id: str, offset: int) -> bool:
        """Whether this id stands in the window before `offset`; it stands at `offset` from now on. Offsets rise."""
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
