"""The duplicate window: which record ids stand within the last records of a partition. Never looks further back."""

WINDOW = 100_000


class DuplicateWindow:
    """A pure function of the log: remembers the ids of the last `size` records, duplicates among them.

    Ids with their numbers lie in two dicts of up to `size` entries; the older one is thrown away as a whole, because
    taking out single ids costs more than all the rest.
    """

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._count = 0
        self._recent: dict[str, int] = {}
        self._older: dict[str, int] = {}

    def seen(self, id: str) -> bool:
        """Whether this id stands in the window; it stands there from now on."""
        count = self._count = self._count + 1
        recent = self._recent
        last = recent.get(id) or self._older.get(id)
        recent[id] = count
        if len(recent) >= self._size:
            self._recent, self._older = {}, recent
        return last is not None and last >= count - self._size
