"""The benchmarks run, and write a table and JSON. Times are not asserted.

Each compares its result with a sequential fold and fails if they differ.
"""

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.kafka.__main__ import JOBS
from benchmarks.kafka.__main__ import main as main_on_kafka
from benchmarks.peers.builds import KAFKA_STREAMS, QUIX
from tests import requirements


def test_a_tiny_run_of_every_part_prints_its_table_and_writes_its_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--tiny", "--into", str(tmp_path)])
    report = json.loads((tmp_path / "bench.json").read_text())
    names = [figure["name"] for figure in report["figures"]]
    printed = capsys.readouterr().out
    assert len(names) == len(set(names)) == 18
    assert [name for name in names if printed.count(name) < 2] == []
    assert all(figure["value"] > 0 for figure in report["figures"])


def test_one_part_alone(tmp_path: Path) -> None:
    main(["fold", "--tiny", "--into", str(tmp_path)])
    report = json.loads((tmp_path / "bench.json").read_text())
    assert {figure["unit"] for figure in report["figures"]} == {"facts/s", "x", "bytes"}


OWN_FIGURES = {
    "simple": {"simple work, Staffel", "simple work, stock Faust"},
    "fold": {"whole fold of busy days, Staffel", "whole fold of a whole year, Staffel"},
    "recovery": {"recovery of one partition"},
    "project": {"projector into PostgreSQL"},
    "latency": {"fact produced to visible row, p99", "fact produced to alert received, p99"},
    "membership": {f"a worker {what}: scoring again" for what in ("joins", "leaves", "dies")},
    "replay": {f"audit replay of {world}, two processes" for world in ("busy days", "a whole year")},
}
PEER_FIGURES = {f"{name}, {peer}" for name in ("simple work", "whole fold") for peer in (QUIX, KAFKA_STREAMS)}


def test_every_kafka_benchmark_is_tested_here() -> None:
    assert set(JOBS) == set(OWN_FIGURES)


@pytest.mark.parametrize("measurement", OWN_FIGURES)
def test_a_tiny_run_on_kafka_yields_correct_results(
    measurement: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements.kafka_server()
    requirements.postgres_url()
    main_on_kafka(["--tiny", "--only", measurement, "--into", str(tmp_path)])
    report, printed = json.loads((tmp_path / "bench-kafka.json").read_text()), capsys.readouterr().out
    names = {figure["name"] for figure in report["figures"]}
    assert OWN_FIGURES[measurement] <= names
    assert report["absent"].keys() <= PEER_FIGURES, "only a peer may be absent"
    assert all(figure["value"] > 0 for figure in report["figures"])
    assert [name for name in ("settings", *report["settings"], *names) if name not in printed] == []
