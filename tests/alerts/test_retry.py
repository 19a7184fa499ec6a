"""When an alert that was not delivered is tried again, and when no more."""

from itertools import accumulate

import pytest

from alerts.channels.channel import AttemptFailed, Delivered, Gone, Outcome
from alerts.outbox import DELIVERED, FAILED, WAITING, DeliveryState, DueAlert
from alerts.retry import MAX_ATTEMPTS, retry_delay, state_after
from tests.alerts.builders import DAY, HOUR, MAX_AGE_MS, MINUTE, NOON

NEXT_MINUTE = NOON + MINUTE


def waiting_alert(attempts: int = 0) -> DueAlert:
    return DueAlert(1, "alert_one", "act_now", b"{}", NOON, attempts)


def test_pauses_grow_to_four_hours_and_take_about_a_day() -> None:
    usual = [5_000, 20_000, 80_000, 320_000, 1_280_000, 5_120_000, *[4 * HOUR] * 5]
    pauses = [retry_delay("alert_one", attempts) for attempts in range(1, MAX_ATTEMPTS)]

    assert all(0.8 <= took / planned <= 1.2 for took, planned in zip(pauses, usual, strict=True))
    assert 18 * HOUR < sum(pauses) < DAY


def test_the_same_id_pauses_the_same_and_others_do_not() -> None:
    assert retry_delay("alert_one", 3) == retry_delay("alert_one", 3)
    assert len({retry_delay(f"alert_{n}", 3) for n in range(50)}) > 40


@pytest.mark.parametrize(
    ("outcome", "mark"),
    [
        (Delivered(), DeliveryState(DELIVERED, 1, NEXT_MINUTE, NEXT_MINUTE, told_at=NEXT_MINUTE)),
        (Gone("answered 410 Gone"), DeliveryState(FAILED, 1, NEXT_MINUTE, NEXT_MINUTE, why="answered 410 Gone")),
        (
            AttemptFailed("answered 500"),
            DeliveryState(WAITING, 1, NEXT_MINUTE + retry_delay("alert_one", 1), NEXT_MINUTE, why="answered 500"),
        ),
        (
            AttemptFailed("answered 429", 10 * MINUTE),
            DeliveryState(WAITING, 1, NEXT_MINUTE + 10 * MINUTE, NEXT_MINUTE, why="answered 429"),
        ),
        (
            AttemptFailed("answered 429", 1),
            DeliveryState(WAITING, 1, NEXT_MINUTE + retry_delay("alert_one", 1), NEXT_MINUTE, why="answered 429"),
        ),
    ],
)
def test_an_attempt_ends(outcome: Outcome, mark: DeliveryState) -> None:
    assert state_after(outcome, waiting_alert(), NEXT_MINUTE, MAX_AGE_MS) == mark


def test_after_the_last_attempt_it_has_failed() -> None:
    last = state_after(AttemptFailed("answered 500"), waiting_alert(MAX_ATTEMPTS - 1), NEXT_MINUTE, MAX_AGE_MS)

    assert last == DeliveryState(FAILED, 12, NEXT_MINUTE, NEXT_MINUTE, why="given up after 12 attempts: answered 500")


def test_what_would_come_too_late_has_failed() -> None:
    late = state_after(AttemptFailed("answered 503", 2 * HOUR), waiting_alert(), NOON + 23 * HOUR, MAX_AGE_MS)

    assert late == DeliveryState(
        FAILED, 1, NOON + 23 * HOUR, NOON + 23 * HOUR, why="given up, the next attempt would be too late: answered 503"
    )


def test_retries_lie_within_the_day_in_which_an_alert_may_be_sent() -> None:
    times = accumulate(retry_delay("alert_one", attempts) for attempts in range(1, MAX_ATTEMPTS))

    assert max(times) < MAX_AGE_MS
