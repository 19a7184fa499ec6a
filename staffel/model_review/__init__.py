"""What is likely to be wrong with a model that can be loaded, and what a model may read."""

from staffel.model_review.account_fields import account_field_rows
from staffel.model_review.fact_types import type_json
from staffel.model_review.review import Review, review
from staffel.model_review.seen_values import SeenValues, seen_values

__all__ = ["Review", "SeenValues", "account_field_rows", "review", "seen_values", "type_json"]
