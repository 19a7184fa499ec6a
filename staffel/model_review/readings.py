"""Everything that a model reads from facts and accounts: which field, of what, under which condition."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas import KeyPath
from schemas.facts import Kind, field_kinds
from scoring.model import Condition, FieldPoints, Rule, ScoringModel
from staffel.model_review.operands import NO_LIMITS, Limits

ACCOUNT_TYPE = "account.registered"
"""The fact type whose fields are those of an account."""


_LIMITS: dict[tuple[str, str], Limits] = {
    ("nps.answered", "score"): (0, 10),
    **{("", name): (0, float("inf")) for name in ("employees", "minutes", "duration_s", "count", "attendees")},
}
"""(type, field) -> limits; without type for all types."""


class Reading(NamedTuple):
    """One field that is read. `types`: of the facts; for fields of accounts the one above."""

    path: KeyPath
    """Of the condition, or of the key that names the field."""
    field: str
    types: tuple[str, ...]
    condition: Condition | None = None
    is_of_account: bool = False

    @property
    def fields(self) -> dict[str, frozenset[Kind]]:
        """The declared fields of any of the types, with their kinds."""
        merged: dict[str, frozenset[Kind]] = {}
        for type_ in self.types:
            for name, kinds in field_kinds(type_).items():
                merged[name] = merged.get(name, frozenset()) | kinds
        return merged

    @property
    def limits(self) -> Limits:
        """The least and the greatest number that the field can have."""
        found = {_LIMITS.get((type_, self.field), _LIMITS.get(("", self.field), NO_LIMITS)) for type_ in self.types}
        return min(low for low, _ in found), max(high for _, high in found)

    @property
    def owner(self) -> str:
        """Who has the field: `web.page_viewed`, or `an account`."""
        return "an account" if self.is_of_account else " or ".join(self.types)


def readings(model: ScoringModel) -> Iterator[Reading]:
    """In the order of the model."""
    for number, fit_rule in enumerate(model.fit.rules if model.fit else ()):
        yield Reading(("fit", "rules", number), fit_rule.field, (ACCOUNT_TYPE,), fit_rule.condition, True)
    for name, track in model.tracks.items():
        yield from _account_readings(("tracks", name, "when"), track.when)
        for number, rule in enumerate(track.rules):
            yield from _rule_readings(("tracks", name, "rules", number), rule)
        types = {rule.id: rule.on for rule in track.rules}
        for number, limit in enumerate(track.limits):
            if limit.at_most.field is not None:
                on = tuple(dict.fromkeys(type_ for rule in limit.rules for type_ in types.get(rule, ())))
                yield Reading(("tracks", name, "limits", number, "at_most"), limit.at_most.field, on)
    for number, route in enumerate(model.handoff.routes):
        yield from _account_readings(("handoff", "routes", number, "when"), route.when)


def _account_readings(path: KeyPath, conditions: dict[str, Condition]) -> Iterator[Reading]:
    for field, condition in conditions.items():
        yield Reading((*path, field), field, (ACCOUNT_TYPE,), condition, True)


def _rule_readings(path: KeyPath, rule: Rule) -> Iterator[Reading]:
    for field, condition in rule.where.items():
        yield Reading((*path, "where", field), field, rule.on, condition)
    if isinstance(rule.points, FieldPoints):
        yield Reading((*path, "points"), rule.points.field, rule.on)
    if rule.at_most is not None and rule.at_most.field is not None:
        yield Reading((*path, "at_most"), rule.at_most.field, rule.on)
