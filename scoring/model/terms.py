"""The terms of the model language: caps, conditions, points from a field, breadth."""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from scoring.model.durations import format_hours, parse_days, parse_hours
from scoring.model.patterns import compile_pattern

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Name = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
FieldName = Annotated[str, StringConstraints(strict=True, pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1000)]
MAX_MAGNITUDE = 1e9
"""Up to here the sums, as doubles, are exact to the six decimals that are compared."""
Points = Annotated[Number, Field(ge=-MAX_MAGNITUDE, le=MAX_MAGNITUDE)]
Scalar = StrictBool | StrictInt | Number | StrictStr


def _as_hours(value: Any, info: ValidationInfo) -> Any:
    return _parse_duration(value, info, "")


def _as_half_life(value: Any, info: ValidationInfo) -> Any:
    return None if value == "none" else _parse_duration(value, info, "`none` for no decay")


def _parse_duration(value: Any, info: ValidationInfo, endless: str) -> Any:
    if isinstance(value, str):
        return parse_hours(value, endless)
    if info.context and isinstance(value, int | float):
        raise ValueError(f"{value!r} has no unit; write {value}h or {value}d")
    return value


Hours = Annotated[int, BeforeValidator(_as_hours), Field(ge=1)]
"""Whole hours, written `36h` or `30d`."""
HalfLife = Annotated[int | None, BeforeValidator(_as_half_life)]
"""Whole hours, or None for no decay; written `14d`, `336h` or `none`."""


def format_half_life(hours: int | None) -> str:
    return "none" if hours is None else format_hours(hours)


class Term(BaseModel):
    """A part of a model: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


_CAP = re.compile(
    r"(\d{1,9}) +per +(contact|account)(?: +and +(\S+))? +(?:per +(day|week|month|quarter)|(ever))", re.ASCII
)


class Cap(Term):
    """At most `n` contributions per contact or account, and per value of a field if one is given, in a window."""

    n: int = Field(ge=1, strict=True, description="how many contributions count")
    per: Literal["contact", "account"]
    field: str | None = None
    window: Literal["day", "week", "month", "quarter", "ever"]

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        return _parse_cap(value) if isinstance(value, str) else value

    @property
    def text(self) -> str:
        """The canonical text, `1 per contact and message ever`."""
        field = f" and {self.field}" if self.field else ""
        window = "ever" if self.window == "ever" else f"per {self.window}"
        return f"{self.n} per {self.per}{field} {window}"

    @model_serializer
    def _serialize(self) -> str:
        return self.text


def _parse_cap(text: str) -> dict[str, Any]:
    match = _CAP.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"{text!r} is not a valid cap; write `N per contact|account [and FIELD] per day|week|month|quarter` "
            "or `… ever`, for instance `1 per contact per day` or `1 per contact and message ever`"
        )
    return {"n": int(match[1]), "per": match[2], "field": match[3], "window": match[4] or match[5]}


class FieldPoints(Term):
    """Points read from a field of the fact: its number x `times`, at most `up_to` points."""

    field: FieldName = Field(description="a field of the fact's data that is a number")
    times: Points = Field(default=1.0, description="points per unit of the field")
    up_to: Annotated[Number, Field(gt=0)] | None = Field(default=None, description="the maximum of points for one fact")


class Condition(Term):
    """What a field must be: all operators must hold. A bare value is short for `equals`."""

    equals: Scalar | None = Field(
        default=None, description="the same value; case matters, and a text never equals a number"
    )
    any_of: tuple[Scalar, ...] | None = Field(
        default=None, min_length=1, description="one of these values; for a list, at least one member in common"
    )
    contains: Scalar | None = Field(default=None, description="a part of the text, or a member of the list")
    prefix: StrictStr | None = Field(default=None, description="the text begins with this")
    path_prefix: StrictStr | None = Field(
        default=None, description="the path of the URL begins with these whole segments"
    )
    matches: StrictStr | None = Field(default=None, description="RE2 pattern, found anywhere unless anchored")
    above: Number | None = Field(default=None, description="a greater number")
    below: Number | None = Field(default=None, description="a smaller number")
    between: tuple[Number, Number] | None = Field(default=None, description="a number between the two, both included")
    exists: StrictBool | None = Field(
        default=None, description="the field has a value (`true`), or is missing or null (`false`)"
    )
    not_: "Condition | None" = Field(
        default=None, validation_alias="not", serialization_alias="not", description="negates the operators inside"
    )

    @model_validator(mode="before")
    @classmethod
    def _accept_bare_value(cls, value: Any) -> Any:
        if isinstance(value, str | bool | int | float):
            return {"equals": value}
        if value is None or value == {}:
            raise ValueError("empty condition; write a value or an operator, or `exists: false` for a missing field")
        return value

    @model_validator(mode="before")
    @classmethod
    def _reject_nulls(cls, value: Any) -> Any:
        null_operators = (
            [operator for operator, operand in value.items() if operand is None] if isinstance(value, dict) else []
        )
        if null_operators:
            raise ValueError(f"`{null_operators[0]}` has no value; write `exists: false` for a missing field")
        return value

    @field_validator("matches")
    @classmethod
    def _check_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            compile_pattern(pattern)
        return pattern

    @field_validator("between")
    @classmethod
    def _check_order(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and bounds[0] > bounds[1]:
            raise ValueError(f"{list(bounds)} is an empty range; write the smaller number first")
        return bounds


OPERATORS = tuple("not" if name == "not_" else name for name in Condition.model_fields)
Conditions = dict[FieldName, Condition]

_BREADTH = re.compile(r"(\d{1,6}) +within +(\S+)")


class Breadth(Term):
    """At least `contacts` identified contacts engaged within `days` days, today included; written `2 within 90d`."""

    contacts: int = Field(ge=1, strict=True)
    days: int = Field(ge=1, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        return _parse_breadth(value) if isinstance(value, str) else value

    @model_serializer
    def _serialize(self) -> str:
        return f"{self.contacts} within {self.days}d"


def _parse_breadth(text: str) -> dict[str, Any]:
    match = _BREADTH.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a valid breadth; write contacts and a window, for instance `2 within 90d`")
    return {"contacts": int(match[1]), "days": parse_days(match[2])}


class SmallCompany(Term):
    """An exception to `contacts`: fewer contacts are enough if the account has fewer employees than this."""

    employees_below: Annotated[Number, Field(gt=0)] = Field(
        description="strictly fewer employees; an unknown number does not count as small"
    )
    contacts: int = Field(ge=1, strict=True, description="contacts required, in the window of `contacts`")
