"""Files read again identify visitors whose company is known by now; lists of accounts count those without one."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import (
    access_log_line,
    cloud_event,
    page_view,
    run_cli,
    run_json,
    run_ok,
    write_lines,
)

GOOGLEBOT = "Googlebot/2.1 (+http://www.google.com/bot.html)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"
ACME, BETA, NOBODY = "198.51.100.7", "203.0.113.9", "192.0.2.1"


@pytest.fixture
def log() -> Path:
    """Imported before anything was known: two views of Acme, one of Beta, one of nobody, one of a bot at Acme."""
    lines = [
        access_log_line("05/Jan/2026:09:12:00 +0000", client=ACME),
        access_log_line("05/Jan/2026:10:12:00 +0000", "/", client=ACME),
        access_log_line("06/Jan/2026:09:12:00 +0000", client=BETA),
        access_log_line("07/Jan/2026:09:12:00 +0000", client=NOBODY),
        access_log_line("08/Jan/2026:09:12:00 +0000", client=ACME).replace(FIREFOX, GOOGLEBOT),
    ]
    path = write_lines(Path("access.log"), *lines)
    assert run_json("ingest", "access-log", path)["unidentified"] == {"visitors": 3, "facts": 4}
    return path


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known afterwards."""
    file = write_lines(Path("networks.txt"), "198.51.100.0/24 acme.com", "203.0.113.0/24 beta.com")
    monkeypatch.setenv("STAFFEL_NETWORKS", str(file))


def scores() -> dict[str, float]:
    return {row["account"]: row["score"] for row in run_json("accounts")}


def test_visitors_whose_network_is_known_by_now_are_identified(log: Path, networks: None) -> None:
    assert run_json("ingest", "access-log", log, "--again") == {
        "read": 5,
        "identified": 2,
        "released": 3,
        "not_kept": 0,
        "ambiguous": 0,
        "accounts": [
            {"account": "acme.com", "visitors": 1, "facts": 2, "not_kept": 0},
            {"account": "beta.com", "visitors": 1, "facts": 1, "not_kept": 0},
        ],
        "rejected_total": 0,
        "rejected": [],
        "dry_run": False,
    }
    facts = run_json("account", "acme.com", "--deep")["facts"]
    assert [fact["type"] for fact in facts] == ["web.page_viewed.v1"] * 2
    assert run_json("audit", "verify")["mismatches"] == []


def test_what_was_imported_at_once_with_the_networks_has_the_same_scores(
    log: Path, networks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_json("ingest", "access-log", log, "--again")
    again = scores()
    monkeypatch.setenv("STAFFEL_HOME", "another")
    run_ok("init")
    run_json("ingest", "access-log", log)
    assert again == pytest.approx(scores())


def test_a_second_time_nothing_is_recorded(log: Path, networks: None) -> None:
    run_json("ingest", "access-log", log, "--again")
    before = run_json("audit", "verify")["facts"]
    assert run_json("ingest", "access-log", log, "--again")["identified"] == 0
    assert run_json("audit", "verify")["facts"] == before


def test_another_company_found_later_moves_nobody_twice(log: Path, networks: None) -> None:
    run_json("ingest", "access-log", log, "--again")
    write_lines(Path("networks.txt"), "198.51.100.0/24 gamma.com")
    assert run_json("ingest", "access-log", log, "--again")["accounts"] == []
    assert sorted(scores()) == ["acme.com", "beta.com"]


def test_a_dry_run_says_the_same_and_records_nothing(log: Path, networks: None) -> None:
    dry = run_json("ingest", "access-log", log, "--again", "--dry-run")
    assert (scores(), dry["dry_run"]) == ({}, True)
    assert run_json("ingest", "access-log", log, "--again") == {**dry, "dry_run": False}


def test_nothing_else_of_the_files_is_recorded(log: Path, networks: None) -> None:
    more = write_lines(Path("grown.log"), *log.read_text().splitlines(), access_log_line("09/Jan/2026:09:12:00 +0000"))
    run_json("ingest", "access-log", more, "--again")
    assert sorted(scores()) == ["acme.com", "beta.com"]


def test_facts_that_are_not_kept_any_more_are_told(networks: None) -> None:
    path = Path("access.log")
    times = [f"{5 + n // 60:02d}/Jan/2026:09:{n % 60:02d}:00 +0000" for n in range(203)]
    run_json("ingest", "cloudevents", write_lines(Path("none.jsonl")))
    write_lines(path, *(access_log_line(time, f"/{n}", NOBODY) for n, time in enumerate(times)))
    run_json("ingest", "access-log", path)
    write_lines(Path("networks.txt"), f"{NOBODY}/32 acme.com")
    assert run_ok("ingest", "access-log", path, "--again").out.splitlines() == [
        "1 visitor identified, 200 facts released to 1 account.",
        "account   visitors  facts",
        "─────────────────────────",
        "acme.com         1    200",
        "No longer kept, so not released: 3 facts. Kept are 200 of 90 days each.",
    ]


def test_a_domain_claimed_by_now_identifies_without_files() -> None:
    """A parked fact keeps the domain that it showed, no address."""
    facts = [
        page_view("1", subject=None, visitor="cookie-1", domain="acme.de"),
        page_view("2", subject=None, visitor="cookie-2", domain="acme.de"),
        page_view("3", subject=None, visitor="cookie-2", domain="beta.com"),
    ]
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), *facts))
    run_json("account", "register", "acme.com", "--domain", "acme.de")
    run_json("account", "register", "beta.com")
    result = run_json("ingest", "--again")
    assert (result["identified"], result["ambiguous"]) == (1, 1)
    assert [(fact["type"]) for fact in run_json("account", "acme.com", "--deep")["facts"]] == [
        "account.registered.v1",
        "web.page_viewed.v1",
    ]


def test_without_files_and_without_networks_it_is_told_what_was_not_looked_at(log: Path) -> None:
    nobody = "No visitor without a cookie has a company that was unknown before."
    assert run_ok("ingest", "--again").out.splitlines() == [
        nobody,
        "Only domains were looked at. Addresses stand in access logs alone: name them.",
    ]
    assert run_ok("ingest", "--again", log).out.splitlines()[1:] == [
        nobody,
        "No networks file (STAFFEL_NETWORKS): addresses have no company.",
    ]


def test_files_of_other_kinds_are_not_read_again(log: Path) -> None:
    facts = write_lines(Path("facts.jsonl"), page_view("1"))
    result = run_cli("ingest", "--again", facts)
    assert (result.code, result.err) == (0, "facts.jsonl: not read again: its visitors have ids of their own\n")
    assert scores() == {}


def test_an_import_without_files_is_a_usage_error() -> None:
    assert run_cli("ingest", "files").failure == (
        2,
        "name the files to import; `staffel ingest --help` shows examples",
    )


def test_lists_of_accounts_count_the_visitors_without_a_company(log: Path) -> None:
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), cloud_event("1", data={"url": "/"})))
    counted = [
        "3 visitors without a company, not listed (4 facts kept).",
        "What identifies them: a networks file (STAFFEL_NETWORKS), domains of accounts,",
        "forms, links in mails. After new networks or domains: `staffel ingest --again`.",
    ]
    assert run_ok("accounts").out.splitlines()[-3:] == counted
    assert run_ok("ingest", log).out.splitlines()[-3:] == counted
    assert "3 visitors without a company, 4 facts kept" in run_ok("doctor").out


def test_a_list_of_the_past_does_not_count_the_visitors_of_today(log: Path) -> None:
    assert "visitors" not in run_ok("accounts", "--at", "2026-01-06T00:00:00Z").out
