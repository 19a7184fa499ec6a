"""`staffel up` is the only host, processes what others record, stops on request, and leaves no lock if killed."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from tests.crash import load
from tests.crash.case_runner import MODEL
from tests.crash.commands import run_staffel, start_host
from tests.databases import home_with_log

SOON_S = 30
"""An idle host stops within a fraction of a second; a busy machine takes longer."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_with_log(tmp_path / "home", MODEL)


@pytest.fixture
def up(home: Path) -> Iterator["subprocess.Popen[str]"]:
    process = start_host(home)
    yield process
    process.kill()
    process.communicate()


def ingest_file(folder: Path) -> str:
    workload = load.Workload(Random(1), 1_767_600_000_000)
    file = folder / "facts.jsonl"
    file.write_text("".join(workload.line(fact) for _ in range(60) for fact in workload.batch()), encoding="utf-8")
    return str(file)


def test_a_second_host_is_refused_and_shown_the_first_one(up: "subprocess.Popen[str]", home: Path) -> None:
    second = run_staffel(home, "up")
    assert second.returncode == 1
    assert f"Already running (process {up.pid}). Stop it first." in second.stderr
    assert "Traceback" not in second.stderr
    assert up.poll() is None


def test_what_another_process_recorded_is_visible_when_it_returns(
    up: "subprocess.Popen[str]", home: Path, tmp_path: Path
) -> None:
    result = run_staffel(home, "ingest", "cloudevents", ingest_file(tmp_path), "--json")
    assert (result.returncode, json.loads(result.stdout)["rejected"]) == (0, [])
    accounts = json.loads(run_staffel(home, "accounts", "--json").stdout)
    verified = json.loads(run_staffel(home, "audit", "verify", "--json").stdout)
    assert len(accounts) == verified["accounts"] > 10
    assert verified["mismatches"] == []
    assert up.poll() is None


@pytest.mark.parametrize("request_to_end", [signal.SIGTERM, signal.SIGINT])
def test_a_host_stops_soon_on_request(up: "subprocess.Popen[str]", request_to_end: signal.Signals) -> None:
    asked = monotonic()
    up.send_signal(request_to_end)
    _, last_words = up.communicate(timeout=SOON_S)
    assert monotonic() - asked < SOON_S
    assert (up.returncode, "host_stopped" in last_words) == (0, True)


def test_the_next_host_takes_over_at_once_from_a_killed_one(up: "subprocess.Popen[str]", home: Path) -> None:
    up.kill()
    up.wait()
    again = start_host(home)
    again.terminate()
    again.communicate(timeout=SOON_S)
    assert again.returncode == 0


def test_a_command_hosts_by_itself_after_the_host_was_killed(up: "subprocess.Popen[str]", home: Path) -> None:
    up.kill()
    up.wait()
    registered = run_staffel(home, "account", "register", "acme", "--json")
    assert registered.returncode == 0, registered.stderr
    accounts = json.loads(run_staffel(home, "accounts", "--json").stdout)
    assert [account["account"] for account in accounts] == ["acme"]
