"""The connectors by kind of file. Each is imported when files of its kind are read."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from intake import DEFAULT_BUDGETS, Item, Rejected, Sources, SurveyedFiles
from intake.files import merge_by_time
from schemas import Clock

if TYPE_CHECKING:
    from intake.access_log import LogFormat
    from intake.crm import ExportOptions, ReportColumns

Kind = Literal["accounts", "contacts", "opportunities", "access-log", "mbox", "calendar", "segment", "cloudevents"]
Items = Iterable[Item]

_FIRST_KINDS: tuple[Kind, ...] = ("accounts", "contacts")
"""What others refer to is read before them, in this order."""


class InputFile(NamedTuple):
    kind: Kind
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How files are read; each kind uses what concerns it. What is not given comes from the settings of the source."""

    clock: Clock
    name: str | None = None
    ours: frozenset[str] = frozenset()
    site: str | None = None
    log_format: "LogFormat | None" = None
    zone: tzinfo = UTC
    default_time: int | None = None
    export: "ExportOptions | None" = None
    mapping: Path | None = None
    report_columns: "ReportColumns | None" = None
    """Of each table: gets the columns that are used, before its first row."""
    own_log: bool = False
    """The files are a log of Staffel, and stay as they are."""


def read_all(files: Sequence[InputFile], options: ReadOptions, sources: Sources) -> Iterator[Item]:
    """The items of all files: those of accounts and contacts first, the others merged by time."""
    groups = [[file for file in files if file.kind == kind] for kind in _FIRST_KINDS]
    groups.append([file for file in files if file.kind not in _FIRST_KINDS])
    return chain.from_iterable(merge_by_time(_items_of(group, options, sources)) for group in groups if group)


def _items_of(files: list[InputFile], options: ReadOptions, sources: Sources) -> list[Items]:
    """The items of each file, in the order of the files."""
    items: dict[Path, Items] = {}
    for kind in dict.fromkeys(file.kind for file in files):
        paths = [file.path for file in files if file.kind == kind]
        read = _READERS[kind](paths, with_settings(options, kind, sources))
        items.update(zip(paths, map(within_budget, read, paths), strict=True))
    return [items[file.path] for file in files]


def with_settings(options: ReadOptions, kind: Kind, sources: Sources) -> ReadOptions:
    settings = sources.of(source_of(kind, options))
    export = options.export and options.export._replace(keeps_reasons=settings.keep.reasons)
    ours = options.ours or frozenset(settings.ours)
    return replace(options, ours=ours, site=options.site or settings.site, export=export)


def networks_of(files: Sequence[InputFile], options: ReadOptions, sources: Sources) -> Path | None:
    """The company networks of the sources, which replace those of STAFFEL_NETWORKS: the first where several differ."""
    kinds = dict.fromkeys(file.kind for file in files)
    named = (sources.of(source_of(kind, options)).networks for kind in kinds)
    return next((networks for networks in named if networks is not None), None)


def source_of(kind: Kind, options: ReadOptions) -> str:
    """The source of the facts; independent of file names, so that a renamed copy adds nothing twice."""
    if kind in ("accounts", "contacts", "opportunities"):
        return options.name or "crm"
    name = options.name or (urlsplit(options.site).netloc if kind == "access-log" and options.site else None)
    return f"{kind}/{name}" if name else kind


def within_budget(items: Items, path: Path, most: int = DEFAULT_BUDGETS.items) -> Iterator[Item]:
    """The items, up to a number."""
    for number, item in enumerate(items):
        if number == most:
            yield Rejected(path.name, "too_large", f"more than {most:,} items; nothing after was read: split the file")
            return
        yield item


def _read_access_logs(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake import access_log

    return [
        access_log.read(path, site=options.site, name=options.name, log_format=options.log_format) for path in paths
    ]


def _read_mailboxes(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake.mail import index_threads, read

    threads, source = index_threads(paths, options.ours), source_of("mbox", options)
    return [read(path, options.ours, threads=threads, source=source) for path in paths]


def _read_calendars(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake.calendar import read

    source, now = source_of("calendar", options), options.clock()
    return [read(path, options.ours, now=now, zone=options.zone, source=source) for path in paths]


def _read_segment(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake.segment import read

    surveyed = SurveyedFiles(paths, partial(read, name=options.name, default_time=options.default_time))
    return [surveyed.items(path) for path in paths]


def _read_cloudevents(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake import cloudevents

    if options.own_log:
        return [cloudevents.read(path) for path in paths]
    surveyed = SurveyedFiles(paths, cloudevents.read)
    return [surveyed.items(path) for path in paths]


def _read_accounts(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake.crm import read_accounts

    return [read_accounts(path, **_table_options(options)) for path in paths]


def _read_contacts(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake.crm import read_contacts

    return [read_contacts(path, **_table_options(options)) for path in paths]


def _read_opportunities(paths: list[Path], options: ReadOptions) -> list[Items]:
    from intake.crm import read_opportunities

    return [read_opportunities(path, **_table_options(options)) for path in paths]


def _table_options(options: ReadOptions) -> dict[str, Any]:
    from intake.crm import ExportOptions

    export = options.export or ExportOptions(source=options.name or "crm", zone=options.zone)
    return {"export": export, "mapping": options.mapping, "report": options.report_columns}


_READERS: dict[Kind, Callable[[list[Path], ReadOptions], list[Items]]] = {
    "access-log": _read_access_logs,
    "mbox": _read_mailboxes,
    "calendar": _read_calendars,
    "segment": _read_segment,
    "cloudevents": _read_cloudevents,
    "accounts": _read_accounts,
    "contacts": _read_contacts,
    "opportunities": _read_opportunities,
}
