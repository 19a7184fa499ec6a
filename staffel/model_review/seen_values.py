"""What the accounts and contacts of a home look like, so far as it names no person."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from database import Database
from projections import open_queries

COUNTED_FIELDS = ("industry", "segment", "country", "customer", "target")
"""Fields of accounts whose values are shown; others may hold names."""


@dataclass(frozen=True)
class SeenValues:
    """Of one home; empty where there is none."""

    fields: Counter[str] = field(default_factory=Counter)
    """field -> how many accounts have it."""
    values: Mapping[str, Counter[Any]] = field(default_factory=dict)
    """field -> value -> how many accounts have it, for the fields above."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """field -> least and greatest number."""
    roles: Counter[str] = field(default_factory=Counter)


def seen_values(engine: Database) -> SeenValues:
    """Of the read models of a home."""
    with open_queries(engine) as queries:
        profiles = [row.profile or {} for row in queries.accounts() if not row.account.startswith("anon:")]
        roles = Counter(row.role for row in queries.identified_contacts() if row.role)
    return seen_in(profiles, roles)


def seen_in(profiles: Iterable[Mapping[str, Any]], roles: Counter[str]) -> SeenValues:
    """`profiles`: the known fields of each account."""
    fields: Counter[str] = Counter()
    values: dict[str, Counter[Any]] = {name: Counter() for name in COUNTED_FIELDS}
    ranges: dict[str, tuple[float, float]] = {}
    for profile in profiles:
        for name, value in profile.items():
            if value is None:
                continue
            fields[name] += 1
            if name in values and isinstance(value, str | bool):
                values[name][value] += 1
            elif isinstance(value, int | float) and not isinstance(value, bool):
                low, high = ranges.get(name, (value, value))
                ranges[name] = min(low, value), max(high, value)
    return SeenValues(fields, values, ranges, roles)
