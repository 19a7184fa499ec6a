"""Column names of exports by HubSpot, Salesforce and others, and a mapping file for other names.

HubSpot exports carry the labels of its pages or the internal names, Salesforce the API names or the labels of reports;
case, spaces and punctuation do not matter.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from intake.files.csv_rows import Columns
from intake.files.text import read_whole
from intake.observation import Rejected

ACCOUNT_COLUMNS: Columns = {
    "account": ("Staffel account", "Account key", "Account ID", "Key"),
    "record": ("Record ID", "hs_object_id", "Id", "Company ID", "CRM ID", "Record ID - Company"),
    "name": ("Company name", "Account name", "Name", "Company", "Account", "Organization", "Firma", "Unternehmen"),
    "domains": ("Company domain name", "Domain", "Domains", "Website URL", "Website", "Web site", "URL", "Homepage"),
    "more_domains": ("Additional domains", "hs_additional_domains", "Other domains"),
    "industry": ("Industry", "Sector", "Branche", "Vertical"),
    "employees": ("Number of employees", "numberofemployees", "Employees", "Company size", "Mitarbeiter"),
    "revenue": ("Annual revenue", "Revenue", "Umsatz"),
    "country": ("Country code", "Billing country code", "Country/Region", "Country", "Billing country", "Land",
                "Office location"),
    "segment": ("Segment", "Tier", "Ideal customer profile tier", "Customer segment"),
    "owner": ("Company owner", "Account owner", "Owner", "hubspot_owner_id", "OwnerId", "Owner ID", "Sales agent"),
    "customer": ("Customer", "Is customer", "Lifecycle stage", "Account type", "Type"),
    "target": ("Target account", "hs_is_target_account", "Target", "Named account"),
    "parent": ("Parent company", "Parent account", "ParentId", "Parent account ID", "Parent", "Subsidiary of"),
    "created": ("Create date", "Created date", "Created", "createdate", "Created at", "Erstellt am"),
    "modified": ("SystemModstamp", "Last modified date", "Last modified", "hs_lastmodifieddate", "Updated at"),
    "deleted": ("IsDeleted",),
}  # fmt: skip

OPPORTUNITY_COLUMNS: Columns = {
    "opportunity": ("Opportunity ID", "Deal ID", "Record ID", "hs_object_id", "Id"),
    "title": ("Deal name", "Opportunity name", "dealname", "Name"),
    "record": ("Associated company IDs", "Associated company ID", "Primary associated company ID", "AccountId",
               "Account ID", "Company ID"),
    "name": ("Associated company", "Account name", "Associated company name", "Primary company", "Account", "Company",
             "Company name"),
    "domain": ("Company domain name", "Account domain", "Domain", "Website"),
    "stage": ("Deal stage", "Stage name", "StageName", "Stage", "dealstage", "Phase"),
    "amount": ("Amount", "Close value", "Value", "Deal amount", "Betrag"),
    "currency": ("Currency", "Deal currency", "CurrencyIsoCode", "deal_currency_code", "Währung"),
    "created": ("Create date", "Created date", "Created", "createdate", "Engage date", "Opened", "Open date"),
    "closed": ("Close date", "Closed date", "closedate", "Closed"),
    "moved": ("Last stage change date", "Stage changed", "Date entered current stage",
              "hs_v2_date_entered_current_stage"),
    "won": ("Is closed won", "IsWon", "Won", "hs_is_closed_won"),
    "over": ("Is closed", "IsClosed", "hs_is_closed"),
    "reason": ("Closed lost reason", "Closed won reason", "Loss reason", "Lost reason", "Reason", "Grund"),
    "deleted": ("IsDeleted",),
}  # fmt: skip

_MAX_MAPPING_BYTES = 1 << 20


def with_mapping(columns: Columns, mapping: Path | None) -> Columns | Rejected:
    """The columns, those of the mapping first. Rejected: `bad_mapping` if the file is invalid or has an unknown field.

    A mapping is YAML (`name: Kunde`, or a list of columns) or a CSV of two columns, field and column.
    """
    if mapping is None:
        return columns
    content = read_whole(mapping, _MAX_MAPPING_BYTES)
    if isinstance(content, Rejected):
        return content
    try:
        entries = _mapping_entries(mapping, content.decode())
    except (UnicodeDecodeError, YAMLError, csv.Error, RecursionError) as error:
        return _bad_mapping(mapping, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
    first_problem = next((problem for name, titles in entries if (problem := _problem(name, titles, columns))), None)
    if first_problem is not None or not entries:
        return _bad_mapping(mapping, first_problem or "it is empty")
    return {**columns, **{name: [*titles, *columns[name]] for name, titles in entries}}


def _mapping_entries(mapping: Path, text: str) -> list[tuple[str, Sequence[str]]]:
    if mapping.suffix.lower() == ".csv":
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), strict=True) if row]
        return [(row[0], row[1:]) for row in rows if row[:2] != ["field", "column"]]
    document = YAML(typ="safe", pure=True).load(text)
    pairs = document.items() if isinstance(document, dict) else []
    return [(str(name), titles if isinstance(titles, list) else [titles]) for name, titles in pairs]


def _problem(name: str, titles: Sequence[object], columns: Columns) -> str | None:
    if name not in columns:
        return f"unknown field {name!r}; the fields are {', '.join(columns)}"
    if not titles or not all(isinstance(title, str) and title for title in titles):
        return f"{name}: expected the name of a column, or a list of names"
    return None


def _bad_mapping(mapping: Path, why: str) -> Rejected:
    return Rejected(mapping.name, "bad_mapping", f"{why}; write lines like `name: Kunde` (field: column)", whole=True)
