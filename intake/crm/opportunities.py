"""Opportunities from a CRM's export as CSV: opened, advanced, won, lost.

A row yields at most one fact for its opening, one for its latest stage and one for its outcome, at the dates of
creation, stage change and close. The account is passed on as domain, record id or name; the recorder resolves it.
"""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from intake.crm.cells import ExportOptions, boolean_of, time_of
from intake.crm.exports import Export, ExportKind, ReportColumns, read_export
from intake.crm.notations import FieldKinds
from intake.crm.outcomes import Outcome, outcome_of
from intake.crm.record_ids import first_record_id, record_id_of, several
from intake.crm.titles import OPPORTUNITY_COLUMNS
from intake.domains import ascii_host, claimable_domain
from intake.files.csv_rows import CellReaders, TableRow, read_cells
from intake.files.table_header import RequiredField
from intake.firmographics import number_of
from intake.observation import Filtered, Item, Observation, Rejected
from intake.platforms import is_shared_platform
from schemas import format_time

_DATES = ("created", "moved", "closed", "won_on", "lost_on")
_KIND = ExportKind(
    OPPORTUNITY_COLUMNS,
    (
        RequiredField(("opportunity", "title")),
        RequiredField(("name", "record", "domain")),
        RequiredField(("stage", "status")),
        RequiredField(_DATES),
    ),
    FieldKinds(amounts=("amount",), dates=_DATES, ids=("opportunity", "record")),
    choices=("reason",),
)


def read_opportunities(
    path: Path,
    *,
    export: ExportOptions = ExportOptions(),
    mapping: Path | None = None,
    report: ReportColumns | None = None,
) -> Iterator[Item]:
    """`opportunity.opened`, `.advanced`, `.won` and `.lost` of every row, in file order.

    Filtered: totals and footers of reports, deleted opportunities. Rejected: what `read_export` refuses, `bad_row`,
    `damaged_id`, `no_account`, `bad_number`, `bad_time`, `unknown_outcome`, `missing_time` for a row without a date if
    `export.as_of` is not set.
    """
    return read_export(path, _KIND, export, mapping, _items, report)


def _items(export: Export) -> Iterator[Item]:
    readers = export.readers(_cell_readers(export))
    for row in export.rows():
        if isinstance(row, TableRow):
            yield from _items_of_row(row, export.options, readers)
        else:
            yield row


def _items_of_row(row: TableRow, options: ExportOptions, readers: CellReaders) -> Iterator[Item]:
    values = read_cells(row, readers)
    outcome = _outcome(row)
    deleted = row.text("deleted")
    if outcome == "deleted" or (deleted is not None and boolean_of(deleted)):
        yield Filtered(row.where, "deleted in the CRM")
        return
    account = _account(row)
    problem = next((found for found in (account, values, outcome) if isinstance(found, Rejected)), None)
    if problem is not None:
        yield problem
        return
    assert isinstance(account, _Account)
    assert isinstance(values, dict)
    for kind, time, content in _events(values, outcome, options.as_of):  # type: ignore[arg-type]
        if time is None:
            yield _missing_time(row, kind)
        else:
            yield _observation(row, options, account, values, kind, time, content)


class _Account(NamedTuple):
    """What a row shows of its account."""

    name: str | None
    host: str | None


def _account(row: TableRow) -> _Account | Rejected:
    """The name and domain of the row's company."""
    record, name, domain = row.text("record"), row.text("name"), row.text("domain")
    if name is not None and (record is None or len(list(several(record))) > 1):
        # Of several companies the first is the primary one, by id as well as by name.
        name = name.split(";")[0].strip() or name
    host = ascii_host(domain) if domain else None
    claimed = None if host is None or is_shared_platform(host) else claimable_domain(host)
    return _Account(name, claimed) if name or record or claimed else _no_account(row)


def _outcome(row: TableRow) -> Outcome | Rejected | None:
    try:
        return outcome_of(row)
    except ValueError as error:
        return row.rejected("stage", "unknown_outcome", str(error))


def _events(
    values: dict[str, Any], outcome: Outcome | None, as_of: int | None
) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
    """The events of an opportunity: kind, time and data."""
    content: dict[str, Any] = {name: values[name] for name in ("stage", "amount", "currency") if name in values}
    handoff = {"handoff": values["handoff"]} if "handoff" in values else {}
    created, moved = values.get("created"), values.get("moved") if outcome is None else None
    advanced = moved is not None and moved != created
    if created is not None or outcome is None:
        is_current = not (outcome or advanced)
        opening = content if is_current else _opening_content(content, outcome)
        yield "opened", as_of if created is None else created, opening | handoff
    if advanced:
        yield "advanced", moved, content
    if outcome is not None:
        more = {"reason": values["reason"]} if "reason" in values else {}
        more |= handoff if outcome == "won" else {}
        yield outcome, values.get(f"{outcome}_on") or values.get("closed") or as_of, content | more


def _opening_content(content: dict[str, Any], outcome: str | None) -> dict[str, Any]:
    """The data of the opening: without today's stage and, if the opportunity is closed, without its final amount."""
    return {name: value for name, value in content.items() if name != "stage" and not (outcome and name == "amount")}


def _cell_readers(export: Export) -> CellReaders:
    notations, options = export.notations, export.options
    dates = {
        name: partial(time_of, order=notations.dates.get(name, options.date_order), zone=options.zone)
        for name in _DATES
    }
    intact = notations.intact_ids
    return {
        "opportunity": ("damaged_id", partial(record_id_of, keeps_long_ids="opportunity" in intact)),
        "record": ("damaged_id", partial(first_record_id, keeps_long_ids="record" in intact)),
        "stage": ("bad_value", str),
        "amount": ("bad_number", partial(number_of, decimal=notations.decimals.get("amount"))),
        "currency": ("bad_value", str),
        "reason": ("bad_value", str),
        "handoff": ("bad_value", str),
        "created": ("bad_time", dates["created"]),
        "moved": ("bad_time", dates["moved"]),
        "closed": ("bad_time", partial(_closing_time, read=dates["closed"])),
        "won_on": ("bad_time", dates["won_on"]),
        "lost_on": ("bad_time", dates["lost_on"]),
    }


def _closing_time(text: str, read: Callable[[str], int]) -> int | None:
    """A date; None for a column `Closed` that only says whether."""
    return read(text) if boolean_of(text) is None else None


def _observation(
    row: TableRow,
    options: ExportOptions,
    account: _Account,
    values: dict[str, Any],
    kind: str,
    time: int,
    content: dict[str, Any],
) -> Observation:
    former = row.text("opportunity") or _derived_id(row)
    opportunity = values.get("opportunity", former)
    id_ = _observation_id(opportunity, kind, time, content)
    former_id = _observation_id(former, kind, time, content)
    return Observation(
        where=row.where,
        source=options.source,
        id=id_,
        former_id=None if former_id == id_ else former_id,
        type=f"opportunity.{kind}.v1",
        time=time,
        data={"opportunity": opportunity} | content,
        account_hint=values.get("record", account.name),
        company_name=account.name if "record" in values else None,
        host=account.host,
    )


def _observation_id(opportunity: str, kind: str, time: int, content: dict[str, Any]) -> str:
    """The id of the fact. An opportunity opens once, but may advance and close several times (if it is reopened)."""
    suffix = {"opened": "", "advanced": f":{content.get('stage')}"}.get(kind, f":{format_time(time)}")
    return f"opportunity:{opportunity}:{kind}{suffix}"


def _derived_id(row: TableRow) -> str:
    """An id for rows without one, derived from fields that do not change."""
    identifying = "\n".join(row.text(name) or "" for name in ("title", "record", "name", "domain", "created"))
    return hashlib.sha256(identifying.encode()).hexdigest()[:16]


def _no_account(row: TableRow) -> Rejected:
    columns = ", ".join(
        repr(row.column_name(name)) for name in ("name", "record", "domain") if name in row.layout.mapped_fields
    )
    return Rejected(row.where, "no_account", f"no account in {columns}: fill in its name, domain or record id")


def _missing_time(row: TableRow, kind: str) -> Rejected:
    field = {"opened": "created", "advanced": "moved"}.get(kind, "closed")
    why = f"no date for `{kind}`: fill it in, or set the date of such rows with --as-of"
    return row.rejected(field, "missing_time", why)
