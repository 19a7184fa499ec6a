"""Contacts from a CRM's export as CSV: who is known, in which role, at which company.

Name, address, title and phone number go to the vault alone. A row without an address is known by the CRM's id of the
contact. The company is passed on as record id, name and domain; the recorder resolves it.
"""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from intake.crm.cells import ExportOptions, boolean_of, time_of
from intake.crm.contact_titles import CONTACT_COLUMNS, OPTED_IN_WORDS, OPTED_OUT_WORDS, ROLES
from intake.crm.exports import Export, ExportKind, ReportColumns, read_export
from intake.crm.notations import FieldKinds
from intake.crm.record_ids import first_record_id, record_id_of
from intake.domains import ascii_host, claimable_domain, is_free_mail, normalized_email
from intake.files.csv_rows import CellReaders, TableRow, read_cells
from intake.files.table_header import RequiredField, normalized_header
from intake.observation import Filtered, Item, Observation, Rejected
from intake.platforms import is_shared_platform

UNDATED_TIME_MS = 0
"""Time of contacts without a date: before all they do."""

_DATES = ("created", "modified")
_KIND = ExportKind(
    CONTACT_COLUMNS, (RequiredField(("email", "person")),), FieldKinds(dates=_DATES, ids=("person", "record"))
)
_SEVERAL = re.compile(r"[;,\s|]+")
_WORDS = re.compile(r"[^\W_]+")
_MAX_WORD_CHARS = 60
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_MAX_TEXT_CHARS = 200


def read_contacts(
    path: Path,
    *,
    export: ExportOptions = ExportOptions(),
    mapping: Path | None = None,
    report: ReportColumns | None = None,
) -> Iterator[Item]:
    """`contact.registered.v1` of every row, in file order, and `contact.suppressed.v1` of those who opted out.

    Nothing in a table releases a contact again. Times are as in tables of accounts. Filtered: footers of reports,
    deleted contacts. Rejected: what `read_export` refuses, `bad_row`, `damaged_id`, `no_person`, `bad_time`,
    `bad_value`, and `duplicate_contact` for a second row of one contact at one company.
    """
    return read_export(path, _KIND, export, mapping, _items, report)


class _Person(NamedTuple):
    email: str | None
    id: str | None

    @property
    def key(self) -> str:
        return self.email or self.id or ""


def _items(export: Export) -> Iterator[Item]:
    readers = export.readers(_cell_readers(export))
    first_at: dict[tuple[str, ...], str] = {}
    for row in export.rows():
        if not isinstance(row, TableRow):
            yield row
            continue
        for item in _row_items(row, export.options, readers):
            if isinstance(item, Observation) and item.profile:
                key = (item.email or item.person or "", item.account_hint or "", item.host or "")
                earlier = first_at.setdefault(key, item.where)
                if earlier != item.where:
                    yield _duplicate_contact(item.where, earlier)
                    break
            yield item


def _row_items(row: TableRow, options: ExportOptions, readers: CellReaders) -> Iterator[Item]:
    if boolean_of(row.text("deleted") or "no"):
        yield Filtered(row.where, "deleted in the CRM")
        return
    values = read_cells(row, readers)
    if isinstance(values, Rejected):
        yield values
        return
    person, opted_out = _Person(_first_address(row), values.get("person")), _has_opted_out(row)
    if not person.key:
        yield _no_person(row)
    elif isinstance(opted_out, Rejected):
        yield opted_out
    else:
        registered = _registered(row, options, person, values)
        yield registered
        if opted_out:
            yield _suppressed(registered, person)


def _registered(row: TableRow, options: ExportOptions, person: _Person, values: dict[str, Any]) -> Observation:
    columns = row.layout.column_indexes
    told = {name: values.get(name) or None for name in ("role", "seniority", "owner") if columns.get(name)}
    created, modified = values.get("created", UNDATED_TIME_MS), values.get("modified")
    company, record = values.get("company"), values.get("record")
    return Observation(
        where=row.where,
        source=options.source,
        id=f"contact:{person.key}",
        personal=("id",),
        type="contact.registered.v1",
        time=created if options.as_of is None else options.as_of,
        data={**told, "system": options.source.partition("/")[0]},
        email=person.email,
        person=person.id,
        name=_name(row),
        job_title=_cleaned(row.text("job_title")),
        phone=_cleaned(row.text("phone")),
        account_hint=record or company,
        company_name=company,
        host=values.get("domain"),
        profile=True,
        modified_at=options.as_of if modified is None else modified,
    )


def _suppressed(registered: Observation, person: _Person) -> Observation:
    """One fact however often it is told, so that a release by hand stands."""
    return Observation(
        where=registered.where,
        source=registered.source,
        id=f"contact:{person.key}:suppressed",
        personal=("id",),
        type="contact.suppressed.v1",
        time=registered.time if registered.modified_at is None else registered.modified_at,
        email=person.email,
        person=person.id,
        account_hint=registered.account_hint,
        company_name=registered.company_name,
        host=registered.host,
    )


def _cell_readers(export: Export) -> CellReaders:
    notations, options = export.notations, export.options
    intact = notations.intact_ids
    dates: CellReaders = {
        name: ("bad_time", partial(time_of, order=notations.dates.get(name, options.date_order), zone=options.zone))
        for name in _DATES
    }
    return {
        "person": ("damaged_id", partial(record_id_of, keeps_long_ids="person" in intact)),
        "record": ("damaged_id", partial(first_record_id, keeps_long_ids="record" in intact)),
        "company": ("bad_value", _company),
        "role": ("bad_value", _role),
        "seniority": ("bad_value", _term),
        "owner": ("bad_value", _cleaned),
        "domain": ("bad_value", _company_domain),
        **dates,
    }


def _first_address(row: TableRow) -> str | None:
    """The first address of the row; a placeholder such as `n/a` is none."""
    cells = (cell.removeprefix("mailto:") for cell in row.texts("email"))
    parts = (part.strip("<>") for cell in cells for part in _SEVERAL.split(cell))
    return next((address for part in parts if (address := normalized_email(part))), None)


def _role(text: str) -> str | None:
    """The first role of the cell in the form of a model: `Decision Maker` is `decision_maker`."""
    first = next(filter(None, (part.strip() for part in re.split(r"[;,|\n]", text))), "")
    return ROLES.get(normalized_header(first[:_MAX_WORD_CHARS])) or _term(first)


def _term(text: str) -> str | None:
    return "_".join(_WORDS.findall(text[:_MAX_WORD_CHARS].casefold())) or None


def _company_domain(text: str) -> str | None:
    """The company's domain; None for mail providers and pages on platforms, which say nothing about it."""
    host = ascii_host(text)
    domain = claimable_domain(text)
    if host is None or domain is None or is_free_mail(domain) or is_shared_platform(host):
        return None
    return domain


def _company(text: str) -> str | None:
    """The first of several companies."""
    return _cleaned(text.partition(";")[0])


def _has_opted_out(row: TableRow) -> bool | Rejected:
    """From yes and no, or a status, in any of the columns. Other texts are rejected: nobody is addressed by mistake."""
    answers = [_opted_out(text) for text in row.texts("opted_out")]
    if None in answers:
        why = "write yes for contacts who opted out, and no or nothing for others"
        return row.rejected("opted_out", "bad_value", why)
    return True in answers


def _opted_out(text: str) -> bool | None:
    answer, word = boolean_of(text), normalized_header(text[:_MAX_WORD_CHARS])
    if answer is not None or not word:
        return answer or False
    return word in OPTED_OUT_WORDS if word in OPTED_OUT_WORDS | OPTED_IN_WORDS else None


def _name(row: TableRow) -> str | None:
    parts = filter(None, (row.text("first_name"), row.text("last_name")))
    return _cleaned(row.text("name") or " ".join(parts))


def _cleaned(text: str | None) -> str | None:
    """One line of bounded length, whatever the cell holds."""
    return " ".join(_UNPRINTABLE.sub(" ", text or "").split())[:_MAX_TEXT_CHARS] or None


def _no_person(row: TableRow) -> Rejected:
    return Rejected(row.where, "no_person", "no e-mail address, and no id of the contact: fill in one of them")


def _duplicate_contact(where: str, earlier: str) -> Rejected:
    why = f"the contact is already in {earlier}, at the same company: merge the rows"
    return Rejected(where, "duplicate_contact", why)
