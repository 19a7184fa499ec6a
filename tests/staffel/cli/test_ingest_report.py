"""What an import says: counts by reason, what was skipped, and an exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import access_log_line, json_of, page_view, run_cli, run_json, run_ok, write_lines

STAFFEL = Path(sys.executable).parent / "staffel"
SAMPLES = Path(__file__).parents[2] / "samples" / "access_logs"


def access_log(*targets: str) -> Path:
    return write_lines(Path("access.log"), *(access_log_line(target=target) for target in targets))


def test_skipped_and_rejected_items_are_counted_by_reason() -> None:
    log = write_lines(
        Path("access.log"),
        *(access_log_line(target=target) for target in ("/", "/a.png", "/b.png", "/c.css")),
        "cut off",
    )
    assert run_json("ingest", "access-log", log)["filtered_by"] == {"an image": 2, "a style": 1}
    assert run_ok("ingest", "access-log", log).out.splitlines()[:3] == [
        "5 items read: 0 recorded, 1 duplicate, 3 skipped (not engagement), 1 rejected",
        "skipped: an image 2, a style 1",
        "rejected: bad_line 1",
    ]


def test_verbose_lists_what_was_skipped() -> None:
    log = access_log("/", "/a.png")
    assert run_ok("ingest", "access-log", log, "--verbose").out.splitlines() == [
        "skipped access.log:2: an image",
        "2 items read: 1 recorded, 0 duplicates, 1 skipped (not engagement), 0 rejected",
        "skipped: an image 1",
    ]
    assert run_json("ingest", "access-log", log, "--verbose")["filtered_items"] == [
        {"where": "access.log:2", "why": "an image"}
    ]


@pytest.mark.parametrize(
    ("kind", "lines", "code"),
    [
        ("access-log", [], 0),
        ("accounts", [], 0),
        ("mbox", [], 0),
        ("calendar", [], 0),
        ("cloudevents", [], 0),
        ("access-log", [access_log_line(target="/a.png")], 0),
        ("cloudevents", [page_view("one"), page_view("one")], 0),
        ("cloudevents", [page_view("one"), "nonsense"], 0),
        ("cloudevents", [b"\0"], 1),
        ("accounts", ["Firmenbezeichnung,Staat", "Acme,DE"], 1),
        ("access-log", ["Dear diary,"] * 30, 1),
    ],
)
def test_the_exit_code_tells_whether_a_file_was_refused_whole(kind: str, lines: list[str], code: int) -> None:
    assert run_cli("ingest", kind, write_lines(Path("input"), *lines)).code == code


def test_a_refused_file_does_not_keep_others_from_being_recorded() -> None:
    refused, good = write_lines(Path("diary"), *["Dear diary,"] * 30), access_log("/")
    result = run_cli("ingest", "access-log", refused, good, "--json")
    assert (result.code, json_of(result)["recorded"]) == (1, 1)


def test_strict_fails_at_any_rejection() -> None:
    facts = write_lines(Path("facts.jsonl"), page_view("one"), "nonsense")
    assert [run_cli("ingest", "cloudevents", facts, *options).code for options in ((), ("--strict",))] == [0, 1]
    assert run_cli("ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one")), "--strict").code == 0


def test_standard_input_is_read_and_leaves_nothing_behind() -> None:
    line = f"{access_log_line()}\n".encode()
    ended = subprocess.run([STAFFEL, "ingest", "access-log", "-"], input=line + b"odd\n", capture_output=True)
    first, *rest = ended.stdout.decode().splitlines()
    assert ended.returncode == 0, ended.stderr
    assert first == "2 items read: 1 recorded, 0 duplicates, 0 skipped (not engagement), 1 rejected"
    assert any(line.startswith("stdin:2  bad_line") for line in rest)
    assert list(Path(".staffel").glob("spool-*")) == []


def test_a_device_is_a_usage_error_that_names_it() -> None:
    message = "/dev/zero: is a device, not a file; pipe its content in, and name `-`"
    assert run_cli("ingest", "access-log", "/dev/zero").failure == (2, message)


def test_files_of_any_kind_are_guessed_and_named() -> None:
    table = write_lines(Path("crm.csv"), "Name,Domain", "Acme,acme.com")
    result = run_ok("ingest", access_log("/"), table, "--site", "https://www.example.com")
    assert result.out.splitlines()[:3] == [
        "access.log: access-log",
        "crm.csv: accounts",
        "2 items read: 2 recorded, 0 duplicates, 0 skipped (not engagement), 0 rejected",
    ]


def test_a_file_of_no_known_kind_is_refused_and_the_others_are_recorded() -> None:
    result = run_cli("ingest", write_lines(Path("diary"), "Dear diary,"), access_log("/"), "--json")
    assert (result.code, result.parsed["recorded"], result.parsed["rejected_by"]) == (1, 1, {"unknown_kind": 1})
    assert result.err == "access.log: access-log\n"


@pytest.mark.parametrize("sample", ["vhost-combined", "xff-list", "syslog-prefix"])
def test_networks_find_the_company_of_a_client_behind_prefixes_and_proxies(
    sample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_NETWORKS", str(write_lines(Path("networks.txt"), "198.51.100.0/24 acme.example")))
    run_json("ingest", "access-log", SAMPLES / f"{sample}.log", "--site", "https://www.ourshop.example")
    fact = run_json("account", "acme.example", "--deep")["facts"][0]
    assert (fact["attribution"], fact["confidence"]) == ("network", 70)
    assert run_cli("account", "ourshop.example").code == 1
