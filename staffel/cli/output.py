"""Output of commands: lines, tables, JSON, progress bars. Colours and bars appear only on a terminal."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from schemas import json_text, terminal_cell, terminal_text

Advance = Callable[[int], None]

_INTERNATIONAL_DOMAIN = re.compile(r"[a-z0-9.-]*\bxn--[a-z0-9.-]+")

_DEFAULT_WIDTH = 100
"""Width of tables without a terminal and without COLUMNS."""
_MIN_COLUMN_WIDTH = 12
"""Of a wrapped column."""
_GAP = 2


def console(*, errors: bool = False) -> Console:
    """A console on standard output, or on standard error, as wide as the terminal."""
    return Console(file=sys.stderr if errors else sys.stdout, width=terminal_width(), highlight=False)


def terminal_width() -> int:
    return get_terminal_size((_DEFAULT_WIDTH, 50)).columns


def print_line(text: str) -> None:
    """Print a line, or several, on standard output, without what would control the terminal."""
    _write(terminal_text(text))


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


def print_table(
    title: str,
    columns: Iterable[str],
    rows: Iterable[Iterable[Any]],
    numbers: Iterable[str] = (),
    wrapped: Iterable[str] = (),
    truncated: Iterable[str] = (),
) -> None:
    """Print a table; columns in `numbers` are right-aligned.

    If it is too wide, columns in `wrapped` use several lines and those in `truncated` end with `…`. All others, IDs
    above all, stay whole, even if lines get longer than the terminal is wide.
    """
    right_aligned, truncated_columns = set(numbers), set(truncated)
    flexible = truncated_columns | set(wrapped)
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, _GAP - 1, 0, 0), pad_edge=False)
    names, cells = list(columns), [[cell_text(cell) for cell in row] for row in rows]
    for column in names:
        justify = "right" if column in right_aligned else "left"
        table.add_column(column, justify=justify, no_wrap=column not in flexible, overflow="fold")  # type: ignore[arg-type]
    for line in cells:
        table.add_row(
            *(_rich_cell(cell, is_truncated=name in truncated_columns) for name, cell in zip(names, line, strict=True))
        )
    if title:
        print_line(f"\n{title}")
    _print_at_width(table, _min_width(names, cells, flexible))


def _rich_cell(content: str, *, is_truncated: bool) -> Text:
    return Text(content, no_wrap=True, overflow="ellipsis") if is_truncated else Text(content)


def _min_width(names: Sequence[str], rows: Sequence[Sequence[str]], flexible: set[str]) -> int:
    """The smallest width at which no ID is truncated."""
    widths = [max(len(name), *(len(row[i]) for row in rows), 0) for i, name in enumerate(names)]
    column_widths = (
        min(w, _MIN_COLUMN_WIDTH) if name in flexible else w for name, w in zip(names, widths, strict=True)
    )
    return sum(column_widths) + _GAP * (len(names) - 1)


def _print_at_width(table: Table, min_width: int) -> None:
    output = console()
    output.width = max(output.width, min_width)
    with output.capture() as captured:
        output.print(table)
    _write("\n".join(line.rstrip() for line in captured.get().splitlines()))


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
