"""The records of a CSV file, each with the number of its first line.

RFC 4180 lets a quoted cell go on over line ends, so that one quote too many swallows all rows up to the next quote. A
record that shows this is not believed: its first line is rejected, and the lines after it are read again as rows.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple, TextIO

from intake.files.bounded_streams import LineBudgetError

MAX_RECORD_CHARS = 1 << 20
_MAX_LINES_READ_AGAIN = 50
"""Of a longer record each line is read alone, so that no input makes the same lines be read again and again."""
_MIN_COLUMNS_OF_ROWS = 3
"""In tables with fewer columns the lines of a long text look like rows."""


class BadRecord(NamedTuple):
    """Why a record cannot be read, with the code of its rejection."""

    code: str
    why: str


class _OpenQuoteError(Exception):
    """A record goes on for too long."""


class _Lines:
    """The lines of a text, which may be given back. Remembers those taken for the current record."""

    def __init__(self, text: TextIO, number: int) -> None:
        self._text = text
        self._returned: deque[str | LineBudgetError] = deque()
        self.number = number
        """Of the last line before the current record."""
        self.taken: list[str] = []
        self.taken_again = 0
        """How many lines of the current record were given back before."""
        self._chars = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self._chars > MAX_RECORD_CHARS:
            raise _OpenQuoteError
        line = self._take_again() if self._returned else next(self._text)
        self.taken.append(line)
        self._chars += len(line)
        return line

    def _take_again(self) -> str:
        line = self._returned.popleft()
        self.taken_again += 1
        if isinstance(line, LineBudgetError):
            raise line
        return line

    def begin_record(self) -> None:
        self.number += len(self.taken)
        self.taken, self.taken_again, self._chars = [], 0, 0

    def give_back(self, *lines: str | LineBudgetError) -> None:
        self._returned.extendleft(reversed(lines))


def read_records(
    text: TextIO, delimiter: str, columns: int, number: int
) -> Iterator[tuple[int, list[str] | BadRecord]]:
    """The records that follow in the text, with the numbers of their first lines; a blank line is an empty record.

    `columns`: how many cells a row has. `number`: of the last line before the records.
    """
    lines = _Lines(text, number)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin_record()
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except LineBudgetError as error:
            yield from _after_long_line(lines, error, delimiter)
        except (csv.Error, _OpenQuoteError) as error:
            yield from _after_error(lines, error, delimiter)
        else:
            if len(lines.taken) > 1 and _is_swallowed(lines.taken, cells, delimiter, columns):
                yield from _read_again(lines, delimiter)
            elif lines.taken_again and len(lines.taken) == 1 and lines.taken[0].count('"') % 2:
                yield first, _OPEN_QUOTE
            else:
                yield first, cells


def _after_long_line(
    lines: _Lines, error: LineBudgetError, delimiter: str
) -> Iterator[tuple[int, list[str] | BadRecord]]:
    if lines.taken:
        lines.give_back(error)
        yield from _read_again(lines, delimiter)
        return
    yield lines.number + 1, BadRecord("too_large", f"{error}; it was skipped")
    lines.number += 1


def _after_error(lines: _Lines, error: Exception, delimiter: str) -> Iterator[tuple[int, list[str] | BadRecord]]:
    if len(lines.taken) > 1:
        yield from _read_again(lines, delimiter)
    elif "field limit" in str(error):
        yield lines.number + 1, BadRecord("too_large", f"a cell has more than {csv.field_size_limit():,} characters")
    elif "unexpected end" in str(error):
        yield lines.number + 1, _OPEN_QUOTE
    else:
        yield lines.number + 1, BadRecord("bad_row", f"cannot read the row ({error}): check its quotes")


def _is_swallowed(taken: list[str], cells: list[str], delimiter: str, columns: int) -> bool:
    """Whether a record of several lines has the wrong number of cells, or each of its lines looks like a row."""
    if len(cells) != columns:
        return True
    if columns < _MIN_COLUMNS_OF_ROWS:
        return False
    # In a text a space follows the comma, in a row hardly ever.
    return all(line.count(delimiter) - line.count(f"{delimiter} ") >= columns - 1 for line in taken)


def _read_again(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | BadRecord]]:
    """Reject the first line of the record, and read the others again."""
    first, taken = lines.number + 1, lines.taken
    yield first, _OPEN_QUOTE
    alone = taken[1:-1] if len(taken) > _MAX_LINES_READ_AGAIN else []
    for number, line in enumerate(alone, first + 1):
        yield number, _cells_of_line(line, delimiter)
    lines.taken = taken[: 1 + len(alone)]
    lines.give_back(*taken[1 + len(alone) :])


def _cells_of_line(line: str, delimiter: str) -> list[str] | BadRecord:
    if line.count('"') % 2:
        return _OPEN_QUOTE
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return BadRecord("bad_row", f"cannot read the row ({error}): check its quotes")


_OPEN_QUOTE = BadRecord(
    "bad_row", 'a quote opens and does not close in this row: remove it, or write "" for a quote within a quoted value'
)
