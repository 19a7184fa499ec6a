"""Facts that stream in during failures: new ones, repeated ones, poison, decisions.

The seed determines the facts; a batch is repeated until it is acknowledged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread

from database.errors import DatabaseError
from intake.observation import Observation
from intake.recorder.drafts import Outcome, Recorded
from projections.derived_facts import DECISIONS_SOURCE
from projections.handoff_decisions import DecisionRefused, check_decision
from projections.queries import open_queries
from schemas.envelope import record_id
from schemas.topics import ENGAGEMENT
from staffel.application import Application
from streams.log import LogUnavailable, NewRecord
from tests.chaos.cluster import Cluster
from tests.crash.crash_cases import new_observation
from tests.crash.load import MINUTE, Workload

_RETRY_DELAY_S = 0.2
_POISON = (b"\xff\xfe not json", b"", b'{"subject": 7}', b'{"specversion":"1.0","id":"x"}')


@dataclass
class RecordingThread:
    """A thread that records until it is stopped."""

    cluster: Cluster
    seed: int
    pause: float = 0.02
    recorded: set[str] = field(default_factory=set)
    poison_count: int = 0
    submitted: int = 0
    failure: BaseException | None = None

    def __post_init__(self) -> None:
        self._stop = Event()
        self._random = Random(self.seed)
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> "RecordingThread":
        self._staffel = self.cluster.connect()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            self._record_until_stopped(self._staffel)
            self._staffel.close()
        except BaseException as failure:  # raised again by the waiting thread
            self.failure = failure

    def _record_until_stopped(self, staffel: Application) -> None:
        world = Workload(Random(self.seed), staffel.clock() - 60 * MINUTE)
        batches: list[list[Observation]] = []
        while not self._stop.wait(self.pause):
            again = batches and self._random.random() < 0.1
            batch = self._random.choice(batches) if again else world.batch()
            batches.append(batch)
            self._record(staffel, batch)
            if self._random.random() < 0.05:
                self._retry(lambda: self._decide(staffel))
            if self._random.random() < 0.05:
                self._retry(lambda: self._append_poison(staffel))

    def _record(self, staffel: Application, batch: Sequence[Observation]) -> None:
        outcomes: list[Outcome] = []
        self._retry(lambda: outcomes.extend(staffel.recorder.record(batch)))
        results = zip(batch, outcomes, strict=True)
        self.recorded |= {record_id(fact.source, fact.id) for fact, answer in results if isinstance(answer, Recorded)}
        self.submitted += len(batch)

    def _decide(self, staffel: Application) -> None:
        """Decide as sales does: accept some handoffs, reject others."""
        with open_queries(staffel.engine) as queries:
            proposed = [row for row in queries.handoffs(only_open=True) if row.status == "proposed"]
        if not proposed:
            return
        row, status = self._random.choice(proposed), self._random.choice(("accepted", "rejected"))
        fact = check_decision(row, row.handoff, status)
        assert not isinstance(fact, DecisionRefused)
        content = {"handoff": row.handoff, "by": "sales"}
        observation = new_observation(
            fact, f"handoff.{status}", staffel.clock(), account=row.account, data=content, source=DECISIONS_SOURCE
        )
        staffel.recorder.record([observation], own=True)

    def _append_poison(self, staffel: Application) -> None:
        key = f"firm{self._random.randrange(40)}.com"
        staffel.log.append(ENGAGEMENT, [NewRecord(key, self._random.choice(_POISON))])
        self.poison_count += 1

    def _retry(self, action: "object") -> None:
        while True:
            try:
                action()  # type: ignore[operator]
                return
            except (LogUnavailable, DatabaseError):
                self._stop.wait(_RETRY_DELAY_S)
