"""Chat and mail, by any address that Apprise takes. Never lets Apprise write to the log: its lines hold addresses."""

import re
from typing import Any

from alerts.channel import Alert, Delivered, Outcome, Refused
from alerts.channel_validation import quiet_apprise
from alerts.messages import message
from schemas.envelope import decode_fact

_SECONDS = 20
_UNREACHED = "onnection error"
_STATUS = re.compile(r"error=(\d{3})")


class AppriseChannel:
    """`address` was checked to be one of Apprise. Only people read it: it gets words."""

    def __init__(self, name: str, address: str, link: str | None) -> None:
        self.name = name
        self._link = link
        self._apprise = quiet_apprise().Apprise()
        self._apprise.add(address)

    def tell(self, alert: Alert) -> Outcome:
        title, body = message(alert.kind, decode_fact(alert.event), self._link)
        apprise = quiet_apprise()
        result = self._apprise.notify(
            body=body,
            title=title,
            notify_type=apprise.NotifyType.WARNING if alert.kind == "act_now" else apprise.NotifyType.INFO,
            body_format=apprise.NotifyFormat.TEXT,
            timeout=_SECONDS,
        )
        return Delivered() if result else Refused(_why(result))


def _why(result: Any) -> str:
    """The service and its HTTP status, where Apprise told one."""
    names = ", ".join(dict.fromkeys(each.name for each in result.results)) or "Apprise"
    if result.status.name == "TIMEOUT":
        return f"{names} has not answered within {_SECONDS} s"
    lines = [line.message for each in result.results for line in each.logs()]
    status = next((found[1] for found in map(_STATUS.search, lines) if found), None)
    if status is not None:
        return f"{names} answered {status}"
    return f"{names}: no answer" if any(_UNREACHED in line for line in lines) else f"{names} did not take it"
