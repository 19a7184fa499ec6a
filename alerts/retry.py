"""The retry schedule of an alert, stored in its row: when to try again, and when to give up.

The jitter is derived from the id of the alert, so that the schedule is the same in every process.
"""

from hashlib import sha256

from alerts.channels.channel import Delivered, Gone, Outcome
from alerts.outbox import DELIVERED, FAILED, WAITING, DeliveryState, DueAlert

MAX_ATTEMPTS = 12
"""With delays of 5 s, 20 s, 80 s … up to 4 h they take about a day."""
MAX_ATTEMPTS_BEFORE_FALLBACK = 4
"""They take about two minutes: soon enough for something urgent to be told by another channel."""
MAX_WAIT_BEFORE_FALLBACK_MS = 10 * 60_000
"""A channel that asks for a longer silence leaves its alerts to its fallback."""
_FIRST_DELAY_MS, _BACKOFF_FACTOR, _MAX_DELAY_MS = 5_000, 4, 4 * 3_600_000
_JITTER = 0.2


def state_after(
    outcome: Outcome, alert: DueAlert, now: int, max_age_ms: int, fallback: str | None = None
) -> DeliveryState:
    """The state after an attempt. `max_age_ms`: how long after its event an alert is still sent; `fallback`: the
    channel that gets it where this one gives up."""
    attempts = alert.attempts + 1
    if isinstance(outcome, Delivered):
        return DeliveryState(DELIVERED, attempts, now, now, told_at=now)
    if isinstance(outcome, Gone):
        return DeliveryState(FAILED, attempts, now, now, why=outcome.why)
    next_try_at = now + max(retry_delay(alert.id, attempts), outcome.retry_after_ms or 0)
    reason = _reason_to_give_up(attempts, next_try_at - now, next_try_at > alert.at + max_age_ms, fallback)
    if reason is not None:
        return DeliveryState(FAILED, attempts, now, now, why=f"{reason}: {outcome.why}")
    return DeliveryState(WAITING, attempts, next_try_at, now, why=outcome.why)


def _reason_to_give_up(attempts: int, wait_ms: int, is_too_late: bool, fallback: str | None) -> str | None:
    if fallback is not None and attempts >= MAX_ATTEMPTS_BEFORE_FALLBACK:
        return f"left to {fallback} after {attempts} attempts"
    if fallback is not None and wait_ms > MAX_WAIT_BEFORE_FALLBACK_MS:
        return f"left to {fallback}"
    if attempts >= MAX_ATTEMPTS:
        return f"given up after {attempts} attempts"
    return "given up, the next attempt would be too late" if is_too_late else None


def unsent(status: str, alert: DueAlert, now: int, why: str) -> DeliveryState:
    """The state of an alert that is not sent: failed or canceled."""
    return DeliveryState(status, alert.attempts, now, why=why)


def retry_delay(id: str, attempts: int) -> int:
    """Milliseconds to wait after this attempt: exponential, with a jitter of 20 %."""
    fraction = int.from_bytes(sha256(f"{id}\n{attempts}".encode()).digest()[:4]) / 2**32
    delay: int = min(_FIRST_DELAY_MS * _BACKOFF_FACTOR ** (attempts - 1), _MAX_DELAY_MS)
    return round(delay * (1 - _JITTER + 2 * _JITTER * fraction))
