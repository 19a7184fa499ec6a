"""What a worker is told, and what it tells. Never acts."""

from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from schemas.topics import MAX_RECORD_BYTES
from streams.scorer.deduplication import WINDOW_SIZE


@dataclass(frozen=True)
class WorkerOptions:
    """Seconds end in `_s`, sizes are bytes."""

    session_s: float = 10.0
    """How long a worker may be silent before its partitions go to others."""
    fetch_records: int = 5_000
    """Records of one fetch, at most, and so facts of one unit."""
    linger_s: float = 0.01
    """Between two fetches of few records: what comes meanwhile makes one unit, not many."""
    unit_bytes: int = 4_000_000
    """A unit is cut into smaller ones beyond it, but for a single fact: what an account tells once is told for all."""
    largest_unit: int = MAX_RECORD_BYTES
    """What the broker takes."""
    compression: str | None = None
    """lz4 makes a unit a fifth as large, and the worker a tenth slower."""
    window: int = WINDOW_SIZE
    stall_s: float = 30.0
    """How long a position may stand still while its end moves."""
    recovery_stall_s: float = 120.0
    """How long a recovery may read nothing."""
    recovery_concurrency: int = 8
    """Partitions that are read side by side."""
    max_decoded_accounts: int = 100_000
    """Accounts of one partition that stay decoded."""
    datadir: Path = Path("faust")


@dataclass
class RecoveryCounters:
    """How far the recovery of the partitions given last has come: records, and offsets that were to be read."""

    read: int = 0
    to_read: int = 0
    last_read_at: float = field(default_factory=monotonic)


@dataclass
class WorkerCounters:
    """Written by the worker's thread, read by any: numbers that only grow, but for those of what stands now."""

    facts: int = 0
    units: int = 0
    records: int = 0
    dead_letters: int = 0
    duplicates: int = 0
    unit_splits: int = 0
    """Units that were too large and folded again in halves."""
    repaired_keys: int = 0
    """Keys that were written again, for their last record was not their newest."""
    refolds: int = 0
    """Partitions folded again from their first fact."""
    recoveries: int = 0
    reused_partitions: int = 0
    """Partitions that came back untouched, so that nothing of them was read."""
    recovered_records: int = 0
    assignments: int = 0
    recovery: RecoveryCounters | None = None
    """None while nothing is recovered."""
    positions: dict[int, int] = field(default_factory=dict)
    """Partition -> source offset before which everything is acknowledged, of the partitions owned now."""
    ends: dict[int, int] = field(default_factory=dict)
    """Partition -> readable end of the source, as last looked up."""
    heartbeat_at: float = 0.0
    """`time.monotonic()` of the loop's last sign of life."""
    is_assigned: bool = False
    """Whether partitions were assigned and recovered, be they none."""

    @property
    def lag(self) -> int:
        return sum(max(0, end - self.positions[p]) for p, end in dict(self.ends).items() if p in self.positions)
