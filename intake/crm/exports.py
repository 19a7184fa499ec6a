"""An export is read twice: once to learn how it writes numbers and dates and where its footers stand, then its rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from intake.crm.cells import ExportOptions
from intake.crm.columns import ColumnsReport, MappedColumns, columns_report, with_mapping
from intake.crm.footers import FOOTER, REPEATED_HEADER, Footers, FooterSurvey
from intake.crm.notations import Ambiguity, FieldKinds, Notations, NotationSurvey
from intake.files.csv_rows import CellReaders, Table, TableRow, read_table
from intake.files.table_header import Columns, Layout, RequiredField
from intake.observation import Filtered, Item, Rejected

MAX_CHOICES, MAX_CHOICE_CHARS = 50, 60
"""A column is a list of choices if it has at most so many distinct values of at most so many characters."""
_FREE_TEXT = f"more than {MAX_CHOICES} distinct values, or longer ones than {MAX_CHOICE_CHARS} characters: free text"
ReportColumns = Callable[[ColumnsReport], object]


class ExportKind(NamedTuple):
    """What an export contains."""

    columns: Columns
    required: Sequence[RequiredField]
    fields: FieldKinds
    choices: tuple[str, ...] = ()
    """Fields that are kept only from columns which are lists of choices: others may name persons."""


@dataclass(frozen=True, slots=True)
class Export:
    """A file after its first reading."""

    options: ExportOptions
    layout: Layout
    """Without the columns that are not kept."""
    notations: Notations
    left_out: dict[str, str]
    """Field -> why it is not kept, of the report on columns: readers add to it."""
    _table: Table
    _footers: Footers

    def readers(self, readers: CellReaders) -> CellReaders:
        """Those of the fields that the file has."""
        return {name: reader for name, reader in readers.items() if self.layout.column_indexes.get(name)}

    def rows(self) -> Iterator[TableRow | Filtered | Rejected]:
        """The rows in file order, without blank ones."""
        header = self.layout.header
        for number, cells in self._table.records():
            if isinstance(cells, Rejected):
                yield cells
            elif self._footers.include(number):
                if any(map(str.strip, cells)):
                    yield Filtered(f"{self._table.name}:{number}", FOOTER)
            elif cells and cells[0].strip() == header[0] and tuple(map(str.strip, cells)) == header:
                yield Filtered(f"{self._table.name}:{number}", REPEATED_HEADER)
            elif any(map(str.strip, cells)):
                yield self._table.row(number, cells)


def read_export(
    path: Path,
    kind: ExportKind,
    options: ExportOptions,
    mapping: Path | None,
    items: Callable[[Export], Iterator[Item]],
    report: ReportColumns | None = None,
    look: Callable[[TableRow], object] | None = None,
) -> Iterator[Item]:
    """What `items` reads from the export, or why the file is refused.

    `report` gets the columns before the first row, `look` each row of the first reading.

    Rejected: `bad_mapping`, `missing_column`, `ambiguous_numbers`, `ambiguous_dates`, unreadable files.
    """
    if options.keeps_reasons:
        kind = kind._replace(choices=())
    columns = with_mapping(kind.columns, mapping)
    if isinstance(columns, Rejected):
        return iter([columns])
    opened = partial(_read_opened, kind=kind, options=options, columns=columns, items=items, report=report, look=look)
    return read_table(path, columns.columns, kind.required, opened)


def _read_opened(
    table: Table,
    kind: ExportKind,
    options: ExportOptions,
    columns: MappedColumns,
    items: Callable[[Export], Iterator[Item]],
    report: ReportColumns | None,
    look: Callable[[TableRow], object] | None,
) -> Iterator[Item]:
    notations, footers, choices = _survey(table, kind, look)
    left_out = {name: _FREE_TEXT for name in kind.choices if choices.free_text(table.layout, name)}
    layout = replace(table.layout, column_indexes=choices.kept(table.layout))
    if report is not None:
        report(columns_report(table.name, table.layout, columns, left_out))
    decided = notations.decide(options, has_semicolons=table.layout.delimiter == ";")
    if isinstance(decided, Ambiguity):
        yield Rejected(table.name, decided.code, decided.why, whole=True)
        return
    yield from items(Export(options, layout, decided, left_out, table._replace(layout=layout), footers))


class _Choices:
    """Counts the distinct values of columns that are kept only if they are lists of choices."""

    def __init__(self, layout: Layout, fields: Sequence[str]) -> None:
        self._fields = fields
        self._values: dict[int, set[str] | None] = {
            index: set() for name in fields for index in layout.column_indexes.get(name, ())
        }

    def look(self, cells: Sequence[str]) -> None:
        for index, values in self._values.items():
            cell = cells[index].strip()
            if cell and values is not None and cell not in values:
                values.add(cell)
                if len(values) > MAX_CHOICES or len(cell) > MAX_CHOICE_CHARS:
                    self._values[index] = None

    def free_text(self, layout: Layout, name: str) -> bool:
        return any(self._is_free_text(index) for index in layout.column_indexes.get(name, ()))

    def kept(self, layout: Layout) -> Mapping[str, tuple[int, ...]]:
        """The columns of each field, without free texts."""
        without = {
            name: tuple(index for index in layout.column_indexes.get(name, ()) if not self._is_free_text(index))
            for name in self._fields
        }
        return {**layout.column_indexes, **without}

    def _is_free_text(self, index: int) -> bool:
        return self._values[index] is None


def _survey(
    table: Table, kind: ExportKind, look: Callable[[TableRow], object] | None
) -> tuple[NotationSurvey, Footers, _Choices]:
    notations = NotationSurvey(kind.fields, table.layout.mapped_fields)
    footers = FooterSurvey(len(table.layout.header))
    choices = _Choices(table.layout, kind.choices)
    for number, cells in table.records():
        if isinstance(cells, Rejected):
            continue
        footers.look(number, cells)
        row = table.row(number, cells)
        if isinstance(row, TableRow):
            notations.look(row)
            choices.look(cells)
            if look is not None:
                look(row)
    return notations, footers.footers(), choices
