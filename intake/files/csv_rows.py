"""CSV files as rows of named fields, for any common delimiter and encoding.

Headers are compared without case, spaces and punctuation, with the synonyms of each field and the user's mapping.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from intake.files.bounded_streams import LineBudgetError
from intake.files.text import READ_ERRORS, is_binary, not_text, open_bytes, open_text, unreadable
from intake.observation import Rejected

Columns = Mapping[str, Sequence[str]]
"""Field -> names of columns that may contain it, in order of preference."""
CellReaders = Mapping[str, tuple[str, Callable[[str], Any]]]
"""Field -> rejection code, and a function that parses its text or raises ValueError with the reason."""

_DELIMITERS = ",;\t|"
_MAX_HEADER_CHARS = 65_536
_MAX_SHOWN_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of a file contain which field."""

    delimiter: str
    header: tuple[str, ...]
    column_indexes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def mapped_fields(self) -> frozenset[str]:
        """The fields that have a column."""
        return frozenset(name for name, indexes in self.column_indexes.items() if indexes)

    @property
    def decimal_comma(self) -> bool:
        """Semicolons separate fields where commas are used in numbers."""
        return self.delimiter == ";"


class TableRow(NamedTuple):
    where: str
    cells: Sequence[str]
    layout: Layout

    def text(self, name: str) -> str | None:
        """The first non-empty cell of this field."""
        return next(
            (cell for index in self.layout.column_indexes.get(name, ()) if (cell := self.cells[index].strip())), None
        )

    def column_name(self, name: str) -> str:
        """The header of the column that `text` reads."""
        indexes = self.layout.column_indexes.get(name, ())
        filled = next((index for index in indexes if self.cells[index].strip()), indexes[0] if indexes else None)
        return name if filled is None else self.layout.header[filled]

    def rejected(self, name: str, code: str, why: str) -> Rejected:
        """The rejection of this row because of this field."""
        shown = (self.text(name) or "")[:60]
        return Rejected(self.where, code, f"column {self.column_name(name)!r}, {shown!r}: {why}")


def read_cells(row: TableRow, readers: CellReaders) -> dict[str, Any] | Rejected:
    """The values of all non-empty fields, or the rejection of the first invalid one."""
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
    """The rows of a table in file order, without blank ones.

    Rejected: `missing_column` (once), `bad_row` (wrong number of cells, unbalanced quotes, too long), and unreadable
    files.
    """
    has_rows = False
    try:
        with open_bytes(path) as stream:
            if is_binary(stream):
                yield not_text(path)
                return
            if not stream.peek(1):
                return  # an empty file has no rows, and no columns that could be missing
        with open_text(path) as text:
            for row in _table_rows(path.name, text, columns, required):
                has_rows = True
                yield row
    except READ_ERRORS as error:
        yield unreadable(error, path.name, whole=not has_rows)


def normalized_header(header: str) -> str:
    """The header for comparison: `Company Domain Name` equals `company_domain_name`."""
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
            is_whole = len(cells) == len(layout.header)
            yield TableRow(where, cells, layout) if is_whole else _wrong_cell_count(where, cells, layout)


def _records(name: str, text: TextIO, delimiter: str) -> Iterator[tuple[str, list[str] | Rejected]]:
    """The records after the header, each with its first line's number."""
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    next(reader)
    while True:
        where = f"{name}:{reader.line_num + 1}"
        try:
            yield where, next(reader)
        except StopIteration:
            return
        except LineBudgetError as error:
            yield where, Rejected(where, "too_large", f"{error}; it was skipped")
        except csv.Error as error:
            yield (
                where,
                Rejected(where, "bad_row", f"cannot read the row ({error}): check its quotes and its length"),
            )


def _read_layout(name: str, text: TextIO, columns: Columns, required: Sequence[RequiredField]) -> Layout | Rejected:
    first = text.readline(_MAX_HEADER_CHARS)
    delimiter = max(_DELIMITERS, key=first.count)
    text.seek(0)
    try:
        header = tuple(cell.strip() for cell in next(csv.reader(text, delimiter=delimiter, strict=True), []))
    except (csv.Error, LineBudgetError) as error:
        return Rejected(name, "missing_column", f"the first line is not a header ({error})", whole=True)
    layout = Layout(delimiter, header, _column_indexes(header, columns))
    missing = [group for group in required if not any(layout.column_indexes.get(one) for one in group.alternatives)]
    return _missing_column(name, header, missing[0], columns) if missing else layout


def _column_indexes(header: Sequence[str], columns: Columns) -> dict[str, tuple[int, ...]]:
    index_of: dict[str, int] = {}
    for index, title in enumerate(header):
        index_of.setdefault(normalized_header(title), index)
    found = {name: [index_of.get(normalized_header(title)) for title in titles] for name, titles in columns.items()}
    return {name: tuple(index for index in indexes if index is not None) for name, indexes in found.items()}


def _missing_column(name: str, header: Sequence[str], field_group: RequiredField, columns: Columns) -> Rejected:
    found = ", ".join(repr(title[:_MAX_SHOWN_COLUMNS]) for title in header[:_MAX_SHOWN_COLUMNS]) or "none"
    expected = "; or ".join(f"{one}: {', '.join(columns[one][:6])}" for one in field_group.alternatives)
    remedy = f"map your column in a file with lines like `{field_group.alternatives[0]}: Your column` (--mapping FILE)"
    why = f"columns found: {found}; expected one for {expected}; {remedy}"
    return Rejected(name, "missing_column", why, whole=True)


def _wrong_cell_count(where: str, cells: Sequence[str], layout: Layout) -> Rejected:
    counts = f"{len(cells)} cells, but the header has {len(layout.header)}"
    why = f"{counts}: the row is truncated, or a value containing {layout.delimiter!r} lacks quotes"
    return Rejected(where, "bad_row", why)
