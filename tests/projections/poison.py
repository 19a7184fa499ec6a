"""Facts written straight to `engagement`, past the door, and the whole embedded flow over them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Engine

from audit.verify import verify
from projections.projector import Projector
from projections.reactors.mover import Mover
from projections.reactors.relay import Relay
from schemas.dead_letters import parse_error_headers
from schemas.topics import DEAD_LETTERS, ENGAGEMENT
from staffel.application import replay_of
from streams.activation import activate
from streams.log import NewRecord
from streams.scorer.embedded import Scorer
from streams.sql.log import SqlLog
from tests.projections.builders import NOON, at

Json = dict[str, Any]
MODEL = """
model: poison
roles: {champion: 1.5, unknown: 1.0}
fit:
  rules: [{field: industry, any_of: [bio], points: 10}, {field: employees, above: 5, points: 1}]
  grades: {A: 80, B: 50, C: 5}
tracks:
  main:
    half_life: 30d
    rules:
      - {id: form, on: web.form_submitted, points: 60}
      - {id: reply, on: email.replied, points: 5, at_most: 1 per contact and message ever}
    stages: [{name: sqa, enter: 50, leave: 20, handoff: true}]
"""


class Home:
    """An embedded home whose log anything may be appended to."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.log = engine, SqlLog(engine)
        activate(self.log, lambda: (MODEL, "model.yaml"), lambda: NOON)
        projector = Projector(engine, self.log, replay=replay_of(self.log))
        relay, mover = Relay(engine, self.log, lambda: NOON), Mover(engine, self.log, lambda: NOON)
        self.steps = [Scorer(self.log, 0), projector, mover, relay]

    def append(self, *facts: Json) -> "Home":
        records = [NewRecord(each["subject"], msgspec.json.encode(each)) for each in facts]
        self.log.append(ENGAGEMENT, records)
        return self

    def append_raw(self, key: str, value: bytes) -> "Home":
        self.log.append(ENGAGEMENT, [NewRecord(key, value)])
        return self

    def run(self) -> "Home":
        while sum(step.advance() for step in self.steps):
            continue
        return self

    def letters(self) -> list[tuple[str | None, str | None]]:
        """Offset and code of every dead letter."""
        records = self.log.read(DEAD_LETTERS, 0, 0, 10_000)
        headers = [parse_error_headers(record.headers) for record in records]
        return [(each.get("offset"), each.get("exception.class.name")) for each in headers]

    def mismatches(self) -> list[Any]:
        return verify(self.log, self.engine).mismatches


def fact(id: str, account: str = "acme.com", type: str = "web.form_submitted", **fields: Any) -> Json:
    required = {"specversion": "1.0", "id": id, "source": "bus", "type": f"{type}.v1", "subject": account}
    return {**required, "time": at(1), "contact": "c_a", "data": {}, **fields}


def facts(ids: Iterable[str], **fields: Any) -> list[Json]:
    return [fact(id, **fields) for id in ids]
