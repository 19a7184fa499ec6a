"""The channel for chat and mail: any address that Apprise supports."""

import re
from typing import Any

from alerts.channels.channel import Alert, AttemptFailed, Delivered, Outcome
from alerts.channels.receivers import Receiver
from alerts.channels.validation import silenced_apprise
from alerts.messages import message
from schemas import decode_fact

_TIMEOUT_S = 20
_CONNECTION_ERROR = "onnection error"
_STATUS_PATTERN = re.compile(r"error=(\d{3})")


class AppriseChannel:
    """Sends an alert as text for people to one receiver."""

    def __init__(self, name: str, receiver: Receiver, link: str | None) -> None:
        self.name, self.receiver = name, receiver.key
        self._link = link
        self._apprise = silenced_apprise().Apprise()
        self._apprise.add(receiver.service)

    def send(self, alert: Alert) -> Outcome:
        title, body = message(alert.kind, decode_fact(alert.event), self._link)
        apprise = silenced_apprise()
        result = self._apprise.notify(
            body=body,
            title=title,
            notify_type=apprise.NotifyType.WARNING if alert.kind == "act_now" else apprise.NotifyType.INFO,
            body_format=apprise.NotifyFormat.TEXT,
            timeout=_TIMEOUT_S,
        )
        return Delivered() if result else AttemptFailed(_failure_reason(result))


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
