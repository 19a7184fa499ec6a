"""The year of the medtech example, run on the embedded host, yields the results that its plot describes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from intake import access_log, cloudevents
from intake.calendar import connector as calendar_file
from intake.crm import accounts as crm_accounts
from intake.crm import opportunities as crm_opportunities
from intake.files.merging import merge_by_time
from intake.mail import connector as mbox
from intake.observation import Observation, Rejected
from intake.recorder.drafts import Duplicate, Recorded
from intake.segment import connector as segment
from projections.queries import ReadModelQueries, open_queries
from schemas.times import format_time, parse_time
from staffel.application import Application
from staffel.connect import create_home
from staffel.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "medtech"
DATA = EXAMPLE / "data"
OUR_DOMAINS = frozenset({"nordwerk-med.example"})
NOW_MS = parse_time("2026-11-01T00:00:00.000Z")


class YearResult(NamedTuple):
    """The read models after everything was recorded."""

    outcomes: list[type]
    handoffs: dict[str, tuple[str, str, bool]]
    """Status, receiver, and whether it was an act-now."""
    crossed: dict[str, str]
    stages: dict[str, dict[str, str | None]]
    grades: dict[str, str]
    gated: dict[str, list[str]]
    anonymous: int


@pytest.fixture(scope="module", params=[97, 10_000], ids=["in small parts", "at once"])
def year(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[YearResult]:
    home = tmp_path_factory.mktemp("medtech")
    settings = Settings(
        home=home, model=EXAMPLE / "model.yaml", networks=EXAMPLE / "networks.csv", sources=EXAMPLE / "sources.yaml"
    )
    staffel = create_home(settings, clock=lambda: NOW_MS)
    outcomes = record_in_batches(staffel, observations(), request.param)
    with open_queries(staffel.engine) as queries:
        yield year_result(queries, outcomes)
    staffel.close()


def observations() -> list[Observation]:
    """All files merged by time, as in one ingest."""
    files = (
        crm_accounts.read_accounts(DATA / "accounts.csv"),
        access_log.read(DATA / "access.log"),
        mbox.read(DATA / "marketing.mbox", OUR_DOMAINS),
        calendar_file.read(DATA / "calendar.ics", OUR_DOMAINS, now=NOW_MS),
        segment.read(DATA / "site.segment.jsonl"),
        cloudevents.read(DATA / "bus.cloudevents.jsonl"),
        crm_opportunities.read_opportunities(DATA / "opportunities.csv"),
    )
    return [item for item in merge_by_time(files) if isinstance(item, Observation)]


def record_in_batches(staffel: Application, facts: list[Observation], batch_size: int) -> list[type]:
    outcomes: list[type] = []
    for first in range(0, len(facts), batch_size):
        outcomes += map(type, staffel.recorder.record(facts[first : first + batch_size]))
        staffel.host.drain()
    return outcomes


def year_result(queries: ReadModelQueries, outcomes: list[type]) -> YearResult:
    rows = queries.accounts()
    known = [row for row in rows if not row.account.startswith("anon:")]
    handoffs = queries.handoffs()
    return YearResult(
        outcomes=outcomes,
        handoffs={h.handoff: (h.status, h.route, h.act_now) for h in handoffs},
        crossed={h.handoff: format_time(h.crossed_at) for h in handoffs},
        stages={row.account: {name: _field(track, "stage") for name, track in row.tracks.items()} for row in known},
        grades={row.account: row.fit_grade for row in known},
        gated={row.account: [gate.why for gate in queries.gated(row.account)] for row in known},
        anonymous=len(rows) - len(known),
    )


def _field(track: Any, name: str) -> Any:
    return track[name] if isinstance(track, dict) else getattr(track, name)


def test_nothing_is_rejected_and_duplicates_are_recorded_once(year: YearResult) -> None:
    assert year.outcomes.count(Rejected) == 0
    assert year.outcomes.count(Duplicate) == 4
    assert year.outcomes.count(Recorded) == len(year.outcomes) - 4


def test_the_handoffs_of_the_year_are_those_of_the_plot(year: YearResult) -> None:
    assert year.handoffs == {
        "marwald.example/expansion/1": ("converted", "account_manager", False),
        "donaupharm.example/expansion/1": ("recycled", "account_manager", False),
        "brennerbio.example/acquisition/1": ("recycled", "account_executive", False),
        "alvarin-pharma.example/acquisition/1": ("converted", "account_executive", False),
        "tessin-therapeutics.example/expansion/1": ("rejected", "account_manager", False),
        "isarvita.example/expansion/1": ("accepted", "account_manager", True),
        "brennerbio.example/acquisition/2": ("proposed", "account_executive", False),
        "kleinod-bio.example/acquisition/1": ("proposed", "sdr", False),
        "helvion.example/expansion/1": ("proposed", "account_manager", False),
        "rheinquell-biologics.example/acquisition/1": ("proposed", "account_executive", True),
    }


def test_the_open_handoffs_are_of_the_last_two_days(year: YearResult) -> None:
    proposed = [handoff for handoff, (status, _, _) in year.handoffs.items() if status == "proposed"]
    assert {handoff: year.crossed[handoff][:10] for handoff in proposed} == {
        "brennerbio.example/acquisition/2": "2026-10-29",
        "kleinod-bio.example/acquisition/1": "2026-10-29",
        "helvion.example/expansion/1": "2026-10-29",
        "rheinquell-biologics.example/acquisition/1": "2026-10-30",
    }


def test_there_are_accounts_in_every_stage(year: YearResult) -> None:
    acquisition = {account: stages["acquisition"] for account, stages in year.stages.items()}
    expansion = {account: stages["expansion"] for account, stages in year.stages.items()}
    assert {account: stage for account, stage in acquisition.items() if stage} == {
        "brennerbio.example": "sqa",
        "kleinod-bio.example": "sqa",
        "rheinquell-biologics.example": "sqa",
        "farnwald-labs.example": "engaged",
        "klinikum-auenstadt.example": "engaged",
        "medisept-systems.example": "engaged",
        "sonnfeld-pharma.example": "engaged",
    }
    assert {account: stage for account, stage in expansion.items() if stage} == {
        "alvarin-pharma.example": "engaged",
        "helvion.example": "sqa",
        "isarvita.example": "sqa",
        "kantera-biotech.example": "engaged",
        "tessin-therapeutics.example": "engaged",
    }


def test_there_are_accounts_of_every_grade(year: YearResult) -> None:
    assert {account: grade for account, grade in year.grades.items() if grade != "A"} == {
        "orlanda-bio.example": "B",
        "kleinod-bio.example": "B",
        "klinikum-auenstadt.example": "C",
        "medisept-systems.example": "D",
        "farnwald-labs.example": "unknown",
    }


def test_the_gate_holds_accounts_that_sales_excluded(year: YearResult) -> None:
    assert {account: why for account, why in year.gated.items() if why} == {
        "alvarin-pharma.example": ["suppressed"],
        "brennerbio.example": ["cooling_down"],
        "tessin-therapeutics.example": ["cooling_down"],
    }


def test_strangers_stay_anonymous(year: YearResult) -> None:
    assert (len(year.stages), year.anonymous > 200) == (17, True)
