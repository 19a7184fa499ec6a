"""Numbers and dates of two readings are decided by the file, or the file is refused before its first row."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.crm import ExportOptions, read_accounts, read_opportunities
from intake.crm.notations import FieldKinds, Notations, NotationSurvey
from intake.files.csv_rows import TableRow
from intake.files.table_header import Layout
from intake.observation import Observation, Rejected
from schemas.times import format_time


def file(folder: Path, *lines: str) -> Path:
    path = folder / "crm.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def revenues(path: Path, **options: Any) -> list[object]:
    items = read_accounts(path, export=ExportOptions(**options))
    return [item.data.get("revenue") if isinstance(item, Observation) else item.code for item in items]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("12.500", "1.234,5"), [12_500, 1_234.5]),
        (("12.500", "1,234.5"), [12.5, 1_234.5]),
        (("12.500", "1.000.000"), [12_500, 1_000_000]),
        (('"12,500"', "0.5"), [12_500, 0.5]),
        (("12.500", "7"), ["ambiguous_numbers"]),
        (('"12,500"', "2.500"), ["ambiguous_numbers"]),
        (("12.500", '"1,5"', "1.5"), ["ambiguous_numbers"]),
        (("1.5", '"1,5"'), [1.5, 1.5]),
    ],
)
def test_another_cell_of_the_column_decides(tmp_path: Path, cells: tuple[str, ...], expected: list[object]) -> None:
    rows = [f"N{number}\t{cell}" for number, cell in enumerate(cells)]
    assert revenues(file(tmp_path, "Name\tRevenue", *rows)) == expected


def test_whole_numbers_of_people_decide_for_the_other_columns(tmp_path: Path) -> None:
    path = file(tmp_path, "Name\tEmployees\tRevenue", "Acme\t1.200\t12.500", "Beta\t350\t2.500")
    items = [item for item in read_accounts(path) if isinstance(item, Observation)]
    assert [(item.data["employees"], item.data["revenue"]) for item in items] == [(1_200, 12_500), (350, 2_500)]


def test_ranges_of_people_decide_nothing(tmp_path: Path) -> None:
    path = file(tmp_path, "Name\tEmployees\tRevenue", "Acme\t1,001-5,000\t12.500")
    assert revenues(path) == ["ambiguous_numbers"]


def test_semicolons_between_the_cells_decide_where_no_cell_does(tmp_path: Path) -> None:
    assert revenues(file(tmp_path, "Name;Revenue", "Acme;12.500", "Beta;2,5")) == [12_500, 2.5]
    assert revenues(file(tmp_path, "Name;Revenue", "Acme;12.500", "Beta;2.5")) == [12.5, 2.5]


def test_a_refused_file_names_both_readings_and_the_option(tmp_path: Path) -> None:
    path = file(tmp_path, "Name\tRevenue", "Acme\t7", "Beta\t12.500")
    (refusal,) = read_accounts(path)
    assert refusal == Rejected(
        "crm.csv",
        "ambiguous_numbers",
        "column 'Revenue', '12.500' (crm.csv:3) is 12500 or 12.5, and no other cell decides: "
        "add --numbers 1.234,5 for 12500, or --numbers 1,234.5 for 12.5",
        whole=True,
    )
    assert refusal.whole
    assert (revenues(path, numbers=","), revenues(path, numbers=".")) == ([7, 12_500], [7, 12.5])


def created(path: Path, **options: Any) -> list[str]:
    items = list(read_opportunities(path, export=ExportOptions(**options)))
    return [format_time(item.time)[:10] if isinstance(item, Observation) else item.code for item in items]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("1/5/2026", "31/12/2026"), ["2026-05-01", "2026-12-31"]),
        (("1/5/2026", "12/31/2026"), ["2026-01-05", "2026-12-31"]),
        (("01-03-17", "20-10-16"), ["2017-03-01", "2016-10-20"]),
        (("1/5/2026", "5/5/2026", "1.5.2026"), ["ambiguous_dates"]),
        (("1/5/2026", "31/12/2026", "12/31/2026"), ["ambiguous_dates"]),
        (("31/12/2026", "12/31/2026"), ["2026-12-31", "2026-12-31"]),
    ],
)
def test_another_date_of_the_column_decides(tmp_path: Path, cells: tuple[str, ...], expected: list[str]) -> None:
    rows = [f"{number},Acme,Talk,{cell}" for number, cell in enumerate(cells)]
    assert created(file(tmp_path, "Deal ID,Account,Stage,Create date", *rows)) == expected


def test_another_column_of_dates_decides(tmp_path: Path) -> None:
    path = file(tmp_path, "Deal ID,Account,Stage,Create date,Close date", "1,Acme,Talk,1/5/2026,12/31/2026")
    assert created(path) == ["2026-01-05"]


def test_a_file_of_undecided_dates_is_refused_with_the_option(tmp_path: Path) -> None:
    path = file(tmp_path, "Deal ID,Account,Stage,Create date", "1,Acme,Talk,1/5/2026", "2,Acme,Talk,")
    assert list(read_opportunities(path)) == [
        Rejected(
            "crm.csv",
            "ambiguous_dates",
            "column 'Create date', '1/5/2026' (crm.csv:2) begins with the day or with the month, and no other cell "
            "decides: add --dates dmy (31/12/2026) or --dates mdy (12/31/2026)",
        )
    ]
    assert created(path, date_order="mdy")[:1] == ["2026-01-05"]


@given(st.lists(st.sampled_from(["12.500", "12,500", "1.234,5", "1,234.5", "7", "1.5", "2,5", ""])))
def test_a_decision_depends_on_no_order_of_the_rows(cells: list[str]) -> None:
    def decide(some: list[str]) -> str | Notations:
        survey = NotationSurvey(FieldKinds(amounts=("revenue",)), frozenset({"revenue"}))
        for cell in some:
            survey.look(TableRow("crm.csv:2", (cell,), Layout("\t", ("Revenue",), {"revenue": (0,)})))
        decided = survey.decide(ExportOptions(), has_semicolons=False)
        return decided if isinstance(decided, Notations) else decided.code

    assert decide(cells) == decide(cells[::-1])
