"""Opportunities from a CRM's export as CSV: opened, advanced, won, lost.

A row yields at most one fact for its opening, one for its latest stage and one for its outcome, at the dates of
creation, stage change and close. The account is passed on as domain, record id or name; the recorder resolves it.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from intake.crm.cells import ExportOptions, boolean_of, number_of, time_of
from intake.crm.columns import OPPORTUNITY_COLUMNS, with_mapping
from intake.domains import claimable_domain
from intake.files.csv_rows import CellReaders, RequiredField, TableRow, normalized_header, read_cells, read_rows
from intake.observation import Filtered, Item, Observation, Rejected
from schemas import format_time

_REQUIRED_FIELDS = (
    RequiredField(("opportunity", "title")),
    RequiredField(("name", "record", "domain")),
    RequiredField(("stage",)),
    RequiredField(("created", "closed", "moved")),
)
_WON_STAGES = frozenset({"won", "closedwon", "gewonnen", "abgeschlossengewonnen", "1closedwon"})
_LOST_STAGES = frozenset({"lost", "closedlost", "verloren", "abgeschlossenverloren"})


def read_opportunities(
    path: Path, *, export: ExportOptions = ExportOptions(), mapping: Path | None = None
) -> Iterator[Item]:
    """`opportunity.opened`, `.advanced`, `.won` and `.lost` of every row, in file order.

    Rejected: `missing_column`, `bad_mapping`, `bad_row`, `no_account`, `bad_number`, `bad_time`, `missing_time` for
    a row without a date if `export.as_of` is not set.
    """
    columns = with_mapping(OPPORTUNITY_COLUMNS, mapping)
    if isinstance(columns, Rejected):
        yield columns
        return
    for row in read_rows(path, columns, _REQUIRED_FIELDS):
        if isinstance(row, Rejected):
            yield row
        else:
            yield from _items(row, export)


def _items(row: TableRow, export: ExportOptions) -> Iterator[Item]:
    if boolean_of(row.text("deleted") or "no"):
        yield Filtered(row.where, "deleted in the CRM")
        return
    if not any(map(row.text, ("name", "record", "domain"))):
        yield _no_account(row)
        return
    values = read_cells(row, _cell_readers(export, row.layout.decimal_comma))
    if isinstance(values, Rejected):
        yield values
        return
    opportunity = row.text("opportunity") or _derived_id(row)
    for kind, time, content in _events(row, values, export.as_of):
        if time is None:
            yield _missing_time(row, kind)
        else:
            yield _observation(row, export, opportunity, kind, time, content)


def _events(
    row: TableRow, values: dict[str, Any], as_of: int | None
) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
    """The events of an opportunity: kind, time and data."""
    outcome = _outcome_of(row)
    content: dict[str, Any] = {name: values[name] for name in ("stage", "amount", "currency") if name in values}
    created, moved = values.get("created"), values.get("moved") if outcome is None else None
    advanced = moved is not None and moved != created
    if created is not None or outcome is None:
        is_current = not (outcome or advanced)
        opening = content if is_current else _opening_content(content, outcome)
        yield "opened", as_of if created is None else created, opening
    if advanced:
        yield "advanced", moved, content
    if outcome is not None:
        reason = {"reason": values["reason"]} if "reason" in values else {}
        yield outcome, values.get("closed", as_of), content | reason


def _opening_content(content: dict[str, Any], outcome: str | None) -> dict[str, Any]:
    """The data of the opening: without today's stage and, if the opportunity is closed, without its final amount."""
    return {name: value for name, value in content.items() if name != "stage" and not (outcome and name == "amount")}


def _outcome_of(row: TableRow) -> str | None:
    won, closed = boolean_of(row.text("won") or ""), boolean_of(row.text("over") or "")
    stage = normalized_header(row.text("stage") or "")
    if won or stage in _WON_STAGES:
        return "won"
    return "lost" if stage in _LOST_STAGES or (closed and won is False) else None


@lru_cache(maxsize=64)
def _cell_readers(export: ExportOptions, decimal_comma: bool) -> CellReaders:
    date = partial(time_of, order=export.date_order, zone=export.zone)
    return {
        "stage": ("bad_value", str),
        "amount": ("bad_number", partial(number_of, decimal_comma=decimal_comma)),
        "currency": ("bad_value", str),
        "reason": ("bad_value", str),
        "created": ("bad_time", date),
        "moved": ("bad_time", date),
        "closed": ("bad_time", date),
    }


def _observation(
    row: TableRow, export: ExportOptions, opportunity: str, kind: str, time: int, content: dict[str, Any]
) -> Observation:
    domain = row.text("domain")
    return Observation(
        where=row.where,
        source=export.source,
        id=_observation_id(opportunity, kind, time, content),
        type=f"opportunity.{kind}.v1",
        time=time,
        data={"opportunity": opportunity} | content,
        account_hint=row.text("record") or row.text("name"),
        host=claimable_domain(domain) if domain else None,
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
