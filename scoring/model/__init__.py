"""The scoring model as people write it: its terms, validation and error messages."""

from scoring.model.loading import (
    Condition,
    DocumentError,
    FieldPoints,
    Handoff,
    Reasons,
    Route,
    Rule,
    ScoringModel,
    ServiceLevel,
    ServiceStep,
    canonical,
    load_model,
    model_from_dict,
    version_of,
)

__all__ = [
    "Condition",
    "DocumentError",
    "FieldPoints",
    "Handoff",
    "Reasons",
    "Route",
    "Rule",
    "ScoringModel",
    "ServiceLevel",
    "ServiceStep",
    "canonical",
    "load_model",
    "model_from_dict",
    "version_of",
]
