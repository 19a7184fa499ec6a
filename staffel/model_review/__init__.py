"""What is likely to be wrong with a model that can be loaded: slips that no rule of the language forbids."""

from staffel.model_review.review import Review, review
from staffel.model_review.seen_values import SeenValues, seen_values

__all__ = ["Review", "SeenValues", "review", "seen_values"]
