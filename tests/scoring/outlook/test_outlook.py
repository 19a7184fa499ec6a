"""What is missing for the next stage, and when the present one falls: exactly what the fold will decide."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from schemas.times import format_time, parse_time
from scoring.fold.breadth import mark_engaged
from scoring.fold.contributions import contact_for_update
from scoring.fold.state import Account, TrackState
from scoring.fold.valuation import account_copy_at, track_scores
from scoring.outlook import TrackOutlook, outlook_of
from streams.scorer.partition_fold import PartitionFold
from tests.scoring.fold_runner import ACME, Json, fact, fold_facts, plan_of, record_of
from tests.scoring.model_builders import content, rule, stage
from tests.scoring.world_strategies import World, busy_worlds, worlds

EXAMPLES = settings(max_examples=50, derandomize=True, suppress_health_check=list(HealthCheck))
ANY_WORLD = worlds() | busy_worlds()
HOUR = 3_600_000
SMALLEST = 0.00001
"""Points less than this are rounded away where a score is compared."""


class Standing:
    """A fold after the facts of a world, and its account valued later: what the outlook is asked of."""

    def __init__(self, world: World, hours: int) -> None:
        self.plan = plan_of(world.model)
        self.fold = fold_facts(self.plan, [each for each in world.facts if each["subject"] == ACME])
        at = self.account.clock + hours * HOUR
        self.apply("review.due", at)

    @property
    def account(self) -> Account:
        return self.fold.accounts[ACME]

    def apply(self, type: str, at: int, **data: object) -> None:
        later = {"subject": ACME, **fact(f"later {self.fold.facts}", format_time(at), type, None, data=data)}
        assert self.fold.apply(record_of(later, 1_000_000 + self.fold.facts)) is None

    def outlook(self, track: int) -> TrackOutlook:
        return outlook_of(self.account, self.plan)[track]

    def state(self, track: int) -> TrackState:
        return self.account.tracks[track]

    def provide(self, track: int, points: float, contacts: int) -> bool:
        """Whether the next stage is entered with these points, contacts engaged today and the fit that is missing."""
        state, outlook, account = self.state(track), self.outlook(track), self.account
        before = state.stage
        for number in range(contacts):
            contact = contact_for_update(account, f"c_new{number}", self.plan)
            mark_engaged(account, contact, account.today, 1 << track)
        if outlook.missing.fit is not None:
            account.grade = outlook.missing.fit[0]
        self.apply("score.adjusted", account.clock, track=state.plan.name, points=points)
        return state.stage > before


def standing(world: World, hours: int, track: int) -> Standing:
    assume(any(each["subject"] == ACME for each in world.facts))
    found = Standing(world, hours)
    assume(track < len(found.account.tracks))
    return found


def open_standing(world: World, hours: int, track: int) -> Standing:
    """One whose next stage waits for nothing but points, contacts and fit."""
    found = standing(world, hours, track)
    outlook = found.outlook(track)
    assume(outlook.stage is not None and outlook.gated != "closed" and outlook.cooling_until is None)
    return found


hours = st.integers(0, 3000)
track_numbers = st.integers(0, 1)


@EXAMPLES
@given(ANY_WORLD, hours, track_numbers)
def test_with_all_that_is_missing_the_stage_is_entered(world: World, hours: int, track: int) -> None:
    found = open_standing(world, hours, track)
    missing = found.outlook(track).missing
    assert found.provide(track, missing.points, missing.contacts)


@EXAMPLES
@given(ANY_WORLD, hours, track_numbers)
def test_with_a_little_less_than_the_missing_points_it_is_not(world: World, hours: int, track: int) -> None:
    found = open_standing(world, hours, track)
    missing = found.outlook(track).missing
    assume(missing.points > 0)
    assert not found.provide(track, missing.points - SMALLEST, missing.contacts)


@EXAMPLES
@given(ANY_WORLD, hours, track_numbers)
def test_with_one_contact_less_than_is_missing_no_stage_of_that_breadth_is_entered(
    world: World, hours: int, track: int
) -> None:
    found = open_standing(world, hours, track)
    named, missing = found.outlook(track).stage, found.outlook(track).missing
    assume(missing.contacts > 0)
    found.provide(track, missing.points, missing.contacts - 1)
    assert track_scores(found.account, found.plan)[found.state(track).plan.name].stage != named


@EXAMPLES
@given(ANY_WORLD, hours, track_numbers)
def test_the_fall_comes_when_it_is_foretold_and_not_before(world: World, hours: int, track: int) -> None:
    found = standing(world, hours, track)
    outlook, state = found.outlook(track), found.state(track)
    assert outlook.falls_at == track_scores(found.account, found.plan)[state.plan.name].falls_at
    assume(outlook.falls_at is not None)
    falls_at, before = parse_time(str(outlook.falls_at)), state.stage
    earlier = account_copy_at(found.account, falls_at - 1, found.plan).tracks[track]
    later = account_copy_at(found.account, falls_at, found.plan).tracks[track]
    assert (earlier.stage, later.stage < before) == (before, True)


SALES = content(
    rule("reply", on="email.replied", points=10, half_life="10d"),
    rule("demo", on="web.form_submitted", points=10, act_now=True, half_life="10d"),
    stages=(
        stage("aware", 5, 4),
        stage("sqa", 30, 20, fit=["A", "B"], contacts="2 within 90d", handoff=True),
    ),
    when={"customer": {"not": {"equals": True}}},
    model={
        "fit": {
            "rules": [
                {"field": "country", "equals": "DE", "points": 100},
                {"field": "customer", "exists": True, "points": 0},
            ]
        }
    },
)
EARLY = "2026-01-05T09:00:00Z"
"""A Monday."""


def registered(**data: object) -> Json:
    return fact("r", EARLY, "account.registered", None, data={"customer": False, **data})


def replies(*contacts: str) -> list[Json]:
    return [fact(f"reply {contact}", EARLY, "email.replied", contact) for contact in contacts]


def outlook(*facts: Json, model: Json = SALES) -> TrackOutlook:
    plan = plan_of(model)
    fold: PartitionFold = fold_facts(plan, facts)
    [only] = outlook_of(fold.accounts[ACME], plan)
    return only


def test_points_contacts_and_fit_are_named() -> None:
    found = outlook(registered(), *replies("c_a"))
    assert (found.stage, found.missing.points, found.missing.contacts, found.missing.fit) == ("sqa", 20, 1, ("A", "B"))
    assert found.because == (
        "sqa needs 20 more points and 1 more engaged contact within 90 d; "
        "sqa needs fit A or B, and the fit is D; "
        "aware ends when the score is below 4"
    )


def test_one_point_is_written_in_the_singular_and_parts_are_rounded_up() -> None:
    model = content(rule(points=9), stages=(stage("one", 10, 5),))
    assert outlook(*replies("c_a"), model=model).because == "one needs 1 more point"
    model = content(rule(points=9.999), stages=(stage("one", 10, 5),))
    assert outlook(*replies("c_a"), model=model).because == "one needs 0.1 more points"


def test_a_closed_track_says_why() -> None:
    found = outlook(registered(customer=True), *replies("c_a"))
    assert (found.gated, found.because) == ("closed", "acquisition is closed: the account is a customer")


def test_a_suppressed_account_says_so() -> None:
    found = outlook(registered(country="DE"), fact("s", EARLY, "account.suppressed", None))
    assert (found.gated, found.obstacles[-1]) == ("suppressed", "the account is suppressed: no handoff opens")


def test_an_account_with_sales_names_the_handoff() -> None:
    found = outlook(registered(country="DE"), fact("d", EARLY, "web.form_submitted", "c_a"))
    assert (found.stage, found.gated, found.missing.points) == (None, "with_sales", 0)
    assert found.obstacles == ("the account is with sales: handoff acme.com/acquisition/1 is proposed",)
    assert (found.falls_at, found.fall) == (
        "2026-02-04T09:00:00.000Z",
        "sqa ends when the score is below 20 and too few contacts were engaged within 90 d",
    )


def test_a_cool_down_is_told_with_its_end() -> None:
    rejected = fact("x", EARLY, "handoff.rejected", None, data={"handoff": "acme.com/acquisition/1"})
    found = outlook(registered(country="DE"), fact("d", EARLY, "web.form_submitted", "c_a"), rejected)
    assert (found.stage, found.cooling_until) == ("sqa", "2026-02-04T09:00:00.000Z")
    assert "sqa waits: cooling down after an answer of sales" in found.obstacles


def test_after_an_act_now_event_fit_alone_is_missing() -> None:
    found = outlook(registered(), fact("d", EARLY, "web.form_submitted", "c_a"))
    assert (found.stage, found.missing.points, found.missing.contacts, found.missing.fit) == ("sqa", 0, 0, ("A", "B"))
    assert found.obstacles == (
        "sqa needs fit A or B, and the fit is D",
        "score and contacts are waived for sqa after an act-now event",
    )


def test_a_fall_to_a_lower_stage_says_to_which_and_why() -> None:
    found = outlook(registered(country="DE"), *replies("c_a", "c_b", "c_c"))
    assert (found.falls_at, found.fall) == (
        "2026-01-11T06:00:00.000Z",
        "sqa falls to aware when the score is below 20",
    )


def test_a_track_without_stages_has_nothing_next() -> None:
    found = outlook(*replies("c_a"), model=content())
    assert (found.stage, found.gated, found.falls_at, found.because) == (None, None, None, "")
