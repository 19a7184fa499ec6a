"""Tables within the width of a terminal: columns are folded, cut or left out before a row would break."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = 2
_MIN_WRAPPED, _MIN_TRUNCATED = 16, 12
"""Columns that are narrower than these are not readable."""
_MIN_VALUE_WIDTH = 20


@dataclass(frozen=True)
class TableText:
    """The cells of a table, and what its columns may become; columns that are not named stay whole."""

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[str] = frozenset()
    """Right-aligned."""
    wrapped: frozenset[str] = frozenset()
    """May use several lines."""
    truncated: frozenset[str] = frozenset()
    """May end with `…`."""

    def columns_to_leave_out(self, width: int, optional: Iterable[str]) -> list[str]:
        """As few of the optional columns as possible, the first one first."""
        left_out: list[str] = []
        for name in optional:
            if self.without(left_out).min_width <= width:
                break
            left_out += [name] * (name in self.names)
        return left_out

    def without(self, left_out: Sequence[str]) -> "TableText":
        kept = [i for i, name in enumerate(self.names) if name not in left_out]
        rows = [[row[i] for i in kept] for row in self.rows]
        return TableText([self.names[i] for i in kept], rows, self.numbers, self.wrapped, self.truncated)

    @property
    def min_width(self) -> int:
        """The smallest width at which all columns can be read."""
        return sum(map(self._min_column_width, range(len(self.names)))) + _GAP * (len(self.names) - 1)

    def lines(self, console: Console) -> list[str]:
        """A row per line, or a value per line where that does not fit the console."""
        fits = self.min_width <= console.width
        return self._table_lines(console) if fits else list(self._record_lines(console.width))

    def _table_lines(self, console: Console) -> list[str]:
        table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, _GAP - 1, 0, 0), pad_edge=False)
        for number, name in enumerate(self.names):
            is_whole = name not in self.wrapped | self.truncated
            table.add_column(
                name,
                justify="right" if name in self.numbers else "left",
                no_wrap=is_whole,
                overflow="fold",
                min_width=self._min_column_width(number),
            )
        for row in self.rows:
            table.add_row(*(self._rich_cell(name, cell) for name, cell in zip(self.names, row, strict=True)))
        with console.capture() as captured:
            console.print(table)
        return [line.rstrip() for line in captured.get().splitlines()]

    def _rich_cell(self, name: str, cell: str) -> Text:
        return Text(cell, no_wrap=True, overflow="ellipsis") if name in self.truncated else Text(cell)

    def _record_lines(self, width: int) -> Iterator[str]:
        """`column  value` lines, with an empty line between rows."""
        indent = max(map(cell_len, self.names), default=0) + _GAP
        for number, row in enumerate(self.rows):
            if number:
                yield ""
            for name, cell in zip(self.names, row, strict=True):
                folded = self._folded(name, cell, max(width - indent, _MIN_VALUE_WIDTH))
                yield f"{name}{' ' * (indent - cell_len(name))}{folded[0]}".rstrip()
                yield from (f"{' ' * indent}{line}" for line in folded[1:])

    def _folded(self, name: str, cell: str, width: int) -> list[str]:
        """Between words alone: whoever copies an ID must get all of it."""
        is_text = name in self.wrapped | self.truncated
        return (wrap(cell, width, break_long_words=False, break_on_hyphens=False) if is_text else []) or [cell]

    def _min_column_width(self, number: int) -> int:
        name = self.names[number]
        whole = max(map(cell_len, (name, *(row[number] for row in self.rows))))
        if name in self.wrapped:
            return min(whole, _MIN_WRAPPED)
        return min(whole, _MIN_TRUNCATED) if name in self.truncated else whole
