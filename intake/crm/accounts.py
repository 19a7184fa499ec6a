"""Accounts from a CRM's export as CSV: HubSpot, Salesforce, or any table with a name or a domain.

The account keeps the id that an id column gives it, else its first domain, else a slug of its name. Record ids of the
CRM are passed on, so that opportunities can refer to them.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from intake.account_ids import account_id, slug
from intake.countries import country_of
from intake.crm.cells import ExportOptions, boolean_of, time_of
from intake.crm.exports import Export, ExportKind, ReportColumns, read_export
from intake.crm.notations import FieldKinds, Notations
from intake.crm.record_ids import record_id_of, salesforce_id
from intake.crm.titles import ACCOUNT_COLUMNS
from intake.domains import ascii_host, claimable_domain, is_free_mail
from intake.files.csv_rows import CellReaders, TableRow, read_cells
from intake.files.table_header import RequiredField, without_addresses
from intake.firmographics import headcount_of, number_of
from intake.observation import Filtered, Item, Observation, Rejected
from intake.platforms import is_shared_platform
from schemas import format_time

UNDATED_TIME_MS = 0
"""Time of registrations without a date: before all other facts of the account."""

_IDS = ("account", "record")
_KIND = ExportKind(
    ACCOUNT_COLUMNS,
    (RequiredField(("name", "domains", "account")),),
    FieldKinds(amounts=("revenue",), counts=("employees",), dates=("created", "modified"), ids=_IDS),
)
_TOLD = ("name", "industry", "employees", "revenue", "country", "segment", "owner", "customer", "target", "parent")
"""Fields of which a blank cell says that the source knows nothing (any more)."""
_CUSTOMER_WORDS = ("customer", "kunde", "client", "klant", "klient", "kund", "asiakas", "顧客", "客户")
_BAD_ACCOUNT_ID = "not a valid account id: no spaces, no `/`, at most 200 characters, not a reserved word"
_PAGES = "pages on platforms such as linkedin.com identify no company"
_BETWEEN_DOMAINS = re.compile(r"[;,\s]+")
_canonical = msgspec.json.Encoder(order="deterministic").encode


def read_accounts(
    path: Path,
    *,
    export: ExportOptions = ExportOptions(),
    mapping: Path | None = None,
    report: ReportColumns | None = None,
) -> Iterator[Item]:
    """`account.registered.v1` of every row, in file order. A blank cell is null, a column that is missing says nothing.

    Their time is `export.as_of`, else the creation date, else `UNDATED_TIME_MS`: of two exports of a table without
    dates, the later one needs `as_of` to count as newer. Filtered: totals and footers of reports, deleted accounts.
    Rejected: what `read_export` refuses, `bad_row`, `damaged_id`, `no_account`, `bad_account`, `bad_domain`,
    `free_mail_domain`, `bad_number`, `bad_time`, and `duplicate_account` for a second row of one id. A second row of
    one domain is another unit of the company: the recorder makes it an alias.
    """
    known: dict[str, str] = {}
    items, look = partial(_items, known=known), partial(_learn_names, known=known)
    return read_export(path, _KIND, export, mapping, items, report, look)


def _items(export: Export, known: dict[str, str]) -> Iterator[Item]:
    ids = export.readers(_id_readers(export.notations))
    readers = _Readers(ids, export.readers(_cell_readers(export)), export.left_out)
    units = _Units()
    for row in export.rows():
        if isinstance(row, TableRow):
            item = _item(row, export.options, readers, known)
            yield units.add(row, item) if isinstance(item, Observation) else item
        else:
            yield row


class _Readers(NamedTuple):
    ids: CellReaders
    cells: CellReaders
    left_out: dict[str, str]


def _learn_names(row: TableRow, known: dict[str, str]) -> None:
    """Note the names and record ids of the row -> account id, if the file has a column that names a parent."""
    if not row.layout.column_indexes.get("parent"):
        return
    identity = _account_key(row, _ID_READERS, {})
    if isinstance(identity, _AccountKey):
        for name in filter(None, (identity.record, row.text("name"), identity.account)):
            known.setdefault(name.casefold(), identity.account)


class _AccountKey(NamedTuple):
    account: str
    domains: list[str]
    record: str | None
    """The CRM's record id."""


def _item(row: TableRow, options: ExportOptions, readers: _Readers, known: dict[str, str]) -> Item:
    deleted = row.text("deleted")
    if deleted is not None and boolean_of(deleted):
        return Filtered(row.where, "deleted in the CRM")
    identity = _account_key(row, readers.ids, readers.left_out)
    if isinstance(identity, Rejected):
        return identity
    values = read_cells(row, readers.cells)
    if isinstance(values, Rejected):
        return values
    created, modified = values.pop("created", UNDATED_TIME_MS), values.pop("modified", None)
    content = values | _relation_fields(identity, row.text("parent"), known)
    blank = {name: None for name in _TOLD if name not in content and row.layout.column_indexes.get(name)}
    changed = options.as_of if modified is None else modified
    return Observation(
        where=row.where,
        source=options.source,
        id=_observation_id(identity.account, changed, content),
        type="account.registered.v1",
        time=created if options.as_of is None else options.as_of,
        data=content | blank,
        account=identity.account,
        account_hint=identity.record,
        profile=True,
        modified_at=changed,
    )


def _account_key(row: TableRow, readers: CellReaders, left_out: dict[str, str]) -> _AccountKey | Rejected:
    ids = read_cells(row, readers)
    domains = _domains(row, left_out)
    if isinstance(ids, Rejected) or isinstance(domains, Rejected):
        return ids if isinstance(ids, Rejected) else domains  # type: ignore[return-value]
    given_id, name, record = ids.get("account"), row.text("name"), ids.get("record")
    # An account id in Salesforce's format is a record id.
    record = given_id if given_id and salesforce_id(given_id) else record
    if given_id is not None and record != given_id:
        account = account_id(given_id)
        if account is None:
            return row.rejected("account", "bad_account", _BAD_ACCOUNT_ID)
        return _AccountKey(account, domains, record)
    account = (account_id(domains[0]) if domains else None) or (slug(name) if name else None)
    if account is None:
        return Rejected(row.where, "no_account", "no id, domain or name: fill in one of them")
    return _AccountKey(account, domains, record)


def _domains(row: TableRow, left_out: dict[str, str]) -> list[str] | Rejected:
    """The domains that the row claims, without those of platforms on which the company only has a page."""
    domains: dict[str, None] = {}
    for field in ("domains", "more_domains"):
        cell = row.text(field)
        for text in filter(None, _BETWEEN_DOMAINS.split(cell)) if cell else ():
            domain = claimable_domain(text)
            if _is_page_on_platform(domain or ascii_host(text), row):
                left_out[field] = _PAGES
                continue
            if domain is None:
                return row.rejected(field, "bad_domain", f"{without_addresses(text[:60])!r} is not a company's domain")
            if is_free_mail(domain):
                return row.rejected(field, "free_mail_domain", f"{domain} is a mail provider; leave it out")
            domains[domain] = None
    return list(domains)


def _is_page_on_platform(host: str | None, row: TableRow) -> bool:
    """Whether the site is a page like `linkedin.com/company/acme`; the platform's own account may name its domain."""
    if host is None or not is_shared_platform(host):
        return False
    return (slug(row.text("name") or "") or "").partition("-")[0] != host.partition(".")[0]


def _id_readers(notations: Notations) -> CellReaders:
    intact = notations.intact_ids
    return {name: ("damaged_id", partial(record_id_of, keeps_long_ids=name in intact)) for name in _IDS}


_ID_READERS = _id_readers(Notations(intact_ids=frozenset(_IDS)))
"""For rows of a file that was not read to its end yet."""


def _cell_readers(export: Export) -> CellReaders:
    notations, options = export.notations, export.options
    dates = {
        name: partial(time_of, order=notations.dates.get(name, options.date_order), zone=options.zone)
        for name in ("created", "modified")
    }
    return {
        "name": ("bad_value", str),
        "industry": ("bad_value", str),
        "employees": ("bad_number", headcount_of),
        "revenue": ("bad_number", partial(number_of, decimal=notations.decimals.get("revenue"))),
        "country": ("bad_value", country_of),
        "segment": ("bad_value", str),
        "owner": ("bad_value", str),
        "customer": ("bad_value", _is_customer),
        "target": ("bad_value", _is_target),
        "created": ("bad_time", dates["created"]),
        "modified": ("bad_time", dates["modified"]),
    }


def _is_customer(text: str) -> bool:
    """From a yes or no, a lifecycle stage or an account type (`Customer - Direct`)."""
    answer = boolean_of(text)
    return answer if answer is not None else text.casefold().startswith(_CUSTOMER_WORDS)


def _is_target(text: str) -> bool:
    answer = boolean_of(text)
    return answer if answer is not None else "target" in text.casefold()


def _relation_fields(identity: _AccountKey, parent: str | None, known: dict[str, str]) -> dict[str, Any]:
    domains = {"domains": identity.domains} if identity.domains else {}
    if parent is None:
        return domains
    return domains | {"parent": known.get((salesforce_id(parent) or parent).casefold(), parent)}


def _observation_id(account: str, modified_at: int | None, content: dict[str, Any]) -> str:
    """The id of the fact. At equal times the greater id wins, so the CRM's modification time comes first in it."""
    changed = format_time(modified_at) if modified_at is not None else "-"
    return f"account:{account}:{changed}:{hashlib.sha256(_canonical(content)).hexdigest()[:16]}"


class _Units:
    """The rows of a file by account: an id comes once, and further rows of a domain are units of one company.

    Such a row has no account of its own; the recorder finds the one that holds the domain.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._seen: dict[tuple[str, str], str] = {}

    def add(self, row: TableRow, item: Observation) -> Item:
        """The item, or the rejection of a row that says an id again."""
        account, domains = item.account or "", item.data.get("domains") or ()
        first = self._first.setdefault(account, item.where)
        name = str(item.data.get("name") or "")
        earlier = self._seen.get((account, item.account_hint or name))
        if first != item.where:
            is_given = account_id(row.text("account") or "") == account
            if is_given or account not in map(account_id, domains) or earlier or not (item.account_hint or name):
                return _duplicate_account(item.where, account, earlier or first)
        for unit in filter(None, (item.account_hint, name)):
            self._seen.setdefault((account, unit), item.where)
        return item if first == item.where else structs.replace(item, account=None)


def _duplicate_account(where: str, account: str, earlier: str) -> Rejected:
    why = f"the account {account} is already in {earlier}: use different ids or domains, or merge the rows"
    return Rejected(where, "duplicate_account", why)
