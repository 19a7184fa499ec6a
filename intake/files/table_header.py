"""The header of a table: where it stands, what separates its cells, and which column is which field.

Headers are compared without case, spaces and punctuation, with the synonyms of each field and the user's mapping.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple, TextIO

from intake.files.bounded_streams import LineBudgetError
from intake.observation import Rejected

Columns = Mapping[str, Sequence[str]]
"""Field -> names of columns that may contain it, in order of preference."""

_DELIMITERS = ",;\t|"
_MAX_COLUMNS = 4_096
_MAX_SHOWN_COLUMNS = 40
_MAX_LINES_BEFORE = 20
_SEPARATOR_LINE = re.compile(r'\s*"?sep=(\\t|[^\w"\s]|\t)"?[\s,;]*', re.IGNORECASE)
"""What Excel writes before the header (https://en.wikipedia.org/wiki/Comma-separated_values#Application_support)."""
_QUOTED = re.compile(r'"[^"]*"')
_ADDRESS = re.compile(r"[^\s@;,<>]{1,64}@")


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


class RequiredField(NamedTuple):
    """Fields of which at least one must have a column."""

    alternatives: tuple[str, ...]


class Header(NamedTuple):
    """Where the rows of a table begin, and what they are."""

    layout: Layout
    lines: int
    """Of the header, and before it."""


def read_header(name: str, text: TextIO, columns: Columns, required: Sequence[RequiredField]) -> Header | Rejected:
    """The first line that is not blank; where that lacks a column, a later one of the first lines that lacks none.

    Reports that were saved from a spreadsheet begin with their titles.
    """
    candidates = _candidates(text)
    try:
        first = next(candidates, Header(Layout(",", ()), 0))
    except (csv.Error, LineBudgetError) as error:
        return Rejected(name, "missing_column", f"the first line is not a header ({error})", whole=True)
    if len(first.layout.header) > _MAX_COLUMNS:
        why = f"{len(first.layout.header):,} columns; at most {_MAX_COLUMNS:,} are read"
        return Rejected(name, "too_complex", why, whole=True)
    missing = _missing_field(first, columns, required)
    if missing is None:
        return _with_columns(first, columns)
    later = _later_header(candidates, columns, required)
    return _with_columns(later, columns) if later else _missing_column(name, first.layout.header, missing, columns)


def _later_header(candidates: Iterator[Header], columns: Columns, required: Sequence[RequiredField]) -> Header | None:
    with suppress(csv.Error, LineBudgetError):
        for header in candidates:
            if 1 < len(header.layout.header) <= _MAX_COLUMNS and _missing_field(header, columns, required) is None:
                return header
    return None


def _candidates(text: TextIO) -> Iterator[Header]:
    """The first lines as headers, without blank ones and Excel's `sep=;`, which decides the delimiter."""
    delimiter = None
    for before in range(_MAX_LINES_BEFORE):
        line = _line_after(text, before)
        separator = _SEPARATOR_LINE.fullmatch(line)
        if separator:
            delimiter = "\t" if separator[1] == "\\t" else separator[1]
        elif line.strip():
            chosen = delimiter or max(_DELIMITERS, key=_QUOTED.sub("", line).count)
            skip_lines(text, before)
            reader = csv.reader(text, delimiter=chosen, strict=True)
            cells = tuple(cell.strip() for cell in next(reader, []))
            yield Header(Layout(chosen, cells), before + reader.line_num)
        elif not line:
            return


def _line_after(text: TextIO, before: int) -> str:
    skip_lines(text, before)
    return next(text, "")


def skip_lines(text: TextIO, number: int) -> None:
    """Go to the beginning of the text, and past so many lines."""
    text.seek(0)
    for _ in range(number):
        with suppress(LineBudgetError):
            next(text, None)


def _missing_field(header: Header, columns: Columns, required: Sequence[RequiredField]) -> RequiredField | None:
    indexes = _column_indexes(header.layout.header, columns)
    return next((group for group in required if not any(indexes.get(one) for one in group.alternatives)), None)


def _with_columns(header: Header, columns: Columns) -> Header:
    layout = header.layout
    indexes = _column_indexes(layout.header, columns)
    return header._replace(layout=Layout(layout.delimiter, layout.header, indexes))


_MAX_TITLE_CHARS = 200
_NUMBERED = re.compile(r"(.*[^\d\s._(])[\s._]{0,2}\(?([1-9])\)?")
"""`Domain.1` by pandas, `Domain_2`, `Domain (2)`, `Domain2` by spreadsheets, of columns that had one name."""


def normalized_header(header: str) -> str:
    """The header for comparison: `Company Domain Name` equals `company_domain_name`."""
    return re.sub(r"[\W_]+", "", header).casefold()


def _column_indexes(header: Sequence[str], columns: Columns) -> dict[str, tuple[int, ...]]:
    """The columns of each field in order of preference; of columns with one name, from left to right, then those that
    a program has numbered."""
    indexes_of: dict[str, list[int]] = {}
    for index, title in enumerate(header):
        indexes_of.setdefault(normalized_header(title), []).append(index)
    for index, title in enumerate(header):
        base = _NUMBERED.fullmatch(title[:_MAX_TITLE_CHARS].strip())
        if base and normalized_header(base[1]) in indexes_of:
            indexes_of[normalized_header(base[1])].append(index)
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


def without_addresses(text: str) -> str:
    """The text for a message, without the names in e-mail addresses."""
    return _ADDRESS.sub("…@", text) if "@" in text else text
