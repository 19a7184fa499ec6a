"""CSV files as rows of named fields, for any common delimiter and encoding.

Headers are compared without case, spaces and punctuation, with the synonyms of each field and the user's mapping.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TextIO, TypeVar

from intake.files.bounded_streams import LineBudgetError
from intake.files.csv_records import BadRecord, read_records
from intake.files.text import READ_ERRORS, is_binary, not_text, open_bytes, open_text, unreadable
from intake.observation import Rejected

Columns = Mapping[str, Sequence[str]]
"""Field -> names of columns that may contain it, in order of preference."""
CellReaders = Mapping[str, tuple[str, Callable[[str], Any]]]
"""Field -> rejection code, and a function that parses its text or raises ValueError with the reason."""

_Item = TypeVar("_Item")

_DELIMITERS = ",;\t|"
_MAX_COLUMNS = 4_096
_MAX_SHOWN_COLUMNS = 40
_MAX_PREAMBLE_LINES = 20
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(\\t|[^\w"\s]|\t)"?[\s,;]*', re.IGNORECASE)
"""What Excel writes before the header (https://en.wikipedia.org/wiki/Comma-separated_values#Application_support)."""
_QUOTED = re.compile(r'"[^"]*"')
_APOSTROPHE = re.compile(r"'[\d=+@-].*", re.DOTALL)
_ADDRESS = re.compile(r"[^\s@;,<>]{1,64}@")
_TEXT_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_SPREADSHEET_ERRORS = frozenset(
    {"#N/A", "#NV", "#REF!", "#BEZUG!", "#VALUE!", "#WERT!", "#NAME?", "#NULL!", "#DIV/0!", "#NUM!", "#ZAHL!"}
)


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
        for index in self.layout.column_indexes.get(name, ()):
            cell = self.cells[index].strip()
            if cell and (cell[0] not in "='" or (cell := _without_text_mark(cell))):
                return cell
        return None

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


class RequiredField(NamedTuple):
    """Fields of which at least one must have a column."""

    alternatives: tuple[str, ...]


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
        self.text.seek(0)
        _skip_lines(self.text, self.lines_before)
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
            table = _table(path.name, text, columns, required)
            for item in [table] if isinstance(table, Rejected) else items(table):
                has_items = True
                yield item
    except READ_ERRORS as error:
        yield unreadable(error, path.name, whole=not has_items)


def normalized_header(header: str) -> str:
    """The header for comparison: `Company Domain Name` equals `company_domain_name`."""
    return re.sub(r"[\W_]+", "", header).casefold()


def _table(name: str, text: TextIO, columns: Columns, required: Sequence[RequiredField]) -> Table | Rejected:
    try:
        lines_before, delimiter = _preamble(text)
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        header = tuple(cell.strip() for cell in next(reader, []))
    except (csv.Error, LineBudgetError) as error:
        return Rejected(name, "missing_column", f"the first line is not a header ({error})", whole=True)
    if len(header) > _MAX_COLUMNS:
        return Rejected(name, "too_complex", f"{len(header):,} columns; at most {_MAX_COLUMNS:,} are read", whole=True)
    layout = Layout(delimiter, header, _column_indexes(header, columns))
    missing = [group for group in required if not any(layout.column_indexes.get(one) for one in group.alternatives)]
    if missing:
        return _missing_column(name, header, missing[0], columns)
    return Table(name, layout, text, lines_before + reader.line_num)


def _preamble(text: TextIO) -> tuple[int, str]:
    """Skips blank lines and Excel's `sep=;` before the header; how many lines that are, and the delimiter."""
    lines, delimiter, first = 0, None, next(text, "")
    while lines < _MAX_PREAMBLE_LINES and first:
        separator = _SEPARATOR_LINE.fullmatch(first)
        if separator:
            delimiter = "\t" if separator[1] == "\\t" else separator[1]
        elif first.strip():
            break
        lines, first = lines + 1, next(text, "")
    text.seek(0)
    _skip_lines(text, lines)
    unquoted = _QUOTED.sub("", first)
    return lines, delimiter or max(_DELIMITERS, key=unquoted.count)


def _skip_lines(text: TextIO, number: int) -> None:
    for _ in range(number):
        with suppress(LineBudgetError):
            next(text, None)


def _column_indexes(header: Sequence[str], columns: Columns) -> dict[str, tuple[int, ...]]:
    """The columns of each field in order of preference; of columns with one name, from left to right."""
    indexes_of: dict[str, list[int]] = {}
    for index, title in enumerate(header):
        indexes_of.setdefault(normalized_header(title), []).append(index)
    return {
        name: tuple(dict.fromkeys(index for title in titles for index in indexes_of.get(normalized_header(title), ())))
        for name, titles in columns.items()
    }


def _missing_column(name: str, header: Sequence[str], field_group: RequiredField, columns: Columns) -> Rejected:
    titles = (without_addresses(title[:_MAX_SHOWN_COLUMNS]) for title in header[:_MAX_SHOWN_COLUMNS])
    found = ", ".join(map(repr, titles)) or "none"
    expected = "; or ".join(f"{one}: {', '.join(columns[one][:6])}" for one in field_group.alternatives)
    remedy = f"map your column in a file with lines like `{field_group.alternatives[0]}: Your column` (--mapping FILE)"
    why = f"columns found: {found}; expected one for {expected}; {remedy}"
    return Rejected(name, "missing_column", why, whole=True)


def _without_text_mark(cell: str) -> str:
    """`="00111"` and `'00111`, by which spreadsheets keep digits as text, as `00111`."""
    if _APOSTROPHE.fullmatch(cell):
        return cell[1:].lstrip()
    formula = _TEXT_FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"').strip() if formula else cell


def without_addresses(text: str) -> str:
    """The text for a message, without the names in e-mail addresses."""
    return _ADDRESS.sub("…@", text) if "@" in text else text
