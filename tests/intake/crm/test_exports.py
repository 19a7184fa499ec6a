"""CRM exports become accounts and opportunities; an invalid row is rejected, and reading continues."""

from collections import Counter
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from intake.crm import accounts as crm_accounts
from intake.crm import opportunities as crm_opportunities
from intake.crm.cells import ExportOptions
from intake.observation import Filtered, Item, Observation, Rejected
from schemas.facts.validation import check_fact
from schemas.times import format_time, parse_time
from tests.requirements import real_data

SAMPLES = Path(__file__).parents[2] / "samples" / "crm"


def file(folder: Path, *lines: str, name: str = "crm.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def account(where: str, id: str, **fields: object) -> Observation:
    return Observation(
        **{  # type: ignore[arg-type]
            "where": where,
            "source": "crm",
            "id": id,
            "type": "account.registered.v1",
            "time": crm_accounts.UNDATED_TIME_MS,
            "profile": True,
            **fields,
        }
    )


def brief(items: list[Item]) -> list[tuple[str, str]]:
    """Account and line of registrations, code and line of rejections."""
    return [
        (item.account or "" if isinstance(item, Observation) else item.code, item.where)
        for item in items
        if not isinstance(item, Filtered)
    ]


def test_an_export_of_hubspot() -> None:
    first, second, third = crm_accounts.read_accounts(
        SAMPLES / "hubspot_companies.csv", export=ExportOptions(zone=ZoneInfo("Europe/Berlin"))
    )
    assert first == account(
        "hubspot_companies.csv:2",
        "account:acme.example:-:ba56b8669696e035",
        time=parse_time("2025-11-02T23:00:00.000Z"),
        account="acme.example",
        account_hint="1001",
        data={
            "name": "Acme AG",
            "domains": ["acme.example", "acme-labs.example", "acme.test"],
            "industry": "pharmaceuticals",
            "employees": 4800,
            "revenue": 1_900_000_000,
            "country": "CH",
            "segment": "enterprise",
            "owner": "mia",
            "customer": True,
            "target": False,
            "parent": None,
        },
    )
    assert isinstance(second, Observation)
    assert isinstance(third, Observation)
    assert (second.account, second.data["parent"], second.data["customer"]) == (
        "daughter.example",
        "acme.example",
        False,
    )
    told = {name: value for name, value in third.data.items() if value is not None}
    assert (third.account, told) == ("ohne-domain-gmbh", {"name": "Ohne Domain GmbH", "employees": 51})


def test_an_export_of_salesforce_in_its_own_encoding() -> None:
    items = list(crm_accounts.read_accounts(SAMPLES / "salesforce_accounts.csv"))
    assert brief(items) == [
        ("muller.example", "salesforce_accounts.csv:2"),
        ("tochter-gmbh", "salesforce_accounts.csv:3"),
    ]
    assert items[2] == Filtered("salesforce_accounts.csv:4", "deleted in the CRM")
    first, second = (item for item in items if isinstance(item, Observation))
    assert first.account_hint == "0015g00000AbCdEAAV"
    assert first.data == {
        "name": "Müller & Söhne",
        "domains": ["muller.example"],
        "industry": "Biotechnology",
        "employees": 640,
        "revenue": 98_000_000.5,
        "country": "DE",
        "owner": "005x",
        "customer": True,
        "parent": None,
    }
    assert first.id.startswith("account:muller.example:2026-01-05T09:12:00.000Z:")
    assert second.data["parent"] == "muller.example"


def test_delimiters_mappings_and_explicit_ids(tmp_path: Path) -> None:
    path = file(tmp_path, "Nummer;Kunde;Netz;Umsatz", "ACME;Acme;www.acme.example;1.100,5")
    mapping = file(tmp_path, "account: Nummer", "name: [Kundenname, Kunde]", "domains: netz", name="mapping.yaml")
    table = file(tmp_path, "field,column", "account,Nummer", "name,Kunde", "domains,Netz", name="mapping.csv")
    german = file(tmp_path, "field;column", "account;Nummer", "name;Kunde", "domains;Netz", name="german.csv")
    for mapping_file in (mapping, table, german):
        (found,) = crm_accounts.read_accounts(path, mapping=mapping_file)
        assert isinstance(found, Observation)
        assert (found.account, found.data) == ("acme", {"name": "Acme", "revenue": 1100.5, "domains": ["acme.example"]})


def test_a_missing_column_is_reported_once_with_the_columns_found_and_the_remedy(tmp_path: Path) -> None:
    path = file(tmp_path, "Kunde,Netz", "Acme,acme.example", "Beta,beta.example")
    assert list(crm_accounts.read_accounts(path)) == [
        Rejected(
            "crm.csv",
            "missing_column",
            "columns found: 'Kunde', 'Netz'; expected one for "
            "name: Company name, Account name, Name, Company, Account, Organization; "
            "or domains: Company domain name, Domain, Domains, Website URL, Website, Web site; "
            "or account: Staffel account, Account key, Account ID, Key, Account-ID; "
            "map your column in a file with lines like `name: Your column` (--mapping FILE)",
        )
    ]
    (renamed,) = crm_opportunities.read_opportunities(
        file(tmp_path, "Deal ID,Account,Stadium,Create date", "1,Acme,Won,2026-01-05")
    )
    assert isinstance(renamed, Rejected)
    assert (renamed.code, "expected one for stage: Deal stage" in renamed.why) == ("missing_column", True)


@pytest.mark.parametrize(
    ("row", "code", "why"),
    [
        (",,,", None, ""),
        (",beta.example,many,", "bad_number", "column 'Employees', 'many': not a number of people: write it "),
        ("Beta,nowhere,,", "bad_domain", "column 'Website', 'nowhere': 'nowhere' is not a company's domain"),
        (
            "Beta,gmail.com,,",
            "free_mail_domain",
            "column 'Website', 'gmail.com': gmail.com is a mail provider",
        ),
        ("Beta,,,31.2.2026", "bad_time", "column 'Created', '31.2.2026': not a date: write it as 2026-01-05"),
        ("?!,,,", "no_account", "no id, domain or name"),
        (
            "Beta,beta.example",
            "bad_row",
            "2 cells, but the header has 4: the row is truncated, or a value containing ',' lacks",
        ),
        ("Beta, Inc.,,,", "bad_row", "5 cells, but the header has 4"),
        ('"Beta" Inc.,,,', "bad_row", "cannot read the row (',' expected after '\"')"),
        (
            "Beta" + "x" * 1_000_000 + ",,,",
            "too_large",
            "a cell has more than 131,072 characters",
        ),
        ("Acme,,,", "duplicate_account", "the account acme is already in crm.csv:2"),
    ],
)
def test_a_bad_row_is_rejected_and_the_others_are_read(tmp_path: Path, row: str, code: str | None, why: str) -> None:
    path = file(tmp_path, "Name,Website,Employees,Created", "Acme,,,", row, "Gamma,,,")
    items = list(crm_accounts.read_accounts(path))
    middle = [(code, "crm.csv:3")] if code else []
    assert brief(items) == [("acme", "crm.csv:2"), *middle, ("gamma", "crm.csv:4")]
    assert [item.why[: len(why)] for item in items if isinstance(item, Rejected)] == ([why] if code else [])


def test_a_quoted_cell_may_contain_line_breaks_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = file(tmp_path, "Name,Industry", '"Acme\nGroup",x', "Beta,y")
    assert brief(list(crm_accounts.read_accounts(path))) == [("acme-group", "crm.csv:2"), ("beta", "crm.csv:4")]


@pytest.mark.parametrize("content", [b"\n", b"\x89PNG\0\0", b"PK\x03\x04\0"])
def test_a_file_that_is_not_a_table_is_rejected_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "crm.csv"
    path.write_bytes(content)
    (item,) = crm_accounts.read_accounts(path)
    assert isinstance(item, Rejected)
    assert (item.code in ("not_text", "missing_column"), item.whole) == (True, True)
    (item,) = crm_accounts.read_accounts(tmp_path / "absent.csv")
    assert item == Rejected("absent.csv", "unreadable", "cannot read the file: No such file or directory")


def test_a_later_export_is_newer_and_a_repeated_one_the_same(tmp_path: Path) -> None:
    before, after = "Acme,10,2026-01-05", "Acme,12,2026-02-05"
    header = "Name,Employees,Last modified date"
    ids = [list(crm_accounts.read_accounts(file(tmp_path, header, row))) for row in (before, before, after)]
    first, again, changed = (item.id for items in ids for item in items if isinstance(item, Observation))
    assert first == again < changed
    (dated,) = crm_accounts.read_accounts(file(tmp_path, header, after), export=ExportOptions(as_of=17))
    assert isinstance(dated, Observation)
    assert (dated.time, dated.id) == (17, changed)
    assert dated.modified_at == parse_time("2026-02-05T00:00:00.000Z")


def test_rows_of_one_domain_are_units_of_one_company(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "Record ID,Company name,Company domain name",
        "1001,Acme AG,acme.com",
        "1002,Acme Sales,www.acme.com",
        "1001,Acme AG,acme.com",
        "1002,Acme Sales,acme.com",
        ",Acme Trade,acme.com",
        ",Acme AG,acme.com",
        ",Acme Trade,acme.com",
        ",,acme.com",
    )
    items = list(crm_accounts.read_accounts(path))
    told = [(each.account, each.account_hint, each.data["name"]) for each in items if isinstance(each, Observation)]
    assert told == [("acme.com", "1001", "Acme AG"), (None, "1002", "Acme Sales"), (None, None, "Acme Trade")]
    rejected = [(each.where, each.why.partition(":")[0]) for each in items if isinstance(each, Rejected)]
    assert rejected == [
        ("crm.csv:4", "the account acme.com is already in crm.csv"),
        ("crm.csv:5", "the account acme.com is already in crm.csv"),
        ("crm.csv:7", "the account acme.com is already in crm.csv"),
        ("crm.csv:8", "the account acme.com is already in crm.csv"),
        ("crm.csv:9", "the account acme.com is already in crm.csv"),
    ]
    assert {each.code for each in items if isinstance(each, Rejected)} == {"duplicate_account"}


def test_an_id_that_a_column_gives_comes_once_even_if_it_is_the_domain(tmp_path: Path) -> None:
    rows = ("acme.com,1001,acme.com", "acme.com,1002,acme.com")
    items = list(crm_accounts.read_accounts(file(tmp_path, "Account ID,Record ID,Domain", *rows)))
    assert brief(items) == [("acme.com", "crm.csv:2"), ("duplicate_account", "crm.csv:3")]


def deal(where: str, kind: str, time: str, id: str, **content: object) -> Observation:
    return Observation(
        where=where,
        source="crm",
        id=f"opportunity:{id}",
        type=f"opportunity.{kind}.v1",
        time=parse_time(time),
        data={"opportunity": id.partition(":")[0], **content},
        account_hint="Acme",
    )


def test_an_opportunity_is_opened_and_closed(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "Deal ID,Account,Deal stage,Amount,Currency,Create date,Close date,Closed lost reason,Last stage change date",
        '1,Acme,Closed Won,"€1,054.50",EUR,20-10-16,01.03.2017,,',
        "2,Acme,closedlost,0,,2016-10-20,2017-03-01,price,2017-03-01",
        "3,Acme,Proposal,500,EUR,2016-10-20,2027-03-01,,2016-12-01",
        "4,Acme,Proposal,500,EUR,2016-10-20,2027-03-01,,",
    )
    opened, closed = "2016-10-20T00:00:00.000Z", "2017-03-01T00:00:00.000Z"
    assert list(crm_opportunities.read_opportunities(path)) == [
        deal("crm.csv:2", "opened", opened, "1:opened", currency="EUR"),
        deal("crm.csv:2", "won", closed, f"1:won:{closed}", stage="Closed Won", amount=1054.5, currency="EUR"),
        deal("crm.csv:3", "opened", opened, "2:opened"),
        deal("crm.csv:3", "lost", closed, f"2:lost:{closed}", stage="closedlost", amount=0, reason="price"),
        deal("crm.csv:4", "opened", opened, "3:opened", amount=500, currency="EUR"),
        deal(
            "crm.csv:4",
            "advanced",
            "2016-12-01T00:00:00.000Z",
            "3:advanced:Proposal",
            stage="Proposal",
            amount=500,
            currency="EUR",
        ),
        deal("crm.csv:5", "opened", opened, "4:opened", stage="Proposal", amount=500, currency="EUR"),
    ]


def test_salesforce_has_columns_for_won_and_closed(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        '"Id","AccountId","Name","StageName","Amount","CloseDate","IsClosed","IsWon","CreatedDate","IsDeleted"',
        '"006a","001a","Big","Signed","7","2026-02-01","1","1","2026-01-01 08:00:00","0"',
        '"006b","001a","Bad","No budget","7","2026-02-01","true","false","2026-01-01 08:00:00","0"',
        '"006c","001a","New","Talk","7","2026-12-01","0","0","2026-01-01 08:00:00","0"',
        '"006d","001a","Gone","Talk","7","2026-12-01","0","0","2026-01-01 08:00:00","1"',
    )
    items = list(crm_opportunities.read_opportunities(path))
    found = [(item.type.split(".")[1], item.account_hint) for item in items if isinstance(item, Observation)]
    assert found == [(kind, "001a") for kind in ("opened", "won", "opened", "lost", "opened")]
    assert items[-1] == Filtered("crm.csv:5", "deleted in the CRM")


def test_opportunities_without_account_or_date_are_rejected(tmp_path: Path) -> None:
    header = "Deal ID,Account,Domain,Deal stage,Create date,Close date"
    path = file(tmp_path, header, "1,,,Won,2026-01-05,2026-01-06", "2,,www.acme.example,Won,,", "3,Acme,,Talk,,soon")
    assert list(crm_opportunities.read_opportunities(path)) == [
        Rejected(
            "crm.csv:2",
            "no_account",
            "no account in 'Account', 'Domain': fill in its name, domain or record id",
        ),
        Rejected(
            "crm.csv:3",
            "missing_time",
            "column 'Close date', '': no date for `won`: fill it in, or set the date of such rows with --as-of",
        ),
        Rejected(
            "crm.csv:4",
            "bad_time",
            "column 'Close date', 'soon': not a date: write it as 2026-01-05 or 2026-01-05 09:12",
        ),
    ]
    (second,) = (
        item
        for item in crm_opportunities.read_opportunities(path, export=ExportOptions("crm/test", UTC, as_of=17))
        if isinstance(item, Observation)
    )
    assert (second.source, second.time, second.host, second.account_hint) == ("crm/test", 17, "acme.example", None)


def test_the_accounts_of_maven_are_all_registered() -> None:
    items = list(crm_accounts.read_accounts(real_data() / "crm_maven" / "accounts.csv"))
    accounts = [item for item in items if isinstance(item, Observation)]
    assert (len(items), len(accounts), len({item.account for item in accounts})) == (85, 85, 85)
    assert all(check_fact(item.type, item.data) is item.data for item in accounts)
    assert {item.data["parent"] for item in accounts if item.data.get("parent")} <= {item.account for item in accounts}


def test_the_pipeline_of_maven_is_accounted_for_to_the_last_row() -> None:
    items = list(crm_opportunities.read_opportunities(real_data() / "crm_maven" / "sales_pipeline.csv"))
    assert len({item.where for item in items}) == 8_800
    assert Counter(item.code for item in items if isinstance(item, Rejected)) == {
        "no_account": 1_425,
        "missing_time": 163,
    }
    deals = [item for item in items if isinstance(item, Observation)]
    assert Counter(item.type for item in deals) == {
        "opportunity.opened.v1": 7_212,
        "opportunity.won.v1": 4_238,
        "opportunity.lost.v1": 2_473,
    }
    assert len({item.id for item in deals}) == len(deals)
    assert all(check_fact(item.type, item.data) is item.data for item in deals)
    assert (format_time(min(item.time for item in deals)), format_time(max(item.time for item in deals))) == (
        "2016-10-20T00:00:00.000Z",
        "2017-12-31T00:00:00.000Z",
    )
