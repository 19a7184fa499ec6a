"""The fold in one process: live, in replays, over growing histories, and what its state weighs.

Never counts a run whose digests differ from those of another run over the same facts.
"""

import gc
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice

from audit.replay import digest
from benchmarks.figures import Figure, median_cpu, timed
from benchmarks.sizes import Sizes, spacing_ms
from benchmarks.worlds import account_name, facts, facts_of_contact, model
from scoring.plan.compiler import compile_model
from streams.log import Record
from streams.scorer.deduplication import DuplicateWindow
from streams.scorer.embedded import build_unit, load_nothing
from streams.scorer.gc_tuning import gc_frozen
from streams.scorer.partition_fold import PartitionFold

BATCH = 2_000
CROWDED_ACCOUNT = "crowd.example"
GROWTH_ACCOUNTS = 200
PLAN = compile_model(model(), "bench-1-000000000000")


class DigestMismatchError(Exception):
    """Two runs over the same facts ended in different states: their speed means nothing."""


def measure(sizes: Sizes) -> Iterator[Figure]:
    yield from speed(sizes)
    yield growth(sizes.growth, live=False)
    yield growth(sizes.growth, live=True)
    yield from memory(sizes.contacts)


def speed(sizes: Sizes) -> Iterator[Figure]:
    """Facts per second of processor time, live and in a replay: of busy days, and of as many facts in a whole year.

    Within days an account's facts share hours and calendar windows; in a year hardly any do.
    """
    yield from speed_of(sizes, "busy days", 300, 400)
    yield from speed_of(sizes, "a whole year", max(20, sizes.fold // 50), spacing_ms(sizes.fold))


def speed_of(sizes: Sizes, world: str, accounts: int, spacing: int) -> Iterator[Figure]:
    records = list(as_records(facts(sizes.fold, accounts, spacing_ms=spacing)))
    with gc_frozen():
        live_seconds = median_cpu(lambda: fold_live(records), sizes.runs)
        replay_seconds = median_cpu(lambda: fold_replay(records), sizes.runs)
    states = {state_digest(fold_live(records)), state_digest(fold_replay(records))}
    if len(states) != 1:
        raise DigestMismatchError(f"live and replay of {sizes.fold} facts, {world}")
    note = f"{sizes.fold:,} facts, {accounts:,} accounts; digest {min(states)[:12]}"
    yield Figure(f"fold of {world}, live with records encoded", sizes.fold / live_seconds, "facts/s", 60_000, note=note)
    yield Figure(f"fold of {world}, replay without output", sizes.fold / replay_seconds, "facts/s", 120_000, note=note)


def as_records(values: Iterable[bytes], first: int = 0) -> Iterator[Record]:
    return (Record(offset, key_of(value), value) for offset, value in enumerate(values, first))


def key_of(value: bytes) -> str:
    return value.split(b'"subject":"', 1)[1].split(b'"', 1)[0].decode()


def fold_live(records: list[Record]) -> PartitionFold:
    """As the scorer does it: batches, lines, state and score records encoded."""
    fold = PartitionFold(0, load_nothing, plan=PLAN)
    for start in range(0, len(records), BATCH):
        build_unit(fold, records[start : start + BATCH], start)
    return fold


def fold_replay(records: Iterable[Record]) -> PartitionFold:
    fold = PartitionFold(0, load_nothing, keep_lines=False, plan=PLAN)
    for record in records:
        fold.apply(record)
    return fold


def state_digest(fold: PartitionFold) -> str:
    """One digest over those of all accounts."""
    return sha256("".join(digest(fold.accounts[id]) for id in sorted(fold.accounts)).encode()).hexdigest()


def growth(lengths: tuple[int, ...], live: bool) -> Figure:
    """Mean cost per fact up to each length of one history of the same accounts, the dearest against the cheapest."""
    record_stream = as_records(facts(lengths[-1], GROWTH_ACCOUNTS, spacing_ms=spacing_ms(1_000_000)))
    fold = PartitionFold(0, load_nothing, keep_lines=live, plan=PLAN)
    costs: dict[str, float] = {}
    done, seconds = 0, 0.0
    with gc_frozen():
        for length in lengths:
            while done < length:
                records = list(islice(record_stream, min(BATCH, length - done)))
                seconds += timed(lambda some=records, at=done: fold_batch(fold, some, at, live)).cpu  # type: ignore[misc]
                done += len(records)
            costs[f"{length:,}"] = seconds / done * 1e6
    ratio = max(costs.values()) / min(costs.values())
    note = ", ".join(f"{length}: {cost:.1f} us" for length, cost in costs.items())
    name = "live, cost per fact, dearest : cheapest" if live else "replay, cost per fact, dearest : cheapest"
    return Figure(name, ratio, "x", 1.2, "at most", note, costs)


def fold_batch(fold: PartitionFold, records: list[Record], start: int, live: bool) -> None:
    if live:
        build_unit(fold, records, start)
        return
    for record in records:
        fold.apply(record)


def memory(count: int) -> Iterator[Figure]:
    """Bytes as the interpreter allocates them for accounts without contacts, then for contacts with five counters."""
    gc.collect()
    tracemalloc.start()
    empty = PartitionFold(0, load_nothing, keep_lines=False, plan=PLAN)
    account_bytes = allocated_bytes(lambda: [empty.account(account_name(i)) for i in range(count)])
    crowd = PartitionFold(0, load_nothing, keep_lines=False, plan=PLAN)
    contact_bytes = allocated_bytes(lambda: fold_contacts(crowd, count))
    tracemalloc.stop()
    contacts = crowd.account(CROWDED_ACCOUNT).contacts.values()
    counters = {len(contact.cap_counters or ()) for contact in contacts}
    yield Figure(
        "memory of an account without contacts", account_bytes / count, "bytes", 2_000, "at most", f"{count:,}"
    )
    note = f"{count:,} in one account, counters of each: {', '.join(map(str, sorted(counters)))}"
    yield Figure("memory of a contact, five live counters", contact_bytes / count, "bytes", 1_000, "at most", note)


def fold_contacts(fold: PartitionFold, count: int) -> None:
    for i in range(count):
        for record in as_records(facts_of_contact(CROWDED_ACCOUNT, i)):
            fold.apply(record)
    fold.window = DuplicateWindow()  # bounded, and no part of a contact


def allocated_bytes(make: Callable[[], object]) -> int:
    """Bytes that stand afterwards and did not before."""
    before = tracemalloc.get_traced_memory()[0]
    make()
    gc.collect()
    return tracemalloc.get_traced_memory()[0] - before
