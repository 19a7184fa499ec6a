"""When an alert that was not delivered is tried again, and when no more. Never reads a clock, never throws dice."""

from hashlib import sha256

from alerts.channel import Delivered, Gone, Outcome
from alerts.outbox import DELIVERED, FAILED, WAITING, Mark, Waiting

MOST_ATTEMPTS = 12
"""With pauses of 5 s, 20 s, 80 s … and at last 4 h they take about a day."""
_FIRST_MS, _FACTOR, _LONGEST_MS = 5_000, 4, 4 * 3_600_000
_JITTER = 0.2


def mark_of(outcome: Outcome, alert: Waiting, now: int, fresh: int) -> Mark:
    """After an attempt. `fresh`: how long after its event an alert is worth telling, in milliseconds."""
    attempts = alert.attempts + 1
    if isinstance(outcome, Delivered):
        return Mark(DELIVERED, attempts, now, told_at=now)
    if isinstance(outcome, Gone):
        return Mark(FAILED, attempts, now, why=outcome.why)
    again = now + max(pause(alert.id, attempts), outcome.after or 0)
    if attempts >= MOST_ATTEMPTS:
        return Mark(FAILED, attempts, now, why=f"given up after {attempts} attempts: {outcome.why}")
    if again > alert.at + fresh:
        return Mark(FAILED, attempts, now, why=f"given up, it would come too late: {outcome.why}")
    return Mark(WAITING, attempts, again, why=outcome.why)


def mark_untold(alert: Waiting, now: int, why: str) -> Mark:
    """Without another attempt."""
    return Mark(FAILED, alert.attempts, now, why=why)


def pause(id: str, attempts: int) -> int:
    """Milliseconds after so many attempts: longer and longer, and a fifth more or less by what the id says."""
    dice = int.from_bytes(sha256(f"{id}\n{attempts}".encode()).digest()[:4]) / 2**32
    usual: int = min(_FIRST_MS * _FACTOR ** (attempts - 1), _LONGEST_MS)
    return round(usual * (1 - _JITTER + 2 * _JITTER * dice))
