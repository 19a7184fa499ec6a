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
    session_s: int
    """Seconds until a worker that died has lost its partitions."""
    replayed: int
    build_peers: bool
    """Whether peers that are not there are brought."""


DEFAULT = Sizes(
    partitions=4,
    simple=600_000,
    simple_faust=20_000,
    fold=200_000,
    fold_quix=50_000,
    recovered=1_000_000,
    projected=150_000,
    latency_seconds=20,
    per_second=500,
    keys=200_000,
    session_s=6,
    replayed=1_000_000,
    build_peers=True,
)
TINY = Sizes(
    partitions=2,
    simple=2_000,
    simple_faust=500,
    fold=600,
    fold_quix=300,
    recovered=600,
    projected=400,
    latency_seconds=2,
    per_second=50,
    keys=200,
    session_s=2,
    replayed=600,
    build_peers=False,
)
