"""How much is measured: enough for a stable figure, all that is aimed at, or just enough to see that it runs."""

from dataclasses import dataclass

SECONDS_PER_YEAR = 31_536_000


@dataclass(frozen=True)
class Sizes:
    runs: int
    fold: int
    """Facts of the fold and of the replay in one process."""
    growth: tuple[int, ...]
    """Lengths of history whose cost per fact is compared."""
    contacts: int
    """Contacts and accounts whose memory is measured."""
    replay: int
    """Facts of the replay with two processes."""
    embedded: int
    """Facts from a file to the projections."""
    latency: int
    """Facts recorded one by one."""
    accounts: int
    """Accounts that the command lists."""
    hostile_mails: int


DEFAULT = Sizes(3, 200_000, (10_000, 100_000, 1_000_000), 20_000, 400_000, 200_000, 2_000, 100_000, 1_800)
FULL = Sizes(
    5, 1_000_000, (10_000, 100_000, 1_000_000, 10_000_000), 50_000, 2_000_000, 1_000_000, 6_000, 100_000, 18_000
)
TINY = Sizes(1, 400, (200, 400), 50, 400, 400, 20, 40, 36)


def spacing_ms(facts: int) -> int:
    """So far apart that all of them fill a year."""
    return SECONDS_PER_YEAR * 1000 // facts
