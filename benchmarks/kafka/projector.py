"""`staffel project`: updates in `scores` into PostgreSQL. Never counts read models that differ from the log."""

from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import func, select

from benchmarks.figures import Figure
from benchmarks.kafka import scored_log as scored
from benchmarks.kafka.contenders import Place
from benchmarks.kafka.fleet import Fleet, Patience, fleet
from benchmarks.kafka.outcome import NotRight, Outcome
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.whole_fold import digests_of
from benchmarks.sizes import spacing_ms
from benchmarks.worlds import facts
from projections.lag import projected_offsets
from projections.queries import open_queries
from schemas.topics import SCORES

LEAST = 15_000
_PATIENCE_S = 240.0


class Look(NamedTuple):
    facts: int
    at: float


def measure(stage: Stage, sizes: Sizes, outcome: Outcome) -> Iterator[Figure]:
    outcome.settings["PostgreSQL"] = "fsync and synchronous_commit on, 256 MB of buffers, by its socket"
    place = Place(stage, "projected", sizes.partitions, sizes.projected + sizes.partitions)
    count = sizes.projected
    folds = scored.write(place, facts(count, max(20, count // 50), spacing_ms=spacing_ms(count)))
    with fleet(place) as fleet_:
        first, last = watched(fleet_, place.facts)
        check(fleet_, folds, count)
        records = sum(fleet_.log.end(SCORES, p) for p in range(place.partitions))
    note = f"{last.facts - first.facts:,} facts in {last.at - first.at:.1f} s after the first transaction; "
    note += f"{records / place.facts:.2f} records of scores per fact"
    yield Figure(
        "projector into PostgreSQL", (last.facts - first.facts) / (last.at - first.at), "facts/s", LEAST, note=note
    )


def watched(fleet_: Fleet, all_: int) -> tuple[Look, Look]:
    """What is visible after the first transaction, and at the end."""
    begun = look(fleet_)
    first: Look | None = None
    with fleet_.running("project") as program:
        patience = Patience([program], _PATIENCE_S)
        while (now := look(fleet_)).facts < all_:
            first = first or (now if now.facts > begun.facts else None)
            patience.wait()
        program.stop()
    return first or begun, now


def look(fleet_: Fleet) -> Look:
    return Look(sum(projected_offsets(fleet_.engine, fleet_.log).values()), perf_counter())


def check(fleet_: Fleet, folds: scored.Folds, count: int) -> None:
    """Raises `NotRight` where accounts do not stand as the fold left them, or lines are missing."""
    wanted = digests_of(folds.values())
    with open_queries(fleet_.engine) as questions:
        accounts, ledger = questions.models.accounts, questions.models.ledger
        found = {
            row.account: row.digest
            for row in questions.connection.execute(select(accounts.c.account, accounts.c.digest))
        }
        seqs = questions.connection.execute(select(func.sum(accounts.c.seq))).scalar_one()
        lines = questions.connection.execute(select(func.count()).select_from(ledger)).scalar_one()
    if found != wanted or seqs != count or not lines:
        raise NotRight(f"{len(found)} of {len(wanted)} accounts in PostgreSQL, {seqs} of {count} facts, {lines} lines")
