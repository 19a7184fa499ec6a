"""Tables as rows of named fields, whatever the delimiter, the encoding and the names of the columns.

Headers are compared without case, blanks and punctuation. Never guesses a column that no synonym or mapping names.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from intake.files.text import READ_ERRORS, is_binary, not_text, open_bytes, open_text, unreadable
from intake.observation import Rejected

Columns = Mapping[str, Sequence[str]]
"""Field -> names of columns that may hold it, the best first."""
CellReaders = Mapping[str, tuple[str, Callable[[str], Any]]]
"""Field -> code of the rejection, and what reads its text or raises a ValueError saying why not."""

_DELIMITERS = ",;\t|"
_MAX_HEADER_CHARS = 65_536
_MAX_SHOWN_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of a file hold which field."""

    delimiter: str
    header: tuple[str, ...]
    column_indexes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def mapped_fields(self) -> frozenset[str]:
        """The fields that have a column."""
        return frozenset(name for name, indexes in self.column_indexes.items() if indexes)

    @property
    def decimal_comma(self) -> bool:
        """Whoever writes semicolons between fields does so because of commas in numbers."""
        return self.delimiter == ";"


class TableRow(NamedTuple):
    where: str
    cells: Sequence[str]
    layout: Layout

    def text(self, name: str) -> str | None:
        """The first column of this field that is not empty here."""
        return next(
            (cell for index in self.layout.column_indexes.get(name, ()) if (cell := self.cells[index].strip())), None
        )

    def column_name(self, name: str) -> str:
        """The column that `text` reads, as the file calls it."""
        indexes = self.layout.column_indexes.get(name, ())
        filled = next((index for index in indexes if self.cells[index].strip()), indexes[0] if indexes else None)
        return name if filled is None else self.layout.header[filled]

    def rejected(self, name: str, code: str, why: str) -> Rejected:
        """This row, because of what stands in this field."""
        shown = (self.text(name) or "")[:60]
        return Rejected(self.where, code, f"column {self.column_name(name)!r}, {shown!r}: {why}")


def read_cells(row: TableRow, readers: CellReaders) -> dict[str, Any] | Rejected:
    """The values of all fields that are filled, or the first that its reader (ValueError) or code refuses."""
    values = {}
    for name, (code, reader) in readers.items():
        text = row.text(name)
        if text is None:
            continue
        try:
            values[name] = reader(text)
        except ValueError as error:
            return row.rejected(name, code, str(error))
    return values


class RequiredField(NamedTuple):
    """Fields of which at least one must have a column."""

    alternatives: tuple[str, ...]


def read_rows(path: Path, columns: Columns, required: Sequence[RequiredField]) -> Iterator[TableRow | Rejected]:
    """The rows of a table in file order; blank ones are passed over.

    Rejected: `missing_column` (once), `bad_row` (other than so many cells, open quotes, too long), and what keeps a
    file from being read.
    """
    try:
        with open_bytes(path) as stream:
            if is_binary(stream):
                yield not_text(path)
                return
        with open_text(path) as text:
            yield from _table_rows(path.name, text, columns, required)
    except READ_ERRORS as error:
        yield unreadable(error, path.name)


def normalized_header(header: str) -> str:
    """`Company Domain Name` and `company_domain_name` are one column."""
    return re.sub(r"[\W_]+", "", header).casefold()


def _table_rows(
    name: str, text: TextIO, columns: Columns, required: Sequence[RequiredField]
) -> Iterator[TableRow | Rejected]:
    layout = _read_layout(name, text, columns, required)
    if isinstance(layout, Rejected):
        yield layout
        return
    text.seek(0)
    for where, cells in _records(name, text, layout.delimiter):
        if isinstance(cells, Rejected):
            yield cells
        elif any(cell.strip() for cell in cells):
            yield (
                TableRow(where, cells, layout)
                if len(cells) == len(layout.header)
                else _wrong_cell_count(where, cells, layout)
            )


def _records(name: str, text: TextIO, delimiter: str) -> Iterator[tuple[str, list[str] | Rejected]]:
    """The records after the header, each with the line on which it begins."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    next(reader)
    while True:
        where = f"{name}:{reader.line_num + 1}"
        try:
            yield where, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield (
                where,
                Rejected(where, "bad_row", f"the row cannot be read ({error}): check its quotes and its length"),
            )


def _read_layout(name: str, text: TextIO, columns: Columns, required: Sequence[RequiredField]) -> Layout | Rejected:
    first = text.readline(_MAX_HEADER_CHARS)
    delimiter = max(_DELIMITERS, key=first.count)
    text.seek(0)
    try:
        header = tuple(cell.strip() for cell in next(csv.reader(text, delimiter=delimiter, strict=True), []))
    except csv.Error as error:
        return Rejected(name, "missing_column", f"the first line holds no names of columns ({error})")
    layout = Layout(delimiter, header, _column_indexes(header, columns))
    missing = [need for need in required if not any(layout.column_indexes.get(one) for one in need.alternatives)]
    return _missing_column(name, header, missing[0], columns) if missing else layout


def _column_indexes(header: Sequence[str], columns: Columns) -> dict[str, tuple[int, ...]]:
    index_of: dict[str, int] = {}
    for place, title in enumerate(header):
        index_of.setdefault(normalized_header(title), place)
    named = {name: [index_of.get(normalized_header(title)) for title in titles] for name, titles in columns.items()}
    return {name: tuple(place for place in places if place is not None) for name, places in named.items()}


def _missing_column(name: str, header: Sequence[str], field_group: RequiredField, columns: Columns) -> Rejected:
    found = ", ".join(repr(title[:_MAX_SHOWN_COLUMNS]) for title in header[:_MAX_SHOWN_COLUMNS]) or "none"
    expected = "; or ".join(f"{one}: {', '.join(columns[one][:6])}" for one in field_group.alternatives)
    way_out = (
        f"name it in a file of lines like `{field_group.alternatives[0]}: Your column` and give that with --mapping"
    )
    return Rejected(name, "missing_column", f"columns found: {found}; expected one for {expected}; {way_out}")


def _wrong_cell_count(where: str, cells: Sequence[str], layout: Layout) -> Rejected:
    counts = f"{len(cells)} cells where the header has {len(layout.header)}"
    return Rejected(
        where, "bad_row", f"{counts}: the row is cut off, or a value with {layout.delimiter!r} lacks quotes"
    )
