"""The names of contacts in alerts, read from the vault when an alert is sent.

Rows of alerts hold pseudonyms. Before a name leaves, it is noted which channel got it and when, so that whoever erases
a person learns where else the name is.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alerts.outbox import AlertOutbox, Naming
from schemas import Clock

NameLookup = Callable[[Sequence[str]], Mapping[str, str]]
"""Contacts -> the names of those that the vault knows."""


class People:
    """`log_lines`: a structlog logger."""

    def __init__(self, outbox: AlertOutbox, lookup: NameLookup, clock: Clock, log_lines: Any) -> None:
        self._outbox, self._lookup, self._clock, self._log_lines = outbox, lookup, clock, log_lines

    def named_to(self, channel: str, receiver: str, alert: str, contacts: Sequence[str]) -> Mapping[str, str]:
        """Contact -> name; nobody if the vault cannot be read: an alert with pseudonyms is better than none."""
        try:
            names = dict(self._lookup(contacts)) if contacts else {}
        except Exception as error:  # of any database
            self._log_lines.warning("alert_without_names", channel=channel, alert=alert, why=type(error).__name__)
            return {}
        now = self._clock()
        self._outbox.add_namings([Naming(contact, alert, channel, receiver, now) for contact in names])
        return names
