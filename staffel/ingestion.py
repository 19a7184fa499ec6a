"""Ingestion: the items of connectors go into the recorder in batches, and a tally counts what became of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from intake import Filtered, Item, Observation, Outcome, Recorder, Rejected
from intake.recorder import Duplicate, Recorded
from staffel.application import Application
from streams.scorer import gc_frozen

BATCH_SIZE = 20_000


@dataclass
class Tally:
    """read = recorded + duplicates + filtered + number of rejected; `bots` counts a part of the recorded."""

    read: int = 0
    recorded: int = 0
    duplicates: int = 0
    filtered: int = 0
    bots: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        rejected = [{"where": item.where, "code": item.code, "why": item.why} for item in self.rejected]
        counts = {name: getattr(self, name) for name in ("read", "recorded", "duplicates", "filtered", "bots")}
        return {**counts, "rejected": rejected}


def ingest(items: Iterable[Item], recorder: Recorder, after_batch: Callable[[int], object]) -> Tally:
    """Record all items. `after_batch` gets the number of items read, once those of a batch are durable."""
    tally = Tally()
    for batch in batches(items):
        tally.read += len(batch)
        tally.filtered += sum(isinstance(item, Filtered) for item in batch)
        tally.rejected += [item for item in batch if isinstance(item, Rejected)]
        observations = [item for item in batch if isinstance(item, Observation)]
        for observation, outcome in zip(observations, recorder.record(observations), strict=True):
            count_outcome(tally, observation, outcome)
        after_batch(len(batch))
    return tally


def count_outcome(tally: Tally, observation: Observation, outcome: Outcome) -> None:
    match outcome:
        case Recorded():
            tally.recorded += 1
            tally.bots += observation.data.get("bot") is True
        case Duplicate():
            tally.duplicates += 1
        case Rejected():
            tally.rejected.append(outcome)


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch


def ingest_and_wait(application: Application, items: Iterable[Item], advance: Callable[[int], object]) -> Tally:
    """Record the items and wait until they are visible.

    If no other process hosts, this one does: it scores between batches, while the accounts are in memory.
    """
    is_host = application.lock.try_acquire()

    def after_batch(_: int) -> None:
        if is_host:
            application.drain()

    try:
        with gc_frozen():
            if is_host:
                application.drain()
            tally = ingest(with_progress(items, advance), application.recorder, after_batch)
    finally:
        if is_host:
            application.lock.release()
    application.wait_until_visible()
    return tally


def with_progress(items: Iterable[Item], advance: Callable[[int], object], step: int = 250) -> Iterator[Item]:
    """The items; `advance` is called with `step` after every `step` of them."""
    for number, item in enumerate(items, 1):
        yield item
        if number % step == 0:
            advance(step)
