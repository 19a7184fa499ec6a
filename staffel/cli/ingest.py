"""`staffel ingest`: files in the formats of other systems.

Each command imports its connector when it is called: a calendar library is of no use to an access log.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from intake import Item, Rejected, ascii_account_id
from projections import unidentified_visitors
from schemas import terminal_cell
from staffel.application import Application, source_settings, system_clock
from staffel.cli.groups import FilesByDefaultGroup, examples
from staffel.cli.ingest_view import Report, print_network_problems, print_reattribution, report_result
from staffel.cli.output import Advance, print_error, print_line, progress_bar
from staffel.cli.session import AsJson, connected_application, parse_time_option, read_settings
from staffel.errors import UsageError
from staffel.ingestion import (
    InputFile,
    Kind,
    ReadOptions,
    Tally,
    guessed_files,
    ingest_and_wait,
    networks_of,
    opened_inputs,
    read_all,
    reattribute,
    rehearse,
    require_regular_files,
    settings_of_dry_run,
)
from staffel.settings import Settings

Paths = Annotated[
    list[Path], typer.Argument(metavar="PATH…", help="Files, or - for standard input; several are merged by time.")
]
OptionalPaths = Annotated[
    list[Path] | None,
    typer.Argument(metavar="PATH…", help="Files, or - for standard input; several are merged by time."),
]
OwnDomains = Annotated[
    list[str] | None, typer.Option("--ours", metavar="DOMAIN", help="One of your own domains; repeatable.")
]
SourceName = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of the source, to distinguish two of the same kind.")
]
Site = Annotated[
    str | None, typer.Option(metavar="URL", help="Site to complete paths with, e.g. https://www.example.com.")
]
Mapping = Annotated[Path | None, typer.Option(metavar="FILE", help="YAML or CSV file that maps columns to fields.")]
Dates = Annotated[
    str, typer.Option(metavar="ORDER", help="Order in dates like 1/5/2026: dmy or mdy; auto lets the file decide.")
]
Numbers = Annotated[
    str, typer.Option(metavar="LIKE", help="Numbers like 1.234: 1.234,5 or 1,234.5; auto lets the file decide.")
]
Zone = Annotated[str, typer.Option(metavar="ZONE", help="Time zone for times without one.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="TIME", help="Time of the export.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit code 1 if anything was rejected.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="List what was skipped, with the reason.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Record nothing: show what would be recorded, and which accounts would be made."),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again",
        help="Record only who the visitors of access logs are whose company is known by now, by networks and domains; "
        "without files by domains alone.",
    ),
]
DECIMAL_MARKS = {"auto": "auto", "1.234,5": ",", "1,234.5": "."}
PROBLEM = 1
"""Exit code."""
KindsOf = Callable[[list[Path]], tuple[list[InputFile], list[Rejected]]]
group = typer.Typer(
    cls=FilesByDefaultGroup, no_args_is_help=True, help="Import files. Importing one again adds nothing twice."
)


@group.command(
    "files",
    epilog=examples(
        "staffel ingest accounts.csv access.log sales.ics",
        "zcat old.gz | staffel ingest -",
        "staffel ingest --again access.log --dry-run",
    ),
)
def files(
    paths: OptionalPaths = None,
    ours: OwnDomains = None,
    site: Site = None,
    dates: Dates = "auto",
    numbers: Numbers = "auto",
    zone: Zone = "UTC",
    name: SourceName = None,
    again: Again = False,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import files of any kind: each kind is guessed and named. `staffel ingest FILE…` is short for it."""
    if not (paths or again):
        raise UsageError("name the files to import; `staffel ingest --help` shows examples")
    report = Report(as_json, strict, verbose, dry_run)
    export = crm_export(dates, zone, None, name, numbers)
    options = read_options(name=name, ours=own_domains(ours), site=site, zone=time_zone(zone), export=export)
    run = reattribute_files if again else ingest_files
    run(paths or [], guess_and_show(report), options, report)


@group.command("access-log", epilog=examples("staffel ingest access-log access.log --site https://www.example.com"))
def access_log(
    paths: Paths,
    site: Site = None,
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
    again: Again = False,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import page views from web server logs."""
    options = read_options(name=name, site=site, log_format=known_log_format(log_format))
    report = Report(as_json, strict, verbose, dry_run)
    run = reattribute_files if again else ingest_files
    run(paths, lambda files: ([InputFile("access-log", file) for file in files], []), options, report)


@group.command("mbox", epilog=examples("staffel ingest mbox marketing.mbox --ours example.com"))
def mbox(
    paths: Paths,
    ours: OwnDomains = None,
    name: SourceName = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import replies, first mails, unsubscribe requests and bounces from mailboxes in mbox format."""
    ingest_kind(
        "mbox", paths, read_options(name=name, ours=own_domains(ours)), Report(as_json, strict, verbose, dry_run)
    )


@group.command("calendar", epilog=examples("staffel ingest calendar sales.ics --ours example.com --zone Europe/Berlin"))
def calendar(
    paths: Paths,
    ours: OwnDomains = None,
    zone: Zone = "UTC",
    name: SourceName = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import meetings from iCalendar files: held, booked, canceled, missed."""
    options = read_options(name=name, ours=own_domains(ours), zone=time_zone(zone))
    ingest_kind("calendar", paths, options, Report(as_json, strict, verbose, dry_run))


@group.command("segment", epilog=examples("staffel ingest segment events.jsonl --name website"))
def segment(
    paths: Paths,
    name: SourceName = None,
    undated: Annotated[str | None, typer.Option(metavar="TIME", help="Time for calls without one.")] = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import calls of Segment-compatible SDKs: JSON, JSON Lines or batches."""
    when = None if undated is None else parse_time_option("--undated", undated)
    ingest_kind("segment", paths, read_options(name=name, default_time=when), Report(as_json, strict, verbose, dry_run))


@group.command("cloudevents", epilog=examples("staffel ingest cloudevents facts.jsonl"))
def cloudevents(
    paths: Paths,
    own_log: Annotated[
        bool, typer.Option("--own-log", help="The files are a log of Staffel, decisions included; only into a new log.")
    ] = False,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import CloudEvents 1.0 as JSON Lines or a JSON array, taken as they are."""
    options = read_options(own_log=own_log)
    ingest_kind("cloudevents", paths, options, Report(as_json, strict, verbose, dry_run), own_log=own_log)


@group.command("accounts", epilog=examples("staffel ingest accounts accounts.csv --name hubspot"))
def accounts(
    paths: Paths,
    mapping: Mapping = None,
    dates: Dates = "auto",
    numbers: Numbers = "auto",
    zone: Zone = "UTC",
    as_of: AsOf = None,
    name: SourceName = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import accounts from a CRM export in CSV (HubSpot, Salesforce, others)."""
    options = read_options(name=name, export=crm_export(dates, zone, as_of, name, numbers), mapping=mapping)
    ingest_kind("accounts", paths, options, Report(as_json, strict, verbose, dry_run))


@group.command("contacts", epilog=examples("staffel ingest contacts contacts.csv --name hubspot"))
def contacts(
    paths: Paths,
    mapping: Mapping = None,
    dates: Dates = "auto",
    zone: Zone = "UTC",
    as_of: AsOf = None,
    name: SourceName = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import contacts from a CRM export in CSV: who is known, in which role. Names and addresses go to the vault."""
    options = read_options(name=name, export=crm_export(dates, zone, as_of, name), mapping=mapping)
    ingest_kind("contacts", paths, options, Report(as_json, strict, verbose, dry_run))


@group.command("opportunities", epilog=examples("staffel ingest opportunities deals.csv --name hubspot --dates dmy"))
def opportunities(
    paths: Paths,
    mapping: Mapping = None,
    dates: Dates = "auto",
    numbers: Numbers = "auto",
    zone: Zone = "UTC",
    as_of: AsOf = None,
    name: SourceName = None,
    dry_run: DryRun = False,
    strict: Strict = False,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Import opportunities from a CRM export in CSV: opened, won, lost."""
    options = read_options(name=name, export=crm_export(dates, zone, as_of, name, numbers), mapping=mapping)
    ingest_kind("opportunities", paths, options, Report(as_json, strict, verbose, dry_run))


def known_log_format(text: str | None) -> Any:
    from intake.access_log import parse_format

    log_format = None if text is None else parse_format(text)
    if isinstance(log_format, Rejected):
        raise UsageError(f"--format {log_format.why}")
    return log_format


def read_options(**options: Any) -> ReadOptions:
    return ReadOptions(clock=system_clock, **options)


def crm_export(dates: str, zone: str, as_of: str | None, name: str | None, numbers: str = "auto") -> Any:
    from intake.crm import ExportOptions

    if dates not in ("auto", "dmy", "mdy"):
        raise UsageError(f"--dates {dates}: write auto, dmy or mdy")
    if numbers not in DECIMAL_MARKS:
        raise UsageError(f"--numbers {numbers}: write auto, 1.234,5 or 1,234.5")
    return ExportOptions(
        source=name or "crm",
        zone=time_zone(zone),
        date_order=dates,  # type: ignore[arg-type]
        as_of=None if as_of is None else parse_time_option("--as-of", as_of),
        numbers=DECIMAL_MARKS[numbers],  # type: ignore[arg-type]
    )


def ingest_kind(kind: Kind, paths: list[Path], options: ReadOptions, report: Report, *, own_log: bool = False) -> None:
    """Record the items of files of one kind, merged by time."""
    ingest_files(paths, lambda files: ([InputFile(kind, file) for file in files], []), options, report, own_log=own_log)


class OpenImport(NamedTuple):
    """The files of an import, and the application that they are read into."""

    application: Application
    files: list[InputFile]
    items: Iterator[Item]
    advance: Advance


def ingest_files(
    paths: list[Path], kinds_of: KindsOf, options: ReadOptions, report: Report, *, own_log: bool = False
) -> None:
    """Record the items of files. Exit code 1 if a file was refused whole; with `--strict` also if an item was rejected.

    `kinds_of` gives the files with their kinds, and rejections of files that have none.
    """
    with opened_import(paths, kinds_of, options, report) as opened:
        record = rehearse if report.dry_run else ingest_and_wait
        application = opened.application
        result = record(application, opened.items, opened.advance, report.show_filtered, own_log=own_log)
        visitors, has_networks = unidentified_visitors(application.engine), application.settings.networks is not None
    exit_with(report, report_result(report, result, visitors, has_networks=has_networks))


def reattribute_files(paths: list[Path], kinds_of: KindsOf, options: ReadOptions, report: Report) -> None:
    """Identify the visitors of access logs whose company is known by now; records nothing else of the files."""
    with opened_import(paths, lambda files: access_logs_of(*kinds_of(files)), options, report) as opened:
        result = reattribute(opened.application, opened.items, opened.advance, dry_run=report.dry_run)
        has_networks = opened.application.settings.networks is not None
    print_reattribution(report, result, has_files=bool(opened.files), has_networks=has_networks)
    exit_with(report, result.tally)


def access_logs_of(files: list[InputFile], refused: list[Rejected]) -> tuple[list[InputFile], list[Rejected]]:
    for file in files:
        if file.kind != "access-log":
            print_error(terminal_cell(f"{file.path.name}: not read again: its visitors have ids of their own"))
    return [file for file in files if file.kind == "access-log"], refused


@contextmanager
def opened_import(paths: list[Path], kinds_of: KindsOf, options: ReadOptions, report: Report) -> Iterator[OpenImport]:
    require_regular_files(paths)
    with settings_for(report) as settings, opened_inputs(paths, settings.home) as opened:
        files, refused = kinds_of(opened)
        networks = networks_of(files, options, source_settings(settings)) or settings.networks
        settings = settings.model_copy(update={"networks": networks})
        with connected_application(settings) as application, progress_bar("importing") as advance:
            print_network_problems(networks)
            reported = replace(options, report_columns=report.columns.append)
            items = chain(refused, read_all(files, reported, application.sources))
            yield OpenImport(application, files, items, advance)


def exit_with(report: Report, tally: Tally) -> None:
    if tally.refused_files or (report.strict and tally.rejected_total):
        raise typer.Exit(PROBLEM)


def settings_for(report: Report) -> AbstractContextManager[Settings]:
    settings = read_settings()
    return settings_of_dry_run(settings) if report.dry_run else nullcontext(settings)


def guess_and_show(report: Report) -> KindsOf:
    """Guesses the kinds of files, and says them."""

    def kinds_of(files: list[Path]) -> tuple[list[InputFile], list[Rejected]]:
        guessed, refused = guessed_files(files)
        for kind, path in guessed:
            message = terminal_cell(f"{path.name}: {kind}")
            print_error(message) if report.as_json else print_line(message)
        return guessed, refused

    return kinds_of


def own_domains(ours: list[str] | None) -> frozenset[str]:
    return frozenset(ascii_account_id(domain.lower()) for domain in ours or [])


def time_zone(name: str) -> Any:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"--zone {name}: not a time zone; write one like Europe/Berlin") from None
