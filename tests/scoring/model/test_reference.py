"""The reference page says what the classes say."""

from pathlib import Path

from scoring.model.loading import load_model
from scoring.model.reference import reference_page

PAGE = Path(__file__).parents[3] / "docs" / "model-reference.md"


def test_the_reference_is_current() -> None:
    assert PAGE.read_text("utf-8") == reference_page(), (
        "run `python -m scoring.model.reference > docs/model-reference.md`"
    )


def test_every_key_has_a_meaning() -> None:
    rows = [line for line in reference_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row for row in rows if row.endswith("|  |")] == []


def test_the_defaults_it_names_are_those_of_an_empty_handoff() -> None:
    model = load_model("model: m\ntracks: {a: {rules: [{id: r, on: email.replied, points: 1}]}}")
    assert (model.handoff.recycle_cooldown, model.handoff.act_now_hold) == (30 * 24, 30 * 24)
