"""Loading a scoring model from YAML or from a fact, its canonical content and its version."""

import hashlib
from typing import Any

import msgspec

from schemas import DocumentError, Problem, SourceDocument
from scoring.model.definition import (
    FitModel,
    FitRule,
    Handoff,
    Limit,
    Reasons,
    Route,
    Rule,
    ScoringModel,
    Stage,
    Track,
)
from scoring.model.patterns import check_pattern_budget
from scoring.model.service_level import Allowance, OpeningHours, ServiceLevel, ServiceStep
from scoring.model.terms import Breadth, Cap, Condition, FieldPoints, SmallCompany
from scoring.model.validation import validate_model

__all__ = [
    "Allowance",
    "Breadth",
    "Cap",
    "Condition",
    "DocumentError",
    "FieldPoints",
    "FitModel",
    "FitRule",
    "Handoff",
    "Limit",
    "OpeningHours",
    "Problem",
    "Reasons",
    "Route",
    "Rule",
    "ScoringModel",
    "ServiceLevel",
    "ServiceStep",
    "SmallCompany",
    "Stage",
    "Track",
    "canonical",
    "load_model",
    "model_from_dict",
    "version_of",
]  # fmt: skip


def load_model(text: str, name: str = "model.yaml") -> ScoringModel:
    """The model of a YAML 1.2 text. DocumentError lists everything that is wrong with it, by line."""
    from schemas import read_yaml

    source = read_yaml(text, name)
    check_pattern_budget(source)
    return validate_model(source)


def model_from_dict(content: dict[str, Any]) -> ScoringModel:
    """The model of a JSON object, as `model.activated` records it. DocumentError lists everything that is wrong."""
    return validate_model(SourceDocument("model", content, {}))


def canonical(model: ScoringModel) -> dict[str, Any]:
    """The model as JSON in the shape of the language; equal models give equal content, which loads as that model."""
    content: dict[str, Any] = _with_integers(model.model_dump(mode="json", by_alias=True, exclude_defaults=True))
    return content


def version_of(model: ScoringModel, counter: int) -> str:
    """Name, counter and the first 12 hex digits of the SHA-256 of the canonical content."""
    text = msgspec.json.encode(canonical(model), order="sorted")
    return f"{model.model}-{counter}-{hashlib.sha256(text).hexdigest()[:12]}"


def _with_integers(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _with_integers(part) for key, part in content.items()}
    if isinstance(content, list):
        return [_with_integers(part) for part in content]
    return int(content) if isinstance(content, float) and content.is_integer() and abs(content) < 2**53 else content
