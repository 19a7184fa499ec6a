"""A home with every kind of content, and a destination to migrate it to."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from staffel.cli.session import connected_application
from streams.log import NewRecord
from tests.requirements import kafka_server, postgres_url
from tests.staffel.cli.cli_runner import Json, begin_again, cloud_event, page_view, run_json, run_ok, write_lines
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


def fill_home() -> Path:
    """Fill the home: companies, visitors who identify themselves, decisions, a letter recorded again, one not.

    Answers the file that was ingested.
    """
    model = write_lines(Path("model.yaml"), MODEL).absolute()
    os.environ["STAFFEL_MODEL"] = str(model)
    begin_again(model)
    facts = write_lines(Path("facts.jsonl"), *_facts())
    run_json("ingest", "cloudevents", facts)
    _append_unreadable(b"torn one", b"torn two")
    run_json("ingest", "cloudevents", write_lines(Path("more.jsonl"), page_view("late", subject="company1.com")))
    first = run_json("dead-letters", "list")[0]["id"]
    repaired = write_lines(Path("repaired.json"), page_view("torn", subject="company2.com"))
    run_ok("dead-letters", "retry", first, "--file", repaired)
    run_ok("handoff", "accept", "company1.com/sales/1", "--by", "anna")
    run_ok("contact", "suppress", "p2@company2.com", "--reason", "asked us")
    return facts


def _facts() -> Iterator[Json]:
    for n in range(20):
        named = {"subject": f"company{n}.com"}
        yield page_view(f"page {n}", **named)
        yield page_view(f"alone {n}", subject=None, visitor=f"visitor {n}")
        yield cloud_event(f"demo {n}", "web.form_submitted", data={"form": "demo"}, **named)
    for n in range(0, 20, 2):
        identity = {"visitor": f"visitor {n}", "contact": f"p{n}@company{n}.com"}
        yield cloud_event(f"mail {n}", "email.clicked", subject=None, **identity)
        yield page_view(f"again {n}", subject=None, visitor=f"visitor {n}")


def _append_unreadable(*values: bytes) -> None:
    with connected_application() as staffel:
        staffel.log.append("engagement", [NewRecord(f"company{n}.com", value) for n, value in enumerate(values, 2)])


def destination() -> tuple[str, str]:
    """STAFFEL_LOG with a new topic prefix, and STAFFEL_DATABASE, an empty database."""
    return f"kafka://{kafka_server()}?prefix=moving-{uuid4().hex[:8]}.", postgres_url()


def many_page_views(number: int) -> Path:
    """A file with this number of page views of a hundred companies."""
    return write_lines(
        Path("many.jsonl"), *(page_view(f"many {n}", subject=f"company{n % 100}.com") for n in range(number))
    )


def replayed_state(log: str = "sql", database: str | None = None) -> Json:
    """Every account and handoff of a replay, and the dead letters."""
    with environment_of(log, database):
        replayed = run_json("audit", "replay")
        letters = run_json("dead-letters", "list")
    return {
        "facts": replayed["facts"],
        "accounts": sorted(replayed["accounts"], key=lambda row: str(row["account"])),
        "handoffs": sorted(replayed["handoffs"], key=lambda row: str(row["handoff"])),
        "letters": sorted((row["id"], row["key"], row["code"], row["retried"]) for row in letters),
    }


@contextmanager
def environment_of(log: str, database: str | None) -> Iterator[None]:
    """Commands in this block use the destination."""
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
def running_processes(folder: Path, log: str, database: str, roles: Sequence[str]) -> Iterator[Processes]:
    """Processes at the destination."""
    group = Processes(folder, {"STAFFEL_LOG": log, "STAFFEL_DATABASE": database})
    try:
        for started in [group.start(role) for role in roles]:
            started.await_ready()
        yield group
    finally:
        for started in group.started:
            started.process.kill()
            started.process.wait(DEADLINE_S)
