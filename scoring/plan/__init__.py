"""The scoring model compiled for the fold: rules by event type, calendars and decay as tables."""

from scoring.plan.calendar import date_text
from scoring.plan.compiler import compile_model
from scoring.plan.fields import DecodedFact
from scoring.plan.plan import Plan

__all__ = [
    "DecodedFact",
    "Plan",
    "compile_model",
    "date_text",
]
