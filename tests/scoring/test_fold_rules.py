"""Rules that no vector tells apart."""

import pytest

from tests.scoring import models
from tests.scoring.folding import fact, plan_of, said

ENGAGING = (
    "web.searched email.delivered meeting.booked event.registered call.connected chat.held ad.clicked product.used "
    "custom.tracked referral.made"
)
OTHERS = "nps.answered opportunity.opened account.updated contact.suppressed review.due score.adjusted"


def cooling_after(type: str, contact: str | None = "c_a", **content: object) -> str | None:
    """The end of a cool-down that still stands after such a fact at its end; rules are about other facts."""
    stages = (models.stage(enter=10, leave=5, handoff=True),)
    model = models.content(models.rule(), stages=stages, model={"handoff": {"recycle_cooldown": "1d"}})
    replied = fact("f1", "2026-01-05T09:00:00Z", "email.replied")
    rejected = fact("f2", "2026-01-05T10:00:00Z", "handoff.rejected", None, data={"handoff": "acme.com/acquisition/1"})
    last = fact("f3", "2026-01-06T10:00:00Z", type, contact, data=content)
    track = said(plan_of(model), [replied, rejected, last], "2026-01-06T10:00:00Z")["tracks"]["acquisition"]
    until: str | None = track["cooling_until"]
    return until


@pytest.mark.parametrize("type", ENGAGING.split())
def test_what_people_outside_do_ends_a_cool_down(type: str) -> None:
    assert cooling_after(type) is None


@pytest.mark.parametrize("type", OTHERS.split())
def test_nothing_else_does(type: str) -> None:
    assert cooling_after(type) == "2026-01-06T10:00:00.000Z"


def test_nor_does_a_bot() -> None:
    assert cooling_after("web.searched", bot=True) == "2026-01-06T10:00:00.000Z"
