"""The duplicate window: which record ids stand within the last records of a partition. Never looks further back."""

WINDOW = 100_000


class DuplicateWindow:
    """A pure function of the log: an id is known where it stood at one of the `size` offsets before.

    Two generations of ids take turns, so that nothing is forgotten one by one.
    """

    def __init__(self, size: int = WINDOW) -> None:
        self.size = size
        self._ends = 0
        """Offset at which the recent generation ends."""
        self._recent: dict[str, int] = {}
        self._older: dict[str, int] = {}

    def seen(self, id: str, offset: int) -> bool:
        """Whether this id stands in the window before `offset`; it stands at `offset` from now on. Offsets rise."""
        if offset >= self._ends:
            self._turn(offset)
        before = self._recent.get(id)
        if before is None:
            before = self._older.get(id)
        self._recent[id] = offset
        return before is not None and before >= offset - self.size

    def _turn(self, offset: int) -> None:
        self._older = self._recent if offset < self._ends + self.size else {}
        self._recent = {}
        self._ends = (offset // self.size + 1) * self.size
