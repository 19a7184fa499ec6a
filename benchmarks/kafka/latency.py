"""From a fact to the row that people see and to the alert that they get, at a steady rate, through all processes.

A fact counts from the moment it was due to be produced, whether the producer was in time or not. Never counts a run
that lost a row or an alert, or told one twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import quantiles
from threading import Event, Lock, Thread
from time import monotonic, time_ns
from typing import Any

from benchmarks.embedded import ACT_NOW
from benchmarks.figures import Figure
from benchmarks.kafka.contenders import Place
from benchmarks.kafka.fleet import Fleet, Patience, fleet
from benchmarks.kafka.loading import lay_down
from benchmarks.kafka.outcome import NotRight, Outcome
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.sizes import Sizes
from benchmarks.worlds import account_name, written
from projections.database import reading
from schemas.facts import HEADERS
from streams.kafka_clients import open_producer
from tests.alerts.builders import SECRET
from tests.alerts.receiver import Receiver, receiving

ROW_MS, ALERT_MS = 250, 400
FORM_EVERY = 25
"""One fact in so many is a request to act now, and makes an alert."""
_LOOK_S = 0.004
_PATIENCE_S = 60.0
_SEEN = "SELECT account FROM accounts WHERE account = ANY(%s)"


@dataclass
class Course:
    """When each account's only fact was due, and when its row was seen (monotonic seconds)."""

    due: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def is_due(self, account: str, at: float) -> None:
        with self.lock:
            self.due[account] = at
            self.pending.add(account)

    def looked_for(self) -> list[str]:
        with self.lock:
            return list(self.pending)

    def found(self, accounts: list[str], at: float) -> None:
        with self.lock:
            self.seen.update(dict.fromkeys(accounts, at))
            self.pending.difference_update(accounts)


def measure(stage: Stage, sizes: Sizes, outcome: Outcome) -> Iterator[Figure]:
    outcome.settings["processes"] = "one worker, project, relay and alerts each, as they come; one webhook"
    place = Place(stage, "latency", sizes.partitions, 0)
    lay_down(place.address, place.partitions, ACT_NOW)
    count = sizes.latency_seconds * sizes.per_second
    with receiving() as receiver, fleet(place, alerts_to(receiver, stage)) as fleet_:
        course = driven(fleet_, receiver, count, sizes.per_second)
    rows = [(seen - course.due[account]) * 1000 for account, seen in course.seen.items()]
    alerts = alerted(receiver, course)
    rate = f"{count:,} facts at {sizes.per_second}/s"
    yield figure("fact produced to visible row, p99", rows, ROW_MS, rate)
    yield figure("fact produced to alert received, p99", alerts, ALERT_MS, f"{rate}, {len(alerts):,} alerts")


def figure(name: str, waits: list[float], most: float, note: str) -> Figure:
    cuts = quantiles(waits, n=100, method="inclusive")
    told = f"{note}; p50 {cuts[49]:.0f} ms, p90 {cuts[89]:.0f} ms, most {max(waits):.0f} ms"
    return Figure(name, cuts[98], "ms", most, "at most", told)


def alerts_to(receiver: Receiver, stage: Stage) -> dict[str, str]:
    file = stage.fresh_folder("alerts") / "alerts.yaml"
    file.write_text(
        f"channels: [{{name: bench, webhook: '{receiver.url}', secret_env: BENCH_SECRET, kinds: [act_now]}}]\n"
    )
    return {"STAFFEL_ALERTS": str(file), "BENCH_SECRET": SECRET}


def driven(fleet_: Fleet, receiver: Receiver, count: int, per_second: int) -> Course:
    """All processes at work. A first fact comes and is waited for before the clock runs."""
    fleet_.engine.dispose()
    producer = open_producer(fleet_.place.address, "bench")
    with fleet_.all_running("worker", "project", "relay", "alerts") as programs:
        warm, course = Course(), Course()
        produce(fleet_, producer, warm, range(-FORM_EVERY, 0), per_second)
        watched(fleet_, warm, Patience(programs, _PATIENCE_S))
        receiver.await_requests(1, _PATIENCE_S)
        sending = Thread(target=produce, args=(fleet_, producer, course, range(count), per_second))
        sending.start()
        watched(fleet_, course, Patience(programs, _PATIENCE_S + count / per_second), sending)
        receiver.await_requests(1 + count // FORM_EVERY, _PATIENCE_S)
    producer.close()
    return course


def produce(fleet_: Fleet, producer: Any, course: Course, numbers: range, per_second: int) -> None:
    topic, pause, begun = fleet_.place.topic, Event(), monotonic()
    for turn, number in enumerate(numbers):
        at = begun + turn / per_second
        pause.wait(max(0.0, at - monotonic()))
        account, value = fact(number)
        course.is_due(account, at)
        producer.send(topic, key=account.encode(), value=value, headers=list(HEADERS))
    producer.flush()


def fact(number: int) -> tuple[str, bytes]:
    """The first one of its account."""
    account, contact = account_name(number + FORM_EVERY), f"c_{number + FORM_EVERY:012x}"
    type_, content = ("web.page_viewed", '{"url":"/pricing"}')
    if number % FORM_EVERY == 0:
        type_, content = ("web.form_submitted", '{"form":"contact"}')
    return account, written(f"l{number}", account, contact, time_ns() // 1_000_000, type_, content)


def watched(fleet_: Fleet, course: Course, patience: Patience, sending: Thread | None = None) -> None:
    """Look for rows every few milliseconds until all are there."""
    pause = Event()
    while (pending := course.looked_for()) or (sending is not None and sending.is_alive()):
        with reading(fleet_.engine).connect() as connection:
            found = connection.exec_driver_sql(_SEEN, (pending,)).scalars().all() if pending else []
        course.found(list(found), monotonic())
        patience.check()
        pause.wait(_LOOK_S)


def alerted(receiver: Receiver, course: Course) -> list[float]:
    """Milliseconds to each alert. Raises `NotRight` where one is missing or came twice."""
    came: dict[str, float] = {}
    for request in receiver.requests:
        told: Mapping[str, Any] = request.verified()
        account = told["data"]["account"]
        if account in came:
            raise NotRight(f"the alert about {account} came twice")
        came[account] = request.at
    waits = [(came[account] - due) * 1000 for account, due in course.due.items() if account in came]
    if len(course.seen) != len(course.due) or len(waits) != -(-len(course.due) // FORM_EVERY):
        raise NotRight(f"{len(course.seen)} rows and {len(waits)} alerts of {len(course.due)} facts")
    return waits
