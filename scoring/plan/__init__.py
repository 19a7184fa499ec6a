"""The scoring model compiled for the fold: rules by event type, calendars and decay as tables."""

from scoring.plan.calendar import date_text
from scoring.plan.compiler import compile_model
from scoring.plan.conditions import compile_condition
from scoring.plan.due_times import applied_route, due_at, step_at
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan

__all__ = [
    "DecodedFact",
    "Plan",
    "applied_route",
    "compile_condition",
    "compile_model",
    "date_text",
    "due_at",
    "step_at",
]
