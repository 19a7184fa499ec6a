"""An account's page says why, what is missing, whom to call and what happened; and a score adjusted by hand."""

from pathlib import Path

import pytest

from intake.vault import Person
from staffel.cli.session import connected_application
from tests.staffel.cli.cli_runner import Json, begin_again, cloud_event, run_cli, run_json, run_ok, write_lines

MODEL = """\
model: tiny
timezone: Europe/Berlin
roles: {decision_maker: 2, champion: 1.5, unknown: 1}
tracks:
  acquisition:
    half_life: 30d
    when: {customer: {not: {equals: true}}}
    rules:
      - {id: page, on: web.page_viewed, points: 5, at_most: 1 per contact per day}
      - {id: demo, on: web.form_submitted, points: 10}
    stages:
      - {name: aware, enter: 5, leave: 4}
      - {name: sqa, enter: 30, leave: 20, contacts: 2 within 90d, handoff: true}
"""
PAT, LEE = "pat@acme.com", "lee@acme.com"


@pytest.fixture
def acme(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """acme.com, in stage aware: pat viewed a page and asked for a demo, lee is known from a CRM."""
    begin_again(write_lines(Path("model.yaml"), MODEL))
    monkeypatch.setenv("COLUMNS", "80")
    record(
        cloud_event("a", "account.registered", time="2026-01-05T08:00:00Z", data={"name": "Acme", "customer": False}),
        cloud_event("v", contact=PAT, time="2026-01-05T09:00:00Z", data={"url": "https://us.example/prices?who=pat"}),
        cloud_event("l", "contact.registered", contact=LEE, time="2026-01-05T08:30:00Z", data={"role": "champion"}),
        cloud_event("f", "web.form_submitted", contact=PAT, time="2026-01-05T09:12:00Z", data={"form": "demo"}),
    )
    name_in_vault(LEE, Person(LEE, "Zoë Müller-Ørsted", "CTO", "+49 30 1"))
    return home


def name_in_vault(address: str, person: Person) -> None:
    with connected_application() as application:
        contact = application.vault.known_contacts([address])[address]
        application.bound_vault.add_details({contact: person}, replaces=True)


def record(*facts: Json) -> None:
    run_ok("ingest", "cloudevents", write_lines(Path("facts.jsonl"), *facts))


def next_of(account: str = "acme.com") -> Json:
    return run_json("account", account, "--at", "latest")["next"]["acquisition"]


@pytest.fixture
def handoff(acme: Path) -> str:
    """The handoff of acme.com, opened by lee's call for a demo."""
    times = [f"2026-01-0{day}T10:00:00Z" for day in (6, 7)]
    record(
        *(
            cloud_event(f"f{time}", "web.form_submitted", contact=LEE, time=time, data={"form": "demo"})
            for time in times
        )
    )
    [opened] = run_json("handoffs")
    return str(opened["handoff"])


def test_a_handoff_tells_its_cause_and_reasons_in_words_and_what_is_next(handoff: str) -> None:
    told = run_json("handoff", handoff)
    assert told["because"] == "web form submitted: demo"
    assert [(reason["rule"], reason["done"]) for reason in told["reasons"]] == [
        ("demo", "web form submitted: demo"),
        ("demo", "web form submitted: demo"),
        ("page", "page viewed: /prices"),
    ]
    with_sales = f"the account is with sales: handoff {handoff} is proposed"
    assert (told["next"]["acquisition"]["gated"], with_sales in told["next"]["acquisition"]["because"]) == (
        "with_sales",
        True,
    )
    shown = run_ok("handoff", handoff).out
    for part in (
        "(web form submitted: demo), score",
        "\nNext\n",
        "\nWhom to call (2 engaged)\n",
        "lee@acme.com, +49 30 1",
    ):
        assert part in shown
    assert LEE not in run_ok("handoff", handoff, "--json").out


def test_what_is_missing_for_the_next_stage_is_told_to_programs(acme: Path) -> None:
    found = next_of()
    because = "sqa needs 15 more points and 1 more engaged contact within 90 d; aware ends when the score is below 4"
    assert (found["stage"], found["gated"], found["cooling_until"], found["because"]) == ("sqa", None, None, because)
    assert found["missing"] == {"points": 15.0, "contacts": 1, "fit": None}
    assert found["falls_at"] == run_json("account", "acme.com")["tracks"]["acquisition"]["falls_at"]


# 15 points of 09:00 UTC are below 4 after 720 x log2(15/4) hours, in the 1373rd.
def test_the_screen_says_it_with_the_time_of_the_fall_in_the_viewers_zone(acme: Path) -> None:
    shown = run_ok("account", "acme.com").out
    assert (
        "\nNext\n"
        "acquisition: sqa needs 15 more points and 1 more engaged contact within 90 d;\n"
        "  aware ends when the score is below 4, on Tue 3 Mar 15:00\n"
    ) in shown
    assert [line for line in shown.splitlines() if len(line) > 80] == []


def test_a_closed_track_names_what_closes_it(acme: Path) -> None:
    record(cloud_event("c", "account.updated", time="2026-01-05T10:00:00Z", data={"customer": True}))
    assert (next_of()["gated"], next_of()["because"]) == ("closed", "acquisition is closed: the account is a customer")
    assert "\nacquisition is closed: the account is a customer" in run_ok("account", "acme.com").out


def test_lines_show_what_was_done_without_the_query_of_an_address(acme: Path) -> None:
    shown = run_ok("account", "acme.com", "--explain").out
    assert "page viewed: /prices" in shown
    assert "web form submitted: demo" in shown
    assert "who=pat" not in shown
    lines = run_json("account", "acme.com", "--explain")["lines"]
    assert [line["done"] for line in lines] == ["page viewed: /prices", "web form submitted: demo"]


def test_causes_of_stages_are_words(acme: Path) -> None:
    [change] = run_json("account", "acme.com")["stages"]
    assert (change["cause"], change["because"]) == ("v", "page viewed: /prices")


def test_a_timeline_tells_facts_and_stage_changes_in_the_order_of_time(acme: Path) -> None:
    entries = run_json("account", "acme.com", "--timeline", "--at", "latest")["timeline"]
    assert [(entry["time"], entry["kind"], entry["text"]) for entry in entries] == [
        ("2026-01-05T08:00:00.000Z", "fact", "account data: customer no, name Acme"),
        ("2026-01-05T08:30:00.000Z", "fact", "contact made known: role champion"),
        ("2026-01-05T09:00:00.000Z", "fact", "page viewed: /prices"),
        (
            "2026-01-05T09:00:00.000Z",
            "stage",
            "acquisition: no stage → aware with a score of 5.0, by page viewed: /prices",
        ),
        ("2026-01-05T09:12:00.000Z", "fact", "web form submitted: demo"),
    ]
    shown = run_ok("account", "acme.com", "--timeline").out
    assert "Timeline\n" in shown
    assert "Why acquisition" not in shown
    assert "pat@acme.com" in shown


def test_the_page_lists_whom_to_call_engaged_or_not_and_which_roles_are_missing(acme: Path) -> None:
    shown = run_ok("account", "acme.com").out
    assert (
        "\nWhom to call (1 engaged, 1 known only)\n"
        "pat@acme.com\n"
        "  role unknown, 15.0 acquisition, engaged 2026-01-05\n"
        "  pat@acme.com\n"
        "Zoë Müller-Ørsted, CTO\n"
        "  champion, has done nothing yet\n"
        "  lee@acme.com, +49 30 1\n"
        "nobody known as decision_maker\n"
    ) in shown
    assert run_json("account", "acme.com")["missing_roles"] == ["decision_maker"]


@pytest.mark.parametrize(
    ("type", "mark"),
    [("email.unsubscribed", "unsubscribed"), ("email.complained", "complained"), ("contact.suppressed", "asked")],
)
def test_who_asked_to_be_left_alone_is_listed_and_marked_without_address_and_phone(
    acme: Path, type: str, mark: str
) -> None:
    record(cloud_event("u", type, contact=LEE, time="2026-01-05T12:00:00Z", data={}))
    for shown in (run_ok("account", "acme.com").out, run_ok("contact", "list").out, run_ok("contact", LEE).out):
        assert "Zoë Müller-Ørsted" in shown
        assert LEE not in shown
        assert "+49 30 1" not in shown
    assert "do not write or call" in run_ok("account", "acme.com").out
    [listed] = run_json("contact", "list", "--search", "Zoë", "--names")
    assert (listed["asked"], listed["name"], listed["email"], listed["phone"]) == (
        mark,
        "Zoë Müller-Ørsted",
        None,
        None,
    )
    [person] = [each for each in run_json("account", "acme.com", "--names")["contacts"] if each["name"]]
    assert (person["asked"], person["email"], person["phone"]) == (mark, None, None)


def test_who_asked_in_one_account_is_left_alone_in_every_other(acme: Path) -> None:
    run_ok("account", "register", "beta.com")
    run_ok("contact", "add", LEE, "--account", "beta.com")
    record(cloud_event("u", "email.unsubscribed", contact=LEE, time="2026-01-05T12:00:00Z", data={}))
    [there] = run_json("account", "beta.com")["contacts"]
    assert there["asked"] == "unsubscribed"
    assert LEE not in run_ok("account", "beta.com").out


def test_a_later_release_takes_the_mark_back(acme: Path) -> None:
    run_ok("contact", "suppress", LEE)
    assert [each["asked"] for each in run_json("contact", "list", "--search", "lee")] == ["asked"]
    run_ok("contact", "release", LEE)
    assert [each["asked"] for each in run_json("contact", "list", "--search", "lee")] == [None]


@pytest.mark.parametrize("text", ["zoe", "MULLER", "mueller", "orsted", "ørst", "LEE@", "lee zo", "lee@acme.com"])
def test_a_contact_is_found_by_parts_of_name_and_address(acme: Path, text: str) -> None:
    [found] = run_json("contact", "list", "--search", text, "--names")
    assert found["email"] == LEE


def test_nobody_found_is_said(acme: Path) -> None:
    assert run_json("contact", "list", "--search", "nobody") == []
    assert run_ok("contact", "list", "--search", "nobody").out == "No contact with nobody in the name or address.\n"


@pytest.mark.parametrize(
    "command", [["account", "acme.com", "--explain", "--timeline"], ["contact", "list"], ["contact", LEE]]
)
def test_programs_get_names_only_where_they_ask_for_them(acme: Path, command: list[str]) -> None:
    personal = ["Zoë", LEE, "CTO", "+49 30 1"]
    plain, named = run_ok(*command, "--json").out, run_ok(*command, "--json", "--names").out
    assert [text for text in personal if text in plain] == []
    assert [text for text in personal if text in named] == personal


def test_csv_gets_names_only_where_it_asks_for_them(acme: Path) -> None:
    plain, named = run_ok("contact", "list", "--csv").out, run_ok("contact", "list", "--csv", "--names").out
    assert plain.splitlines()[0] == "contact,account,role,engaged.acquisition,asked"
    assert LEE not in plain
    assert f"champion,,,Zoë Müller-Ørsted,{LEE},CTO,'+49 30 1" in named


def test_an_adjustment_is_one_persons_word_with_author_and_reason(acme: Path) -> None:
    arguments = ["--track", "acquisition", "--points", "20", "--by", "anna", "--reason", "met the CEO"]
    done = run_ok("account", "adjust", "acme.com", *arguments)
    assert done.out == ("Recorded score.adjusted for acme.com.\n+20 points in acquisition, on the word of anna.\n")
    line = run_json("account", "acme.com", "--explain")["lines"][-1]
    assert (line["rule"], line["points"], line["done"]) == (
        "~adjusted",
        20,
        "one person's word: +20 points, by anna, met the CEO",
    )
    assert "one person's word:" in run_ok("account", "acme.com").out
    assert next_of()["missing"]["points"] < 10


def test_an_account_is_adjusted_by_its_name_too(acme: Path) -> None:
    arguments = ["--track", "acquisition", "--points", "-1", "--by", "anna", "--reason", "left"]
    assert run_json("account", "adjust", "ACME.com", *arguments)["account"] == "acme.com"


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--track", "aquisition", "--track aquisition: the model has no such track (did you mean 'acquisition'?)"),
        ("--track", "x", "--track x: the model has no such track; the tracks are acquisition"),
        ("--points", "0", "--points 0: write a number other than 0, at most 1,000,000 either way"),
        ("--points", "nan", "--points nan: write a number other than 0, at most 1,000,000 either way"),
        ("--points", "1e9", "--points 1e+09: write a number other than 0, at most 1,000,000 either way"),
        ("--by", " ", "--by: name who decided by a short name, or set STAFFEL_USER"),
        ("--reason", " ", "--reason: say why, in a few words"),
    ],
)
def test_an_adjustment_that_means_nothing_is_refused(acme: Path, option: str, value: str, why: str) -> None:
    options = {"--track": "acquisition", "--points": "5", "--by": "anna", "--reason": "because"} | {option: value}
    assert run_cli("account", "adjust", "acme.com", *(word for pair in options.items() for word in pair)).failure == (
        2,
        why,
    )
    assert "~adjusted" not in run_ok("account", "acme.com").out


def test_an_address_is_no_author(acme: Path) -> None:
    arguments = ["--track", "acquisition", "--points", "5", "--by", "anna@us.com", "--reason", "because"]
    code, why = run_cli("account", "adjust", "acme.com", *arguments).failure
    assert (code, why.startswith("--by anna@us.com: ")) == (2, True)


def test_an_unknown_account_is_not_adjusted(acme: Path) -> None:
    arguments = ["--track", "acquisition", "--points", "5", "--by", "anna", "--reason", "because"]
    assert run_cli("account", "adjust", "nobody.com", *arguments).failure == (
        1,
        "there is no account nobody.com; `staffel account register` creates one",
    )
