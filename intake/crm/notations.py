"""How a file writes numbers and dates, decided once per file and never guessed.

`1.234` and `1/5/2026` have two readings. The first of these decides: what the user says, another cell of the column,
another column, a semicolon between the cells (it is used where commas are in numbers). If none does, the file is
refused before its first row.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from intake.crm.cells import DateOrder, ExportOptions, date_order_of
from intake.crm.record_ids import is_long, is_round, several
from intake.files.csv_rows import TableRow
from intake.firmographics import DecimalMark, Notation, notation_of, number_of

_EITHER = "either"
_PLAIN_AMOUNT = re.compile(r"-?\d+(?:\.\d{1,2})?")
"""What most programs write: shows the point, or nothing."""
_COUNT = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
"""A number of people whose groups show what the file's other sign is. Ranges do not: they are labels of a list."""


class Notations(NamedTuple):
    """What holds for the columns of a file."""

    decimals: Mapping[str, DecimalMark] = {}
    """Field -> its decimal mark, where cells have two readings."""
    dates: Mapping[str, DateOrder] = {}
    """Field -> its order of day and month, where cells have two readings."""
    intact_ids: frozenset[str] = frozenset()
    """Fields with long ids that no spreadsheet has rounded."""


class Ambiguity(NamedTuple):
    """Why the file is refused."""

    code: str
    why: str


class FieldKinds(NamedTuple):
    """The fields whose cells a file's notations are decided by."""

    amounts: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(slots=True)
class _Column:
    """What the cells of a field show, and the first of them that has two readings."""

    shown: set[str] = field(default_factory=set)
    example: tuple[str, str, str] | None = None
    """Line, column and text."""

    @property
    def decided(self) -> str | None:
        return next(iter(self.shown)) if len(self.shown) == 1 else None


class NotationSurvey:
    """Looks at all rows of a file, then decides."""

    def __init__(self, fields: FieldKinds, mapped: frozenset[str]) -> None:
        self._amounts = {name: _Column() for name in fields.amounts if name in mapped}
        self._counts = {name: _Column() for name in fields.counts if name in mapped}
        self._dates = {name: _Column() for name in fields.dates if name in mapped}
        self._ids = [name for name in fields.ids if name in mapped]
        self._intact_ids: set[str] = set()

    def look(self, row: TableRow) -> None:
        """Note what the row's cells show."""
        for name, column in self._amounts.items():
            text = row.text(name)
            if text is not None and not text.isdigit():
                _note(column, row, name, "." if _shows_point(text) else notation_of(text))
        for name, column in self._counts.items():
            text = row.text(name)
            if text is not None and _COUNT.fullmatch(text):
                column.shown.add("," if "." in text else ".")
        for name, column in self._dates.items():
            text = row.text(name)
            if text is not None and text[4:5] != "-":
                _note(column, row, name, date_order_of(text))
        for name in self._ids:
            text = row.text(name)
            if text is not None and any(is_long(part) and not is_round(part) for part in several(text)):
                self._intact_ids.add(name)

    def decide(self, options: ExportOptions, *, has_semicolons: bool) -> Notations | Ambiguity:
        """The notations of the file, or why it is refused."""
        file_decimal = _decided([*self._amounts.values(), *self._counts.values()]) or ("," if has_semicolons else None)
        decimals = dict(_decisions(self._amounts, options.numbers, file_decimal))
        dates = dict(_decisions(self._dates, options.date_order, _decided(self._dates.values())))
        for name in decimals:
            if decimals[name] is None:
                return _two_numbers(self._amounts[name])
        for name in dates:
            if dates[name] is None:
                return _two_dates(self._dates[name])
        return Notations(decimals, dates, frozenset(self._intact_ids))  # type: ignore[arg-type]


def _shows_point(text: str) -> bool:
    return "." in text and _PLAIN_AMOUNT.fullmatch(text) is not None


def _note(column: _Column, row: TableRow, name: str, shown: Notation | str | None) -> None:
    if shown == _EITHER:
        column.example = column.example or (row.where, row.column_name(name), (row.text(name) or "")[:40])
    elif shown is not None:
        column.shown.add(shown)


def _decided(columns: Iterable[_Column]) -> str | None:
    """What all columns together show, if they agree."""
    shown = {sign for column in columns for sign in column.shown}
    return shown.pop() if len(shown) == 1 else None


def _decisions(columns: Mapping[str, _Column], given: str, of_file: str | None) -> Iterator[tuple[str, str | None]]:
    """Per field what holds for it; None if that is not decided. Fields without cells of two readings need nothing."""
    for name, column in columns.items():
        if given != "auto":
            yield name, given
        elif column.example is not None:
            yield name, column.decided or (None if column.shown else of_file)


def _two_numbers(column: _Column) -> Ambiguity:
    assert column.example is not None
    where, title, text = column.example
    readings = [number_of(text, mark) for mark in (",", ".")]
    why = (
        f"column {title!r}, {text!r} ({where}) is {readings[0]} or {readings[1]}, and no other cell decides: "
        f"add --numbers 1.234,5 for {readings[0]}, "
        f"or --numbers 1,234.5 for {readings[1]}"
    )
    return Ambiguity("ambiguous_numbers", why)


def _two_dates(column: _Column) -> Ambiguity:
    assert column.example is not None
    where, title, text = column.example
    why = (
        f"column {title!r}, {text!r} ({where}) begins with the day or with the month, and no other cell decides: "
        "add --dates dmy (31/12/2026) or --dates mdy (12/31/2026)"
    )
    return Ambiguity("ambiguous_dates", why)
