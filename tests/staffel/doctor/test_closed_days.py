"""`staffel doctor` tells a year for which a model that knows closed days has none."""

from pathlib import Path
from typing import Any

import pytest

from schemas import parse_time
from scoring.model.loading import model_from_dict
from staffel.doctor.closed_days import check_closed_days
from tests.scoring.model_builders import content
from tests.staffel.cli.cli_runner import run_cli, run_ok


def rows_at(time: str, closed: list[str], *routes: Any, zone: str = "UTC") -> list[Any]:
    handoff = {"service_level": {"accept_within": "4h", "closed": closed}, "routes": list(routes)}
    model = model_from_dict(content(model={"handoff": handoff, "timezone": zone}))
    return check_closed_days(model, parse_time(time))


@pytest.mark.parametrize(
    ("time", "closed", "ok", "found"),
    [
        ("2026-07-01T00:00:00Z", ["2026-12-25"], True, "dates of all years that are near"),
        ("2026-07-01T00:00:00Z", ["2025-12-25"], False, "no dates of 2026"),
        ("2026-10-31T23:59:59Z", ["2026-12-25"], True, "dates of all years that are near"),
        ("2026-11-01T00:00:00Z", ["2026-12-25"], True, "no dates of 2027"),
        ("2026-11-01T00:00:00Z", ["2025-12-25"], False, "no dates of 2026, 2027"),
        ("2026-11-01T00:00:00Z", ["2026-12-25", "2027-12-25"], True, "dates of all years that are near"),
    ],
)
def test_this_year_and_from_november_on_the_next_need_dates(time: str, closed: Any, ok: bool, found: str) -> None:
    (row,) = rows_at(time, closed)
    assert (row["check"], row["ok"], row["found"]) == ("closed days", ok, found)
    assert ("staffel closed-days" in row["advice"]) == (found.startswith("no dates"))


def test_the_year_is_that_of_the_models_zone() -> None:
    (row,) = rows_at("2026-12-31T11:00:00Z", ["2026-12-25", "2027-12-25"], zone="Pacific/Kiritimati")
    assert (row["ok"], row["found"]) == (True, "dates of all years that are near")
    (row,) = rows_at("2026-12-31T11:00:00Z", ["2026-12-25"], zone="Pacific/Kiritimati")
    assert (row["ok"], row["found"]) == (False, "no dates of 2027")


def test_the_list_of_a_route_is_looked_at_for_itself() -> None:
    routes = [{"when": {"segment": "apac"}, "to": "apac", "closed": ["2025-11-13"]}, {"to": "sdr", "closed": []}]
    (row,) = rows_at("2026-07-01T00:00:00Z", ["2026-12-25"], *routes)
    assert (row["ok"], row["found"]) == (False, "no dates of 2026 for apac")


def test_a_model_without_closed_days_needs_none() -> None:
    assert rows_at("2026-07-01T00:00:00Z", []) == []


def test_the_command_tells_it_of_the_active_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "tiny.yaml"
    model.write_text(
        "model: tiny\ntracks: {sales: {rules: [{id: search, on: web.searched, points: 1}]}}\n"
        "handoff: {service_level: {accept_within: 4h, closed: [1999-12-25]}}\n"
    )
    monkeypatch.setenv("STAFFEL_HOME", str(tmp_path / "other"))
    run_ok("init", "--model", model)
    checked = run_cli("doctor", "--json")
    assert checked.code == 1
    assert [row["check"] for row in checked.parsed if not row["ok"]] == ["closed days"]
