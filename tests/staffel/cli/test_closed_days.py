"""`staffel closed-days` writes public holidays into a model file, once, and leaves the rest of it alone."""

from pathlib import Path

import pytest

from scoring.model import load_model
from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok

MODEL = """\
model: tiny   # ours
tracks:
  sales: {rules: [{id: search, on: web.searched, points: 1}]}
handoff:
  service_level:
    accept_within: 4 business hours   # agreed in May
    hours: "Mon-Fri 09:00-18:00"

  # who gets it
  routes:
    - {when: {segment: apac}, to: apac, zone: Asia/Kolkata}
    - {to: sdr}
"""
BAVARIA_2027 = """\
    closed:
      - 2027-01-01  # New Year's Day
      - 2027-01-06  # Epiphany
      - 2027-03-26  # Good Friday
      - 2027-03-29  # Easter Monday
      - 2027-05-01  # Labor Day
      - 2027-05-06  # Ascension Day
      - 2027-05-17  # Pentecost Monday
      - 2027-05-27  # Corpus Christi
      - 2027-10-03  # German Unity Day
      - 2027-11-01  # All Saints' Day
      - 2027-12-25  # Christmas Day
      - 2027-12-26  # Second Day of Christmas
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.yaml"
    path.write_text(MODEL)
    return path


def test_the_holidays_of_a_region_are_written_into_the_model(model: Path) -> None:
    said = run_ok("closed-days", "DE-BY", 2027, "--model", model).out
    assert model.read_text() == MODEL.replace('18:00"\n', f'18:00"\n{BAVARIA_2027}')
    assert said.splitlines()[:2] == [
        f"{model}: 12 closed days of DE-BY 2027 added",
        "  Fri 2027-01-01  New Year's Day",
    ]


def test_run_again_it_adds_nothing(model: Path) -> None:
    run_ok("closed-days", "DE-BY", 2027, "--model", model)
    once = model.read_text()
    again = run_ok("closed-days", "de-by", 2027, "--model", model).out
    assert (again, model.read_text()) == (f"{model}: has all 12 closed days of DE-BY 2027 already\n", once)


def test_another_year_comes_after_and_what_is_there_stays(model: Path) -> None:
    model.write_text(MODEL.replace('18:00"\n', '18:00"\n    closed: [2027-12-24, 2027-12-25]   # half\n'))
    run_ok("closed-days", "DE", 2027, 2028, "--model", model)
    line = next(line for line in model.read_text().splitlines() if "closed:" in line)
    assert line.startswith("    closed: [2027-12-24, 2027-12-25, 2027-01-01, ")
    assert line.endswith("2028-12-25, 2028-12-26]   # half")


def test_a_route_gets_a_list_of_its_own(model: Path) -> None:
    added = run_json("closed-days", "IN", 2027, "--model", model, "--route", "apac")["added"]
    handoff = load_model(model.read_text()).handoff
    assert handoff.service_level
    assert (handoff.service_level.closed, handoff.routes[1].closed) == ((), None)
    assert handoff.routes[0].closed == tuple(day["date"] for day in added)
    assert {"date": "2027-01-26", "name": "Republic Day"} in added


def test_without_a_file_it_takes_the_model_of_the_settings(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_MODEL", str(model))
    run_ok("closed-days", "DE-BY", 2027)
    assert BAVARIA_2027 in model.read_text()
    monkeypatch.delenv("STAFFEL_MODEL")
    refused = run_cli("closed-days", "DE-BY", 2027).failure
    assert refused == (2, "which model? Write --model FILE, or set STAFFEL_MODEL")


@pytest.mark.parametrize(
    ("region", "hint"),
    [
        ("DE-BV", "; did you mean DE-BB, DE-BE, DE-BW, DE-BY, DE-HB, …?"),
        ("de-bayern", "; did you mean DE-BY?"),
        ("GER-BY", "; did you mean DE-BY?"),
        ("Bavaria", "; write a code of ISO 3166, for instance DE or US-CA"),
        ("MT-1", "; MT has no parts, write MT"),
    ],
)
def test_an_unknown_region_is_told_with_near_ones(model: Path, region: str, hint: str) -> None:
    refused = run_cli("closed-days", region, 2027, "--model", model).failure
    assert refused == (2, f"no holidays are known for the region {region!r}{hint}")
    assert model.read_text() == MODEL


def test_a_year_without_known_holidays_is_refused(model: Path) -> None:
    refused = run_cli("closed-days", "DE", 2027, 1200, "--model", model).failure
    assert refused == (2, "no holidays of DE are known for 1200")
    assert model.read_text() == MODEL


def test_a_model_without_service_level_or_route_is_left_alone(model: Path) -> None:
    assert run_cli("closed-days", "DE", 2027, "--model", model, "--route", "sdrr").failure == (
        2, f"{model}: no route 'sdrr'; the routes are: apac, sdr",
    )  # fmt: skip
    model.write_text(MODEL[: MODEL.index("handoff:")])
    assert run_cli("closed-days", "DE", 2027, "--model", model).failure == (
        1, f"{model}: no handoff.service_level; write one with `accept_within` first",
    )  # fmt: skip


def test_a_model_with_an_error_is_told_before_anything_is_written(model: Path) -> None:
    broken = MODEL.replace("4 business hours", "soon")
    model.write_text(broken)
    code, said = run_cli("closed-days", "DE", 2027, "--model", model).failure
    assert (code, said.startswith(f"{model}:6: handoff.service_level.accept_within: 'soon'")) == (1, True)
    assert model.read_text() == broken
