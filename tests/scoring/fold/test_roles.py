"""Roles at the edge of what numbers can hold."""

from tests.scoring import model_builders as models
from tests.scoring.fold_runner import fact, fold_report, plan_of


def test_what_has_faded_to_nothing_at_all_is_not_weighed_anew() -> None:
    model = models.content(models.rule(on="email.clicked", half_life="1h"), model={"roles": {"boss": 2}})
    long_after = "2026-02-25T10:00:00Z"
    clicked = fact("f1", "2026-01-05T09:00:00Z")
    named = fact("f2", long_after, "contact.identified", data={"role": "boss"})
    lines = fold_report(plan_of(model), [clicked, named], long_after)["tracks"]["acquisition"]["lines"]
    assert [line["rule"] for line in lines] == ["reply"]


def test_a_visitor_and_a_role_of_one_fact_are_weighed_in_one_line() -> None:
    model = models.content(models.rule(on="email.clicked"), model={"roles": {"boss": 2}})
    visited = fact("f1", "2026-01-05T09:00:00Z", contact="v_x")
    clicked = fact("f2", "2026-01-05T09:00:00Z")
    named = fact("f3", "2026-01-05T10:00:00Z", "contact.identified", data={"visitor": "v_x", "role": "boss"})
    lines = fold_report(plan_of(model), [visited, clicked, named], "2026-01-05T10:00:00Z")["tracks"]["acquisition"][
        "lines"
    ]
    assert [(line["contact"], line["rule"], line["points"], line["weight"]) for line in lines] == [
        ("v_x", "reply", 10, 1),
        ("c_a", "reply", 10, 1),
        ("c_a", "~role", 20, 1),
    ]
