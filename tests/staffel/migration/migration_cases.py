"""A home with something of everything, and the place it moves to. Never tests anything itself."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from staffel.cli.session import connected_application
from streams.log import NewRecord
from tests.requirements import kafka_server, postgres_url
from tests.staffel.cli.cli_runner import Json, asked, done, event, page, written
from tests.staffel.processes.process_runner import DEADLINE_S, Processes

MODEL = """\
model: moving
tracks:
  sales:
    rules:
      - {id: page, on: web.page_viewed, points: 1, half_life: 30d}
      - {id: demo, on: web.form_submitted, points: 10, half_life: 30d}
    stages:
      - {name: ready, enter: 8, leave: 5, handoff: true}
handoff:
  recycle_cooldown: 30d
"""


def furnish() -> Path:
    """Fill the home: companies, visitors who identify themselves, decisions, a letter recorded again, one not.

    Answers the file that was ingested.
    """
    os.environ["STAFFEL_MODEL"] = str(written(Path("model.yaml"), MODEL).absolute())
    facts = written(Path("facts.jsonl"), *_facts())
    asked("ingest", "cloudevents", facts)
    _append_torn(b"torn one", b"torn two")
    asked("ingest", "cloudevents", written(Path("more.jsonl"), page("late", subject="company1.com")))
    first = asked("dead-letters", "list")[0]["id"]
    repaired = written(Path("repaired.json"), page("torn", subject="company2.com"))
    done("dead-letters", "retry", first, "--file", repaired)
    done("handoff", "accept", "company1.com/sales/1", "--by", "anna")
    done("contact", "suppress", "p2@company2.com", "--reason", "asked us")
    return facts


def _facts() -> Iterator[Json]:
    for n in range(20):
        named = {"subject": f"company{n}.com"}
        yield page(f"page {n}", **named)
        yield page(f"alone {n}", subject=None, visitor=f"visitor {n}")
        yield event(f"demo {n}", "web.form_submitted", data={"form": "demo"}, **named)
    for n in range(0, 20, 2):
        told = {"visitor": f"visitor {n}", "contact": f"p{n}@company{n}.com"}
        yield event(f"mail {n}", "email.clicked", subject=None, **told)
        yield page(f"again {n}", subject=None, visitor=f"visitor {n}")


def _append_torn(*values: bytes) -> None:
    with connected_application() as staffel:
        staffel.log.append("engagement", [NewRecord(f"company{n}.com", value) for n, value in enumerate(values, 2)])


def destination() -> tuple[str, str]:
    """STAFFEL_LOG with topics of its own, and STAFFEL_DATABASE, empty."""
    return f"kafka://{kafka_server()}?prefix=moving-{uuid4().hex[:8]}.", postgres_url()


def many(number: int) -> Path:
    """A file of so many page views of a hundred companies."""
    return written(Path("many.jsonl"), *(page(f"many {n}", subject=f"company{n % 100}.com") for n in range(number)))


def told_of(log: str = "sql", database: str | None = None) -> Json:
    """What a replay says of every account and handoff, and what the letters are."""
    with at(log, database):
        replayed = asked("audit", "replay")
        letters = asked("dead-letters", "list")
    return {
        "facts": replayed["facts"],
        "accounts": sorted(replayed["accounts"], key=lambda row: str(row["account"])),
        "handoffs": sorted(replayed["handoffs"], key=lambda row: str(row["handoff"])),
        "letters": sorted((row["id"], row["key"], row["code"], row["retried"]) for row in letters),
    }


@contextmanager
def at(log: str, database: str | None) -> Iterator[None]:
    """Commands in this block speak to the other Staffel."""
    before = dict(os.environ)
    os.environ["STAFFEL_LOG"] = log
    if database is not None:
        os.environ["STAFFEL_DATABASE"] = database
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def running(folder: Path, log: str, database: str, roles: Sequence[str]) -> Iterator[Processes]:
    """Processes over there."""
    made = Processes(folder, {"STAFFEL_LOG": log, "STAFFEL_DATABASE": database})
    try:
        for started in [made.start(role) for role in roles]:
            started.await_ready()
        yield made
    finally:
        for started in made.started:
            started.process.kill()
            started.process.wait(DEADLINE_S)
