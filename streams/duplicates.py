"""The duplicate window: which record ids stand within the last records of a partition. Never looks further back."""

from collections import deque

WINDOW = 100_000


class DuplicateWindow:
    """A pure function of the log: remembers the ids of the last `size` records, duplicates among them."""

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._count = 0
        self._order: deque[str] = deque()
        self._last: dict[str, int] = {}

    def seen(self, id: str) -> bool:
        """Whether this id stands in the window; it stands there from now on."""
        count = self._count = self._count + 1
        last = self._last
        known = id in last
        last[id] = count
        order = self._order
        order.append(id)
        if len(order) > self._size:
            oldest = order.popleft()
            if last[oldest] <= count - self._size:
                del last[oldest]
        return known
