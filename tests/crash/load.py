"""Processes under load: one that goes on recording, and those that host and are killed. Each forked from the server.

What is recorded follows from the seed alone; when a process dies does not.
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
from staffel.connect import connect
from tests.crash.case_runner import MODEL, Stage
from tests.crash.crash_cases import seen
from tests.crash.kill_points import KillAt, Points

FIRMS, PEOPLE = 40, 3
PAUSE_S = 0.01
MINUTE = 60_000


def command(stage: Stage, arguments: list[str], tell: Connection) -> None:
    """A command line, with its own outputs left out; tells its exit code."""
    settle_in(stage)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    tell.send(cli.run(arguments))


def complaining(stage: Stage, arguments: list[str], to: str, tell: Connection) -> None:
    """A command line; tells its exit code and what it wrote on standard error, all of which passes through a file."""
    with open(to, "wb") as file:
        os.dup2(file.fileno(), 2)
    settle_in(stage)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    code = cli.run(arguments)
    tell.send((code, Path(to).read_text(encoding="utf-8")))


def dying_command(stage: Stage, arguments: list[str], points: int, tell: Connection) -> None:
    """A command line that is killed after it passed so many points; tells its exit code where it ends before."""
    Points(KillAt(points, lambda _: None)).listen()
    command(stage, arguments, tell)


def settle_in(stage: Stage) -> None:
    given = {"DATABASE": stage.url, "PARTITIONS": str(stage.partitions), "MODEL": str(MODEL), "WAIT": "60"}
    os.environ.update({f"STAFFEL_{name}": value for name, value in given.items()})


@dataclass
class World:
    """What the seed makes happen."""

    chance: Random
    now: int
    batches: int = 0
    visitors: int = 60

    def batch(self) -> list[Observation]:
        self.batches += 1
        self.now += MINUTE // 60
        kind = self.chance.choices((self.browse, self.talk, self.identify), (5, 3, 2))[0]
        return list(kind())

    def line(self, observation: Observation) -> str:
        """One CloudEvent, as a file brings it."""
        told = {"specversion": "1.0", "id": observation.id, "source": observation.source, "type": observation.type}
        who = {"contact": observation.email, "visitor": observation.visitor}
        told |= {name: value for name, value in who.items() if value is not None}
        return json.dumps(told | {"time": format_time(observation.time), "data": observation.data}) + "\n"

    def browse(self) -> Iterator[Observation]:
        self.visitors += 3
        for n in range(self.chance.randint(5, 40)):
            page = {"url": f"https://www.example.com/{n}"}
            yield self.of(n, "web.page_viewed", visitor=self.visitor(), data=page)

    def talk(self) -> Iterator[Observation]:
        for n in range(self.chance.randint(1, 6)):
            kind = self.chance.choice(("email.replied", "email.replied", "meeting.held", "email.bounced"))
            yield self.of(n, kind, email=self.person())

    def identify(self) -> Iterator[Observation]:
        for n in range(self.chance.randint(1, 3)):
            role = self.chance.choice((None, "decision_maker", "user"))
            role_told = {} if role is None else {"role": role}
            yield self.of(n, "contact.identified", email=self.person(), visitor=self.visitor(), data=role_told)

    def of(self, n: int, type: str, **parts: object) -> Observation:
        return seen(f"{self.batches}/{n}", type, self.now, **parts)

    def visitor(self) -> str:
        return str(self.chance.randint(max(0, self.visitors - 60), self.visitors))

    def person(self) -> str:
        return f"p{self.chance.randrange(PEOPLE)}@firm{self.chance.randrange(FIRMS)}.com"


def go_on_recording(stage: Stage, seed: int, stop: Event, tell: Connection) -> None:
    """Until told to stop: new facts, old ones again, decisions. Tells the ids of what was answered `recorded`."""
    settle_in(stage)
    staffel = connect(stage.settings())
    world = World(Random(seed), staffel.clock() - 60 * MINUTE)
    batches: list[list[Observation]] = []
    recorded: list[str] = []
    while not stop.wait(PAUSE_S):
        again = batches and world.chance.random() < 0.1
        batch = world.chance.choice(batches) if again else world.batch()
        batches.append(batch)
        outcomes = staffel.recorder.record(batch)
        told = zip(batch, outcomes, strict=True)
        recorded += [record_id(fact.source, fact.id) for fact, answer in told if isinstance(answer, Recorded)]
        if world.chance.random() < 0.1:
            decide(staffel, world.chance)
    staffel.close()
    tell.send(recorded)


def decide(staffel: Application, chance: Random) -> None:
    """As sales does, by the command."""
    with open_queries(staffel.engine) as questions:
        proposed = [row.handoff for row in questions.handoffs(only_open=True) if row.status == "proposed"]
    if proposed:
        verb = chance.choice(("accept", "reject"))
        cli.run(["handoff", verb, chance.choice(proposed), "--by", "sales", "--json"])
