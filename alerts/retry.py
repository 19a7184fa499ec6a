"""The retry schedule of an alert, stored in its row: when to try again, and when to give up.

The jitter is derived from the id of the alert, so that the schedule is the same in every process.
"""

from hashlib import sha256

from alerts.channel import Delivered, Gone, Outcome
from alerts.outbox import DELIVERED, FAILED, WAITING, DeliveryState, DueAlert

MAX_ATTEMPTS = 12
"""With delays of 5 s, 20 s, 80 s … up to 4 h they take about a day."""
_FIRST_DELAY_MS, _BACKOFF_FACTOR, _MAX_DELAY_MS = 5_000, 4, 4 * 3_600_000
_JITTER = 0.2


def state_after(outcome: Outcome, alert: DueAlert, now: int, max_age_ms: int) -> DeliveryState:
    """The state after an attempt. `max_age_ms`: how long after its event an alert is still sent."""
    attempts = alert.attempts + 1
    if isinstance(outcome, Delivered):
        return DeliveryState(DELIVERED, attempts, now, told_at=now)
    if isinstance(outcome, Gone):
        return DeliveryState(FAILED, attempts, now, why=outcome.why)
    next_try_at = now + max(retry_delay(alert.id, attempts), outcome.retry_after_ms or 0)
    if attempts >= MAX_ATTEMPTS:
        return DeliveryState(FAILED, attempts, now, why=f"given up after {attempts} attempts: {outcome.why}")
    if next_try_at > alert.at + max_age_ms:
        return DeliveryState(FAILED, attempts, now, why=f"given up, the next attempt would be too late: {outcome.why}")
    return DeliveryState(WAITING, attempts, next_try_at, why=outcome.why)


def failed_unsent(alert: DueAlert, now: int, why: str) -> DeliveryState:
    """The state of an alert that is not sent."""
    return DeliveryState(FAILED, alert.attempts, now, why=why)


def retry_delay(id: str, attempts: int) -> int:
    """Milliseconds to wait after this attempt: exponential, with a jitter of 20 %."""
    fraction = int.from_bytes(sha256(f"{id}\n{attempts}".encode()).digest()[:4]) / 2**32
    delay: int = min(_FIRST_DELAY_MS * _BACKOFF_FACTOR ** (attempts - 1), _MAX_DELAY_MS)
    return round(delay * (1 - _JITTER + 2 * _JITTER * fraction))
