"""`staffel model check` warns of rules that read what no source keeps."""

from pathlib import Path

import pytest

from tests.staffel.cli.cli_runner import run_ok

MODEL = """\
model: tiny
roles: {unknown: 1.0}
tracks:
  sales:
    half_life: 30d
    rules:
      - {id: offer, on: email.replied, where: {subject: {contains: Offer}}, points: 1}
      - {id: prices, on: web.page_viewed, where: {title: Prices}, points: 1}
      - {id: search, on: web.searched, where: {query: {exists: true}}, points: 1}
      - {id: plan, on: custom.tracked, where: {name: Plan, properties.plan: team}, points: {field: properties.seats}}
      - {id: product, on: web.page_viewed, where: {url: {matches: "[?&]product=x&utm_source=y"}}, points: 1}
      - {id: secret, on: custom.tracked, where: {properties.email: {exists: true}}, points: 1}
      - {id: own, on: web.form_submitted, where: {form: demo, basket: 3}, points: 1}
      - {id: fine, on: [email.clicked, web.page_viewed], where: {url: {path_prefix: /pricing}, bot: false}, points: 1}
      - {id: said, on: handoff.rejected, where: {reason: {contains: Budget}}, points: 1}
    stages:
      - {name: warm, enter: 10, leave: 5}
"""
SOURCES = """\
mbox/sales: {keep: {subjects: true}}
segment/website: {keep: {titles: true, searches: true, properties: [Plan, seats], query: [product]}}
"""


@pytest.fixture
def model(home: Path) -> Path:
    path = home.parent / "model.yaml"
    path.write_text(MODEL)
    return path


def test_every_field_that_no_source_keeps_is_told_with_the_setting_that_keeps_it(model: Path) -> None:
    rule = "tracks.sales.rules"
    assert run_ok("model", "check", "model.yaml").err.splitlines() == [
        f"warning: model.yaml:{line}: {rule}[{line - 7}].{key}: reads {what}, which no source keeps; {remedy}"
        for line, key, what, remedy in [
            (7, "where.subject", "`subject`", "allow it in STAFFEL_SOURCES (`keep: {subjects: true}`)"),
            (8, "where.title", "`title`", "allow it in STAFFEL_SOURCES (`keep: {titles: true}`)"),
            (9, "where.query", "`query`", "allow it in STAFFEL_SOURCES (`keep: {searches: true}`)"),
            (
                *(10, "where.properties.plan", "`properties.plan`"),
                "allow it in STAFFEL_SOURCES (`keep: {properties: [plan]}`)",
            ),
            (10, "points", "`properties.seats`", "allow it in STAFFEL_SOURCES (`keep: {properties: [seats]}`)"),
            (
                *(11, "where.url", "the parameter product of url"),
                "allow it in STAFFEL_SOURCES (`keep: {query: [product]}`)",
            ),
            (12, "where.properties.email", "`properties.email`", "only CloudEvents files carry it"),
            (13, "where.basket", "`basket`", "only CloudEvents files carry it"),
        ]
    ]


def test_what_one_source_keeps_is_no_problem(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (model.parent / "sources.yaml").write_text(SOURCES)
    monkeypatch.setenv("STAFFEL_SOURCES", "sources.yaml")

    result = run_ok("model", "check", "model.yaml")

    assert [line.split(": ")[2].rpartition(".")[2] for line in result.err.splitlines()] == ["email", "basket"]


def test_the_examples_need_no_further_settings() -> None:
    root = Path(__file__).parents[3]
    for model in ("scoring/models/default.yaml", "examples/medtech/model.yaml"):
        assert run_ok("model", "check", root / model).err == ""


@pytest.mark.usefixtures("model")
def test_warnings_are_part_of_the_json() -> None:
    Path("model.yaml").write_text(MODEL.replace("title: Prices", "url: /prices"))

    checked = run_ok("model", "check", "model.yaml", "--json").parsed

    assert checked["problems"] == []
    assert checked["warnings"][0] == {
        "file": "model.yaml",
        "line": 7,
        "key": "tracks.sales.rules[0].where.subject",
        "message": "reads `subject`, which no source keeps; allow it in STAFFEL_SOURCES (`keep: {subjects: true}`)",
    }
