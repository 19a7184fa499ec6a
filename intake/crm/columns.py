"""Which column of a file is read as which field: a mapping file for other names, and the report on what was used."""

import csv
import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from intake.files.table_header import Columns, Layout, normalized_header
from intake.files.text import read_whole
from intake.observation import Rejected
from schemas import DocumentError, read_yaml, suggestion

_MAX_MAPPING_BYTES = 128 << 10
_MAX_SHOWN = 40
_MAX_COMPARED = 200
_MAX_TITLE = 60
_SIMILARITY = 0.8
_REMEDY = "write lines like `name: Kunde` (field: column)"


class IgnoredColumn(NamedTuple):
    """A column that no field is read from."""

    title: str
    near: str | None = None
    """A field without a column, one of whose titles is spelled nearly so."""


class ColumnsReport(NamedTuple):
    """What is read from a file, and what is not."""

    file: str
    used: Mapping[str, Sequence[str]]
    """Field -> titles of its columns, in order of preference."""
    ignored: Sequence[IgnoredColumn]
    unmatched: Sequence[IgnoredColumn]
    """Titles in the mapping that the file does not have, each with a similar one that it has."""
    left_out: Mapping[str, str]
    """Field -> why its column, or some of its cells, are not kept. Complete after the last row."""

    @property
    def is_partial(self) -> bool:
        """Whether something of the file or of the mapping was not used."""
        return bool(self.ignored or self.unmatched or self.left_out)

    def __str__(self) -> str:
        used = ", ".join(f"{field} ({' or '.join(map(_shown, titles))})" for field, titles in self.used.items())
        parts = [f"used: {used or 'none'}", f"ignored: {_listed(self.ignored)}"]
        if self.unmatched:
            parts.append(f"not in the file, but in the mapping: {_listed(self.unmatched)}")
        return "; ".join([*parts, *(f"left out: {field} ({why})" for field, why in self.left_out.items())])

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "used": {field: list(titles) for field, titles in self.used.items()},
            "ignored": [column._asdict() for column in self.ignored],
            "unmatched": [column._asdict() for column in self.unmatched],
            "left_out": dict(self.left_out),
        }


class MappedColumns(NamedTuple):
    """The titles of each field, those of the mapping first."""

    columns: Columns
    mapped: Sequence[tuple[str, str]] = ()
    """Field and title of each entry of the mapping."""


def with_mapping(columns: Columns, mapping: Path | None) -> MappedColumns | Rejected:
    """The columns, those of the mapping first. Rejected: `bad_mapping` if the file is invalid or has an unknown field.

    A mapping is YAML (`name: Kunde`, or a list of columns) or a CSV of two columns, field and column.
    """
    if mapping is None:
        return MappedColumns(columns)
    content = read_whole(mapping, _MAX_MAPPING_BYTES)
    if isinstance(content, Rejected):
        return content
    try:
        entries = _mapping_entries(mapping, content.decode())
    except UnicodeDecodeError:
        return _bad_mapping(mapping, None, "the text is not valid UTF-8")
    except csv.Error as error:
        return _bad_mapping(mapping, None, f"invalid CSV: {error}")
    except DocumentError as error:
        problem = error.problems[0]
        return _bad_mapping(mapping, problem.line, problem.message)
    for line, name, titles in entries:
        if problem_of_entry := _problem(name, titles, columns):
            return _bad_mapping(mapping, line, problem_of_entry)
    if not entries:
        return _bad_mapping(mapping, None, "it is empty")
    pairs = [(name, title) for _, name, titles in entries for title in titles]
    return MappedColumns({**columns, **{name: [*titles, *columns[name]] for _, name, titles in entries}}, pairs)


def columns_report(
    file: str, layout: Layout, columns: MappedColumns, left_out: Mapping[str, str] = {}
) -> ColumnsReport:
    """Which columns of the file are read, with what the user may have meant by the others."""
    header, indexes_of = layout.header, layout.column_indexes
    used = {name: [header[index] for index in indexes] for name, indexes in indexes_of.items() if indexes}
    read = {index for indexes in indexes_of.values() for index in indexes}
    ignored = [title for index, title in enumerate(header) if index not in read and title]
    present = {normalized_header(title) for title in header}
    absent = [title for _, title in columns.mapped if normalized_header(title) not in present]
    known = {
        normalized_header(one): name for name in columns.columns if name not in used for one in columns.columns[name]
    }
    unused = {normalized_header(title): title for title in ignored[:_MAX_COMPARED]}
    return ColumnsReport(
        file,
        used,
        [IgnoredColumn(title, _near(title, known)) for title in ignored[:_MAX_SHOWN]],
        [IgnoredColumn(title, _near(title, unused)) for title in absent[:_MAX_SHOWN]],
        left_out,
    )


def _mapping_entries(mapping: Path, text: str) -> list[tuple[int | None, str, Sequence[Any]]]:
    """Line, field and columns of each entry."""
    if mapping.suffix.lower() == ".csv":
        reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=text.count), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
        return [(line, row[0], row[1:]) for line, row in rows if row[:2] != ["field", "column"]]
    if not text.strip():
        return []
    document = read_yaml(text, mapping.name, "it is not a mapping")
    return [
        (document.lines.get((name,)), name, titles if isinstance(titles, list) else [titles])
        for name, titles in document.content.items()
    ]


def _problem(name: str, titles: Sequence[object], columns: Columns) -> str | None:
    if name not in columns:
        meant = suggestion(name[:_MAX_TITLE], columns)
        return f"unknown field {name[:_MAX_TITLE]!r}{meant}; the fields are {', '.join(columns)}"
    if not titles or not all(isinstance(title, str) and title for title in titles):
        return f"{name}: expected the name of a column, or a list of names"
    return None


def _bad_mapping(mapping: Path, line: int | None, why: str) -> Rejected:
    where = mapping.name if line is None else f"{mapping.name}:{line}"
    return Rejected(where, "bad_mapping", f"{why}; {_REMEDY}", whole=True)


def _near(title: str, known: Mapping[str, str]) -> str | None:
    found = difflib.get_close_matches(normalized_header(title)[:_MAX_TITLE], known, n=1, cutoff=_SIMILARITY)
    return known[found[0]] if found else None


def _listed(columns: Iterable[IgnoredColumn]) -> str:
    return ", ".join(_described(columns)) or "none"


def _described(columns: Iterable[IgnoredColumn]) -> Iterator[str]:
    for number, (title, near) in enumerate(columns):
        if number == _MAX_SHOWN:
            yield "…"
            return
        yield f"{_shown(title)} (near {near})" if near else _shown(title)


def _shown(title: str) -> str:
    return title if len(title) <= _MAX_TITLE else f"{title[:_MAX_TITLE]}…"
