"""`staffel model types` and `staffel model fields`: what a model may read, and what this home has."""

import shutil
from pathlib import Path

from schemas.facts import RULE_TYPES
from staffel.model_review.fact_types_page import types_page
from tests.staffel.cli.cli_runner import cloud_event, run_cli, run_json, run_ok, write_lines

PAGE = Path(__file__).parents[3] / "docs" / "fact-types.md"


def test_the_page_of_fact_types_is_current() -> None:
    command = "python -m staffel.model_review.fact_types_page > docs/fact-types.md"
    assert PAGE.read_text("utf-8") == types_page(), f"run `{command}`"


def test_the_types_are_those_that_rules_may_name() -> None:
    rows = run_json("model", "types")
    assert [row["type"] for row in rows] == list(RULE_TYPES)
    assert {"model.activated", "account.merged", "score.adjusted"} & {row["type"] for row in rows} == set()


def test_a_type_is_shown_with_its_fields_and_a_sample() -> None:
    assert run_json("model", "types", "web.searched") == {
        "type": "web.searched",
        "meaning": "somebody searched on your site",
        "engages": True,
        "fields": [
            {
                "field": "query", "kind": "text", "meaning": "what was searched for",
                "setting": "keep: {searches: true}",
            },
            {
                "field": "url", "kind": "text", "meaning": "address of the page, without most of its parameters",
                "setting": None,
            },
            {
                "field": "bot", "kind": "true or false", "meaning": "made by a program; such facts match no rule",
                "setting": None,
            },
        ],
        "sample": {"query": "price list", "url": "https://www.example.com/pricing"},
    }  # fmt: skip
    shown = run_ok("model", "types", "web.searched").out.splitlines()
    assert shown[0] == "web.searched: somebody searched on your site; an act of a person, which engages a contact"
    assert shown[-1] == 'Sample: {"query":"price list","url":"https://www.example.com/pricing"}'


def test_a_type_that_does_not_exist_is_told_with_what_was_meant() -> None:
    message = (
        "web.page_view: no fact type that rules may name (did you mean 'web.page_viewed'?); "
        "`staffel model types` lists them"
    )
    assert run_cli("model", "types", "web.page_view").failure == (2, message)


def test_the_fields_of_accounts_need_no_home_and_make_none(home: Path) -> None:
    shutil.rmtree(home)
    rows = run_json("model", "fields")
    assert [row["field"] for row in rows] == [
        "name", "domains", "industry", "employees", "revenue", "country", "segment", "owner", "customer", "target",
        "parent",
    ]  # fmt: skip
    assert {(row["accounts"], row["values"]) for row in rows} == {(0, None)}
    assert not home.exists()


def test_the_values_of_this_home_are_shown_without_what_may_name_persons() -> None:
    companies = [
        {
            "industry": "biotechnology",
            "employees": 40,
            "owner": "anna",
            "name": "Dr. Pat Lee Consulting",
            "customer": True,
        },
        {"industry": "biotechnology", "employees": 1200, "country": "DE"},
        {"industry": "retail", "employees": None},
    ]
    write_lines(
        Path("facts.jsonl"),
        *(
            cloud_event(f"r{n}", "account.registered", subject=f"a{n}.com", data=data)
            for n, data in enumerate(companies)
        ),
    )
    run_ok("ingest", "cloudevents", "facts.jsonl")
    run_ok("contact", "add", "pat@a0.com", "--name", "Pat Lee", "--role", "champion")
    rows = {row.pop("field"): row for row in run_json("model", "fields")}
    assert (rows["industry"]["accounts"], rows["industry"]["values"]) == (
        3,
        [{"value": "biotechnology", "accounts": 2}, {"value": "retail", "accounts": 1}],
    )
    assert (rows["employees"]["accounts"], rows["employees"]["least"], rows["employees"]["greatest"]) == (2, 40, 1200)
    assert rows["customer"]["values"] == [{"value": True, "accounts": 1}]
    assert (rows["owner"]["accounts"], rows["owner"]["values"]) == (1, None)
    shown = run_ok("model", "fields").out
    assert "biotechnology 2, retail 1" in " ".join(shown.split())
    assert shown.endswith("Roles of contacts here: champion 1\n")
    assert not any(name in shown + run_ok("model", "fields", "--csv").out for name in ("anna", "Pat", "Lee"))
