"""Roles at the edge of what numbers can hold."""

from tests.scoring import models
from tests.scoring.folding import fact, plan_of, said


def test_what_has_faded_to_nothing_at_all_is_not_weighed_anew() -> None:
    model = models.content(models.rule(on="email.clicked", half_life="1h"), model={"roles": {"boss": 2}})
    long_after = "2026-02-25T10:00:00Z"
    clicked = fact("f1", "2026-01-05T09:00:00Z")
    named = fact("f2", long_after, "contact.identified", data={"role": "boss"})
    lines = said(plan_of(model), [clicked, named], long_after)["tracks"]["acquisition"]["lines"]
    assert [line["rule"] for line in lines] == ["reply"]
