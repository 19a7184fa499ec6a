"""`staffel sources`: check and show the settings of sources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from intake import Sources, SourceSettings
from intake.recorder import read_networks
from schemas import DocumentError, Problem
from staffel.application import source_settings, source_settings_from
from staffel.cli.groups import examples
from staffel.cli.output import print_csv, print_json, print_line, print_table
from staffel.cli.session import AsCsv, AsJson, print_rows, read_settings
from staffel.errors import ProblemFound, UsageError
from staffel.settings import Settings
from staffel.wording import quantity

Json = dict[str, Any]
_EXAMPLE = """segment/website:
  keep: {properties: [plan], query: [product]}
mbox:
  ours: [example.com]
  keep: {subjects: true}"""
_NOTHING = "the least"
"""What is kept of a source without settings."""

group = typer.Typer(no_args_is_help=True, help="Check and show the settings of sources: what of their data is kept.")


@group.command("check", epilog=examples("staffel sources check sources.yaml"))
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="File of settings; else the one in STAFFEL_SOURCES.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a file of settings and list all problems by line; exit code 1 if there are any."""
    settings = read_settings()
    path = file or settings.sources
    if path is None:
        raise UsageError(
            f"STAFFEL_SOURCES names no file; write one with the settings of sources, for example\n{_EXAMPLE}"
        )
    problems, names = problems_of(path)
    if as_json:
        rows = [{"file": p.file, "line": p.line, "key": p.key, "message": p.message} for p in problems]
        print_json({"sources": names, "problems": rows})
        raise typer.Exit(1 if problems else 0)
    if problems:
        raise ProblemFound("\n".join(map(str, problems)))
    print_line(f"{path} is valid: settings of {quantity(len(names), 'source')}")


def problems_of(path: Path) -> tuple[list[Problem], list[str]]:
    """What is wrong with a file of settings, and the names of its sources if it can be read."""
    try:
        sources = source_settings_from(path)
    except DocumentError as error:
        return list(error.problems), []
    return list(network_problems(path, sources)), [name for name, _ in sources]


@group.command("show", epilog=examples("staffel sources show", "staffel sources show segment/website"))
def show(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="Name of a source, such as segment/website.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Show the settings of all sources, or those that apply to one."""
    settings = read_settings()
    sources = source_settings(settings)
    if source is not None:
        print_one(settings_json(source, sources.of(source)), as_json, as_csv)
        return
    rows = [settings_json(name, found) for name, found in sources]
    if print_rows(rows, as_json, as_csv, ("source", *SourceSettings.model_fields)):
        return
    if rows:
        cells = [(row["source"], kept_text(row["keep"]), row["trust"], ", ".join(row["ours"])) for row in rows]
        print_table("", ["source", "keeps", "trust", "ours"], cells, wrapped=["keeps", "ours"])
    else:
        print_line(no_settings_text(settings))


def no_settings_text(settings: Settings) -> str:
    reason = "STAFFEL_SOURCES names no file" if settings.sources is None else f"{settings.sources} names no source"
    return (
        f"No settings ({reason}): of every source {_NOTHING} is kept, no titles, subjects, search texts or properties."
    )


def print_one(row: Json, as_json: bool, as_csv: bool) -> None:
    if as_json:
        print_json(row)
        return
    if as_csv:
        print_csv([row])
        return
    cells = [(name, value_text(value)) for name, value in row.items() if name not in ("source", "keep")]
    print_table(row["source"], ["setting", "value"], [("keep", kept_text(row["keep"])), *cells], wrapped=["value"])


def settings_json(source: str, settings: SourceSettings) -> Json:
    return {"source": source, **settings.model_dump(mode="json")}


def kept_text(keep: Json) -> str:
    """`subjects, properties: plan, seats`."""
    allowed = [name for name, value in keep.items() if value is True]
    named = [f"{name}: {', '.join(value)}" for name, value in keep.items() if isinstance(value, list) and value]
    return "; ".join([*([", ".join(allowed)] if allowed else []), *named]) or _NOTHING


def value_text(value: Any) -> str | bool | None:
    return ", ".join(value) if isinstance(value, list) else value


def network_problems(path: Path, sources: Sources) -> Iterator[Problem]:
    """Lines of the networks that the settings name, and that cannot be used."""
    for name, settings in sources:
        if settings.networks is not None:
            _, rejected = read_networks(settings.networks)
            yield from (Problem(str(path), None, f"{name}.networks", f"{item.where}: {item.why}") for item in rejected)
