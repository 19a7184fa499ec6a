"""What a measurement came to: figures, the settings behind them, and what was not there. Never measures."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.figures import Figure


@dataclass
class BenchmarkReport:
    figures: list[Figure] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    """Who was measured, and how it was set."""
    absent: dict[str, str] = field(default_factory=dict)
    """What could not be measured, and why."""

    def lines(self) -> Iterator[str]:
        if self.settings:
            yield "settings"
            yield from (f"  {name}: {settings}" for name, settings in self.settings.items())
        if self.absent:
            yield "not measured"
            yield from (f"  {name}: {why}" for name, why in self.absent.items())


class WrongResultError(Exception):
    """What was measured did not do its work: its speed means nothing."""
