"""From a fact to the row that people see and to the alert that they get, at a steady rate, through all processes.

A fact counts from the moment it was due to be produced, whether the producer was in time or not. Never counts a run
that lost a row or an alert, or told one twice.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from statistics import quantiles
from threading import Event, Lock, Thread
from time import monotonic, time_ns
from typing import Any

from kafka import KafkaProducer

from benchmarks.embedded import ACT_NOW
from benchmarks.figures import Figure
from benchmarks.kafka.bulk_load import lay_down
from benchmarks.kafka.contenders import Place
from benchmarks.kafka.fleet import Fleet, Patience, fleet
from benchmarks.kafka.outcome import NotRight, Outcome
from benchmarks.kafka.programs import Program
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.sizes import Sizes
from benchmarks.worlds import account_name, written
from database.engine import read_only
from database.notifications import PROJECTED, Notifications
from schemas.envelope import FACT_HEADERS
from streams.kafka.connection import client_settings
from tests.alerts.builders import SECRET
from tests.alerts.receiver import Receiver, receiving

ROW_MS, ALERT_MS = 250, 400
FORM_EVERY = 25
"""One fact in so many is a request to act now, and makes an alert."""
_LOOK_S = 0.25
"""At least so often one looks."""
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
    count, warm = sizes.latency_seconds * sizes.per_second, sizes.latency_seconds * sizes.per_second // 2
    with receiving() as receiver, fleet(place, alerts_to(receiver, stage)) as fleet_:
        course = driven(fleet_, receiver, warm, count, sizes.per_second)
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


def driven(fleet_: Fleet, receiver: Receiver, warm: int, count: int, per_second: int) -> Course:
    """All processes at work. The first facts warm them up, at the same rate, and count for nothing."""
    fleet_.engine.dispose()
    producer = open_producer(fleet_.place)
    with fleet_.all_running("worker", "project", "relay", "alerts") as programs:
        passed(fleet_, producer, range(warm), per_second, programs)
        course = passed(fleet_, producer, range(warm, warm + count), per_second, programs)
        receiver.await_requests(len(range(0, warm + count, FORM_EVERY)), _PATIENCE_S)
    producer.close()
    return course


def passed(fleet_: Fleet, producer: KafkaProducer, numbers: range, per_second: int, programs: list[Program]) -> Course:
    """The course of these facts, once all of them are visible."""
    course = Course()
    sending = Thread(target=produce, args=(fleet_, producer, course, numbers, per_second))
    sending.start()
    watched(fleet_, course, Patience(programs, _PATIENCE_S + len(numbers) / per_second), sending)
    return course


def open_producer(place: Place) -> KafkaProducer:
    """As clients of Apache Kafka come since 4.0: what comes within five milliseconds goes together."""
    return KafkaProducer(**client_settings(place.address, "bench"), acks="all", compression_type="lz4", linger_ms=5)


def produce(fleet_: Fleet, producer: Any, course: Course, numbers: range, per_second: int) -> None:
    topic, pause, begun = fleet_.place.topic, Event(), monotonic()
    for turn, number in enumerate(numbers):
        at = begun + turn / per_second
        pause.wait(max(0.0, at - monotonic()))
        account, value = fact(number)
        course.is_due(account, at)
        producer.send(topic, key=account.encode(), value=value, headers=list(FACT_HEADERS))
    producer.flush()


def fact(number: int) -> tuple[str, bytes]:
    """The first one of its account."""
    account, contact = account_name(number), f"c_{number:012x}"
    type_, content = ("web.page_viewed", '{"url":"/pricing"}')
    if number % FORM_EVERY == 0:
        type_, content = ("web.form_submitted", '{"form":"contact"}')
    return account, written(f"l{number}", account, contact, time_ns() // 1_000_000, type_, content)


def watched(fleet_: Fleet, course: Course, patience: Patience, sending: Thread) -> None:
    """Look for rows whenever a projector tells that it wrote some, as an open page would, until all are there."""
    with closing(Notifications(fleet_.engine, [PROJECTED])) as notices:
        while (pending := course.looked_for()) or sending.is_alive():
            with read_only(fleet_.engine).connect() as connection:
                found = connection.exec_driver_sql(_SEEN, (pending,)).scalars().all() if pending else []
            course.found(list(found), monotonic())
            patience.check()
            notices.wait(_LOOK_S)


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
