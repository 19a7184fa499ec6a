"""The embedded host: from a file to the read models, and one fact from the recorder to what people see.

Never counts a run after which `audit verify` finds a mismatch.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import SimpleQueue
from statistics import quantiles
from threading import Event, Thread
from time import perf_counter

from sqlalchemy import select

from audit.verify import verify
from benchmarks.figures import Figure, timed
from benchmarks.homes import temporary_home
from benchmarks.sizes import Sizes, spacing_ms
from benchmarks.worlds import MODEL, account_name, facts
from intake import cloudevents
from intake.files.merging import merge_by_time
from intake.observation import Observation
from projections.queries import open_queries
from staffel.embedded import Embedded
from staffel.ingestion import Tally, ingest_and_wait

PER_SECOND = 200
POLL_INTERVAL_S = 0.002
VISIBLE_TIMEOUT_S = 30.0
ACT_NOW_MODEL = MODEL.replace(
    "{form: {equals: contact}}, points: 30}", "{form: {equals: contact}}, points: 30, act_now: true}"
)


class WrongResultError(Exception):
    """What was measured did not do its work: its speed means nothing."""


def measure(sizes: Sizes) -> Iterator[Figure]:
    yield end_to_end(sizes.embedded, "busy days", 300, 400)
    yield end_to_end(sizes.embedded, "a whole year", max(20, sizes.embedded // 50), spacing_ms(sizes.embedded))
    yield latency(sizes.latency)


def end_to_end(count: int, world: str, accounts: int, spacing: int) -> Figure:
    with temporary_home() as staffel:
        path = staffel.settings.home / "facts.jsonl"
        write_facts(path, facts(count, accounts, spacing_ms=spacing))
        tallies: list[Tally] = []
        items = merge_by_time([cloudevents.read(path)])
        duration = timed(lambda: tallies.append(ingest_and_wait(staffel, items, lambda _: None)))
        check_result(staffel, tallies[0].recorded, count)
    note = f"{count:,} facts, {accounts:,} accounts; {count / duration.cpu:,.0f} per second of processor time"
    return Figure(f"embedded, file to projections, {world}", count / duration.wall, "facts/s", 12_000, note=note)


def write_facts(path: Path, values: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(value + b"\n" for value in values)


def check_result(staffel: Embedded, recorded: int, count: int) -> None:
    mismatches = verify(staffel.log, staffel.engine).mismatches
    if recorded != count or mismatches:
        raise WrongResultError(f"{recorded} of {count} facts recorded, {len(mismatches)} mismatches: {mismatches[:3]}")


def latency(count: int) -> Figure:
    """Each fact is an account's first and opens a handoff; it is there when account and handoff row are."""
    with temporary_home(model_text=ACT_NOW_MODEL) as staffel:
        stop = Event()
        host = Thread(target=staffel.serving_host().run, args=(stop,))
        host.start()
        try:
            waits = [wait * 1000 for wait in visibility_delays(staffel, count)]
        finally:
            stop.set()
            host.join()
        check_result(staffel, count, count)
    cuts = quantiles(waits, n=100, method="inclusive")
    note = f"{count:,} facts at {PER_SECOND}/s; p50 {cuts[49]:.1f} ms, p90 {cuts[89]:.1f} ms, most {max(waits):.0f} ms"
    return Figure("record to visible account and handoff, p99", cuts[98], "ms", 50, "at most", note)


def visibility_delays(staffel: Embedded, count: int) -> list[float]:
    """Seconds from the call of the recorder to the rows, for every fact; looked for every LOOK_S."""
    recorded: SimpleQueue[tuple[int, float]] = SimpleQueue()
    waits: list[float] = []
    watcher = Thread(target=await_visible, args=(staffel, recorded, count, waits))
    watcher.start()
    pause, begun = Event(), perf_counter()
    for number in range(count):
        pause.wait(max(0.0, begun + number / PER_SECOND - perf_counter()))
        called = perf_counter()
        staffel.recorder.record([form_observation(number, staffel.clock())])
        recorded.put((number, called))
    watcher.join()
    return waits


def form_observation(number: int, time: int) -> Observation:
    name = f"r{number}"
    content = {"form": "contact"}
    return Observation(
        where=name, source="synthetic", id=name, type="web.form_submitted.v1", time=time,
        account=account_name(number), contact=f"c_{number:012x}", data=content,
    )  # fmt: skip


def await_visible(
    staffel: Embedded, recorded: "SimpleQueue[tuple[int, float]]", count: int, waits: list[float]
) -> None:
    """Notes when the account and the handoff of each fact are there, in the order of the facts."""
    pause = Event()
    for _ in range(count):
        number, called = recorded.get()
        while not is_visible(staffel, account_name(number)):
            if perf_counter() - called > VISIBLE_TIMEOUT_S:
                return
            pause.wait(POLL_INTERVAL_S)
        waits.append(perf_counter() - called)


def is_visible(staffel: Embedded, account: str) -> bool:
    with open_queries(staffel.engine) as queries:
        accounts, handoffs = queries.models.accounts, queries.models.handoffs
        found = select(handoffs.c.handoff).join(accounts, accounts.c.account == handoffs.c.account)
        return queries.connection.execute(found.where(handoffs.c.account == account)).first() is not None
