"""CSV files as rows of named fields, for any common delimiter and encoding."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

from intake.files.csv_records import BadRecord, read_records
from intake.files.table_header import Columns, Layout, RequiredField, read_header, skip_lines, without_addresses
from intake.files.text import READ_ERRORS, is_binary, not_text, open_bytes, open_text, unreadable
from intake.observation import Rejected

CellReaders = Mapping[str, tuple[str, Callable[[str], Any]]]
"""Field -> rejection code, and a function that parses its text or raises ValueError with the reason."""

_Item = TypeVar("_Item")

_APOSTROPHE = re.compile(r"'[\d=+@-].*", re.DOTALL)
_TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_SPREADSHEET_ERRORS = frozenset(
    {"#N/A", "#NV", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#NAME?", "#NULL!", "#DIV/0!", "#NUM!", "#ZAHL!"}
)


class TableRow(NamedTuple):
    where: str
    cells: Sequence[str]
    layout: Layout

    def text(self, name: str) -> str | None:
        """The first non-empty cell of this field."""
        for index in self.layout.column_indexes.get(name, ()):
            cell = self.cells[index].strip()
            if cell and (cell[0] not in "='" or (cell := _without_text_mark(cell))):
                return cell
        return None

    def texts(self, name: str) -> Iterator[str]:
        """All non-empty cells of this field, in order of preference."""
        for index in self.layout.column_indexes.get(name, ()):
            cell = self.cells[index].strip()
            if cell and (cell[0] not in "='" or (cell := _without_text_mark(cell))):
                yield cell

    def column_name(self, name: str) -> str:
        """The header of the column that `text` reads."""
        indexes = self.layout.column_indexes.get(name, ())
        filled = next((index for index in indexes if self.cells[index].strip()), indexes[0] if indexes else None)
        return name if filled is None else self.layout.header[filled]

    def rejected(self, name: str, code: str, why: str) -> Rejected:
        """The rejection of this row because of this field."""
        shown = without_addresses((self.text(name) or "")[:60])
        return Rejected(self.where, code, f"column {self.column_name(name)!r}, {shown!r}: {why}")


def read_cells(row: TableRow, readers: CellReaders) -> dict[str, Any] | Rejected:
    """The values of all non-empty fields, or the rejection of the first invalid one."""
    values = {}
    for name, (code, reader) in readers.items():
        text = row.text(name)
        if text is None:
            continue
        if text in _SPREADSHEET_ERRORS:
            return row.rejected(name, code, "an error of the spreadsheet: mend its formula, or clear the cell")
        try:
            values[name] = reader(text)
        except ValueError as error:
            return row.rejected(name, code, str(error))
    return values


class Table(NamedTuple):
    """An open table. Its records may be read several times, from the first one on."""

    name: str
    layout: Layout
    text: TextIO
    lines_before: int
    """Of the header, and before it."""

    def records(self) -> Iterator[tuple[int, list[str] | Rejected]]:
        """The records after the header, each with the number of its first line; a blank line is an empty record.

        Reading may raise READ_ERRORS.
        """
        skip_lines(self.text, self.lines_before)
        layout = self.layout
        for number, cells in read_records(self.text, layout.delimiter, len(layout.header), self.lines_before):
            yield number, self.rejected(number, *cells) if isinstance(cells, BadRecord) else cells

    def rejected(self, number: int, code: str, why: str) -> Rejected:
        """The rejection of the record at this line."""
        return Rejected(f"{self.name}:{number}", code, why)

    def row(self, number: int, cells: Sequence[str]) -> TableRow | Rejected:
        """The record as a row, if it has a cell for each column."""
        layout = self.layout
        if len(cells) == len(layout.header):
            return TableRow(f"{self.name}:{number}", cells, layout)
        counts = f"{len(cells)} cells, but the header has {len(layout.header)}"
        why = f"{counts}: the row is truncated, or a value containing {layout.delimiter!r} lacks quotes"
        return self.rejected(number, "bad_row", why)

    def rows(self) -> Iterator[TableRow | Rejected]:
        """The records that are not blank, as rows."""
        for number, cells in self.records():
            if isinstance(cells, Rejected):
                yield cells
            elif any(map(str.strip, cells)):
                yield self.row(number, cells)


def read_rows(path: Path, columns: Columns, required: Sequence[RequiredField]) -> Iterator[TableRow | Rejected]:
    """The rows of a table in file order, without blank ones.

    Rejected: `missing_column` (once), `bad_row` (wrong number of cells, open quotes), `too_large`, unreadable files.
    """
    return read_table(path, columns, required, Table.rows)


def read_table(
    path: Path, columns: Columns, required: Sequence[RequiredField], items: Callable[[Table], Iterator[_Item]]
) -> Iterator[_Item | Rejected]:
    """What `items` reads from the open table, or why the table cannot be read."""
    has_items = False
    try:
        with open_bytes(path) as stream:
            if is_binary(stream):
                yield not_text(path)
                return
            if not stream.peek(1):
                return  # an empty file has no rows, and no columns that could be missing
        with open_text(path) as text:
            header = read_header(path.name, text, columns, required)
            if isinstance(header, Rejected):
                yield header
                return
            for item in items(Table(path.name, header.layout, text, header.lines)):
                has_items = True
                yield item
    except READ_ERRORS as error:
        yield unreadable(error, path.name, whole=not has_items)


def _without_text_mark(cell: str) -> str:
    """`="00111"` and `'00111`, by which spreadsheets keep digits as text, as `00111`."""
    if _APOSTROPHE.fullmatch(cell):
        return cell[1:].lstrip()
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"').strip() if formula else cell
