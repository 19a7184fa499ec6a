"""The tally of an import: what became of its items, and why some were not recorded."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from intake import Filtered, Rejected
from intake.recorder import redacted_name

MAX_REJECTED_KEPT = 1_000
"""Rejections that are kept in full; all are counted."""
MAX_WHY_CHARS = 2_000
MAX_REASONS = 100
OTHER = "other"
"""Counts the reasons beyond the first MAX_REASONS."""


@dataclass
class Tally:
    """read = recorded + duplicates + filtered + rejected_total; `bots`, `machines` (opens and clicks of programs) and
    `aliases` count a part of the recorded.

    Memory is bounded, whatever the files hold.
    """

    read: int = 0
    recorded: int = 0
    duplicates: int = 0
    filtered: int = 0
    filtered_by: Counter[str] = field(default_factory=Counter)
    bots: int = 0
    machines: int = 0
    aliases: int = 0
    rejected_total: int = 0
    rejected_by: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    """The first MAX_REJECTED_KEPT."""
    refused_files: int = 0
    """Files that were refused whole."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Fields that the settings of their source do not keep."""

    def __iadd__(self, other: "Tally") -> "Tally":
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        self.rejected = self.rejected[:MAX_REJECTED_KEPT]
        return self

    def count_filtered(self, item: Filtered) -> None:
        self.filtered += 1
        _count(self.filtered_by, item.why)

    def count_rejected(self, item: Rejected) -> None:
        self.rejected_total += 1
        self.refused_files += item.whole
        _count(self.rejected_by, item.code)
        if len(self.rejected) < MAX_REJECTED_KEPT:
            self.rejected.append(replace(item, why=impersonal(item.why)))

    def count_left_out(self, fields: Counter[str]) -> None:
        for name, number in fields.items():
            _count(self.left_out, name, number)

    def as_json(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "recorded": self.recorded,
            "duplicates": self.duplicates,
            "filtered": self.filtered,
            "filtered_by": dict(self.filtered_by.most_common()),
            "bots": self.bots,
            "machines": self.machines,
            "aliases": self.aliases,
            "rejected_total": self.rejected_total,
            "rejected_by": dict(self.rejected_by.most_common()),
            "rejected": [{"where": item.where, "code": item.code, "why": item.why} for item in self.rejected],
            "left_out": dict(self.left_out.most_common()),
        }


def impersonal(why: str) -> str:
    """The reason without addresses and IPs of the item that it shows, at most MAX_WHY_CHARS long. Examples of what is
    right stay; they come last."""
    shown, mark, example = why[:MAX_WHY_CHARS].partition("for example ")
    return f"{redacted_name(shown)}{mark}{example}"


def _count(counts: Counter[str], reason: str, number: int = 1) -> None:
    counts[reason if reason in counts or len(counts) < MAX_REASONS else OTHER] += number
