"""The vectors through the whole embedded path: recorder, log, scorer, projections; then queried and verified."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from audit.account_report import account_report
from audit.accounts_as_of import accounts_as_of, ranked_accounts
from audit.verify import verify
from intake.cloudevents import parse_event
from intake.observation import Observation
from intake.recorder.drafts import Duplicate, Recorded
from schemas.envelope import FACT_HEADERS, record_id
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT
from staffel.application import Application
from staffel.connect import create_home
from staffel.settings import Settings
from streams.log import NewRecord
from tests import databases
from tests.scoring.fold_runner import Json, without_keys
from tests.scoring.oracle.account import account_after
from tests.scoring.vectors import Vector, all_differences, all_vectors

COMPARED_FIELDS = ("score", "stage", "breadth", "falls_at", "crossings", "cooling_until", "act_now_until")
HANDOFF = (
    "handoff", "track", "crossing", "crossed_at", "fact", "score", "route", "act_now", "due_at", "status", "late",
)  # fmt: skip


def home_with_model(folder: Path, vector: Vector) -> Application:
    """A home of its own under the vector's model."""
    databases.migrated_database("sqlite", folder)
    (folder / "model.yaml").write_text(vector.model_text, encoding="utf-8")
    settings = Settings(home=folder, model=folder / "model.yaml")
    return create_home(settings, clock=lambda: parse_time("2100-01-01T00:00:00Z"))


def record_facts(staffel: Application, facts: list[Json]) -> None:
    """As a file of facts would be; what the door refuses (a review, a text for a number) is appended past it."""
    for fact in facts:
        observation = parse_event("vector", json.dumps(fact).encode(), trusted=True)
        outcomes = staffel.recorder.record([observation] if isinstance(observation, Observation) else [])
        if not any(isinstance(outcome, Recorded | Duplicate) for outcome in outcomes):
            id = record_id(fact["source"], fact["id"])
            staffel.log.append(ENGAGEMENT, [NewRecord(fact["subject"], msgspec.json.encode(fact), id, FACT_HEADERS)])


def account_answer(staffel: Application, account: str, at: str, *, historic: bool) -> Json:
    """What the account's page and the list of accounts say; they agree."""
    instant = parse_time(at)
    report = account_report(
        staffel.engine, staffel.log, staffel.plan, account, instant, historic=historic, lines=True, deep=False
    )
    rows = accounts_as_of(staffel.log, instant) if historic else ranked_accounts(staffel.engine, staffel.plan, instant)
    assert report is not None
    assert [report[name] for name in rows[0]] == list(rows[0].values())
    plain: Json = msgspec.to_builtins(report)
    return plain


def oracle_account(vector: Vector, facts: int, at: str) -> Json:
    return account_after(vector.model, vector.facts[:facts], vector.account, at)


def report_differences(report: Json, expected: Json) -> Iterator[str]:
    """Differences between the answer about an account and the oracle."""
    whole = ("account", "as_of", "seq", "fit", "suppressed")
    yield from all_differences({name: expected[name] for name in whole}, {name: report[name] for name in whole})
    for name, track in expected["tracks"].items():
        yield from all_differences({key: track[key] for key in COMPARED_FIELDS}, report["tracks"][name])
        own = {
            part: [each for each in report[part] if each["track"] == name] for part in ("stages", "lines", "handoffs")
        }
        yield from all_differences(track["lines"], [without_keys(each, "done") for each in own["lines"]])
        yield from all_differences(track["stages"], [without_keys(each, "track", "because") for each in own["stages"]])
        yield from all_differences(track["handoffs"], [{key: each[key] for key in HANDOFF} for each in own["handoffs"]])


@pytest.mark.parametrize("vector", all_vectors(), ids=lambda vector: vector.name)
def test_a_vector_lives_through_the_whole_path(vector: Vector, tmp_path: Path) -> None:
    staffel, recorded = home_with_model(tmp_path, vector), 0
    for one in sorted(vector.expect, key=lambda each: each.after_facts):
        record_facts(staffel, vector.facts[recorded : one.after_facts])
        recorded = one.after_facts
        staffel.wait_until_visible()
        expected = oracle_account(vector, recorded, one.at)
        answer = account_answer(staffel, vector.account, one.at, historic=False)
        assert list(report_differences(answer, expected)) == []
    assert verify(staffel.log, staffel.engine).mismatches == []
    assert list(historic_differences(staffel, vector)) == []
    staffel.close()


def historic_differences(staffel: Application, vector: Vector) -> Iterator[str]:
    """As of the instant of every fact, with what had been recorded by then."""
    for fact in vector.facts:
        at = fact["recordedtime"]
        known = [each for each in vector.facts if parse_time(each["recordedtime"]) <= parse_time(at)]
        expected = account_after(vector.model, known, vector.account, at)
        yield from report_differences(account_answer(staffel, vector.account, at, historic=True), expected)
