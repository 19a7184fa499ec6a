"""Options and counters of a worker."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from schemas import MAX_RECORD_BYTES
from streams.scorer.deduplication import WINDOW_SIZE


@dataclass(frozen=True)
class WorkerOptions:
    """Names of durations in seconds end in `_s`; sizes are bytes."""

    session_s: float = 10.0
    """Without a heartbeat for so long, a worker loses its partitions to others."""
    fetch_records: int = 5_000
    """The most records of one fetch, and so the most facts of one unit."""
    linger_s: float = 0.01
    """The pause after a fetch of few records, so that the next unit is larger."""
    unit_bytes: int = 4_000_000
    """A larger unit is split, unless it is of a single fact."""
    largest_unit: int = MAX_RECORD_BYTES
    """The largest batch that the broker accepts."""
    compression: str | None = None
    """lz4 reduces a unit to a fifth of its size and makes the worker a tenth slower."""
    window: int = WINDOW_SIZE
    stall_s: float = 30.0
    """How long a position may stay the same while it is behind."""
    recovery_stall_s: float = 120.0
    """How long a recovery may read nothing."""
    recovery_concurrency: int = 8
    """Partitions that are recovered concurrently."""
    max_decoded_accounts: int = 100_000
    """Accounts of one partition that are kept decoded."""
    datadir: Path = Path("faust")


@dataclass
class RecoveryCounters:
    """Progress of the current recovery: records read, and offsets to read."""

    read: int = 0
    to_read: int = 0
    last_read_at: float = field(default_factory=monotonic)


@dataclass
class WorkerCounters:
    """Written by the worker's thread, read by any thread. Numbers only grow, except those of the current state."""

    facts: int = 0
    units: int = 0
    records: int = 0
    dead_letters: int = 0
    duplicates: int = 0
    unit_splits: int = 0
    """Units that were too large and were folded again in halves."""
    repaired_keys: int = 0
    """Keys that were written again because their last record was not the latest one."""
    refolds: int = 0
    """Partitions that were folded again from the first fact."""
    refolded_accounts: int = 0
    """Accounts that were folded again because no record of theirs was left that a worker wrote."""
    recoveries: int = 0
    reused_partitions: int = 0
    """Partitions that were assigned again unchanged, so that nothing had to be read."""
    recovered_records: int = 0
    assignments: int = 0
    recovery: RecoveryCounters | None = None
    """None unless a recovery is running."""
    positions: dict[int, int] = field(default_factory=dict)
    """Partition -> source offset up to which everything is acknowledged, for the assigned partitions."""
    ends: dict[int, int] = field(default_factory=dict)
    """Partition -> readable end of the source, as last looked up."""
    heartbeat_at: float = 0.0
    """`time.monotonic()` of the last heartbeat of the event loop."""
    is_assigned: bool = False
    """Whether an assignment was received and recovered; it may be empty."""

    @property
    def lag(self) -> int:
        return sum(max(0, end - self.positions[p]) for p, end in dict(self.ends).items() if p in self.positions)
