"""The example of a receiver in docs/alerts.md receives what Staffel sends."""

import re
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.channel import Alert
from alerts.channels.webhook_channel import WebhookChannel
from alerts.messages import sample_alert
from projections.derived_facts import encode
from tests.alerts.alert_runner import now_ms
from tests.alerts.builders import OTHER_SECRET, SECRET, expired_event, proposed_event

ROOT = Path(__file__).parent.parent.parent
PROPOSED = Alert("alert_one", "handoff_proposed", encode(proposed_event()))


class ExampleReceiver:
    """What the page shows, and the tasks that it opened."""

    def __init__(self) -> None:
        [shown] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "alerts.md").read_text(), re.DOTALL)
        self._names: dict[str, Any] = {}
        self.tasks: list[tuple[str, str, bool]] = []
        exec(compile(shown, "docs/alerts.md", "exec"), self._names)

    def receives(self, alert: Alert, secret: str = SECRET) -> int:
        headers = WebhookChannel("crm", "http://localhost", [secret], now_ms).headers(alert)
        return int(self._names["receive"](dict(headers), alert.event, self._open))

    def _open(self, account: str, *, due: str, urgent: bool) -> None:
        self.tasks.append((account, due, urgent))


@pytest.fixture
def documented(monkeypatch: pytest.MonkeyPatch) -> ExampleReceiver:
    monkeypatch.setenv("CRM_SECRET", SECRET)
    return ExampleReceiver()


def test_it_opens_one_task_for_an_alert_that_comes_twice(documented: ExampleReceiver) -> None:
    assert [documented.receives(PROPOSED), documented.receives(PROPOSED)] == [204, 204]
    assert documented.tasks == [("acme.com", "2026-01-05T16:00:00.000Z", False)]


def test_it_refuses_what_it_cannot_verify(documented: ExampleReceiver) -> None:
    assert documented.receives(PROPOSED, OTHER_SECRET) == 401
    assert documented.tasks == []


def test_it_passes_over_what_it_does_not_know(documented: ExampleReceiver) -> None:
    others = [sample_alert(now_ms()), Alert("alert_two", "service_level_passed", encode(expired_event()))]

    assert [documented.receives(alert) for alert in others] == [204, 204]
    assert documented.tasks == []
