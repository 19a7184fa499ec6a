"""`staffel` as a process: closed pipes, Ctrl-C, a host that processes what other commands record."""

import json
import os
import signal
import subprocess
from pathlib import Path

from tests.staffel.cli.cli_runner import page_view, run_json, write_lines
from tests.staffel.conftest import STAFFEL

FACT_COUNT = 20_000


def start_command(*arguments: object, **streams: int) -> "subprocess.Popen[bytes]":
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.Popen([STAFFEL, *map(str, arguments)], env=dict(os.environ), **pipes)  # type: ignore[call-overload, no-any-return]


def test_a_reader_that_goes_away_ends_the_command_in_silence() -> None:
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), *(page_view(f"p{n}") for n in range(2_000))))
    for arguments in (["tail", "-n", "2000"], ["account", "acme.com", "--explain", "--json"], ["account", "acme.com"]):
        process = start_command(*arguments)
        assert process.stdout
        assert process.stdout.read(1)
        process.stdout.close()
        assert process.stderr
        assert (process.wait(60), process.stderr.read()) == (0, b"")


def test_a_closed_pipe_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start_command("accounts", stdout=writing)
    os.close(writing)
    assert process.stderr
    assert (process.wait(60), process.stderr.read()) == (0, b"")


def test_the_process_exits_with_the_code_of_the_command() -> None:
    assert [exit_code_for("accounts"), exit_code_for("account", "nobody.example"), exit_code_for("nonsense")] == [
        0,
        1,
        2,
    ]


def exit_code_for(*arguments: str) -> int:
    process = start_command(*arguments)
    process.communicate(timeout=60)
    return process.returncode


def test_the_first_help_comes_without_loading_the_database_library() -> None:
    shown = subprocess.run(
        [STAFFEL.parent / "python", "-X", "importtime", STAFFEL, "--help"], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert loaded & {"sqlalchemy", "pydantic", "psycopg", "alembic", "icalendar"} == set()


def test_an_internal_error_exits_with_70(home: Path) -> None:
    script = "from staffel.cli import main\nraise SystemExit(main.exit_code_of(RuntimeError('oops')))"
    ended = subprocess.run([STAFFEL.parent / "python", "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (70, "")
    assert "internal error: RuntimeError('oops'); recorded data is safe" in ended.stderr


def test_the_host_picks_up_what_others_record_and_ends_when_asked_to() -> None:
    host = start_command("up", "--port", 0)
    try:
        assert host.stderr
        assert b"host_started" in host.stderr.readline()
        tally = run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one"), page_view("two")))
        assert tally["recorded"] == 2
        assert run_json("account", "acme.com")["seq"] == 2
        second = start_command("up", "--port", 0)
        _, said = second.communicate(timeout=60)
        lines = said.decode().splitlines()
        assert (second.returncode, "host_waiting" in lines[0]) == (1, True)
        assert lines[1:] == [f"Already running (process {host.pid}). Stop it first."]
        assert [row["found"] for row in run_json("doctor") if row["check"] == "host"] == [
            f"process {host.pid} running; 1 partition"
        ]
    finally:
        host.send_signal(signal.SIGTERM)
    assert (host.wait(60), b"host_stopped" in host.stderr.read()) == (0, True)


def test_following_a_topic_shows_what_comes_until_it_is_stopped() -> None:
    follower = start_command("tail", "--follow", "--json")
    assert follower.stdout
    try:
        run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one")))
        kinds = []
        while "web.page_viewed.v1" not in kinds:
            kinds.append(json.loads(follower.stdout.readline())["value"]["type"])
    finally:
        follower.send_signal(signal.SIGINT)
    assert follower.wait(60) == 130


def test_ctrl_c_while_recording_loses_nothing_that_was_recorded() -> None:
    facts = write_lines(Path("facts.jsonl"), *(page_view(f"p{n}") for n in range(FACT_COUNT)))
    process = start_command("ingest", "cloudevents", facts, "--json")
    interrupt_once_recording(process)
    out, said = process.communicate(timeout=60)
    assert (process.returncode, out, b"Traceback" in said) == (130, b"", False)
    tally = run_json("ingest", "cloudevents", facts)
    assert tally["recorded"] + tally["duplicates"] == FACT_COUNT
    assert tally["duplicates"] > 0
    assert run_json("account", "acme.com")["seq"] == FACT_COUNT
    assert run_json("audit", "verify")["mismatches"] == []


def interrupt_once_recording(process: "subprocess.Popen[bytes]") -> None:
    """Asks over one connection: to connect anew takes long enough for the command to end meanwhile."""
    from staffel.cli.session import connected_application

    with connected_application() as staffel:
        while staffel.log.end("engagement", 0) <= 1:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)


def test_a_command_on_the_embedded_host_starts_without_the_libraries_of_the_other_one() -> None:
    shown = subprocess.run(
        [STAFFEL.parent / "python", "-X", "importtime", STAFFEL, "accounts"], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in shown.stderr.splitlines()}
    assert loaded & {"kafka", "faust", "aiokafka", "apprise", "standardwebhooks", "httpx", "prometheus_client"} == set()
