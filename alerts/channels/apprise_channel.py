"""The channel for chat and mail: any address that Apprise supports."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from alerts.channels.channel import Alert, AttemptFailed, Delivered, Outcome
from alerts.channels.receivers import Receiver
from alerts.channels.validation import silenced_apprise
from alerts.messages import NO_LINKS, Links, Names, message, shown_contacts
from schemas import decode_fact

_TIMEOUT_S = 20
_LOUDNESS = {
    **{"act_now": "warning", "reminder": "warning", "service_level_passed": "failure", "escalation": "failure"},
}
"""The type of notification by which services choose colour, sound and priority: `info`, `warning` or `failure`."""
_CONNECTION_ERROR = "onnection error"
_STATUS_PATTERN = re.compile(r"error=(\d{3})")


AlertNames = Callable[[str, Sequence[str]], Names]
"""Id of an alert and contacts -> names; whoever is named to the receiver is noted."""


class AppriseChannel:
    """Sends an alert as text for people to one receiver. Without `names` they read pseudonyms."""

    def __init__(self, name: str, receiver: Receiver, links: Links = NO_LINKS, names: AlertNames | None = None) -> None:
        self.name, self.receiver = name, receiver.key
        self._links, self._names = links, names
        self._apprise = silenced_apprise().Apprise()
        self._apprise.add(receiver.service)
        formats = silenced_apprise().NotifyFormat
        self._is_markdown = receiver.service.resolve_format(formats.TEXT) == formats.MARKDOWN

    def send(self, alert: Alert) -> Outcome:
        event = decode_fact(alert.event)
        named = self._names(alert.id, shown_contacts(event)) if self._names is not None else {}
        title, body = message(alert.kind, event, self._links, named)
        apprise = silenced_apprise()
        body_format = apprise.NotifyFormat.TEXT
        if self._is_markdown:
            body, body_format = as_markdown(body), apprise.NotifyFormat.MARKDOWN
        result = self._apprise.notify(
            body=body,
            title=title,
            notify_type=apprise.NotifyType(_LOUDNESS.get(alert.kind, "info")),
            body_format=body_format,
            timeout=_TIMEOUT_S,
        )
        return Delivered() if result else AttemptFailed(_failure_reason(result))


def as_markdown(body: str) -> str:
    """The lines of a message as paragraphs, links as links.

    Not escaped, as Apprise does with text: Teams shows the backslashes, so that neither command nor link can be copied.
    Everything from outside is inert already.
    """
    return "\n\n".join(f"[{line}]({line})" if line.startswith("http") else line for line in body.splitlines())


def _failure_reason(result: Any) -> str:
    """The service and its HTTP status, if Apprise logged one."""
    names = ", ".join(dict.fromkeys(each.name for each in result.results)) or "Apprise"
    if result.status.name == "TIMEOUT":
        return f"{names} did not answer within {_TIMEOUT_S} s"
    lines = [line.message for each in result.results for line in each.logs()]
    status = next((found[1] for found in map(_STATUS_PATTERN.search, lines) if found), None)
    if status is not None:
        return f"{names} answered {status}"
    return f"{names}: no answer" if any(_CONNECTION_ERROR in line for line in lines) else f"{names} rejected it"
