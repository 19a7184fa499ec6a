"""Rows as CSV (RFC 4180) for spreadsheets: the columns of the JSON output, flattened."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from schemas import csv_cell, json_text

_SEPARATOR = "; "
"""Between the members of a list of plain values."""


def csv_text(rows: Sequence[Any], columns: Iterable[str] = ()) -> str:
    """A head and a line per row, each ended by CR LF. `columns` are those of an empty list.

    An object within a row becomes columns `object.field`; a list of plain values one cell, joined by `; `, and any
    other list its JSON. Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    flat = [dict(_flattened(msgspec.to_builtins(row))) for row in rows]
    names = _column_names(flat) if flat else list(columns)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(csv_cell, names))
    writer.writerows([_cell(row.get(name)) for name in names] for row in flat)
    return text.getvalue()


def _flattened(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flattened(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _column_names(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Of all rows, for fields may be missing in some; fields of one object stay beside each other."""
    names: list[str] = []
    for row in rows:
        place = 0
        for name in row:
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
    return names


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return csv_cell(value)
    if not isinstance(value, list):
        return msgspec.json.encode(value).decode()
    if any(isinstance(member, dict | list) for member in value):
        return json_text(msgspec.json.encode(value).decode())
    return csv_cell(_SEPARATOR.join(member if isinstance(member, str) else _cell(member) for member in value))
