"""A home whose clock the test sets: accounts come to sales at instants of its choice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from audit import HandoffView
from intake import Observation
from intake.recorder import Recorded
from projections import Timers, WorkListFilter, listed_handoffs, open_queries
from schemas.times import parse_time
from staffel.connect import create_home
from staffel.embedded import Embedded
from staffel.settings import Settings

MODEL = """\
model: two-tracks
timezone: Europe/Berlin
tracks:
  acquisition:
    when: {customer: {not: {equals: true}}}
    rules:
      - {id: demo, on: web.form_submitted, points: 10, half_life: none}
      - {id: out, on: email.bounced, points: -10, half_life: none}
    stages:
      - {name: ready, enter: 8, leave: 5, handoff: true}
  expansion:
    when: {customer: true}
    rules:
      - {id: more, on: web.form_submitted, points: 10, half_life: none}
    stages:
      - {name: grow, enter: 8, leave: 5, handoff: true}
handoff:
  recycle_cooldown: 30d
  service_level: {accept_within: 4 hours}
  routes: [{to: sdr}]
"""
ACQUISITION, EXPANSION = "acme.com/acquisition/1", "acme.com/expansion/1"


class SalesHome:
    def __init__(self, application: Embedded) -> None:
        self.application = application
        self.timers = Timers(application.engine, application.log, application.clock)

    def record(self, type: str, id: str | None = None, **data: str | bool) -> None:
        """A fact about acme.com that happens now."""
        now = self.application.clock()
        contact = "c_pat" if type.startswith(("web", "email")) else None
        observation = Observation(
            where=type, source="test", id=id or f"{type}-{now}", type=f"{type}.v1", time=now, account="acme.com",
            contact=contact, data=data,
        )  # fmt: skip
        [outcome] = self.application.recorder.record([observation], own=True)
        assert isinstance(outcome, Recorded), outcome
        self.application.drain()

    def run_timers(self) -> None:
        """As the hosting process does, once."""
        self.application.drain()
        self.timers.advance()
        self.application.drain()

    def view(self, handoff: str) -> HandoffView:
        with open_queries(self.application.engine) as queries:
            return HandoffView.from_row(queries.handoff(handoff), self.application.clock())

    def listed(self) -> list[tuple[str, str]]:
        """Handoff and status, as the work list has them."""
        with open_queries(self.application.engine) as queries:
            rows = listed_handoffs(queries, self.application.clock(), WorkListFilter())
        return [(row.handoff, row.status) for row in rows]


class Clock:
    """`before_next_reading`: what happens meanwhile, once."""

    def __init__(self, text: str) -> None:
        self.now = parse_time(text)
        self.before_next_reading: Callable[[], object] | None = None

    def set(self, text: str) -> None:
        self.now = parse_time(text)

    def __call__(self) -> int:
        happens, self.before_next_reading = self.before_next_reading, None
        if happens is not None:
            happens()
        return self.now


@contextmanager
def sales_home(folder: Path, clock: Clock, model: str = MODEL) -> Iterator[SalesHome]:
    file = folder / "sales-model.yaml"
    file.write_text(model)
    settings = Settings(home=folder / "sales", model=file)
    application = create_home(settings, clock=clock, random_bytes=Random(1).randbytes)
    try:
        yield SalesHome(application)
    finally:
        application.close()
