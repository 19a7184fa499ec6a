"""The models that `staffel init` writes: each is valid, and scores accounts that nobody has registered."""

from pathlib import Path

import pytest

from scoring.model.definition import ScoringModel
from scoring.model.loading import load_model
from scoring.plan.compiler import compile_model
from staffel.connect import TEMPLATES, template_text
from tests.scoring.fold_runner import VERSION, Json, fact, fold_report

MODELS = Path(__file__).parents[3] / "scoring" / "models"
ANN, BOB = "c_ann", "c_bob"

every_template = pytest.mark.parametrize("name", TEMPLATES)


def model_of(name: str) -> ScoringModel:
    return load_model(template_text(name), f"{name}.yaml")


def page(id: str, time: str, path: str = "/", contact: str = ANN) -> Json:
    return fact(id, time, "web.page_viewed", contact, data={"url": f"https://www.example.com{path}"})


STORIES = {
    "default": [
        page("v1", "2026-03-02T09:00:00Z", "/pricing"),
        fact("w1", "2026-03-03T09:00:00Z", "event.attended", ANN, data={"kind": "webinar"}),
        fact("m1", "2026-03-05T09:00:00Z", "meeting.held", BOB),
        fact("r1", "2026-03-06T09:00:00Z", "email.replied", ANN),
    ],
    "saas": [
        page("v1", "2026-03-02T09:00:00Z", "/pricing"),
        fact("s1", "2026-03-02T09:30:00Z", "product.signed_up", ANN),
        fact("t1", "2026-03-03T09:30:00Z", "product.trial_started", ANN),
        fact("u1", "2026-03-04T09:30:00Z", "product.used", BOB, data={"feature": "export"}),
        fact("m1", "2026-03-06T09:00:00Z", "meeting.booked", BOB),
    ],
    "industry": [
        page("v1", "2026-03-02T09:00:00Z", "/produkte/pumpen"),
        fact("d1", "2026-03-02T09:10:00Z", "web.content_downloaded", ANN),
        fact("e1", "2026-03-10T09:00:00Z", "event.attended", ANN, data={"kind": "trade_fair"}),
        fact("b1", "2026-03-12T09:00:00Z", "email.received", BOB),
        fact("c1", "2026-03-13T09:00:00Z", "call.connected", "c_cem"),
        fact("m1", "2026-03-19T09:00:00Z", "meeting.held", BOB),
        fact("r1", "2026-03-20T09:00:00Z", "email.replied", ANN),
    ],
    "services": [
        page("v1", "2026-03-02T09:00:00Z", "/leistungen"),
        fact("x1", "2026-03-03T09:00:00Z", "email.received", ANN),
        fact("c1", "2026-03-05T09:00:00Z", "call.connected", BOB),
        fact("m1", "2026-03-10T09:00:00Z", "meeting.held", ANN),
    ],
}
"""What people of a company do within three weeks, before sales talks to it."""
REGISTERED = fact("known", "2026-03-01T09:00:00Z", "account.registered", None, data={"target": True, "employees": 400})
CUSTOMER = fact("known", "2026-03-01T09:00:00Z", "account.registered", None, data={"customer": True, "employees": 400})


def acquisition(name: str, facts: list[Json]) -> Json:
    return dict(fold_report(compile_model(model_of(name), VERSION), facts, "2026-03-21T09:00:00Z"))["tracks"][
        "acquisition"
    ]


def test_every_model_beside_the_code_is_a_template() -> None:
    assert sorted(path.stem for path in MODELS.glob("*.yaml")) == sorted(TEMPLATES)


@every_template
def test_a_template_is_valid_and_called_like_its_file(name: str) -> None:
    assert model_of(name).model == name


@every_template
def test_a_company_that_no_crm_knows_passes_its_stages(name: str) -> None:
    passed = [change["to"] for change in acquisition(name, STORIES[name])["stages"]]
    assert passed == ["aware", "engaged"]


@every_template
def test_sales_gets_a_company_that_fits(name: str) -> None:
    handoffs = acquisition(name, [REGISTERED, *STORIES[name]])["handoffs"]
    assert [handoff["status"] for handoff in handoffs] == ["proposed"]


@every_template
def test_a_customer_is_no_new_business(name: str) -> None:
    assert acquisition(name, [CUSTOMER, *STORIES[name]])["stage"] is None


@every_template
def test_what_cannot_wait_is_answered_within_opening_hours(name: str) -> None:
    handoff = model_of(name).handoff
    assert handoff is not None
    assert handoff.service_level is not None
    act_now = handoff.service_level.act_now
    assert act_now is not None
    assert (act_now.minutes, act_now.business) == (15, True)


@every_template
def test_nobody_is_handed_over_for_reading_alone(name: str) -> None:
    days = [
        page(f"{day}-{n}", f"2026-03-{day:02}T09:{n:02}:00Z", "/products/pricing-services")
        for day in range(2, 21)
        for n in range(20)
    ]
    assert acquisition(name, [REGISTERED, *days])["handoffs"] == []
