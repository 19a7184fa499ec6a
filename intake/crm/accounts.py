"""Accounts from a CRM's export as CSV: HubSpot, Salesforce, or any table with a name or a domain.

The account keeps the id that an id column gives it, else its first domain, else a slug of its name. Record ids of the
CRM are passed on, so that opportunities can refer to them.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from intake.account_ids import account_id, slug
from intake.countries import country_of
from intake.crm.cells import ExportOptions, boolean_of, headcount_of, number_of, time_of
from intake.crm.columns import ACCOUNT_COLUMNS, with_mapping
from intake.domains import claimable_domain, is_free_mail
from intake.files.csv_rows import CellReaders, Columns, RequiredField, TableRow, read_cells, read_rows
from intake.observation import Filtered, Item, Observation, Rejected
from schemas import format_time

UNDATED_TIME_MS = 0
"""Time of registrations without a date: before all other facts of the account."""

_REQUIRED_FIELDS = (RequiredField(("name", "domains", "account")),)
_BAD_ACCOUNT_ID = "not a valid account id: no spaces, no `/`, at most 200 characters, not a reserved word"
_SALESFORCE_ID = re.compile(r"001[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
_canonical = msgspec.json.Encoder(order="deterministic").encode


def read_accounts(
    path: Path, *, export: ExportOptions = ExportOptions(), mapping: Path | None = None
) -> Iterator[Item]:
    """`account.registered.v1` of every row, in file order.

    Their time is `export.as_of`, else the creation date, else `UNDATED_TIME_MS`: of two exports of a table without
    dates, the later one needs `as_of` to count as newer. Rejected: `missing_column`, `bad_mapping`, `bad_row`,
    `no_account`, `bad_account`, `bad_domain`, `free_mail_domain`, `bad_number`, `bad_time`, and `duplicate_account` for
    a second row of one id. A second row of one domain is another unit of the company: the recorder makes it an alias.
    """
    columns = with_mapping(ACCOUNT_COLUMNS, mapping)
    if isinstance(columns, Rejected):
        yield columns
        return
    known = _accounts_by_name(path, columns)
    first_of: dict[str, Observation] = {}
    for row in read_rows(path, columns, _REQUIRED_FIELDS):
        item = row if isinstance(row, Rejected) else _item(row, export, known)
        if isinstance(item, Observation) and item.account is not None:
            item = _further_row(item, first_of.setdefault(item.account, item))
        yield item


def _accounts_by_name(path: Path, columns: Columns) -> dict[str, str]:
    """Names and record ids of the file -> account id, for the column that names a parent."""
    known: dict[str, str] = {}
    for row in read_rows(path, columns, _REQUIRED_FIELDS):
        identity = row if isinstance(row, Rejected) else _account_key(row)
        if isinstance(row, TableRow) and isinstance(identity, _AccountKey):
            names = filter(None, (_record_id(row), row.text("name"), identity.account))
            known.update({name.casefold(): identity.account for name in names if name.casefold() not in known})
    return known


class _AccountKey(NamedTuple):
    account: str
    domains: list[str]


def _item(row: TableRow, export: ExportOptions, known: dict[str, str]) -> Item:
    if boolean_of(row.text("deleted") or "no"):
        return Filtered(row.where, "deleted in the CRM")
    identity = _account_key(row)
    if isinstance(identity, Rejected):
        return identity
    values = read_cells(row, _cell_readers(export, row.layout.decimal_comma))
    if isinstance(values, Rejected):
        return values
    created, modified = values.pop("created", UNDATED_TIME_MS), values.pop("modified", None)
    content = values | _relation_fields(identity, row.text("parent"), known)
    return Observation(
        where=row.where,
        source=export.source,
        id=_observation_id(identity.account, export.as_of if modified is None else modified, content),
        type="account.registered.v1",
        time=created if export.as_of is None else export.as_of,
        data=content,
        account=identity.account,
        account_hint=_record_id(row),
        profile=True,
        modified_at=export.as_of if modified is None else modified,
    )


def _account_key(row: TableRow) -> _AccountKey | Rejected:
    domains = _domains(row)
    if isinstance(domains, Rejected):
        return domains
    given_id, name = row.text("account"), row.text("name")
    if given_id is not None and _record_id(row) != given_id:
        account = account_id(given_id)
        return _AccountKey(account, domains) if account else row.rejected("account", "bad_account", _BAD_ACCOUNT_ID)
    account = (account_id(domains[0]) if domains else None) or (slug(name) if name else None)
    if account is not None:
        return _AccountKey(account, domains)
    return Rejected(row.where, "no_account", "no id, domain or name: fill in one of them")


def _record_id(row: TableRow) -> str | None:
    """The CRM's record id. An account id in Salesforce's format is one, too."""
    given_id = row.text("account")
    return given_id if given_id and _SALESFORCE_ID.fullmatch(given_id) else row.text("record")


def _domains(row: TableRow) -> list[str] | Rejected:
    domains: dict[str, None] = {}
    for field in ("domains", "more_domains"):
        for text in re.split(r"[;,\s]+", row.text(field) or ""):
            domain = claimable_domain(text) if text else None
            if text and domain is None:
                return row.rejected(field, "bad_domain", f"{text[:60]!r} is not a company's domain")
            if domain is not None and is_free_mail(domain):
                return row.rejected(field, "free_mail_domain", f"{domain} is a mail provider; leave it out")
            if domain is not None:
                domains[domain] = None
    return list(domains)


@lru_cache(maxsize=64)
def _cell_readers(export: ExportOptions, decimal_comma: bool) -> CellReaders:
    date = partial(time_of, order=export.date_order, zone=export.zone)
    return {
        "name": ("bad_value", str),
        "industry": ("bad_value", str),
        "employees": ("bad_number", partial(headcount_of, decimal_comma=decimal_comma)),
        "revenue": ("bad_number", partial(number_of, decimal_comma=decimal_comma)),
        "country": ("bad_value", country_of),
        "segment": ("bad_value", str),
        "owner": ("bad_value", str),
        "customer": ("bad_value", _is_customer),
        "target": ("bad_value", _is_target),
        "created": ("bad_time", date),
        "modified": ("bad_time", date),
    }


def _is_customer(text: str) -> bool:
    """From a yes or no, a lifecycle stage or an account type (`Customer - Direct`)."""
    answer = boolean_of(text)
    return answer if answer is not None else text.casefold().startswith(("customer", "kunde", "client"))


def _is_target(text: str) -> bool:
    answer = boolean_of(text)
    return answer if answer is not None else "target" in text.casefold()


def _relation_fields(identity: _AccountKey, parent: str | None, known: dict[str, str]) -> dict[str, Any]:
    domains = {"domains": identity.domains} if identity.domains else {}
    return domains | ({"parent": known.get(parent.casefold(), parent)} if parent else {})


def _observation_id(account: str, modified_at: int | None, content: dict[str, Any]) -> str:
    """The id of the fact. At equal times the greater id wins, so the CRM's modification time comes first in it."""
    changed = format_time(modified_at) if modified_at is not None else "-"
    return f"account:{account}:{changed}:{hashlib.sha256(_canonical(content)).hexdigest()[:16]}"


def _further_row(item: Observation, first: Observation) -> Item:
    """A later row of an account that is named by its domain: a unit with a record id or a name of its own."""
    if item is first or item.account is None:
        return item
    if item.account not in map(account_id, item.data.get("domains") or ()):
        return _duplicate_account(item.where, item.account, first.where)
    if item.account_hint and item.account_hint != first.account_hint:
        return item
    name = item.data.get("name")
    if item.account_hint or not name or name == first.data.get("name"):
        return _duplicate_account(item.where, item.account, first.where)
    domain = item.data["domains"][0]
    return structs.replace(item, type="account.alias_added.v1", id=f"{item.id}:name", data={"name": name}, host=domain)


def _duplicate_account(where: str, account: str, earlier: str) -> Rejected:
    why = f"the account {account} is already in {earlier}: use different ids or domains, or merge the rows"
    return Rejected(where, "duplicate_account", why)
