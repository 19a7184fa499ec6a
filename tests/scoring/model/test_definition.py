"""What the words of the model language mean once they are read."""

from pathlib import Path

import pytest

from scoring.model.loading import (
    Breadth,
    Cap,
    Condition,
    FieldPoints,
    canonical,
    load_model,
    model_from_dict,
    version_of,
)
from scoring.model.terms import OPERATORS
from tests.scoring.model_builders import build_model, content, rule, stage, track

DEFAULT = Path(__file__).parents[3] / "scoring" / "models" / "default.yaml"


def test_the_default_model_is_a_model_of_two_tracks() -> None:
    model = load_model(DEFAULT.read_text("utf-8"), "default.yaml")
    assert {name: [stage.name for stage in track.stages] for name, track in model.tracks.items()} == {
        "acquisition": ["aware", "engaged", "sqa"],
        "expansion": ["growing", "expansion_ready"],
    }


def test_the_default_model_in_plain_form_is_the_same_model() -> None:
    model = load_model(DEFAULT.read_text("utf-8"))
    assert model_from_dict(canonical(model)) == model


def test_a_rule_takes_its_tracks_half_life_and_none_never_fades() -> None:
    rules = [rule("a"), rule("b", half_life="36h"), rule("c", half_life="none"), rule("d", half_life="14d")]
    half_lives = [one.half_life for one in build_model(*rules, half_life="30d").tracks["acquisition"].rules]
    assert half_lives == [720, 36, None, 336]


def test_without_any_half_life_nothing_fades() -> None:
    assert build_model(rule()).tracks["acquisition"].rules[0].half_life is None


@pytest.mark.parametrize(
    ("text", "cap"),
    [
        ("1 per contact per day", Cap(n=1, per="contact", window="day")),
        ("20 per account per quarter", Cap(n=20, per="account", window="quarter")),
        ("1 per contact and message ever", Cap(n=1, per="contact", field="message", window="ever")),
        ("3 per account and properties.plan per week", Cap(n=3, per="account", field="properties.plan", window="week")),
        ("2 per contact ever", Cap(n=2, per="contact", window="ever")),
    ],
)
def test_a_cap_says_the_same_in_words_and_in_parts(text: str, cap: Cap) -> None:
    assert Cap.model_validate(text) == cap
    assert cap.text == text


def test_a_bare_value_is_short_for_equals_and_keeps_its_kind() -> None:
    where = build_model(rule(where={"a": False, "b": 0, "c": "NO", "d": 1.5})).tracks["acquisition"].rules[0].where
    assert {field: condition.equals for field, condition in where.items()} == {"a": False, "b": 0, "c": "NO", "d": 1.5}
    assert where["a"].equals is False


def test_every_operator_is_read_and_not_turns_one_round() -> None:
    where = {
        "a": {"any_of": ["x", 1], "contains": "x", "prefix": "x", "path_prefix": "/x", "matches": "^x$"},
        "b": {"above": 1, "below": 3, "between": [1, 3], "exists": True},
        "c": {"not": {"equals": "x"}},
    }
    read = build_model(rule(where=where)).tracks["acquisition"].rules[0].where
    assert read["a"] == Condition(any_of=("x", 1), contains="x", prefix="x", path_prefix="/x", matches="^x$")
    assert read["b"] == Condition(above=1.0, below=3.0, between=(1.0, 3.0), exists=True)
    assert read["c"] == Condition(not_=Condition(equals="x"))
    assert set(OPERATORS) == {key for conditions in where.values() for key in conditions} | {"equals"}


def test_points_are_a_number_or_read_from_a_field() -> None:
    rules = build_model(rule("a"), rule("b", points={"field": "minutes", "up_to": 60})).tracks["acquisition"].rules
    assert [one.points for one in rules] == [10.0, FieldPoints(field="minutes", times=1.0, up_to=60.0)]


def test_breadth_is_contacts_within_days() -> None:
    assert build_model(stages=(stage(contacts="2 within 90d"),)).tracks["acquisition"].stages[0].contacts == (
        Breadth(contacts=2, days=90)
    )


def test_only_true_and_false_are_booleans_and_a_day_stays_a_word() -> None:
    text = """
model: NO
tracks:
  on:
    rules:
      - id: off
        on: email.replied
        points: 1
        where: {country: NO, active: true, since: 2026-01-05, answer: yes, shout: TRUE}
"""
    where = load_model(text).tracks["on"].rules[0].where
    assert {field: condition.equals for field, condition in where.items()} == {
        "country": "NO", "active": True, "since": "2026-01-05", "answer": "yes", "shout": "TRUE",
    }  # fmt: skip


def test_equal_models_have_one_version_however_they_are_written() -> None:
    one = build_model(rule(half_life="30d", on=["email.replied"], where={"a": {"equals": "x"}}))
    other = build_model(rule(where={"a": "x"}, points=10.0), half_life="720h")
    assert canonical(one)["tracks"]["acquisition"]["rules"] == canonical(other)["tracks"]["acquisition"]["rules"]
    assert version_of(one, 3) == version_of(model_from_dict(canonical(one)), 3)
    assert version_of(one, 3).startswith("test-3-")
    assert version_of(one, 3) != version_of(build_model(rule(points=11)), 3)


def test_the_order_of_rules_belongs_to_the_version() -> None:
    assert version_of(build_model(rule("a"), rule("b")), 1) != version_of(build_model(rule("b"), rule("a")), 1)


def test_the_plain_form_is_written_in_the_language_itself() -> None:
    original = content(
        rule(where={"url": {"path_prefix": "/x"}}, at_most="1 per contact per day", half_life="14d"),
        stages=(stage(contacts="2 within 90d", fit=["A"], handoff=True),),
        model={
            "fit": {"rules": [{"field": "employees", "between": [1, 9], "points": 80}], "grades": {"A": 80}},
            "handoff": {
                "service_level": {"accept_within": "4 business hours", "hours": "Mon-Fri 09:00-18:00"},
                "routes": [{"when": {"customer": True}, "to": "am"}],
                "recycle_cooldown": "10d",
            },
        },
    )
    written = canonical(model_from_dict(original))
    original["tracks"]["acquisition"]["rules"][0]["on"] = ["email.replied"]
    original["handoff"]["routes"][0]["when"] = {"customer": {"equals": True}}
    assert written == original


def test_conditions_on_the_account_open_a_tracks_stages() -> None:
    model = model_from_dict({"model": "m", "tracks": {"a": track(when={"customer": False})}})
    assert model.tracks["a"].when == {"customer": Condition(equals=False)}
