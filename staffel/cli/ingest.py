"""`staffel ingest`: files in the formats of other systems.

Each command imports its connector when it is called: a calendar library is of no use to an access log.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from intake import Filtered, Rejected, SourceSettings, ascii_account_id
from intake.files import merge_by_time
from intake.recorder import read_networks
from schemas import terminal_cell
from staffel.application import source_settings, system_clock
from staffel.cli.groups import examples
from staffel.cli.output import print_error, print_json, print_line, print_table, progress_bar
from staffel.cli.session import AsJson, connected_application, parse_time_option, read_settings
from staffel.errors import UsageError
from staffel.ingestion import MAX_REJECTED_KEPT, Tally, ingest_and_wait, opened_inputs, require_regular_files
from staffel.wording import quantity

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH…", help="Files, or - for standard input; several are merged by time.")
]
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
Strict = Annotated[bool, typer.Option("--strict", help="Exit code 1 if anything was rejected.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="List what was skipped, with the reason.")]
ReadFile = Callable[[Path], Iterable[Any]]
ReadFiles = Callable[[list[Path]], list[Iterable[Any]]]
MAX_REJECTED_SHOWN = 10
PROBLEM = 1
"""Exit code."""


class Report(NamedTuple):
    """How an import reports what it did."""

    as_json: bool
    strict: bool
    verbose: bool


group = typer.Typer(no_args_is_help=True, help="Import files. Importing one again adds nothing twice.")


@group.command("access-log", epilog=examples("staffel ingest access-log access.log --site https://www.example.com"))
def access_log(
    paths: Paths,
    site: Annotated[
        str | None, typer.Option(metavar="URL", help="Site to complete paths with, e.g. https://www.example.com.")
    ] = None,
    log_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="combined, common, vhost_combined, main, caddy, traefik; a LogFormat of Apache, a log_format of "
            "nginx, or json:client=KEY,time=KEY,…; default: NCSA with fields before and after.",
        ),
    ] = None,
    name: SourceName = None,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import page views from web server logs."""
    from intake import access_log as connector

    known_format = None if log_format is None else connector.parse_format(log_format)
    if isinstance(known_format, Rejected):
        raise UsageError(f"--format {known_format.why}")
    settings = settings_of(source_name("access-log", name))
    ingest_files(
        paths,
        lambda path: connector.read(path, site=site or settings.site, name=name, log_format=known_format),
        Report(as_json, strict, verbose),
        networks=settings.networks,
    )


@group.command("mbox", epilog=examples("staffel ingest mbox marketing.mbox --ours example.com"))
def mbox(
    paths: Paths,
    ours: OwnDomains = None,
    name: SourceName = None,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import replies and bounces from mailboxes in mbox format."""
    from intake.mail import index_threads, read

    source = source_name("mbox", name)
    domains = own_domains(ours, settings_of(source))

    def read_all(files: list[Path]) -> list[Iterable[Any]]:
        threads = index_threads(files, domains)
        return [read(file, domains, threads=threads, source=source) for file in files]

    ingest_together(paths, read_all, Report(as_json, strict, verbose))


@group.command("calendar", epilog=examples("staffel ingest calendar sales.ics --ours example.com --zone Europe/Berlin"))
def calendar(
    paths: Paths,
    ours: OwnDomains = None,
    zone: Zone = "UTC",
    name: SourceName = None,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import meetings from iCalendar files: held, booked, canceled, missed."""
    from intake.calendar import read

    zone_info, source = time_zone(zone), source_name("calendar", name)
    domains = own_domains(ours, settings_of(source))
    ingest_files(
        paths,
        lambda path: read(path, domains, now=system_clock(), zone=zone_info, source=source),
        Report(as_json, strict, verbose),
    )


@group.command("segment", epilog=examples("staffel ingest segment events.jsonl --name website"))
def segment(
    paths: Paths,
    name: SourceName = None,
    undated: Annotated[str | None, typer.Option(metavar="TIME", help="Time for calls without one.")] = None,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import calls of Segment-compatible SDKs: JSON, JSON Lines or batches."""
    from intake.segment import read

    when = None if undated is None else parse_time_option("--undated", undated)
    ingest_files(
        paths,
        lambda path: read(path, name=name, default_time=when),
        Report(as_json, strict, verbose),
        networks=settings_of(source_name("segment", name)).networks,
    )


@group.command("cloudevents", epilog=examples("staffel ingest cloudevents facts.jsonl"))
def cloudevents(
    paths: Paths,
    own_log: Annotated[
        bool, typer.Option("--own-log", help="The files are a log of Staffel, decisions included; only into a new log.")
    ] = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import CloudEvents 1.0 as JSON Lines or a JSON array, taken as they are."""
    from intake import cloudevents as connector

    ingest_files(paths, connector.read, Report(as_json, strict, verbose), own_log=own_log)


@group.command("accounts", epilog=examples("staffel ingest accounts accounts.csv --name hubspot"))
def accounts(
    paths: Paths,
    mapping: Mapping = None,
    dates: Dates = "auto",
    zone: Zone = "UTC",
    as_of: AsOf = None,
    name: SourceName = None,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import accounts from a CRM export in CSV (HubSpot, Salesforce, others)."""
    from intake.crm import read_accounts

    export = crm_export(dates, zone, as_of, name)
    ingest_files(
        paths, lambda path: read_accounts(path, export=export, mapping=mapping), Report(as_json, strict, verbose)
    )


@group.command("opportunities", epilog=examples("staffel ingest opportunities deals.csv --name hubspot --dates dmy"))
def opportunities(
    paths: Paths,
    mapping: Mapping = None,
    dates: Dates = "auto",
    zone: Zone = "UTC",
    as_of: AsOf = None,
    name: SourceName = None,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import opportunities from a CRM export in CSV: opened, won, lost."""
    from intake.crm import read_opportunities

    export = crm_export(dates, zone, as_of, name)
    ingest_files(
        paths, lambda path: read_opportunities(path, export=export, mapping=mapping), Report(as_json, strict, verbose)
    )


def crm_export(dates: str, zone: str, as_of: str | None, name: str | None) -> Any:
    from intake.crm import ExportOptions

    if dates not in ("auto", "dmy", "mdy"):
        raise UsageError(f"--dates {dates}: write auto, dmy or mdy")
    when = None if as_of is None else parse_time_option("--as-of", as_of)
    return ExportOptions(source=name or "crm", zone=time_zone(zone), date_order=dates, as_of=when)  # type: ignore[arg-type]


def settings_of(source: str) -> SourceSettings:
    """What STAFFEL_SOURCES says of a source; applies where the command line says nothing."""
    return source_settings(read_settings()).of(source)


def ingest_files(
    paths: list[Path], read: ReadFile, report: Report, *, networks: Path | None = None, own_log: bool = False
) -> None:
    """Record the items of every file, merged by time."""
    ingest_together(paths, lambda files: [read(file) for file in files], report, networks=networks, own_log=own_log)


def ingest_together(
    paths: list[Path], read: ReadFiles, report: Report, *, networks: Path | None = None, own_log: bool = False
) -> None:
    """Record the items of files that are read together. Exit code 1 if a file was refused whole; with `--strict` also
    if an item was rejected. `networks` of the source replace those of STAFFEL_NETWORKS."""
    require_regular_files(paths)
    with connected_application(networks) as application, opened_inputs(paths, application.settings.home) as files:
        print_network_problems(application.settings.networks)
        filtered: list[Filtered] = []
        with progress_bar("importing") as advance:
            show_filtered = None if not report.verbose else filtered.append if report.as_json else print_filtered
            tally = ingest_and_wait(application, merge_by_time(read(files)), advance, show_filtered, own_log=own_log)
    if report.as_json:
        listed = [{"where": item.where, "why": item.why} for item in filtered]
        print_json(tally.as_json() | ({"filtered_items": listed} if report.verbose else {}))
    else:
        print_tally(tally)
    if tally.refused_files or (report.strict and tally.rejected_total):
        raise typer.Exit(PROBLEM)


def print_network_problems(path: Path | None) -> None:
    """Lines of the operator's networks that the recorder ignores."""
    _, problems = read_networks(path) if path is not None else (None, [])
    for problem in problems[:MAX_REJECTED_SHOWN]:
        print_error(f"STAFFEL_NETWORKS: {problem.where}: {problem.why}")


def print_filtered(item: Filtered) -> None:
    print_line(terminal_cell(f"skipped {item.where}: {item.why}"))


def print_tally(tally: Tally) -> None:
    bots = f" ({tally.bots} of bots)" if tally.bots else ""
    print_line(
        f"{quantity(tally.read, 'item')} read: {tally.recorded} recorded{bots}, "
        f"{quantity(tally.duplicates, 'duplicate')}, {tally.filtered} skipped (not engagement), "
        f"{tally.rejected_total} rejected"
    )
    for title, counts in (
        ("skipped", tally.filtered_by),
        ("rejected", tally.rejected_by),
        ("left out", tally.left_out),
    ):
        if counts:
            print_line(terminal_cell(f"{title}: " + ", ".join(f"{reason} {n}" for reason, n in counts.most_common())))
    rows = [(item.where, item.code, item.why) for item in tally.rejected[:MAX_REJECTED_SHOWN]]
    if rows:
        print_table("Rejected", ["where", "code", "why"], rows, wrapped=["why"])
    rest = tally.rejected_total - len(rows)
    if rest:
        print_line(f"… and {rest} more; --json lists the first {MAX_REJECTED_KEPT:,}.")


def source_name(kind: str, name: str | None) -> str:
    """Independent of the file name, so that a renamed copy adds nothing twice."""
    return f"{kind}/{name}" if name else kind


def own_domains(ours: list[str] | None, settings: SourceSettings) -> frozenset[str]:
    return frozenset(ascii_account_id(domain.lower()) for domain in ours or settings.ours)


def time_zone(name: str) -> Any:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"--zone {name}: not a time zone; write one like Europe/Berlin") from None
