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

from benchmarks.embedded import ACT_NOW_MODEL
from benchmarks.figures import Figure
from benchmarks.kafka.bulk_load import create_log
from benchmarks.kafka.contenders import Workload
from benchmarks.kafka.fleet import ProgramMonitor, StaffelCluster, staffel_cluster
from benchmarks.kafka.outcome import BenchmarkReport, WrongResultError
from benchmarks.kafka.programs import Program
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.sizes import Sizes
from benchmarks.worlds import account_name, encoded_fact
from database.engine import read_only
from database.notifications import PROJECTED, Notifications
from schemas.envelope import FACT_HEADERS
from streams.kafka.connection import client_settings
from tests.alerts.builders import SECRET
from tests.alerts.receiver import Receiver, running_receiver

ROW_TARGET_MS, ALERT_TARGET_MS = 250, 400
FORM_EVERY = 25
"""One fact in so many is a request to act now, and makes an alert."""
_POLL_INTERVAL_S = 0.25
"""At least so often one looks."""
_TIMEOUT_S = 60.0
_VISIBLE_ACCOUNTS = "SELECT account FROM accounts WHERE account = ANY(%s)"


@dataclass
class LatencyRun:
    """When each account's only fact was due, and when its row was seen (monotonic seconds)."""

    due_at: dict[str, float] = field(default_factory=dict)
    visible_at: dict[str, float] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def add_due(self, account: str, at: float) -> None:
        with self.lock:
            self.due_at[account] = at
            self.pending.add(account)

    def pending_accounts(self) -> list[str]:
        with self.lock:
            return list(self.pending)

    def mark_visible(self, accounts: list[str], at: float) -> None:
        with self.lock:
            self.visible_at.update(dict.fromkeys(accounts, at))
            self.pending.difference_update(accounts)


def measure(stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport) -> Iterator[Figure]:
    outcome.settings["processes"] = "one worker, project, relay and alerts each, as they come; one webhook"
    place = Workload(stage, "latency", sizes.partitions, 0)
    create_log(place.address, place.partitions, ACT_NOW_MODEL)
    count, warm_up_count = sizes.latency_seconds * sizes.per_second, sizes.latency_seconds * sizes.per_second // 2
    with running_receiver() as receiver, staffel_cluster(place, alerts_to(receiver, stage)) as fleet_:
        latency_run = run_processes(fleet_, receiver, warm_up_count, count, sizes.per_second)
    rows = [(seen - latency_run.due_at[account]) * 1000 for account, seen in latency_run.visible_at.items()]
    alerts = alert_delays(receiver, latency_run)
    rate = f"{count:,} facts at {sizes.per_second}/s"
    yield latency_figure("fact produced to visible row, p99", rows, ROW_TARGET_MS, rate)
    yield latency_figure(
        "fact produced to alert received, p99", alerts, ALERT_TARGET_MS, f"{rate}, {len(alerts):,} alerts"
    )


def latency_figure(name: str, waits: list[float], target: float, note: str) -> Figure:
    cuts = quantiles(waits, n=100, method="inclusive")
    full_note = f"{note}; p50 {cuts[49]:.0f} ms, p90 {cuts[89]:.0f} ms, most {max(waits):.0f} ms"
    return Figure(name, cuts[98], "ms", target, "at most", full_note)


def alerts_to(receiver: Receiver, stage: BenchmarkServers) -> dict[str, str]:
    file = stage.fresh_folder("alerts") / "alerts.yaml"
    file.write_text(
        f"channels: [{{name: bench, webhook: '{receiver.url}', secret_env: BENCH_SECRET, kinds: [act_now]}}]\n"
    )
    return {"STAFFEL_ALERTS": str(file), "BENCH_SECRET": SECRET}


def run_processes(
    cluster: StaffelCluster, receiver: Receiver, warm_up_count: int, count: int, per_second: int
) -> LatencyRun:
    """All processes at work. The first facts warm them up, at the same rate, and count for nothing."""
    cluster.engine.dispose()
    producer = open_producer(cluster.workload)
    with cluster.running_all("worker", "project", "relay", "alerts") as programs:
        run_until_visible(cluster, producer, range(warm_up_count), per_second, programs)
        latency_run = run_until_visible(
            cluster, producer, range(warm_up_count, warm_up_count + count), per_second, programs
        )
        receiver.await_requests(len(range(0, warm_up_count + count, FORM_EVERY)), _TIMEOUT_S)
    producer.close()
    return latency_run


def run_until_visible(
    cluster: StaffelCluster, producer: KafkaProducer, numbers: range, per_second: int, programs: list[Program]
) -> LatencyRun:
    """The course of these facts, once all of them are visible."""
    latency_run = LatencyRun()
    producer_thread = Thread(target=produce, args=(cluster, producer, latency_run, numbers, per_second))
    producer_thread.start()
    await_rows(cluster, latency_run, ProgramMonitor(programs, _TIMEOUT_S + len(numbers) / per_second), producer_thread)
    return latency_run


def open_producer(place: Workload) -> KafkaProducer:
    """As clients of Apache Kafka come since 4.0: what comes within five milliseconds goes together."""
    return KafkaProducer(**client_settings(place.address, "bench"), acks="all", compression_type="lz4", linger_ms=5)


def produce(cluster: StaffelCluster, producer: Any, latency_run: LatencyRun, numbers: range, per_second: int) -> None:
    topic, pause, started = cluster.workload.topic, Event(), monotonic()
    for turn, number in enumerate(numbers):
        at = started + turn / per_second
        pause.wait(max(0.0, at - monotonic()))
        account, value = fact(number)
        latency_run.add_due(account, at)
        producer.send(topic, key=account.encode(), value=value, headers=list(FACT_HEADERS))
    producer.flush()


def fact(number: int) -> tuple[str, bytes]:
    """The first one of its account."""
    account, contact = account_name(number), f"c_{number:012x}"
    type_, content = ("web.page_viewed", '{"url":"/pricing"}')
    if number % FORM_EVERY == 0:
        type_, content = ("web.form_submitted", '{"form":"contact"}')
    return account, encoded_fact(f"l{number}", account, contact, time_ns() // 1_000_000, type_, content)


def await_rows(
    cluster: StaffelCluster, latency_run: LatencyRun, monitor: ProgramMonitor, producer_thread: Thread
) -> None:
    """Look for rows whenever a projector tells that it wrote some, as an open page would, until all are there."""
    with closing(Notifications(cluster.engine, [PROJECTED])) as notices:
        while (pending := latency_run.pending_accounts()) or producer_thread.is_alive():
            with read_only(cluster.engine).connect() as connection:
                found = connection.exec_driver_sql(_VISIBLE_ACCOUNTS, (pending,)).scalars().all() if pending else []
            latency_run.mark_visible(list(found), monotonic())
            monitor.check()
            notices.wait(_POLL_INTERVAL_S)


def alert_delays(receiver: Receiver, latency_run: LatencyRun) -> list[float]:
    """Milliseconds to each alert. Raises `NotRight` where one is missing or came twice."""
    received_at: dict[str, float] = {}
    for request in receiver.requests:
        event: Mapping[str, Any] = request.verified_event()
        account = event["data"]["account"]
        if account in received_at:
            raise WrongResultError(f"the alert about {account} came twice")
        received_at[account] = request.at
    waits = [
        (received_at[account] - due) * 1000 for account, due in latency_run.due_at.items() if account in received_at
    ]
    if len(latency_run.visible_at) != len(latency_run.due_at) or len(waits) != -(
        -len(latency_run.due_at) // FORM_EVERY
    ):
        raise WrongResultError(
            f"{len(latency_run.visible_at)} rows and {len(waits)} alerts of {len(latency_run.due_at)} facts"
        )
    return waits
