"""Files as users of other tools have reported them, each with what is right."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from intake.crm import ExportOptions, read_accounts, read_opportunities
from intake.observation import Filtered, Item, Observation, Rejected

ACCOUNTS_OF_HUBSPOT = "Record ID,Company name,Company Domain Name"
DEALS_OF_HUBSPOT = "Record ID,Deal Name,Deal Stage,Amount,Create Date,Associated Company IDs"


def file(folder: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path = folder / "crm.csv"
    path.write_bytes((end.join(lines) + end).encode(encoding))
    return path


def accounts(path: Path) -> list[tuple[str, ...]]:
    return list(map(brief, read_accounts(path)))


def brief(item: Item) -> tuple[str, ...]:
    """Line with account, code of the rejection, or reason of the filter."""
    line = item.where.partition(":")[2]
    if isinstance(item, Observation):
        return line, item.account or item.type.split(".")[1]
    return line, item.code if isinstance(item, Rejected) else item.why


def observations(items: Iterable[Item]) -> list[Observation]:
    found = list(items)
    assert all(isinstance(item, Observation) for item in found)
    return [item for item in found if isinstance(item, Observation)]


def test_the_separator_line_of_excel(tmp_path: Path) -> None:
    (item,) = observations(
        read_accounts(file(tmp_path, "sep=;", "Name;Website;Mitarbeiter", "Acme GmbH;acme.example;1.200", end="\r\n"))
    )
    assert (item.account, item.data["employees"]) == ("acme.example", 1_200)


def test_ids_of_salesforce_reports_and_interfaces_are_one_and_the_name_is_passed_on(tmp_path: Path) -> None:
    (account,) = observations(
        read_accounts(file(tmp_path, "Account ID,Account Name,Website", "0015g00000AbCdEAAV,Acme GmbH,acme.example"))
    )
    header = "Opportunity ID,Opportunity Name,Account ID,Account Name,Stage,Amount,Created Date"
    (deal,) = observations(
        read_opportunities(
            file(tmp_path, header, "0065g00000XyZ12,Big deal,0015g00000AbCdE,Acme GmbH,Negotiation,1000,2026-01-05")
        )
    )
    assert deal.account_hint == account.account_hint == "0015g00000AbCdEAAV"
    assert (deal.company_name, deal.id, deal.former_id) == (
        "Acme GmbH",
        "opportunity:0065g00000XyZ12AAF:opened",
        "opportunity:0065g00000XyZ12:opened",
    )


def test_ids_damaged_by_a_spreadsheet(tmp_path: Path) -> None:
    path = file(tmp_path, ACCOUNTS_OF_HUBSPOT, "1.23457E+11,Acme GmbH,acme.example", "1.23457E+11,Beta AG,beta.example")
    assert list(read_accounts(path)) == [
        Rejected(
            f"crm.csv:{line}",
            "damaged_id",
            "column 'Record ID', '1.23457E+11': a spreadsheet has rounded the id: export it again, and import the "
            "columns of ids as text",
        )
        for line in (2, 3)
    ]
    deals = file(
        tmp_path,
        DEALS_OF_HUBSPOT,
        "9.87654E+10,Acme deal,Negotiation,1000,2026-01-05,7",
        "777,Beta renewal,Negotiation,500,2026-01-07,1.23457E+11",
    )
    assert [brief(item) for item in read_opportunities(deals)] == [("2", "damaged_id"), ("3", "damaged_id")]


def test_german_numbers_between_tabs(tmp_path: Path) -> None:
    header, first, second = (
        "Name\tWebsite\tMitarbeiter\tUmsatz",
        "Acme GmbH\tacme.example\t1.200\t12.500.000",
        "Beta AG\tbeta.example\t350\t2.500",
    )
    items = observations(read_accounts(file(tmp_path, header, first, second, encoding="utf-16")))
    assert [(item.data["employees"], item.data["revenue"]) for item in items] == [(1_200, 12_500_000), (350, 2_500)]
    deals = file(
        tmp_path,
        "Deal ID\tDeal name\tAccount name\tStage\tBetrag\tCreate date",
        "1\tX\tAcme GmbH\tNegotiation\t12.500\t2026-01-05",
        "2\tY\tAcme GmbH\tNegotiation\t12.500,00\t2026-01-05",
    )
    assert [item.data["amount"] for item in observations(read_opportunities(deals))] == [12_500, 12_500]


def test_a_deal_of_several_companies_is_that_of_the_first(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        f"{DEALS_OF_HUBSPOT},Associated Company",
        "9,Joint deal,Negotiation,1000,2026-01-05,111;222,Acme GmbH;Beta AG",
        "8,Deal,Negotiation,1000,2026-01-05,,Acme GmbH;Beta AG",
        "7,Deal,Negotiation,1000,2026-01-05,111,A;B GmbH",
    )
    assert [(item.account_hint, item.company_name) for item in observations(read_opportunities(path))] == [
        ("111", "Acme GmbH"),
        ("Acme GmbH", None),
        ("111", "A;B GmbH"),
    ]


def test_totals_and_footers_of_a_salesforce_report(tmp_path: Path) -> None:
    report = (
        '"Account Name","Website","Employees"',
        '"Acme GmbH","acme.example","120"',
        '"Grand Totals (1 record)","","120"',
        "",
        "",
        '"Accounts with owner"',
        '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."',
        '"Confidential Information - Do Not Distribute"',
        '"Generated By:  Anna Sales  1/5/2026 9:12 AM"',
        '"Ours Inc."',
    )
    footer = "a footer of the report"
    assert accounts(file(tmp_path, *report)) == [
        ("2", "acme.example"),
        *((line, footer) for line in ("3", "6", "7", "8", "9", "10")),
    ]
    names = (report[0].split(",")[0], '"Acme GmbH"', "", *report[6:8])
    assert accounts(file(tmp_path, *names)) == [("2", "acme-gmbh"), ("4", footer), ("5", footer)]
    (total,) = (
        item
        for item in read_opportunities(
            file(tmp_path, "Deal ID,Account,Stage,Amount,Create date", "Grand Totals (2 records),,,1500,")
        )
    )
    assert total == Filtered("crm.csv:2", footer)


@pytest.mark.parametrize("mapped", [True, False])
def test_the_status_of_pipedrive_stands_beside_the_stage(tmp_path: Path, mapped: bool) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "opportunity: ID\ntitle: Title\nname: Organization\namount: Value\ncreated: Deal created\n"
        "closed: [Won time, Lost time]\n"
    )
    path = file(
        tmp_path,
        "ID,Title,Organization,Value,Currency,Stage,Status,Deal created,Won time,Lost time",
        "7,Big,Acme GmbH,1000,EUR,Negotiations started,Won,2026-01-05 09:12:00,2026-02-05 09:12:00,",
        "8,Small,Acme GmbH,500,EUR,Qualified,Lost,2026-01-05 09:12:00,,2026-02-06 09:12:00",
        "9,Old,Acme GmbH,500,EUR,Qualified,Deleted,2026-01-05 09:12:00,,",
    )
    items = list(read_opportunities(path, mapping=mapping if mapped else None))
    assert [brief(item) for item in items] == [
        ("2", "opened"),
        ("2", "won"),
        ("3", "opened"),
        ("3", "lost"),
        ("4", "deleted in the CRM"),
    ]
    assert [item.id for item in items[1:4:2] if isinstance(item, Observation)] == [
        "opportunity:7:won:2026-02-05T09:12:00.000Z",
        "opportunity:8:lost:2026-02-06T09:12:00.000Z",
    ]


def test_one_quote_too_many(tmp_path: Path) -> None:
    header = "Name,Website,Industry"
    rows = (
        "Acme GmbH,acme.example,Retail",
        '"Beta AG,beta.example,Retail',
        "Gamma KG,gamma.example,Retail",
        "Delta SE,delta.example,Retail",
        'Eps AG,eps.example,"Retail"',
        "Zeta,zeta.example,Retail",
    )
    found = ("acme.example", "bad_row", "gamma.example", "delta.example", "eps.example", "zeta.example")
    assert accounts(file(tmp_path, header, *rows)) == [(str(line), one) for line, one in enumerate(found, 2)]
    escaped = (
        '"Acme \\"The Best\\" GmbH",acme.example,Retail',
        "Beta AG,beta.example,Retail",
        '"5"" Pipes",gamma.example,Retail',
        '6" Pipes,delta.example,Retail',
    )
    found = ("bad_row", "beta.example", "gamma.example", "delta.example")
    assert accounts(file(tmp_path, header, *escaped)) == [(str(line), one) for line, one in enumerate(found, 2)]


def test_ids_kept_as_text_by_a_formula_or_an_apostrophe(tmp_path: Path) -> None:
    path = file(tmp_path, "Record ID,Name,Website", '="00111",Acme GmbH,acme.example', "'00222,Beta AG,beta.example")
    assert [item.account_hint for item in observations(read_accounts(path))] == ["00111", "00222"]


def test_columns_of_one_name(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "Name,Website,Website,Employees,Employees",
        "Acme GmbH,,acme.example,,120",
        "Beta AG,beta.example,,35,",
    )
    found = [(item.account, item.data["employees"]) for item in observations(read_accounts(path))]
    assert found == [("acme.example", 120), ("beta.example", 35)]


def test_a_header_that_is_repeated_is_no_account(tmp_path: Path) -> None:
    path = file(tmp_path, "Name,Website", "Acme,acme.example", "Name, Website", "Beta,beta.example")
    assert accounts(path) == [("2", "acme.example"), ("3", "a repeated header"), ("4", "beta.example")]


def test_pages_on_platforms_claim_no_domain(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "Name,Website",
        "Acme GmbH,https://www.linkedin.com/company/acme",
        "Beta AG,facebook.com",
        "Gamma,https://sites.google.com/view/gamma; gamma.example",
        "Delta,https://delta.wixsite.com/home",
        "LinkedIn Corp,linkedin.com",
        "Eps,wixsite.com/eps",
    )
    assert [(item.account, item.data.get("domains")) for item in observations(read_accounts(path))] == [
        ("acme-gmbh", None),
        ("beta-ag", None),
        ("gamma.example", ["gamma.example"]),
        ("delta.wixsite.com", ["delta.wixsite.com"]),
        ("linkedin.com", ["linkedin.com"]),
        ("eps", None),
    ]
    deals = file(tmp_path, "Deal ID,Account,Domain,Stage,Create date", "1,Acme,linkedin.com,Talk,2026-01-05")
    (deal,) = observations(read_opportunities(deals))
    assert (deal.account_hint, deal.host) == ("Acme", None)


@pytest.mark.parametrize("reasons", [["x" * 61], [f"reason {number}" for number in range(51)]])
def test_reasons_are_kept_only_from_a_list_of_choices(tmp_path: Path, reasons: list[str]) -> None:
    header = "Deal ID,Account,Stage,Close date,Closed lost reason"
    rows = [f"{number},Acme,Lost,2026-01-05,{reason}" for number, reason in enumerate(reasons)]
    free = observations(read_opportunities(file(tmp_path, header, *rows)))
    assert [item.data.get("reason") for item in free] == [None] * len(reasons)
    few = observations(read_opportunities(file(tmp_path, header, *rows[:50]), export=ExportOptions()))
    assert all(item.data.get("reason") == (None if len(reasons) == 1 else reasons[at]) for at, item in enumerate(few))


def test_an_error_of_a_spreadsheet_is_no_value(tmp_path: Path) -> None:
    path = file(tmp_path, "Name,Website,Industry", "Acme,acme.example,#N/A", "#REF!,beta.example,x")
    assert accounts(path) == [("2", "bad_value"), ("3", "bad_value")]
