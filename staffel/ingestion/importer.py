"""The importer: the items of connectors go into the recorder in batches, and a tally counts what became of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from intake import Filtered, Item, Observation, Outcome, Recorder, Rejected
from intake.recorder import Duplicate, Recorded
from staffel.application import Application
from staffel.errors import UsageError
from staffel.ingestion.tally import Tally
from streams import Log, holds_only_activation
from streams.scorer import gc_frozen

BATCH_SIZE = 20_000

ShowFiltered = Callable[[Filtered], object]


def ingest(
    items: Iterable[Item],
    recorder: Recorder,
    after_batch: Callable[[int], object],
    show_filtered: ShowFiltered | None = None,
    *,
    own: bool = False,
) -> Tally:
    """Record all items. `after_batch` gets the number of items read, once those of a batch are durable.

    `own`: whether Staffel's own sources may be among them.
    """
    tally = Tally()
    for batch in batches(items):
        tally.read += len(batch)
        observations = [item for item in batch if isinstance(item, Observation)]
        for item in batch:
            if not isinstance(item, Observation):
                count_item(tally, item, show_filtered)
        for observation, outcome in zip(observations, recorder.record(observations, own=own), strict=True):
            count_outcome(tally, observation, outcome, show_filtered)
        after_batch(len(batch))
    return tally


def count_item(tally: Tally, item: Filtered | Rejected, show_filtered: ShowFiltered | None) -> None:
    if isinstance(item, Rejected):
        tally.count_rejected(item)
        return
    tally.count_filtered(item)
    if show_filtered is not None:
        show_filtered(item)


def count_outcome(
    tally: Tally, observation: Observation, outcome: Outcome | Filtered, show_filtered: ShowFiltered | None
) -> None:
    match outcome:
        case Recorded():
            tally.recorded += 1
            tally.bots += observation.data.get("bot") is True
            tally.machines += observation.data.get("machine") is True
            tally.aliases += outcome.is_alias
            if outcome.left_out:
                tally.count_left_out(Counter(outcome.left_out))
        case Duplicate():
            tally.duplicates += 1
        case Rejected() | Filtered():
            count_item(tally, outcome, show_filtered)


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch


def ingest_and_wait(
    application: Application,
    items: Iterable[Item],
    advance: Callable[[int], object],
    show_filtered: ShowFiltered | None = None,
    *,
    own_log: bool = False,
) -> Tally:
    """Record the items and wait until they are visible.

    `own_log`: they are a log of Staffel; raises `UsageError` unless this log is new.

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
            if own_log:
                require_new_log(application.log)
            tracked = with_progress(items, advance)
            tally = ingest(tracked, application.recorder, after_batch, show_filtered, own=own_log)
    finally:
        if is_host:
            application.lock.release()
    application.wait_until_visible()
    return tally


def require_new_log(log: Log) -> None:
    """Staffel's own facts are decisions: added to a log, they would decide about what it holds."""
    if not holds_only_activation(log):
        raise UsageError("--own-log: this log holds facts already; read the file into a new home (STAFFEL_HOME)")


def with_progress(items: Iterable[Item], advance: Callable[[int], object], step: int = 250) -> Iterator[Item]:
    """The items; `advance` is called with `step` after every `step` of them."""
    for number, item in enumerate(items, 1):
        yield item
        if number % step == 0:
            advance(step)
