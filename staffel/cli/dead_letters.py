"""`staffel dead-letters`: records that could not be processed."""

from pathlib import Path
from typing import Annotated

import typer

from intake.recorder import Recorded
from schemas import terminal_cell
from staffel.cli.groups import examples
from staffel.cli.output import print_json, print_line, print_table
from staffel.cli.session import AsCsv, AsJson, connected_application, print_rows
from staffel.dead_letters import (
    Json,
    drop_letter,
    find_letter,
    known_letter,
    letter_rows,
    mark_retried,
    repaired_observation,
)
from staffel.errors import UsageError
from staffel.record_fact import record_observation

Letter = Annotated[str, typer.Argument(metavar="ID", help="Dead letter ID, as in `dead-letters list`.")]

group = typer.Typer(no_args_is_help=True, help="List, show, retry and drop records that could not be processed.")


@group.command("list", epilog=examples("staffel dead-letters list"))
def list_letters(as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """List dead letters: ID, error, and whether each was retried or dropped."""
    with connected_application() as application:
        rows = [letter for letter, _ in letter_rows(application.log)]
    if print_rows(rows, as_json, as_csv, ("id", "key", "code", "why", "retried", "dropped")):
        return
    cells = [(row["id"], row["key"], row["code"], row["why"], status_of(row)) for row in rows]
    if rows:
        print_table("", ["dead letter", "key", "code", "why", "status"], cells, wrapped=["why", "status"])
    else:
        print_line("No dead letters.")


def status_of(letter: Json) -> str:
    """What became of a letter: `waiting`, `retried`, or `dropped` with the reason."""
    if letter["retried"]:
        return "retried"
    return "waiting" if letter["dropped"] is None else f"dropped: {letter['dropped']}"


@group.command("show", epilog=examples("staffel dead-letters show engagement/0/17"))
def show_letter(id: Letter, as_json: AsJson = False) -> None:
    """Show a dead letter, and the record it refers to as it stands in the log."""
    with connected_application() as application:
        letter, value = find_letter(application.log, id)
    text = value.decode("utf-8", "backslashreplace")
    if as_json:
        print_json({**letter, "value": text})
        return
    print_line(f"{letter['id']}  {letter['code']}: {terminal_cell(str(letter['why']))}")
    print_line(terminal_cell(text))


@group.command(
    "retry",
    epilog=examples(
        "staffel dead-letters retry engagement/0/17", "staffel dead-letters retry engagement/0/17 --file repaired.json"
    ),
)
def retry_letter(
    id: Letter,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="The repaired fact, a CloudEvent in JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record a dead letter again, as it is or repaired; the new fact has its own ID, the letter stays."""
    with connected_application() as application:
        content = find_letter(application.log, id)[1] if file is None else read_bytes(file)
        letter = known_letter(application.log, id)
        outcome = record_observation(application, repaired_observation(letter["id"], content))
        mark_retried(application.log, id)
    is_new = isinstance(outcome, Recorded)
    if as_json:
        print_json(
            {"id": letter["id"], "outcome": "recorded" if is_new else "recorded before", "account": outcome.account}
        )
    else:
        print_line(f"{letter['id']}: {'recorded' if is_new else 'already recorded'} for {outcome.account}")


@group.command("drop", epilog=examples('staffel dead-letters drop engagement/0/17 --reason "a test of the producer"'))
def drop(
    id: Letter,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the record needs no more work.")],
    as_json: AsJson = False,
) -> None:
    """Drop a dead letter that needs no more work; it stays listed, with the reason."""
    with connected_application() as application:
        letter = drop_letter(application.log, id, reason)
    print_json(letter) if as_json else print_line(terminal_cell(f"{letter['id']}: {status_of(letter)}"))


def read_bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"--file {file}: {error.strerror}") from None
