"""`staffel ingest`: files in the formats of other systems.

Each command imports its connector when it is called: a calendar library is of no use to an access log.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from intake.files import merge_by_time
from intake.recorder import read_networks
from staffel.application import system_clock
from staffel.cli.groups import examples
from staffel.cli.output import print_error, print_json, print_line, print_table, progress_bar
from staffel.cli.session import AsJson, connected_application, parse_time_option
from staffel.errors import UsageError
from staffel.ingestion import ingest_and_wait
from staffel.wording import quantity

Paths = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files; several are merged by time.")]
OwnDomains = Annotated[
    list[str] | None, typer.Option("--ours", metavar="DOMAIN", help="One of your own domains; repeatable.")
]
SourceName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of the source, to distinguish two of the same kind.")
]
Mapping = Annotated[Path | None, typer.Option(metavar="FILE", help="YAML or CSV file that maps columns to fields.")]
Dates = Annotated[str, typer.Option(metavar="ORDER", help="Order in dates with slashes: auto, dmy or mdy.")]
Zone = Annotated[str, typer.Option(metavar="ZONE", help="Time zone for times without one.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="TIME", help="Time of the export.")]
Json = dict[str, Any]
ReadFile = Callable[[Path], Iterable[Any]]
MAX_REJECTED_SHOWN = 10

group = typer.Typer(no_args_is_help=True, help="Import files. Importing one again adds nothing twice.")


@group.command("access-log", epilog=examples("staffel ingest access-log access.log --site https://www.example.com"))
def access_log(
    paths: Paths,
    site: Annotated[
        str | None, typer.Option(metavar="URL", help="Site to complete paths with, e.g. https://www.example.com.")
    ] = None,
    name: SourceName = None,
    as_json: AsJson = False,
) -> None:
    """Import page views from NCSA common or combined logs."""
    from intake import access_log as connector

    ingest_files(paths, lambda path: connector.read(path, site=site, name=name), as_json)


@group.command("mbox", epilog=examples("staffel ingest mbox marketing.mbox --ours example.com"))
def mbox(paths: Paths, ours: OwnDomains = None, name: SourceName = None, as_json: AsJson = False) -> None:
    """Import replies and bounces from mailboxes in mbox format."""
    from intake.mail import index_threads, read

    require_files(paths)
    domains = own_domains(ours)
    threads = index_threads(paths, domains)
    ingest_files(
        paths,
        lambda path: read(path, domains, threads=threads, source=source_name("mbox", name)),
        as_json,
    )


@group.command("calendar", epilog=examples("staffel ingest calendar sales.ics --ours example.com --zone Europe/Berlin"))
def calendar(
    paths: Paths, ours: OwnDomains = None, zone: Zone = "UTC", name: SourceName = None, as_json: AsJson = False
) -> None:
    """Import meetings from iCalendar files: held, booked, canceled, missed."""
    from intake.calendar import read

    zone_info = time_zone(zone)
    ingest_files(
        paths,
        lambda path: read(
            path, own_domains(ours), now=system_clock(), zone=zone_info, source=source_name("calendar", name)
        ),
        as_json,
    )


@group.command("segment", epilog=examples("staffel ingest segment events.jsonl --name website"))
def segment(
    paths: Paths,
    name: SourceName = None,
    undated: Annotated[str | None, typer.Option(metavar="TIME", help="Time for calls without one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import calls of Segment-compatible SDKs: JSON, JSON Lines or batches."""
    from intake.segment import read

    when = None if undated is None else parse_time_option("--undated", undated)
    ingest_files(paths, lambda path: read(path, name=name, default_time=when), as_json)


@group.command("cloudevents", epilog=examples("staffel ingest cloudevents facts.jsonl"))
def cloudevents(paths: Paths, as_json: AsJson = False) -> None:
    """Import CloudEvents 1.0 as JSON Lines or a JSON array, taken as they are."""
    from intake import cloudevents as connector

    ingest_files(paths, connector.read, as_json)


@group.command("accounts", epilog=examples("staffel ingest accounts accounts.csv --name hubspot"))
def accounts(
    paths: Paths,
    mapping: Mapping = None,
    dates: Dates = "auto",
    zone: Zone = "UTC",
    as_of: AsOf = None,
    name: SourceName = None,
    as_json: AsJson = False,
) -> None:
    """Import accounts from a CRM export in CSV (HubSpot, Salesforce, others)."""
    from intake.crm import read_accounts

    export = crm_export(dates, zone, as_of, name)
    ingest_files(paths, lambda path: read_accounts(path, export=export, mapping=mapping), as_json)


@group.command("opportunities", epilog=examples("staffel ingest opportunities deals.csv --name hubspot --dates dmy"))
def opportunities(
    paths: Paths,
    mapping: Mapping = None,
    dates: Dates = "auto",
    zone: Zone = "UTC",
    as_of: AsOf = None,
    name: SourceName = None,
    as_json: AsJson = False,
) -> None:
    """Import opportunities from a CRM export in CSV: opened, won, lost."""
    from intake.crm import read_opportunities

    export = crm_export(dates, zone, as_of, name)
    ingest_files(paths, lambda path: read_opportunities(path, export=export, mapping=mapping), as_json)


def crm_export(dates: str, zone: str, as_of: str | None, name: str | None) -> Any:
    from intake.crm import ExportOptions

    if dates not in ("auto", "dmy", "mdy"):
        raise UsageError(f"--dates {dates}: write auto, dmy or mdy")
    when = None if as_of is None else parse_time_option("--as-of", as_of)
    return ExportOptions(source=name or "crm", zone=time_zone(zone), date_order=dates, as_of=when)  # type: ignore[arg-type]


def ingest_files(paths: list[Path], read: ReadFile, as_json: bool) -> None:
    """Record all files, merged by time; exit code 0 if the end of the files was reached."""
    require_files(paths)
    with connected_application() as application, progress_bar("importing") as advance:
        print_network_problems(application.settings.networks)
        tally = ingest_and_wait(application, merge_by_time(read(path) for path in paths), advance)
    print_json(tally.as_json()) if as_json else print_tally(tally.as_json())


def require_files(paths: list[Path]) -> None:
    """A missing file is a usage error; a file that becomes unreadable midway is reported in the tally."""
    problems = [f"{path}: {problem}" for path in paths if (problem := path_problem(path))]
    if problems:
        raise UsageError("\n".join(problems))


def path_problem(path: Path) -> str | None:
    if path.is_dir():
        return "is a folder; name the files in it"
    return None if path.exists() else "no such file"


def print_network_problems(path: Path | None) -> None:
    """Lines of the operator's networks that the recorder ignores."""
    _, problems = read_networks(path) if path is not None else (None, [])
    for problem in problems[:MAX_REJECTED_SHOWN]:
        print_error(f"STAFFEL_NETWORKS: {problem.where}: {problem.why}")


def print_tally(tally: Json) -> None:
    bots = f" ({tally['bots']} of bots)" if tally["bots"] else ""
    print_line(
        f"{quantity(tally['read'], 'item')} read: {tally['recorded']} recorded{bots}, "
        f"{quantity(tally['duplicates'], 'duplicate')}, {tally['filtered']} skipped (not engagement), "
        f"{len(tally['rejected'])} rejected"
    )
    rows = [(item["where"], item["code"], item["why"]) for item in tally["rejected"][:MAX_REJECTED_SHOWN]]
    if rows:
        print_table("Rejected", ["where", "code", "why"], rows, wrapped=["why"])
    rest = len(tally["rejected"]) - MAX_REJECTED_SHOWN
    if rest > 0:
        print_line(f"… and {rest} more; --json lists all.")


def source_name(kind: str, name: str | None) -> str:
    """Independent of the file name, so that a renamed copy adds nothing twice."""
    return f"{kind}/{name}" if name else kind


def own_domains(ours: list[str] | None) -> frozenset[str]:
    return frozenset(domain.lower() for domain in ours or [])


def time_zone(name: str) -> Any:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"--zone {name}: not a time zone; write one like Europe/Berlin") from None
