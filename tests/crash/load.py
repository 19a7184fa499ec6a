"""Processes under load: one that keeps recording, and hosts that are killed. All are forked from the fork server.

What is recorded depends on the seed alone; when a process dies does not.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from random import Random

from intake.observation import Observation
from intake.recorder.drafts import Recorded
from projections.queries import open_queries
from schemas.envelope import record_id
from schemas.times import format_time
from staffel.application import Application
from staffel.cli import main as cli
from staffel.connect import create_home
from tests.crash.case_runner import MODEL, CrashDatabase
from tests.crash.crash_cases import new_observation
from tests.crash.kill_points import KillAt, KillPointListener

COMPANIES, PEOPLE = 40, 3
PAUSE_S = 0.01
MINUTE = 60_000


def run_command(crash_db: CrashDatabase, arguments: list[str], sender: Connection) -> None:
    """Run a command line without its standard output; sends its exit code."""
    set_environment(crash_db)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    sender.send(cli.run(arguments))


def run_with_stderr(crash_db: CrashDatabase, arguments: list[str], stderr_path: str, sender: Connection) -> None:
    """Run a command line; sends its exit code and standard error, which is captured in a file."""
    with open(stderr_path, "wb") as file:
        os.dup2(file.fileno(), 2)
    set_environment(crash_db)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    code = cli.run(arguments)
    sender.send((code, Path(stderr_path).read_text(encoding="utf-8")))


def run_killed_command(crash_db: CrashDatabase, arguments: list[str], points: int, sender: Connection) -> None:
    """Run a command line that is killed after so many points; sends its exit code if it ends before."""
    KillPointListener(KillAt(points, lambda _: None)).listen()
    run_command(crash_db, arguments, sender)


def set_environment(crash_db: CrashDatabase) -> None:
    settings = {"DATABASE": crash_db.url, "PARTITIONS": str(crash_db.partitions), "MODEL": str(MODEL), "WAIT": "60"}
    os.environ.update({f"STAFFEL_{name}": value for name, value in settings.items()})


@dataclass
class Workload:
    """Random observations, determined by the seed."""

    random: Random
    now: int
    batches: int = 0
    visitors: int = 60

    def batch(self) -> list[Observation]:
        self.batches += 1
        self.now += MINUTE // 60
        kind = self.random.choices((self.page_views, self.replies, self.identifications), (5, 3, 2))[0]
        return list(kind())

    def line(self, observation: Observation) -> str:
        """The observation as a CloudEvent in a file."""
        event = {"specversion": "1.0", "id": observation.id, "source": observation.source, "type": observation.type}
        identity = {"contact": observation.email, "visitor": observation.visitor}
        event |= {name: value for name, value in identity.items() if value is not None}
        return json.dumps(event | {"time": format_time(observation.time), "data": observation.data}) + "\n"

    def page_views(self) -> Iterator[Observation]:
        self.visitors += 3
        for n in range(self.random.randint(5, 40)):
            page = {"url": f"https://www.example.com/{n}"}
            yield self.observation(n, "web.page_viewed", visitor=self.random_visitor(), data=page)

    def replies(self) -> Iterator[Observation]:
        for n in range(self.random.randint(1, 6)):
            kind = self.random.choice(("email.replied", "email.replied", "meeting.held", "email.bounced"))
            yield self.observation(n, kind, email=self.random_email())

    def identifications(self) -> Iterator[Observation]:
        for n in range(self.random.randint(1, 3)):
            role = self.random.choice((None, "decision_maker", "user"))
            data = {} if role is None else {"role": role}
            yield self.observation(
                n, "contact.identified", email=self.random_email(), visitor=self.random_visitor(), data=data
            )

    def observation(self, n: int, type: str, **parts: object) -> Observation:
        return new_observation(f"{self.batches}/{n}", type, self.now, **parts)

    def random_visitor(self) -> str:
        return str(self.random.randint(max(0, self.visitors - 60), self.visitors))

    def random_email(self) -> str:
        return f"p{self.random.randrange(PEOPLE)}@firm{self.random.randrange(COMPANIES)}.com"


def record_until_stopped(crash_db: CrashDatabase, seed: int, stop: Event, sender: Connection) -> None:
    """Record new facts, old ones again, and decisions, until `stop` is set. Sends the ids of recorded facts."""
    set_environment(crash_db)
    staffel = create_home(crash_db.settings())
    workload = Workload(Random(seed), staffel.clock() - 60 * MINUTE)
    batches: list[list[Observation]] = []
    recorded: list[str] = []
    while not stop.wait(PAUSE_S):
        again = batches and workload.random.random() < 0.1
        batch = workload.random.choice(batches) if again else workload.batch()
        batches.append(batch)
        outcomes = staffel.recorder.record(batch)
        pairs = zip(batch, outcomes, strict=True)
        recorded += [record_id(fact.source, fact.id) for fact, outcome in pairs if isinstance(outcome, Recorded)]
        if workload.random.random() < 0.1:
            decide(staffel, workload.random)
    staffel.close()
    sender.send(recorded)


def decide(staffel: Application, random: Random) -> None:
    """Accept or reject a random handoff by the command."""
    with open_queries(staffel.engine) as queries:
        proposed = [row.handoff for row in queries.handoffs(only_open=True) if row.status == "proposed"]
    if proposed:
        verb = random.choice(("accept", "reject"))
        cli.run(["handoff", verb, random.choice(proposed), "--by", "sales", "--json"])
