"""What people and programs read: tables, JSON, progress. Colours and bars only on a terminal. Never asks a question."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from staffel.progress import Advance

PIPE_WIDTH = 160


def console(*, errors: bool = False) -> "Console":
    """A console on standard output, or on standard error; a pipe gets plain lines of a fixed width."""
    from rich.console import Console

    stream = sys.stderr if errors else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else PIPE_WIDTH, highlight=False, soft_wrap=False)


def say(text: str) -> None:
    """A plain line on standard output."""
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    """A plain line on standard error."""
    sys.stderr.write(f"{text}\n")


def print_json(value: Any) -> None:
    """Whole doubles, two blanks of indentation."""
    import msgspec

    say(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]], numbers: Iterable[str] = ()) -> None:
    """A table; columns named in `numbers` stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    right = set(numbers)
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(text(cell)) for cell in row))
    console().print(table)


def text(value: Any) -> str:
    """One decimal for scores, `-` for nothing (scoring.md 16)."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def minute(instant: str | None) -> str | None:
    """`2026-01-05 09:12` of a canonical instant."""
    return None if instant is None else f"{instant[:10]} {instant[11:16]}"


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator["Advance"]:
    """A bar on standard error while it lasts, on a terminal; elsewhere nothing."""
    from staffel.progress import bar

    with bar(title, total, console(errors=True)) as advance:
        yield advance
