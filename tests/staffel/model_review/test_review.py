"""`staffel model check` finds slips in models that can be loaded, with line and key, and what was probably meant."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake import Sources
from schemas import Problem
from scoring.model import load_model
from staffel.model_review import Review, SeenValues, review
from staffel.model_review.seen_values import seen_in
from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok

ROOT = Path(__file__).parents[3]
SHIPPED = sorted([*(ROOT / "scoring" / "models").glob("*.yaml"), ROOT / "examples" / "medtech" / "model.yaml"])
MODEL = """\
model: tiny
roles: {{{roles}}}
fit:
  rules:
    - {{{fit}, points: 1}}
tracks:
  sales:
    half_life: 30d
    when: {{{when}}}
    rules:
      - {{id: visit, {rule}}}
      - {{id: page, on: web.page_viewed, points: 1}}
handoff:
  routes:
{routes}
"""
PARTS = {
    "roles": "champion: 2",
    "fit": "field: employees, above: 10",
    "when": "customer: true",
    "rule": "on: web.page_viewed, points: 1",
    "routes": "    - {to: sdr}",
}
LINES = {"roles": 2, "fit": 5, "when": 9, "rule": 11}


def reviewed(seen: SeenValues | None = None, **parts: str) -> Review:
    text = MODEL.format(**(PARTS | parts))
    return review(load_model(text), text, "m.yaml", Sources(), seen or SeenValues())


def slips(seen: SeenValues | None = None, **parts: str) -> Iterator[tuple[str, str, str]]:
    """Kind, key and message of everything that is found, without what no source keeps."""
    found = reviewed(seen, **parts)
    lists = {"error": found.errors, "warning": found.warnings, "note": found.notes}
    for kind, problems in lists.items():
        yield from ((kind, each.key, each.message) for each in problems if "no source keeps" not in each.message)


RULE = "tracks.sales.rules[0]"


@pytest.mark.parametrize(
    ("rule", "key", "owner_and_field", "meant"),
    [
        ("on: web.searched, where: {urll: x}, points: 1", "where.urll", "web.searched has no field `urll`", "url"),
        ("on: web.searched, where: {URL: x}, points: 1", "where.URL", "web.searched has no field `URL`", "url"),
        (
            "on: web.page_viewed, where: {durationS: {above: 9}}, points: 1", "where.durationS",
            "web.page_viewed has no field `durationS`", "duration_s",
        ),
        (
            "on: custom.tracked, where: {propertis.plan: x}, points: 1", "where.propertis.plan",
            "custom.tracked has no field `propertis`", "properties",
        ),
        (
            "on: [meeting.held, call.connected], points: {field: minuts}", "points",
            "meeting.held or call.connected has no field `minuts`", "minutes",
        ),
        (
            "on: email.clicked, points: 1, at_most: 1 per contact and mesage ever", "at_most",
            "email.clicked has no field `mesage`", "message",
        ),
        (
            "on: opportunity.won, where: {amout: {above: 9}}, points: 1", "where.amout",
            "opportunity.won has no field `amout`", "amount",
        ),
    ],
)  # fmt: skip
def test_a_misspelt_field_of_facts_is_told_with_what_was_meant(
    rule: str, key: str, owner_and_field: str, meant: str
) -> None:
    assert list(slips(rule=rule)) == [("warning", f"{RULE}.{key}", f"{owner_and_field} (did you mean {meant!r}?)")]


@pytest.mark.parametrize(
    ("part", "text", "key", "field", "meant"),
    [
        ("fit", "field: industri, equals: biotech", "fit.rules[0]", "industri", "industry"),
        ("fit", "field: Employees, above: 10", "fit.rules[0]", "Employees", "employees"),
        ("when", "customers: true", "tracks.sales.when.customers", "customers", "customer"),
        (
            "routes", "    - {when: {segmnt: smb}, to: smb_team}\n    - {to: sdr}", "handoff.routes[0].when.segmnt",
            "segmnt", "segment",
        ),
    ],
)  # fmt: skip
def test_a_misspelt_field_of_accounts_is_told_wherever_it_is_read(
    part: str, text: str, key: str, field: str, meant: str
) -> None:
    message = f"an account has no field `{field}` (did you mean {meant!r}?)"
    assert list(slips(**{part: text})) == [("warning", key, message)]


def test_a_field_that_no_type_has_is_told_with_those_that_there_are() -> None:
    assert list(slips(rule="on: opportunity.won, where: {colour: red}, points: 1")) == [
        (
            "warning",
            f"{RULE}.where.colour",
            "opportunity.won has no field `colour`; it has amount, currency, handoff, opportunity, reason, stage",
        )
    ]


def test_a_field_of_accounts_that_this_home_knows_is_no_slip() -> None:
    unknown = [
        (
            "warning",
            "fit.rules[0]",
            "an account has no field `floors`, unless CloudEvents tell it; `staffel model fields` lists all",
        )
    ]
    assert list(slips(fit="field: floors, above: 3")) == unknown
    assert list(slips(SeenValues(fields=Counter({"floors": 2})), fit="field: floors, above: 3")) == []


@pytest.mark.parametrize(
    ("operand", "path", "message"),
    [
        ("equals: Germany", ".equals", "countries are codes of ISO 3166, and 'Germany' is none (did you mean 'DE'?)"),
        ("equals: de", ".equals", "countries are codes of ISO 3166, and 'de' is none (did you mean 'DE'?)"),
        ("equals: UK", ".equals", "countries are codes of ISO 3166, and 'UK' is none (did you mean 'GB'?)"),
        (
            "any_of: [AT, Schweiz]", ".any_of[1]",
            "countries are codes of ISO 3166, and 'Schweiz' is none (did you mean 'CH'?)",
        ),
        ("any_of: [AT, Atlantis]", ".any_of[1]", "'Atlantis' is no country; write a code of ISO 3166 such as 'DE'"),
        (
            "exists: true, not: {any_of: [Deutschland]}", ".not.any_of[0]",
            "countries are codes of ISO 3166, and 'Deutschland' is none (did you mean 'DE'?)",
        ),
    ],
)  # fmt: skip
def test_countries_are_codes_as_tables_and_calls_are_read(operand: str, path: str, message: str) -> None:
    assert list(slips(fit=f"field: country, {operand}")) == [("warning", f"fit.rules[0]{path}", message)]


@pytest.mark.parametrize(
    ("operand", "path", "part"),
    [("prefix: Ger", ".prefix", "Ger"), ("contains: land", ".contains", "land"), ("prefix: d", ".prefix", "d")],
)
def test_parts_of_names_of_countries_are_told(operand: str, path: str, part: str) -> None:
    message = f"countries are codes of two capital letters, which hold no {part!r}"
    assert list(slips(fit=f"field: country, {operand}")) == [("warning", f"fit.rules[0]{path}", message)]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("no-budget", "did you mean 'no_budget'?"),
        ("price", "they are timing, budget, no_budget"),
    ],
)
def test_reasons_of_sales_are_those_of_the_model(word: str, hint: str) -> None:
    reasons = "    - {to: sdr}\n  reasons: {reject: [timing, budget, no_budget]}"
    rule = f"on: handoff.rejected, where: {{reason: {word}}}, points: -1"
    message = f"{word!r} is no reason of `handoff.reasons` ({hint})"
    assert list(slips(rule=rule, routes=reasons)) == [("warning", f"{RULE}.where.reason", message)]
    assert list(slips(rule="on: handoff.rejected, where: {reason: timing}, points: -1", routes=reasons)) == []


@pytest.mark.parametrize(
    ("rule", "key", "message"),
    [
        (
            "on: nps.answered, where: {score: {above: 10}}, points: 1", "where.score.above",
            "`score` is 0 at least and 10 at most",
        ),
        ("on: nps.answered, where: {score: 11}, points: 1", "where.score", "`score` is 0 at least and 10 at most"),
        (
            "on: meeting.held, where: {minutes: {below: 0}}, points: 1", "where.minutes.below",
            "`minutes` is 0 at least",
        ),
    ],
)  # fmt: skip
def test_numbers_that_a_field_never_has_are_errors(rule: str, key: str, message: str) -> None:
    assert list(slips(rule=rule)) == [("error", f"{RULE}.{key}", message)]


@pytest.mark.parametrize("code", ["DE", "GB", "XK", "US"])
def test_a_code_of_a_country_is_right(code: str) -> None:
    assert list(slips(fit=f"field: country, equals: {code}")) == []


def test_words_that_accounts_write_otherwise_are_told() -> None:
    seen = seen_in([{"industry": "biotechnology"}, {"segment": "enterprise", "owner": "anna"}], Counter())
    assert list(slips(seen, fit="field: industry, any_of: [Bio-Technology, pharma]")) == [
        (
            "warning",
            "fit.rules[0].any_of[0]",
            "no account here has the industry 'Bio-Technology' (did you mean 'biotechnology'?)",
        )
    ]
    assert list(slips(fit="field: industry, equals: Bio-Technology")) == []


def test_roles_that_no_contact_has_are_told_with_the_usual_ones_and_those_of_this_home() -> None:
    seen = SeenValues(roles=Counter({"lab_head": 3}))
    assert list(slips(seen, roles="decision_makr: 2, Lab-Head: 2, champion: 1, unknown: 1")) == [
        ("warning", "roles.decision_makr", "no contact has the role 'decision_makr' (did you mean 'decision_maker'?)"),
        ("warning", "roles.Lab-Head", "no contact has the role 'Lab-Head' (did you mean 'lab_head'?)"),
    ]
    assert list(slips(rule="on: contact.identified, where: {role: Champion}, points: 1")) == [
        ("warning", f"{RULE}.where.role", "no contact has the role 'Champion' (did you mean 'champion'?)")
    ]


def test_a_role_that_nobody_here_has_is_noted() -> None:
    seen = SeenValues(roles=Counter({"buyer": 3, "champion": 1}))
    note = "no contact here has the role 'kingmaker'; they have buyer, champion"
    assert list(slips(seen, roles="kingmaker: 2, buyer: 1, user: 1")) == [("note", "roles.kingmaker", note)]


def test_a_route_behind_one_that_always_applies_is_told() -> None:
    assert list(slips(routes="    - {to: sdr}\n    - {when: {customer: true}, to: account_manager}")) == [
        ("warning", "handoff.routes[1]", "never used: the route to 'sdr' before it always applies")
    ]


NOTE = "also holds where `{}` is not known; `exists: true` beside `not` leaves those out"


@pytest.mark.parametrize(
    ("part", "text", "key", "field"),
    [
        ("when", "customer: {not: {equals: true}}", "tracks.sales.when.customer.not", "customer"),
        ("fit", "field: industry, not: {any_of: [retail]}", "fit.rules[0].not", "industry"),
        (
            "rule",
            "on: meeting.held, where: {minutes: {not: {below: 5}}}, points: 1",
            f"{RULE}.where.minutes.not",
            "minutes",
        ),
    ],
)
def test_a_not_that_takes_the_unknown_is_noted_with_the_way_to_leave_it_out(
    part: str, text: str, key: str, field: str
) -> None:
    assert list(slips(**{part: text})) == [("note", key, NOTE.format(field))]


@pytest.mark.parametrize(
    "where",
    [
        "minutes: {exists: true, not: {below: 5}}",
        "minutes: {above: 1, not: {equals: 7}}",
        "minutes: {not: {exists: true}}",
    ],
)
def test_a_not_that_needs_a_value_is_not_noted(where: str) -> None:
    assert list(slips(rule=f"on: meeting.held, where: {{{where}}}, points: 1")) == []


def test_that_no_machine_acted_is_not_noted() -> None:
    assert list(slips(rule="on: email.opened, where: {machine: {not: {equals: true}}}, points: 1")) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_is_wrong_with_the_models_that_come_along(path: Path) -> None:
    text = path.read_text("utf-8")
    found = review(load_model(text), text, path.name, Sources(), SeenValues())
    kept = [each for each in found.warnings if "no source keeps" not in each.message]
    assert (found.errors, kept) == ([], [])


def test_the_command_tells_line_and_key_and_fails_for_errors_alone(home: Path) -> None:
    shutil.rmtree(home)
    Path("m.yaml").write_text(MODEL.format(**PARTS | {"rule": "on: web.page_viewed, where: {urll: x}, points: 1"}))
    answer = run_ok("model", "check", "m.yaml")
    assert answer.err.splitlines()[0] == (
        f"warning: m.yaml:{LINES['rule']}: {RULE}.where.urll: web.page_viewed has no field `urll` (did you mean 'url'?)"
    )
    assert answer.out == "m.yaml: tiny is valid: 2 rules in sales\n"
    Path("m.yaml").write_text(MODEL.format(**PARTS | {"when": "customer: 'yes', country: {not: {equals: DE}}"}))
    never = "`customer` is true or false, and yes is text; write true without quotes"
    note = NOTE.format("country")
    assert run_cli("model", "check", "m.yaml").failure == (
        1,
        f"m.yaml:{LINES['when']}: tracks.sales.when.customer: {never}",
    )
    assert not home.exists()
    Path("m.yaml").write_text(MODEL.format(**PARTS | {"when": "country: {not: {equals: DE}}"}))
    assert run_ok("model", "check", "m.yaml").out.splitlines()[1:] == [
        f"note: m.yaml:{LINES['when']}: tracks.sales.when.country.not: {note}"
    ]
    Path("m.yaml").write_text(MODEL.format(**PARTS | {"when": "customer: 'yes', country: {not: {equals: DE}}"}))
    answer = run_cli("model", "check", "m.yaml", "--json")
    place = {"file": "m.yaml", "line": LINES["when"]}
    assert (answer.code, answer.parsed["problems"], answer.parsed["warnings"], answer.parsed["notes"]) == (
        1,
        [{**place, "key": "tracks.sales.when.customer", "message": never}],
        [],
        [{**place, "key": "tracks.sales.when.country.not", "message": note}],
    )


def test_a_misspelt_type_of_facts_is_an_error_with_what_was_meant() -> None:
    Path("m.yaml").write_text(MODEL.format(**PARTS | {"rule": "on: web.page_view, points: 1"}))
    message = f"m.yaml:{LINES['rule']}: {RULE}.on: unknown event type 'web.page_view' (did you mean 'web.page_viewed'?)"
    assert run_cli("model", "check", "m.yaml").failure == (1, message)


def test_the_values_of_this_home_are_those_of_its_accounts() -> None:
    run_ok("account", "register", "acme.com", "--industry", "biotechnology")
    Path("m.yaml").write_text(MODEL.format(**PARTS | {"fit": "field: industry, equals: Biotechnolgy"}))
    [warning] = run_json("model", "check", "m.yaml")["warnings"]
    assert warning["message"] == "no account here has the industry 'Biotechnolgy' (did you mean 'biotechnology'?)"


def test_problems_come_in_the_order_of_the_lines() -> None:
    found = reviewed(fit="field: country, equals: Germany", roles="Champion: 1", when="customers: true")
    assert [problem.line for problem in found.warnings] == [LINES["roles"], LINES["fit"], LINES["when"]]
    assert all(isinstance(problem, Problem) for problem in found.warnings)
