"""Screen output: whole IDs, one decimal, names from the vault, at most 100 columns."""

import re
from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import cloud_event, page_view, run_cli, run_json, run_ok, write_lines

MAX_WIDTH = 100


def output_lines(*arguments: str) -> list[str]:
    return run_ok(*arguments).out.splitlines()


@pytest.mark.parametrize(
    "arguments",
    [
        ["accounts"],
        ["handoffs"],
        ["handoffs", "--open"],
        ["handoff", "rheinquell-biologics.example/acquisition/1"],
        ["account", "rheinquell-biologics.example"],
        ["account", "brennerbio.example", "--explain"],
        ["contact", "andrea.buehler@helvion.example"],
        ["doctor"],
        ["audit", "verify"],
    ],
)
def test_every_page_is_readable_at_a_hundred_columns(arguments: list[str], medtech: Path) -> None:
    assert [line for line in output_lines(*arguments) if len(line) > MAX_WIDTH] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["accounts"],
        ["account", "rheinquell-biologics.example"],
        ["account", "brennerbio.example", "--explain"],
        ["account", "brennerbio.example", "--timeline"],
        ["contact", "andrea.buehler@helvion.example"],
        ["contact", "list"],
        ["handoffs", "--all"],
        ["suppressions", "list"],
        ["doctor"],
        ["handoffs"],
        ["audit", "replay"],
        ["audit", "verify"],
        ["model", "fields"],
        ["model", "types"],
    ],
)
def test_every_table_fits_eighty_columns(arguments: list[str], medtech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert [line for line in output_lines(*arguments) if len(line) > 80] == []


def test_accounts_are_listed_highest_first(medtech: Path) -> None:
    shown = output_lines("accounts", "--limit", "4")
    assert shown[:2] == [
        "account                  name                  fit    contacts  acquisition    expansion  drops",
        "─" * 97,
    ]
    row = "brennerbio.example       Brenner Biotech GmbH  A 100         4  219.8 sqa      121.1      in 65 d"
    assert shown[2] == row
    assert shown[-6:] == [
        "As of Fri 30 Oct 2026 15:39 (Europe/Berlin).",
        "contacts: engaged within the window; drops: when a stage is lost.",
        "The 4 highest; use --limit to see more.",
        "155 visitors without a company, not listed (474 facts kept).",
        "What identifies them: a networks file (STAFFEL_NETWORKS), domains of accounts,",
        "forms, links in mails. After new networks or domains: `staffel ingest --again`.",
    ]


def test_an_id_is_never_cut_however_narrow_the_terminal_is(medtech: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ids = [row["account"] for row in run_json("accounts")]
    assert [line.split()[1] for line in output_lines("accounts") if line.startswith("account ")] == ids


def test_a_handoff_gives_three_reasons_with_the_names_of_people(medtech: Path) -> None:
    shown = "\n".join(output_lines("handoff", "kleinod-bio.example/acquisition/1"))
    assert (
        "  owner ben.ostertag\n"
        "  qualified Thu 29 Oct 14:00 (meeting held: 30 min), score 106.9\n"
        "      60.0  meeting_held, Vera Kleinod\n"
        "            meeting held: 30 min\n"
        "      18.0  reply, Vera Kleinod\n"
        "            mail answered: autumn-webinar, Re: Webinar on 14 October: tracing every vial\n"
        "       8.5  page, Vera Kleinod\n"
    ) in shown


def test_a_decided_handoff_says_by_whom_and_why(medtech: Path) -> None:
    shown = output_lines("handoff", "tessin-therapeutics.example/expansion/1")
    assert shown[3:6] == [
        "  rejected by mia.lorenz, Wed 20 May 13:30, to account_manager",
        "  owner mia.lorenz",
        "  no project before next year",
    ]
    assert "Decisions" in shown


def test_an_account_shows_scores_contacts_reasons_and_handoffs(medtech: Path) -> None:
    shown = "\n".join(output_lines("account", "kleinod-bio.example"))
    for part in (
        "Kleinod Bio GmbH (kleinod-bio.example)\nas of Fri 30 Oct 2026 15:39 (Europe/Berlin)\n"
        "fit B (70 points), biotechnology, 12 employees, AT, owner ben.ostertag\n",
        "acquisition  104.5  sqa           1  Fri 13 Nov 02:00                1\n",
        "Next\nacquisition: sqa falls to engaged when the score is below 80, on Fri 13 Nov 02:00\n"
        "expansion is closed: the account is not a customer\n",
        "Whom to call (1 engaged)\nVera Kleinod\n"
        "  decision_maker, 104.5 acquisition, 75.4 expansion, engaged 2026-10-29\n"
        "  vera.kleinod@kleinod-bio.example\n"
        "nobody known as champion, purchaser, user, gatekeeper\n",
        "59.3   57 %  meeting_held  Vera Kleinod  Thu 29 Oct  meeting held: 30 min\n",
        "27 lines in the ledger; sum 104.523734, score 104.523734\n",
        "Thu 29 Oct 14:00  acquisition  engaged  sqa      106.9  meeting held: 30 min\n",
        "\nHandoffs\nkleinod-bio.example/acquisition/1  Kleinod Bio GmbH\n",
    ):
        assert part in shown
    assert "Lines of acquisition" not in shown


def test_an_explanation_shows_every_line_those_that_were_cut_too(medtech: Path) -> None:
    message = run_json("account", "rheinquell-biologics.example", "--explain")
    shown = output_lines("account", "rheinquell-biologics.example", "--explain")
    rows = [line for line in shown if re.match(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) .*\d\d:\d\d +(?! |acquisition)", line)]
    assert len(rows) == len(message["lines"])
    assert "\n".join(shown).count("(capped:") == sum(line["cut"] is not None for line in message["lines"]) > 0


def test_visitors_are_shown_as_pseudonyms_and_never_as_people(medtech: Path) -> None:
    shown = "\n".join(output_lines("account", "rheinquell-biologics.example"))
    assert re.search(r"\bv_[a-z2-7]{12}\b", shown)
    assert "David Okafor" in shown


def test_an_identified_visitor_is_shown_by_name(medtech: Path) -> None:
    joined = [
        (row["account"], contact["contact"])
        for row in run_json("accounts")
        for contact in run_json("account", row["account"])["contacts"]
        if contact["joined"]
    ]
    assert joined
    account, visitor = joined[0]
    shown = run_ok("account", account, "--explain").out
    assert "\nContacts" in shown
    assert visitor not in shown[shown.index("\nContacts") : shown.index("Why")]


def test_the_demo_shows_what_sales_would_want_to_see(played: tuple[Path, str], medtech: Path) -> None:
    shown = run_ok("demo").out
    headings = ["SYNTHETIC", "The work list, Fri 30 Oct 2026 09:15 (Europe/Berlin): 5 handoffs, 2 overdue",
                "OVERDUE by 19 h 15 min", "due in 7 min", "ACT NOW: Rheinquell", "Why, and whom to call",
                "ledger; sum", "The answer: `staffel handoff accept", "accepted by jana.voss",
                "The accounts when the week is over", "audit verify: 17 accounts",
                "Next, with this example"]  # fmt: skip
    places = [shown.index(heading) for heading in headings]
    assert places == sorted(places)
    assert [line for line in shown.splitlines() if len(line) > MAX_WIDTH] == []
    assert "\x1b" not in shown


def test_an_empty_home_says_what_to_do() -> None:
    assert output_lines("accounts") == ["No accounts yet: import some with `staffel ingest`, or try `staffel demo`."]
    assert output_lines("handoffs") == ["No open handoffs; `staffel handoffs --all` lists closed ones."]
    assert output_lines("handoffs", "--all") == ["No handoffs yet."]
    assert output_lines("audit", "verify") == ["0 accounts, 0 facts, 0 mismatches"]


def test_an_empty_stage_says_so(medtech: Path) -> None:
    message = "No account is in stage 'hot'; `staffel model show` lists the stages."
    assert output_lines("accounts", "--stage", "hot") == [message]


def test_a_name_cannot_control_the_terminal() -> None:
    named = cloud_event("r", "account.registered", data={"name": "Acme \x1b[31m GmbH"})
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), named, page_view("one")))
    shown = run_ok("accounts").out + run_ok("account", "acme.com").out + run_ok("account", "acme.com", "--deep").out
    assert "\x1b" not in shown
    assert run_cli("accounts", "--json").code == 0
