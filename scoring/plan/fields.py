"""Just the fields that a model reads, decoded as a struct; every other byte of a fact is skipped. Never validates."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET

from schemas.facts.upcasters import OLD_TYPES, upcast
from scoring.model.loading import Condition, FieldPoints, ScoringModel
from scoring.plan.conditions import Test, all_of, compile_condition, is_number, reading, walk

OWN_FIELDS = tuple("bot by contact handoff opportunity points reason role to track visitor".split())
"""What the fold itself reads of a fact, whatever the model says."""

MOST_POINTS = 1e9
"""Of one contribution read from a fact, either way: a double then keeps a sum's first six decimals."""


_LARGEST = 1e300
"""Integers of JSON may be larger than any double."""


class Fact(msgspec.Struct, gc=False):
    """The envelope as far as the fold reads it; `data` is a struct of `Fields`."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    recordedtime: str | None = None
    contact: str | None = None
    data: Any = None


class Fields:
    """Names the attributes of the struct, and compiles conditions over it."""

    def __init__(self, model: ScoringModel) -> None:
        tops = sorted({field.split(".")[0] for field in fields_read(model)} | set(OWN_FIELDS))
        self._names = {top: top if top in OWN_FIELDS else f"f{i}" for i, top in enumerate(tops)}
        members = [(name, Any, UNSET) for name in self._names.values()]
        renamed = {name: top for top, name in self._names.items()}
        self.struct = msgspec.defstruct("Content", members, gc=False, rename=renamed)
        self.empty = self.struct()
        types = (("data", self.struct | None, None),)
        self.fact = msgspec.defstruct("FactRead", types, bases=(Fact,), gc=False)
        self.decode: Callable[[bytes], Fact] = msgspec.json.Decoder(self.fact).decode  # type: ignore[assignment]

    def read(self, raw: bytes) -> Fact:
        """A record's fact in today's version. msgspec.MsgspecError where the record is none."""
        fact = self.decode(raw)
        if fact.type in OLD_TYPES:
            whole = msgspec.json.decode(raw)
            whole["type"], whole["data"] = upcast(whole["type"], whole.get("data") or {})
            return self.decode(msgspec.json.encode(whole))
        return fact

    def reader(self, field: str) -> Callable[[Any], Any]:
        top, *rest = field.split(".")
        read = attrgetter(self._names[top])
        if not rest:
            return read
        inner = walk(tuple(rest))
        return lambda content: inner(read(content))

    def test(self, where: dict[str, Condition]) -> Test | None:
        """The whole `where` over the struct; None where there is none."""
        tests = [reading(self.reader(field), compile_condition(condition)) for field, condition in where.items()]
        return all_of(tests) if tests else None

    def points(self, points: FieldPoints) -> Callable[[Any], float]:
        read = self.reader(points.field)
        times = abs(points.times)
        bound = min(points.up_to or MOST_POINTS, MOST_POINTS)

        def count(content: Any) -> float:
            value = read(content)
            if not is_number(value) or value <= 0:
                return 0.0
            size = float(min(min(value, _LARGEST) * times, bound))
            return size if points.times > 0 else -size

        return count


def bounded(points: float) -> float:
    """Points as a fact names them, within what a sum can hold."""
    return max(-MOST_POINTS, min(points, MOST_POINTS))


def fields_read(model: ScoringModel) -> Iterable[str]:
    for track in model.tracks.values():
        for rule in track.rules:
            yield from rule.where
            if isinstance(rule.points, FieldPoints):
                yield rule.points.field
        caps = [rule.at_most for rule in track.rules] + [limit.at_most for limit in track.limits]
        yield from (cap.field for cap in caps if cap and cap.field)
