"""How much is measured on Kafka: enough for a stable figure, or just enough to see that it runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    partitions: int
    simple: int
    """Facts of the simple work."""
    simple_faust: int
    """Fewer, the first of the same facts: stock Faust is slow."""
    fold: int
    """Facts of the whole fold."""
    fold_quix: int
    """Fewer, the first of the same facts."""
    recovered: int
    """Records of the partition that is recovered, at least."""
    projected: int
    """Facts whose updates are projected."""
    latency_seconds: int
    per_second: int
    """Facts produced while latency is measured."""
    keys: int
    """Accounts and contacts of the partitions that change hands."""
    replayed: int
    build_peers: bool


DEFAULT = Sizes(4, 600_000, 20_000, 200_000, 50_000, 1_000_000, 150_000, 20, 500, 200_000, 600_000, True)
TINY = Sizes(2, 2_000, 500, 600, 300, 600, 400, 2, 50, 200, 600, False)
