"""The play: a small history in acts that together write everything Staffel ever writes. An act may be given again.

Whoever plays it under one clock and one chance gets the same log and the same tables, byte for byte.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any

from audit.replay import recomputed_updates
from intake.observation import Observation
from projections.derived_facts import DECISIONS_SOURCE
from projections.handoff_decisions import DecisionRefused, check_decision
from projections.queries import open_queries
from projections.rebuild import rebuild
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT
from staffel.application import Application
from staffel.errors import ProblemFound
from staffel.ingestion import ingest_and_wait
from staffel.record_fact import record_fact
from streams.log import NewRecord
from streams.sql.compaction import Compaction

MONDAY = parse_time("2026-01-05T00:00:00.000Z")
HOUR = 3_600_000
DAY = 24 * HOUR
SOURCE = "play/web"
NOT_JSON = b'{"specversion": "1.0", "id": '


@dataclass
class Clock:
    """Stands still until an act moves it."""

    now: int = MONDAY

    def __call__(self) -> int:
        return self.now


class Chance:
    """The same bytes in the same order, going on where the vault stands: a successor draws what was not used."""

    def __init__(self, used: int = 0) -> None:
        self._draws = count(used + 1)

    def __call__(self, size: int) -> bytes:
        return bytes(range(size)) if size == 32 else blake2b(b"%d" % next(self._draws), digest_size=size).digest()


Act = Callable[[Application], object]


def at(hour: int, minute: int = 0, day: int = 0) -> int:
    return MONDAY + day * DAY + hour * HOUR + minute * 60_000


def seen(id: str, type: str, time: int, **parts: Any) -> Observation:
    parts = {"data": {}, "source": SOURCE} | parts
    return Observation(where=id, id=id, type=f"{type}.v1", time=time, **parts)


def registered() -> Iterator[Observation]:
    for account in ("acme", "beta", "gamma"):
        content = {"name": account.title(), "domains": [f"{account}.example"], "employees": 300}
        yield seen(f"registered {account}", "account.registered", at(9), account=account, data=content)


def browsed() -> Iterator[Observation]:
    """Visitors without a company; a bot among them."""
    for visitor in ("one", "two", "three"):
        for n in range(4):
            page = {"url": f"https://www.example.com/{n}", "bot": n == 3}
            yield seen(f"{visitor} {n}", "web.page_viewed", at(10, n), visitor=visitor, data=page)


def wrote() -> Iterator[Observation]:
    """People of companies, and one whose address says nothing of a company."""
    yield seen("anna replies", "email.replied", at(11), email="anna@acme.example")
    yield seen("carl replies", "email.replied", at(11, 1), email="carl@gmail.com")
    yield seen("bert meets", "meeting.held", at(11, 2), email="bert@beta.example", data={"meeting": "m1"})
    yield seen("anna replies again", "email.replied", at(11, 3), email="anna@acme.example")


def identified() -> Iterator[Observation]:
    """One visitor is reported to be Anna, another shows it along the way."""
    yield seen("one is anna", "contact.identified", at(12), email="anna@acme.example", visitor="one")
    yield seen("two fills in", "web.form_submitted", at(12, 1), email="bert@beta.example", visitor="two")


def arrived() -> Iterator[Observation]:
    """Carl's company becomes known, and with it what he did before."""
    yield seen("carl meets", "meeting.held", at(14), email="carl@gmail.com", account="gamma", data={"meeting": "m2"})


def strayed(staffel: Application) -> Iterator[Observation]:
    """A file that knows a visitor only, after the visitor was identified."""
    visitor = staffel.vault.visitor_for("one")
    page = {"url": "https://www.example.com/late"}
    kind, account = "web.page_viewed", f"anon:{visitor}"
    yield seen(
        "one strays", kind, at(15), contact=visitor, account=account, trusted=True, data=page, source="play/file"
    )


def cooled() -> Iterator[Observation]:
    """Within the cool-down, and after it."""
    yield seen("bert is back", "meeting.held", at(10, 0, 3), email="bert@beta.example", data={"meeting": "m3"})
    yield seen("bert is back again", "meeting.held", at(17, 0, 4), email="bert@beta.example", data={"meeting": "m4"})


def told(observations: Callable[[], Iterator[Observation]]) -> Act:
    return lambda staffel: ingest_and_wait(staffel, observations(), int)


def recorded(staffel: Application, type: str, id: str, **parts: Any) -> None:
    """As a command does it; where the fact stands already, it is enough that all of it is visible."""
    with suppress(ProblemFound):
        record_fact(staffel, type, id=id, **parts)


def take_role(staffel: Application) -> None:
    anna = staffel.vault.contact_of("anna@acme.example")
    role = {"contact": anna, "role": "decision_maker"}
    recorded(staffel, "contact.identified.v1", "anna decides", account="acme", contact=anna, data=role)


def decided(handoff: str, status: str) -> Act:
    """As the command does it; a decision that stands already is left alone."""

    def decide(staffel: Application) -> None:
        staffel.wait_until_visible()
        with open_queries(staffel.engine) as questions:
            row = questions.handoff(handoff)
        fact = check_decision(row, handoff, status)
        if row is not None and not isinstance(fact, DecisionRefused):
            parts = {"account": row.account, "data": {"handoff": handoff, "by": "dora"}, "source": DECISIONS_SOURCE}
            recorded(staffel, f"handoff.{status}.v1", fact, **parts)

    return decide


def damaged(staffel: Application) -> None:
    """A record that cannot be read reached the log."""
    partition = staffel.log.partition_of(ENGAGEMENT, "acme")
    staffel.log.append(ENGAGEMENT, [NewRecord("acme", NOT_JSON, "damaged")], partition)
    staffel.wait_until_visible()


def time_passes(staffel: Application) -> None:
    """Timers run beside the other steps, as in a process that lives on."""
    if staffel.lock.try_acquire():
        staffel.serving_host().drain()
        staffel.lock.release()


def compacted(staffel: Application) -> None:
    if staffel.lock.try_acquire():
        Compaction(staffel.log, staffel.projector_positions, retained=10).advance()
        staffel.lock.release()


def rebuilt(staffel: Application) -> None:
    staffel.wait_until_visible()
    heir = "the play"  # who comes after one that was killed goes on with its lease
    rebuild(staffel.engine, staffel.log, lambda partition: recomputed_updates(staffel.log, partition), holder=heir)


def erased(staffel: Application) -> None:
    carl = staffel.vault.contact_of("carl@gmail.com")
    if carl is not None:
        recorded(staffel, "contact.erased.v1", "no carl", account="gamma", contact=carl, data={})
        staffel.vault.forget("carl@gmail.com")


ACTS: tuple[tuple[int, Act], ...] = (
    (at(9), told(registered)),
    (at(10, 30), told(browsed)),
    (at(11, 30), told(wrote)),
    (at(12, 30), told(identified)),
    (at(13), take_role),
    (at(13, 10), decided("acme/sales/1", "accepted")),
    (at(14), told(arrived)),
    (at(15), lambda staffel: ingest_and_wait(staffel, strayed(staffel), int)),
    (at(15, 10), damaged),
    (at(17, 0, 1), time_passes),
    (at(17, 10, 1), decided("beta/sales/1", "accepted")),
    (at(17, 20, 1), decided("beta/sales/1", "recycled")),
    (at(17, 0, 4), told(cooled)),
    (at(17, 30, 4), told(browsed)),
    (at(17, 40, 4), told(wrote)),
    (at(0, 0, 40), time_passes),
    (at(1, 0, 40), compacted),
    (at(2, 0, 40), erased),
    (at(3, 0, 40), rebuilt),
)
"""When, and what."""
