"""The evidence of a handoff: which rules and contacts made the score, computed at the crossing and stored."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from scoring.fold import line_value

ROLE_RULE = "~role"
"""Its lines weigh old contributions anew: nothing happened when they were written."""
_MAX_REASONS = 10
_MAX_FACTS = 50


class Evidence(NamedTuple):
    """`reasons`: largest shares, {rule, contact, points}; `people`: contacts by their share; `facts`: newest ids.

    `until`: the time of the newest contribution, in milliseconds; None without any.
    """

    reasons: list[dict[str, Any]]
    people: list[str]
    facts: list[str]
    until: int | None


def collect_evidence(lines: Iterable[Any], at: int) -> Evidence:
    """The evidence from ledger rows of one track and epoch, valued at `at` (milliseconds)."""
    counted = [(line, value) for line in lines if (value := line_value(line, at))]
    shares = _sum_by_key(((line.rule, line.contact), value) for line, value in counted)
    reasons = [(key, value) for key, value in _largest_first(shares) if value][:_MAX_REASONS]
    return Evidence(
        [{"rule": rule, "contact": contact, "points": value} for (rule, contact), value in reasons],
        _contacts(_sum_by_key((line.contact, value) for line, value in counted)),
        _newest_facts([line for line, _ in counted], {key for key, _ in reasons}),
        max((line.time for line, value in counted if value > 0 and line.rule != ROLE_RULE), default=None),
    )


def _sum_by_key(parts: Iterable[tuple[Any, float]]) -> dict[Any, float]:
    sums: dict[Any, float] = {}
    for key, value in parts:
        sums[key] = sums.get(key, 0.0) + value
    return sums


def _largest_first(shares: dict[Any, float]) -> list[tuple[Any, float]]:
    """By absolute value, largest first."""
    return sorted(shares.items(), key=lambda share: (-abs(share[1]), share[0]))


def _contacts(shares: dict[str, float]) -> list[str]:
    return [contact for contact, value in _largest_first(shares) if value > 0 and not contact.startswith("~")]


def _newest_facts(lines: Sequence[Any], reasons: set[tuple[str, str]]) -> list[str]:
    supporting = [line for line in lines if (line.rule, line.contact) in reasons]
    newest_last = sorted(supporting, key=lambda line: (line.time, line.seq))
    return list(dict.fromkeys(line.event for line in newest_last))[-_MAX_FACTS:]
