"""Two exports of the CRM, with the labels that HubSpot gives its columns: companies, and deals with how they ended."""

import csv
import io
from collections.abc import Iterable

from examples.medtech.story import YEAR_BEGINS, Account, Scene, Story, moment

COMPANY = (
    "Record ID",
    "Company name",
    "Company Domain Name",
    "Additional Domains",
    "Industry",
    "Number of Employees",
    "Annual Revenue",
    "Country/Region",
    "Segment",
    "Company owner",
    "Lifecycle Stage",
    "Target Account",
    "Parent Company",
    "Create Date",
    "Note",
)
DEAL = (
    "Record ID",
    "Deal Name",
    "Associated Company",
    "Company Domain Name",
    "Deal Stage",
    "Amount",
    "Currency",
    "Create Date",
    "Close Date",
    "Deal owner",
    "Closed Lost Reason",
    "Note",
)
KINDS = {"customer": "Customer", "target": "Lead", "other": "Other"}


def accounts_csv(story: Story) -> str:
    """Companies by date of creation."""
    known = [account for account in story.accounts if account.crm]
    names = {account.crm["id"]: account.crm["name"] for account in known}
    rows = [_company(account, names) for account in sorted(known, key=lambda a: (_created(a), a.crm["id"]))]
    return _table(COMPANY, rows)


def _created(account: Account) -> str:
    created = moment(account.crm["created"]) if "created" in account.crm else YEAR_BEGINS
    return f"{created:%Y-%m-%d %H:%M}"


def _company(account: Account, names: dict[str, str]) -> list[str]:
    crm = account.crm
    return [
        crm["id"],
        crm["name"],
        account.id,
        ";".join(crm.get("domains", ())),
        crm.get("industry", ""),
        str(crm.get("employees", "")),
        str(crm.get("revenue", "")),
        crm.get("country", ""),
        crm.get("segment", ""),
        crm["owner"],
        KINDS[account.kind],
        "true" if account.kind == "target" else "false",
        names.get(crm.get("parent", ""), ""),
        _created(account),
        "synthetic",
    ]


def opportunities_csv(story: Story) -> str:
    """Deals by close date; open ones have none."""
    opened = {scene.what.split(", ")[0]: scene for scene in story.scenes("opens deal")}
    closed = {scene.what.split(", ")[0]: scene for scene in story.scenes("wins deal", "loses deal")}
    rows = [_deal(story, scene, closed.get(deal)) for deal, scene in opened.items()]
    return _table(DEAL, sorted(rows, key=lambda row: (row[8] or "9999", row[0])))


def _deal(story: Story, opened: Scene, closed: Scene | None) -> list[str]:
    deal, stage, amount = opened.what.split(", ")
    ending = closed.what.split(", ") if closed else []
    account = next(account for account in story.accounts if account.id == opened.account)
    return [
        deal,
        f"{account.crm['name']}, {opened.at:%Y}",
        account.crm["name"],
        account.id,
        {"wins deal": "Closed Won", "loses deal": "Closed Lost"}[closed.does] if closed else stage,
        ending[1] if ending else amount,
        "EUR",
        f"{opened.at:%Y-%m-%d %H:%M}",
        f"{closed.at:%Y-%m-%d %H:%M}" if closed else "",
        opened.by,
        ending[2] if len(ending) > 2 else "",
        "synthetic",
    ]


def _table(heading: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([heading, *rows])
    return text.getvalue()
