"""A log of Staffel, exported as CloudEvents, is read into a new log alone: it holds decisions."""

import json
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import Json, run_cli, run_json, write_lines

DECISION = {
    "specversion": "1.0",
    "id": "1",
    "source": "staffel/commands",
    "type": "account.suppressed.v1",
    "subject": "acme.example",
    "time": "2026-01-05T09:12:00.000Z",
    "data": {},
}


@pytest.fixture
def exported() -> Path:
    return write_lines(Path("log.jsonl"), json.dumps(DECISION), json.dumps(DECISION | {"id": "2", "source": "shop"}))


def counts(tally: Json) -> tuple[int, Json]:
    return tally["recorded"], tally["rejected_by"]


def test_own_sources_are_refused_in_a_file_of_others(exported: Path) -> None:
    assert counts(run_json("ingest", "cloudevents", exported)) == (1, {"reserved_source": 1})


def test_a_new_log_takes_a_whole_log_of_staffel(exported: Path) -> None:
    assert counts(run_json("ingest", "cloudevents", exported, "--own-log")) == (2, {})


def test_a_log_that_holds_facts_takes_no_other_log(exported: Path) -> None:
    run_json("ingest", "cloudevents", exported)
    why = "--own-log: this log holds facts already; read the file into a new home (STAFFEL_HOME)"
    assert run_cli("ingest", "cloudevents", exported, "--own-log").failure == (2, why)
