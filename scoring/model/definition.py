"""The parts of a scoring model: tracks with rules and stages, fit, handoffs."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StrictBool,
    StringConstraints,
    model_serializer,
    model_validator,
)

from scoring.model.durations import format_hours
from scoring.model.service_level import ClosedDays, ServiceLevel, WeeklyHours
from scoring.model.terms import (
    MAX_MAGNITUDE,
    OPERATORS,
    Breadth,
    Cap,
    Condition,
    Conditions,
    FieldName,
    FieldPoints,
    HalfLife,
    Hours,
    Name,
    Number,
    Points,
    SmallCompany,
    Term,
    Text,
    format_half_life,
)

MONTH_HOURS = 720
"""Thirty days in hours: the default cool-down and act-now hold."""


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


TypeNames = Annotated[tuple[Text, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
RoleName = Annotated[str, StringConstraints(strict=True, pattern=r"^\w[\w .,&'()/+-]{0,63}$")]
Weight = Annotated[Number, Field(ge=0, le=MAX_MAGNITUDE)]


class Rule(Term):
    """Which facts earn points in a track, and how many."""

    id: Name = Field(description="unique within the model; identifies the rule in ledger lines and reasons")
    on: TypeNames = Field(description="fact type or list of types, without version")
    where: Conditions = Field(default={}, description="conditions on fields of the fact's data; all must hold")
    points: Points | FieldPoints = Field(description="a number, or `{field: minutes, times: 1, up_to: 60}`")
    half_life: HalfLife = Field(default=None, description="`14d`, `336h` or `none`; default: that of the track")
    at_most: Cap | None = Field(default=None, description="how many contributions count, `1 per contact per day`")
    unless: tuple[Name, ...] = Field(
        default=(), description="does not count if one of these rules of the track matched"
    )
    act_now: StrictBool = Field(default=False, description="waives score and breadth of the handoff stage for a while")

    @property
    def is_deduction(self) -> bool:
        """Whether it subtracts points."""
        return (self.points.times if isinstance(self.points, FieldPoints) else self.points) < 0

    @property
    def is_positive(self) -> bool:
        """Whether it adds points; a rule of 0 points is neither positive nor a deduction."""
        return (self.points.times if isinstance(self.points, FieldPoints) else self.points) > 0

    @model_serializer(mode="wrap")
    def _serialize(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {**inner(self), "half_life": format_half_life(self.half_life)}


class Limit(Term):
    """A cap that several rules of a track share."""

    rules: tuple[Name, ...] = Field(min_length=1, description="ids of rules of the track")
    at_most: Cap = Field(description="how many contributions of all these rules together count")


class Stage(Term):
    """A level of a track, entered at one score and left at a lower one."""

    name: Name = Field(description="unique within the track")
    enter: Points = Field(description="entered at this score or more")
    leave: Points = Field(description="left below this score; above 0, at most `enter`")
    fit: tuple[Text, ...] | None = Field(
        default=None, min_length=1, description="allowed grades, including `unknown` if wanted"
    )
    contacts: Breadth | None = Field(default=None, description="required breadth, `2 within 90d`")
    small_company: SmallCompany | None = Field(default=None, description="an exception to `contacts`")
    handoff: StrictBool = Field(default=False, description="entering it hands the account to sales; one per track")


class Track(Term):
    """Rules with a common score, and the stages that it reaches."""

    half_life: HalfLife = Field(default=None, description="for rules without their own; without it they never decay")
    when: Conditions = Field(
        default={}, description="conditions on account fields; stages are entered only while they hold"
    )
    rules: tuple[Rule, ...] = Field(min_length=1, description="all rules that match a fact count, in this order")
    limits: tuple[Limit, ...] = Field(default=(), description="caps that several rules share")
    stages: tuple[Stage, ...] = Field(default=(), description="from the lowest to the highest")

    @model_validator(mode="before")
    @classmethod
    def _apply_default_half_life(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("rules"), list | tuple):
            return value
        return {**value, "rules": list(_with_half_life(value["rules"], value.get("half_life")))}

    @model_serializer(mode="wrap")
    def _serialize(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = inner(self)
        return content if self.half_life is None else {**content, "half_life": format_hours(self.half_life)}


def _with_half_life(rules: Any, default: Any) -> Iterator[Any]:
    for rule in rules:
        inherits = isinstance(rule, dict) and "half_life" not in rule and isinstance(default, str)
        yield {**rule, "half_life": default} if inherits else rule


class FitRule(Term):
    """Points for one firmographic field; its operators are keys beside `field`."""

    field: FieldName = Field(description="a firmographic field of the account")
    condition: Condition
    points: Points = Field(description="the points of all matching rules add up")

    @model_validator(mode="before")
    @classmethod
    def _collect_operators(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "condition" in value:
            return value
        rest = {key: operand for key, operand in value.items() if key not in OPERATORS}
        return {**rest, "condition": {key: operand for key, operand in value.items() if key in OPERATORS}}

    @model_serializer(mode="wrap")
    def _serialize(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content = dict(inner(self))
        return {"field": content.pop("field"), **content.pop("condition"), **content}


def _default_grades() -> dict[Any, float]:
    return {"A": 80.0, "B": 50.0, "C": 20.0}


class FitModel(Term):
    """How well a company fits, independent of its engagement."""

    rules: tuple[FitRule, ...] = Field(min_length=1, description="fit is `unknown` while none of their fields is known")
    grades: dict[Literal["A", "B", "C"], Number] = Field(
        default_factory=_default_grades, min_length=1, description="points required for a grade; below the last one: D"
    )
    ceiling: Number | None = Field(default=None, description="upper limit of the sum")


class Route(Term):
    """Who receives a handoff: the first route whose conditions hold."""

    when: Conditions = Field(default={}, description="conditions on account fields; without any it always applies")
    to: Text = Field(description="one of your persons, roles or queues")
    hours: WeeklyHours | None = Field(default=None, description="its opening hours; else those of the service level")
    zone: Text | None = Field(default=None, description="its time zone, an IANA name; else that of the model")
    closed: ClosedDays | None = Field(default=None, description="its closed days; else those of the service level")


REASONS = ("timing", "budget", "no_fit", "no_answer", "competitor", "other")
ReasonName = Annotated[str, StringConstraints(strict=True, pattern=r"^\w[\w-]{0,63}$")]
ReasonNames = Annotated[tuple[ReasonName, ...], Field(min_length=1)]


class Reasons(Term):
    """Why sales sends a handoff back: one of these words; free text is a note beside it."""

    reject: ReasonNames = Field(default=REASONS, description="for handoffs that sales does not accept")
    recycle: ReasonNames = Field(default=REASONS, description="for accepted handoffs that come back to marketing")


class Handoff(Term):
    """What happens when an account enters a handoff stage."""

    service_level: ServiceLevel | None = Field(default=None, description="how fast sales must accept")
    routes: tuple[Route, ...] = Field(default=(), description="who receives it; the first route that applies")
    recycle_cooldown: Hours = Field(default=MONTH_HOURS, description="after a rejection or recycling, `30d`")
    act_now_hold: Hours = Field(
        default=MONTH_HOURS, description="how long an act-now event waives score and breadth, `30d`"
    )
    reasons: Reasons = Field(default=Reasons(), description="the words for sending a handoff back")
    suppress: Literal["contacts", "account", "none"] = Field(
        default="contacts",
        description="whom marketing leaves alone while sales talks: the people involved, the whole account, or nobody",
    )

    @model_serializer(mode="wrap")
    def _serialize(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        durations = {"recycle_cooldown", "act_now_hold"}
        return {key: format_hours(part) if key in durations else part for key, part in inner(self).items()}


class ScoringModel(Term):
    """Everything that decides how many points facts earn and when an account is handed to sales."""

    model: Name = Field(description="name of the model")
    timezone: Text = Field(
        default="UTC", description="IANA name, for calendar windows, days of breadth and business hours"
    )
    roles: dict[RoleName, Weight] = Field(
        default={}, description="weight per role of a contact; other roles weigh as `unknown`, which is 1 by default"
    )
    fit: FitModel | None = Field(
        default=None, description="how well a company fits; without it every grade is `unknown`"
    )
    tracks: dict[Name, Track] = Field(min_length=1, description="by name; lists show the first one")
    handoff: Handoff = Field(
        default=Handoff(), description="who receives handoffs, how fast they must be answered, and the cool-down"
    )
    on_activation: Literal["hold", "release"] = Field(
        default="hold", description="what happens to handoffs that this model would open when it becomes active"
    )
