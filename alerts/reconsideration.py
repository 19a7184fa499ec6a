"""Alerts that are sent after all: held ones whose predecessor failed, and those that another channel gave up."""

from collections.abc import Iterable, Mapping

from alerts.channels.channel import Channel
from alerts.outbox import AlertOutbox, SentAlert
from alerts.rules import AlertPolicy
from alerts.settings import AlertSettings
from schemas import Clock


class Reconsideration:
    """For one receiver. `max_age_ms`: older alerts are left as they are."""

    def __init__(
        self, outbox: AlertOutbox, channel: Channel, settings: AlertSettings, clock: Clock, max_age_ms: int
    ) -> None:
        self._outbox, self._clock, self._max_age_ms = outbox, clock, max_age_ms
        self._receiver = (channel.name, channel.receiver)
        self._cool_down_ms: Mapping[str, int] = settings.cool_down.model_dump()
        self._falls_back_for = [each.name for each in settings.channels if each.fallback == channel.name]

    def run(self) -> None:
        self._take_over_failed()
        self._release_held()

    def _take_over_failed(self) -> None:
        """Add the alerts that the channels, whose fallback this one is, have given up."""
        since = self._clock() - self._max_age_ms
        rows = self._outbox.given_up_by(self._falls_back_for, self._receiver, since) if self._falls_back_for else []
        if rows:
            policy = self._policy({row.account for row in rows}, since)
            given_up = [(row, SentAlert(row.id, *self._receiver, row.kind, row.account, row.at)) for row in rows]
            self._outbox.add([policy.row_of(alert, row.event) for row, alert in given_up])

    def _release_held(self) -> None:
        """Release what was held because of an alert that failed since, or hold it because of another one."""
        since = self._clock() - self._max_age_ms
        held = self._outbox.held_without_cause(*self._receiver, since)
        if held:
            policy = self._policy({each.alert.account for each in held}, since)
            for each in held:
                self._outbox.hold_anew(each.n, policy.decide(each.alert))

    def _policy(self, accounts: Iterable[str], since: int) -> AlertPolicy:
        sent = self._outbox.sent_alerts(accounts, since - max(self._cool_down_ms.values()))
        return AlertPolicy(sent, self._clock(), self._cool_down_ms)
