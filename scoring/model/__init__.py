"""The scoring model as people write it: its terms, validation and error messages."""

from scoring.model.loading import DocumentError, ScoringModel, canonical, load_model, model_from_dict, version_of

__all__ = [
    "DocumentError",
    "ScoringModel",
    "canonical",
    "load_model",
    "model_from_dict",
    "version_of",
]
