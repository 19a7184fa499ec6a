"""The fields of accounts that a model may read, with what a home has of them."""

from typing import Any

from schemas.facts import field_texts
from staffel.model_review.fact_types import kind_text
from staffel.model_review.readings import ACCOUNT_TYPE
from staffel.model_review.seen_values import COUNTED_FIELDS, SeenValues

Json = dict[str, Any]


def account_field_rows(seen: SeenValues) -> list[Json]:
    """The declared fields in their order, then those that only this home knows."""
    declared = [text for text in field_texts(ACCOUNT_TYPE) if text.field != "bot"]
    rows = [_row(text.field, kind_text(text.kinds), text.meaning, seen) for text in declared]
    others = sorted(set(seen.fields) - {text.field for text in declared})
    return rows + [_row(name, None, "a field that CloudEvents told", seen) for name in others]


def _row(name: str, kind: str | None, meaning: str, seen: SeenValues) -> Json:
    least, greatest = seen.ranges.get(name, (None, None))
    counts = seen.values.get(name) if name in COUNTED_FIELDS else None
    return {
        "field": name,
        "kind": kind,
        "meaning": meaning,
        "accounts": seen.fields[name],
        "values": None if not counts else [{"value": value, "accounts": n} for value, n in counts.most_common()],
        "least": least,
        "greatest": greatest,
    }
