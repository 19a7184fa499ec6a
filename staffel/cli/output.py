"""Output of commands: lines, tables, JSON, progress bars. Colours and bars appear only on a terminal."""

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from textwrap import wrap
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from schemas import json_text, terminal_cell, terminal_text
from staffel.cli.csv_text import csv_text
from staffel.cli.table_text import TableText

Advance = Callable[[int], None]

_INTERNATIONAL_DOMAIN = re.compile(r"[a-z0-9.-]*\bxn--[a-z0-9.-]+")

_DEFAULT_WIDTH = 80
"""Width of tables without a terminal and without COLUMNS; what shall not be left out is in --csv and --json."""


def console(*, errors: bool = False) -> Console:
    """A console on standard output, or on standard error, as wide as the terminal."""
    return Console(file=sys.stderr if errors else sys.stdout, width=terminal_width(), highlight=False)


def terminal_width() -> int:
    return get_terminal_size((_DEFAULT_WIDTH, 50)).columns


def print_line(text: str) -> None:
    """Print a line, or several, on standard output, without what would control the terminal."""
    _write(terminal_text(text))


def print_prose(text: str, margin: int = 0) -> None:
    """Print one line as several, broken between words, where the terminal is narrower; control signs are shown."""
    indent = " " * margin
    lines = wrap(
        terminal_cell(text),
        terminal_width(),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    print_line("\n".join(lines))


def _write(text: str) -> None:
    """Print text as it is. If the reader has closed the pipe (`| head`), end the command silently."""
    try:
        sys.stdout.write(f"{text}\n")
    except BrokenPipeError:
        discard_output()
        raise SystemExit(0) from None


def discard_output() -> None:
    """Redirect standard output to null, so that flushing its buffer at exit raises no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def flush() -> bool:
    """Flush standard output; False if the reader has closed the pipe."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return False
    return True


def print_error(text: str) -> None:
    """Print a line, or several, on standard error, without what would control the terminal."""
    sys.stderr.write(f"{terminal_text(text)}\n")


def print_json(value: Any) -> None:
    """Floats with full precision, indented by two spaces."""
    _write(json_text(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()))


def json_line(value: Any) -> str:
    """A value as JSON in one line."""
    return json_text(msgspec.json.encode(value).decode())


def print_csv(rows: Sequence[Any], columns: Iterable[str] = ()) -> None:
    """Rows as `csv_text` writes them, in UTF-8 whatever the locale is."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    _write(csv_text(rows, columns).removesuffix("\n"))


def print_table(
    title: str,
    columns: Iterable[str],
    rows: Iterable[Iterable[Any]],
    numbers: Iterable[str] = (),
    wrapped: Iterable[str] = (),
    truncated: Iterable[str] = (),
    optional: Iterable[str] = (),
) -> None:
    """Print a table that fits the terminal; columns in `numbers` are right-aligned.

    If it is too wide, columns in `wrapped` use several lines and those in `truncated` end with `…`; then columns in
    `optional` are left out, the first one first, and a line below names them; then every row is printed as lines
    `column  value`. All other columns, IDs above all, stay whole.
    """
    names, cells = list(columns), [[cell_text(cell) for cell in row] for row in rows]
    table = TableText(names, cells, frozenset(numbers), frozenset(wrapped), frozenset(truncated))
    width = terminal_width()
    left_out = table.columns_to_leave_out(width, optional)
    if title:
        print_line(f"\n{title}")
    _write("\n".join(table.without(left_out).lines(console())))
    if left_out:
        print_line(f"Left out at {width} columns: {', '.join(left_out)}. COLUMNS=150 shows more.")


def cell_text(value: Any) -> str:
    """One decimal for floats, `-` for None and empty text (scoring.md 16)."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else readable(str(value))


def readable(content: str) -> str:
    """Content as one line of a screen: international domains in Unicode, and nothing that controls the terminal."""
    if "xn--" in content:
        from intake import unicode_domain

        content = _INTERNATIONAL_DOMAIN.sub(lambda found: unicode_domain(found[0]), content)
    return terminal_cell(content)


def format_minute(instant: str | None) -> str | None:
    """`2026-01-05 09:12` of a canonical timestamp."""
    return None if instant is None else f"{instant[:10]} {instant[11:16]}"


@contextmanager
def progress_bar(title: str, total: int | None = None) -> Iterator[Advance]:
    """A progress bar on standard error, if that is a terminal."""
    with open_bar(title, total, console(errors=True)) as advance:
        yield advance


@contextmanager
def open_bar(title: str, total: int | None, console: Console) -> Iterator[Advance]:
    columns = (SpinnerColumn(), TextColumn(title, markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as rich_progress:
        task = rich_progress.add_task(title, total=total)
        yield lambda steps: rich_progress.advance(task, steps)
