"""The user learns which columns were used and which were not; a mapping file that cannot be used says where."""

from pathlib import Path
from typing import Any

import pytest

from intake.crm import read_accounts, read_opportunities
from intake.crm.columns import ColumnsReport, IgnoredColumn
from intake.crm.titles import ACCOUNT_COLUMNS, OPPORTUNITY_COLUMNS
from intake.files.table_header import Columns, normalized_header
from intake.observation import Observation, Rejected


def file(folder: Path, *lines: str, name: str = "crm.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def report_on(path: Path, mapping: Path | None = None, read: Any = read_accounts) -> ColumnsReport:
    reports: list[ColumnsReport] = []
    list(read(path, mapping=mapping, report=reports.append))
    (report,) = reports
    return report


def test_used_and_ignored_columns_are_told_with_near_misses(tmp_path: Path) -> None:
    report = report_on(file(tmp_path, "Name,Website,website,Number of employes,Lieblingsfarbe", "Acme,,,,"))
    assert report == ColumnsReport(
        "crm.csv",
        {"name": ["Name"], "domains": ["Website", "website"]},
        [IgnoredColumn("Number of employes", "employees"), IgnoredColumn("Lieblingsfarbe")],
        [],
        {},
    )
    assert str(report) == (
        "used: name (Name), domains (Website or website); ignored: Number of employes (near employees), Lieblingsfarbe"
    )


def test_a_mapping_that_finds_nothing_is_told(tmp_path: Path) -> None:
    mapping = file(tmp_path, "name: Kunde", "employees: Mitarbeitr", name="mapping.yaml")
    report = report_on(file(tmp_path, "Kunde,Mitarbeiterin", "Acme,5"), mapping)
    assert report.unmatched == [IgnoredColumn("Mitarbeitr", "Mitarbeiterin")]
    assert str(report).endswith("not in the file, but in the mapping: Mitarbeitr (near Mitarbeiterin)")


def test_a_free_text_that_is_not_kept_is_told(tmp_path: Path) -> None:
    path = file(tmp_path, "Deal ID,Account,Stage,Create date,Reason", f"1,Acme,Lost,2026-01-05,{'x' * 61}")
    report = report_on(path, read=read_opportunities)
    why = "more than 50 distinct values, or longer ones than 60 characters: free text"
    assert (report.left_out, report.as_json()["left_out"]) == ({"reason": why}, {"reason": why})


def test_pages_on_platforms_are_told_once(tmp_path: Path) -> None:
    report = report_on(file(tmp_path, "Name,Website", "Acme,linkedin.com/company/acme", "Beta,facebook.com/beta"))
    assert str(report) == (
        "used: name (Name), domains (Website); ignored: none; "
        "left out: domains (pages on platforms such as linkedin.com identify no company)"
    )


def test_messages_name_no_address(tmp_path: Path) -> None:
    items = list(read_accounts(file(tmp_path, "Name,Website", "Acme,anna.lee@gmail.com", "Beta,anna.lee@nowhere")))
    items += read_accounts(file(tmp_path, "anna.lee@acme.example,Anna Lee"))
    assert [item.code for item in items if isinstance(item, Rejected)] == [
        "free_mail_domain",
        "bad_domain",
        "missing_column",
    ]
    assert "lee" not in "".join(item.why for item in items if isinstance(item, Rejected)).replace("Anna Lee", "")


@pytest.mark.parametrize(
    ("content", "where", "why"),
    [
        ("name: Kunde\nnme: Kunde", "mapping.yaml:2", "unknown field 'nme' (did you mean 'name'?); the fields are"),
        ("name: 7", "mapping.yaml:1", "name: expected the name of a column, or a list of names;"),
        ("name: []", "mapping.yaml:1", "name: expected the name of a column, or a list of names;"),
        ("- name", "mapping.yaml:1", "it is not a mapping;"),
        ("", "mapping.yaml", "it is empty;"),
        ("name: [", "mapping.yaml:2", "invalid YAML: "),
        ("name: 2001-99-99\nrevenue: 2", "mapping.yaml:2", "revenue: expected the name of a column"),
        ("name: " + "9" * 5_000, "mapping.yaml:1", ""),
        ("name: !!int x", "mapping.yaml:1", ""),
        ("name: !!float x", "mapping.yaml:1", ""),
        ("a: &a [x]\nname: *a", "mapping.yaml:1", "aliases (`*name`) are not supported"),
        ("x: 1\n" * 90_000, "mapping.yaml", "longer than 131,072 bytes"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, content: str, where: str, why: str
) -> None:
    path = file(tmp_path, "Kunde", "Acme")
    (item,) = read_accounts(path, mapping=file(tmp_path, content, name="mapping.yaml"))
    assert isinstance(item, Rejected)
    assert (item.where, item.whole, item.why[: len(why)]) == (where, True, why)


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (
            "Datensatz-ID,Unternehmensname,Domain-Name,Anzahl der Mitarbeiter,Land/Region,Lifecycle-Phase",
            "7,Acme,acme.example,12,Deutschland,Kunde",
            {"name": "Acme", "domains": ["acme.example"], "employees": 12, "country": "DE", "customer": True},
        ),
        (
            "Account-ID,Accountname,Website,Mitarbeiter,Rechnungsland,Accountinhaber",
            "0015g00000AbCdEAAV,Acme,acme.example,12,Schweiz,mia",
            {"name": "Acme", "domains": ["acme.example"], "employees": 12, "country": "CH", "owner": "mia"},
        ),
        (
            "Organisation - ID,Organisation - Name,Organisation - Website,Organisation - Besitzer",
            "7,Acme,acme.example,mia",
            {"name": "Acme", "domains": ["acme.example"], "owner": "mia"},
        ),
        (
            "(Nicht ändern) Firma,Firmenname,Website,Anzahl der Mitarbeiter,Adresse 1: Land/Region,Besitzer",
            "7f-3,Acme,acme.example,12,Österreich,mia",
            {"name": "Acme", "domains": ["acme.example"], "employees": 12, "country": "AT", "owner": "mia"},
        ),
    ],
)
def test_german_exports_of_crms_need_no_mapping(
    tmp_path: Path, header: str, row: str, expected: dict[str, object]
) -> None:
    (item,) = read_accounts(file(tmp_path, header, row))
    assert isinstance(item, Observation)
    assert (item.account, item.data) == ("acme.example", expected)
    assert item.account_hint == row.partition(",")[0]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Datensatz-ID,Deal-Name,Deal-Phase,Betrag,Erstelldatum,Abschlussdatum,Zugehörige Unternehmens-IDs",
            "1,Groß,Abgeschlossen und gewonnen,5,2026-01-05,2026-02-05,7",
        ),
        (
            "Opportunity-ID,Opportunity-Name,Account-ID,Phase,Betrag,Erstellungsdatum,Schlusstermin",
            "1,Groß,7,Geschlossen und gewonnen,5,2026-01-05,2026-02-05",
        ),
        (
            "Deal - ID,Deal - Titel,Organisation - ID,Deal - Phase,Deal - Status,Deal - Wert,Deal - Deal erstellt,"
            "Deal - Won time",
            "1,Groß,7,Verhandlung,Gewonnen,5,2026-01-05,2026-02-05",
        ),
        (
            "(Nicht ändern) Verkaufschance,Thema,Potenzieller Kunde,Status,Tatsächlicher Umsatz,Erstellt am,"
            "Tatsächliches Abschlussdatum",
            "1,Groß,7,Gewonnen,5,2026-01-05,2026-02-05",
        ),
    ],
)
def test_german_exports_of_opportunities_need_no_mapping(tmp_path: Path, header: str, row: str) -> None:
    items = [item for item in read_opportunities(file(tmp_path, header, row)) if isinstance(item, Observation)]
    assert [(item.id.rsplit(":2026")[0], item.account_hint) for item in items] == [
        ("opportunity:1:opened", "7"),
        ("opportunity:1:won", "7"),
    ]
    assert items[1].data["amount"] == 5


@pytest.mark.parametrize("columns", [ACCOUNT_COLUMNS, OPPORTUNITY_COLUMNS])
def test_a_title_stands_for_one_field(columns: Columns) -> None:
    fields: dict[str, set[str]] = {}
    for name, titles in columns.items():
        for title in titles:
            fields.setdefault(normalized_header(title), set()).add(name)
    assert {title: names for title, names in fields.items() if len(names) > 1} in ({}, {"closed": {"closed", "over"}})
