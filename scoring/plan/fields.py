"""Decoding facts: only the fields that the model or the fold reads, into a struct made for the model."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET

from schemas.facts import OUTDATED_TYPES, upcast
from scoring.model.loading import Condition, FieldPoints, ScoringModel
from scoring.plan.conditions import Predicate, all_of, compile_condition, is_number, path_reader, predicate_on

FOLD_FIELDS = tuple("bot by contact handoff machine note opportunity points reason role to track visitor".split())
"""Fields of the data that the fold itself reads, with any model."""

MAX_POINTS = 1e9
"""Of one contribution read from a fact, by size: so the sums, as doubles, keep six decimals."""


_MAX_NUMBER = 1e300
"""Integers in JSON may exceed every double."""


class DecodedFact(msgspec.Struct, gc=False):
    """The envelope as far as the fold reads it; `data` is the struct of a `FactReader`."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    recordedtime: str | None = None
    contact: str | None = None
    data: Any = None


class FactReader:
    """Decodes facts into a struct with the fields of one model, and compiles readers and conditions over it."""

    def __init__(self, model: ScoringModel) -> None:
        top_fields = sorted({field.split(".")[0] for field in fact_fields(model)} | set(FOLD_FIELDS))
        self._names = {top: top if top in FOLD_FIELDS else f"f{i}" for i, top in enumerate(top_fields)}
        members = [(name, Any, UNSET) for name in self._names.values()]
        renamed = {name: top for top, name in self._names.items()}
        self.data_struct = msgspec.defstruct("Content", members, gc=False, rename=renamed)
        self.empty_data = self.data_struct()
        types = (("data", self.data_struct | None, None),)
        self.fact_struct = msgspec.defstruct("FactRead", types, bases=(DecodedFact,), gc=False)
        self.decode: Callable[[bytes], DecodedFact] = msgspec.json.Decoder(self.fact_struct).decode  # type: ignore[assignment]

    def read(self, raw: bytes) -> DecodedFact:
        """A record's fact, upcast to the current version. msgspec.MsgspecError if it is not a fact."""
        fact = self.decode(raw)
        if fact.type in OUTDATED_TYPES:
            document = msgspec.json.decode(raw)
            document["type"], document["data"] = upcast(document["type"], document.get("data") or {})
            return self.decode(msgspec.json.encode(document))
        return fact

    def field_reader(self, field: str) -> Callable[[Any], Any]:
        top, *rest = field.split(".")
        read = attrgetter(self._names[top])
        if not rest:
            return read
        inner = path_reader(tuple(rest))
        return lambda content: inner(read(content))

    def predicate(self, where: dict[str, Condition]) -> Predicate | None:
        """The conditions of a `where` over the struct; None if there are none."""
        predicates = [
            predicate_on(self.field_reader(field), compile_condition(condition)) for field, condition in where.items()
        ]
        return all_of(predicates) if predicates else None

    def points_reader(self, points: FieldPoints) -> Callable[[Any], float]:
        read = self.field_reader(points.field)
        times = abs(points.times)
        bound = min(points.up_to or MAX_POINTS, MAX_POINTS)

        def read_points(content: Any) -> float:
            value = read(content)
            if not is_number(value) or value <= 0:
                return 0.0
            amount = float(min(min(value, _MAX_NUMBER) * times, bound))
            return amount if points.times > 0 else -amount

        return read_points


def clamp_points(points: float) -> float:
    """Points of an adjustment, limited to what a sum can hold exactly."""
    return max(-MAX_POINTS, min(points, MAX_POINTS))


def fact_fields(model: ScoringModel) -> Iterable[str]:
    for track in model.tracks.values():
        for rule in track.rules:
            yield from rule.where
            if isinstance(rule.points, FieldPoints):
                yield rule.points.field
        caps = [rule.at_most for rule in track.rules] + [limit.at_most for limit in track.limits]
        yield from (cap.field for cap in caps if cap and cap.field)
