"""The scenario: a short history in steps that together write every table and topic. Each step may be repeated.

With the same clock and random bytes it yields the same log and the same tables, byte for byte.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import count
from typing import Any

from audit.replay import recomputed_updates
from intake.observation import Observation
from projections.derived_facts import DECISIONS_SOURCE
from projections.handoff_decisions import DecisionRefused, check_decision
from projections.lag import projector_positions
from projections.queries import open_queries
from projections.rebuild import rebuild
from schemas.times import parse_time
from schemas.topics import ENGAGEMENT
from staffel.application import Application
from staffel.erasure import erase
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
class ManualClock:
    """A clock that only moves when a step sets it."""

    now: int = MONDAY

    def __call__(self) -> int:
        return self.now


class RepeatableRandom:
    """Repeatable bytes. `used`: the draws that the vault has used already; a later process continues after them."""

    def __init__(self, used: int = 0) -> None:
        self._draws = count(used + 1)

    def __call__(self, size: int) -> bytes:
        return bytes(range(size)) if size == 32 else blake2b(b"%d" % next(self._draws), digest_size=size).digest()


Step = Callable[[Application], object]


def at(hour: int, minute: int = 0, day: int = 0) -> int:
    return MONDAY + day * DAY + hour * HOUR + minute * 60_000


def new_observation(id: str, type: str, time: int, **parts: Any) -> Observation:
    parts = {"data": {}, "source": SOURCE} | parts
    return Observation(where=id, id=id, type=f"{type}.v1", time=time, **parts)


def registrations() -> Iterator[Observation]:
    for account in ("acme", "beta", "gamma"):
        content = {"name": account.title(), "domains": [f"{account}.example"], "employees": 300}
        yield new_observation(f"registered {account}", "account.registered", at(9), account=account, data=content)


def page_views() -> Iterator[Observation]:
    """Visitors without a company, and a bot."""
    for visitor in ("one", "two", "three"):
        for n in range(4):
            page = {"url": f"https://www.example.com/{n}", "bot": n == 3}
            yield new_observation(f"{visitor} {n}", "web.page_viewed", at(10, n), visitor=visitor, data=page)


def replies() -> Iterator[Observation]:
    """People of companies, and one with a free-mail address."""
    yield new_observation("anna replies", "email.replied", at(11), email="anna@acme.example")
    yield new_observation("carl replies", "email.replied", at(11, 1), email="carl@gmail.com")
    yield new_observation("bert meets", "meeting.held", at(11, 2), email="bert@beta.example", data={"meeting": "m1"})
    yield new_observation("anna replies again", "email.replied", at(11, 3), email="anna@acme.example")


def identifications() -> Iterator[Observation]:
    """One visitor is identified as Anna by a call, another as Bert by a form."""
    yield new_observation("one is anna", "contact.identified", at(12), email="anna@acme.example", visitor="one")
    yield new_observation("two fills in", "web.form_submitted", at(12, 1), email="bert@beta.example", visitor="two")


def company_of_contact() -> Iterator[Observation]:
    """Carl's company becomes known, which releases his earlier facts."""
    yield new_observation(
        "carl meets", "meeting.held", at(14), email="carl@gmail.com", account="gamma", data={"meeting": "m2"}
    )


def late_visitor_fact(staffel: Application) -> Iterator[Observation]:
    """A fact of an identified visitor that a file still records under the anonymous account."""
    visitor = staffel.vault.visitor_for("one")
    page = {"url": "https://www.example.com/late"}
    kind, account = "web.page_viewed", f"anon:{visitor}"
    yield new_observation(
        "one strays", kind, at(15), contact=visitor, account=account, trusted=True, data=page, source="play/file"
    )


def after_cool_down() -> Iterator[Observation]:
    """One fact within the cool-down, one after it."""
    yield new_observation(
        "bert is back", "meeting.held", at(10, 0, 3), email="bert@beta.example", data={"meeting": "m3"}
    )
    yield new_observation(
        "bert is back again", "meeting.held", at(17, 0, 4), email="bert@beta.example", data={"meeting": "m4"}
    )


def ingest_step(observations: Callable[[], Iterator[Observation]]) -> Step:
    return lambda staffel: ingest_and_wait(staffel, observations(), int)


def record_once(staffel: Application, type: str, id: str, **parts: Any) -> None:
    """Record a fact as a command does. If it is recorded already, only wait until it is visible."""
    with suppress(ProblemFound):
        record_fact(staffel, type, id=id, **parts)


def assign_role(staffel: Application) -> None:
    anna = staffel.vault.contact_of("anna@acme.example")
    role = {"contact": anna, "role": "decision_maker"}
    record_once(staffel, "contact.identified.v1", "anna decides", account="acme", contact=anna, data=role)


def decision_step(handoff: str, status: str) -> Step:
    """Decide on a handoff as the command does, unless the decision is recorded already."""

    def decide(staffel: Application) -> None:
        staffel.wait_until_visible()
        with open_queries(staffel.engine) as queries:
            row = queries.handoff(handoff)
        fact = check_decision(row, handoff, status)
        if row is not None and not isinstance(fact, DecisionRefused):
            parts = {"account": row.account, "data": {"handoff": handoff, "by": "dora"}, "source": DECISIONS_SOURCE}
            record_once(staffel, f"handoff.{status}.v1", fact, **parts)

    return decide


def append_damaged_record(staffel: Application) -> None:
    """Append an undecodable record."""
    partition = staffel.log.partition_of(ENGAGEMENT, "acme")
    staffel.log.append(ENGAGEMENT, [NewRecord("acme", NOT_JSON, "damaged")], partition)
    staffel.wait_until_visible()


def run_timers(staffel: Application) -> None:
    """Drain the steps of a serving host, including timers."""
    if staffel.lock.try_acquire():
        staffel.serving_host().drain()
        staffel.lock.release()


def compact(staffel: Application) -> None:
    if staffel.lock.try_acquire():
        Compaction(staffel.log, partial(projector_positions, staffel.engine, staffel.log), retained=10).advance()
        staffel.lock.release()


def rebuild_read_models(staffel: Application) -> None:
    staffel.wait_until_visible()
    holder = "the scenario"  # after a kill, the next process continues with the same lease
    rebuild(staffel.engine, staffel.log, lambda partition: recomputed_updates(staffel.log, partition), holder=holder)


def erase_contact(staffel: Application) -> None:
    erase(staffel, "carl@gmail.com", staffel.vault.contact_of("carl@gmail.com"))


STEPS: tuple[tuple[int, Step], ...] = (
    (at(9), ingest_step(registrations)),
    (at(10, 30), ingest_step(page_views)),
    (at(11, 30), ingest_step(replies)),
    (at(12, 30), ingest_step(identifications)),
    (at(13), assign_role),
    (at(13, 10), decision_step("acme/sales/1", "accepted")),
    (at(14), ingest_step(company_of_contact)),
    (at(15), lambda staffel: ingest_and_wait(staffel, late_visitor_fact(staffel), int)),
    (at(15, 10), append_damaged_record),
    (at(17, 0, 1), run_timers),
    (at(17, 10, 1), decision_step("beta/sales/1", "accepted")),
    (at(17, 20, 1), decision_step("beta/sales/1", "recycled")),
    (at(17, 0, 4), ingest_step(after_cool_down)),
    (at(17, 30, 4), ingest_step(page_views)),
    (at(17, 40, 4), ingest_step(replies)),
    (at(0, 0, 40), run_timers),
    (at(1, 0, 40), compact),
    (at(2, 0, 40), erase_contact),
    (at(3, 0, 40), rebuild_read_models),
)
"""Time and action of each step."""
