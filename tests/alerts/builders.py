"""Events of `sqa-handoffs`, settings and channels as the tests of the alerts need them, valid by default."""

from collections.abc import Sequence
from typing import Any

from alerts.channels.channel import Alert, Delivered, Outcome
from alerts.freshness import Freshness
from alerts.settings import AlertSettings, read_alerts
from projections.derived_facts import STAFFEL_SOURCE, new_event, record_of
from schemas.envelope import FactRecord
from schemas.times import format_time, parse_time
from streams.log import NewRecord

NOON = parse_time("2026-01-05T12:00:00.000Z")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MAX_AGE_MS = DAY
FRESHNESS = Freshness(MAX_AGE_MS, 4 * DAY)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_b3RoZXJzZWNyZXRvdGhlcnNlY3JldDI0"

WEBHOOK = "webhook: 'https://example.com', secret_env: SECRET, "

REASONS = [
    {"rule": "meeting_held", "contact": "c_anna", "points": 60.0},
    {"rule": "reply", "contact": "c_bert", "points": 30.0},
    {"rule": "pricing_page", "contact": "~account", "points": 12.5},
    {"rule": "page", "contact": "c_anna", "points": 10.0},
]


def proposed_event(account: str = "acme.com", *, at: int = NOON, crossing: int = 1, **fields: Any) -> FactRecord:
    """A handoff as it was proposed."""
    content = {
        **_handoff_fields(account, crossing),
        "crossed_at": format_time(at),
        "score": 112.5,
        "model": "m-1-0123456789ab",
        "route": "sdr",
        "act_now": False,
        "due_at": format_time(at + 4 * HOUR),
        "reasons": REASONS,
        "people": ["c_anna", "c_bert"],
        "facts": ["f-1", "f-2"],
        "position": {"topic": "engagement", "partition": 0, "account_seq": 9},
    }
    return new_event(
        STAFFEL_SOURCE, f"{account}/acquisition/{crossing}:proposed", PROPOSED, account, at, content | fields
    )


def expired_event(account: str = "acme.com", *, at: int = NOON, crossing: int = 1) -> FactRecord:
    """Nobody decided it in time."""
    step = {"fact": "f-9", "at": format_time(at), "by": None, "reason": None, "opportunity": None, "late": False}
    content = {**_handoff_fields(account, crossing), **step}
    return new_event(STAFFEL_SOURCE, f"{account}/acquisition/{crossing}:expired", EXPIRED, account, at, content)


def accepted_event(account: str = "acme.com", *, at: int = NOON, crossing: int = 1) -> FactRecord:
    content = {**_handoff_fields(account, crossing), "at": format_time(at), "by": "anna"}
    type_ = "sqa.handoff_accepted.v1"
    return new_event(STAFFEL_SOURCE, f"{account}/acquisition/{crossing}:accepted", type_, account, at, content)


def act_now_event(account: str = "acme.com", *, at: int = NOON, crossing: int = 1) -> FactRecord:
    return proposed_event(account, at=at, crossing=crossing, act_now=True)


def new_record(event: FactRecord) -> NewRecord:
    """Without an id: a broker keeps none, so that duplicates are possible."""
    return record_of(event, NOON)._replace(id=None)


def settings(*channels: str, more: str = "") -> AlertSettings:
    """Channels by name, with what else is said of them: `chat`, or `chat, kinds: [act_now]`. Without an address a
    channel is a webhook."""
    lines = [f"  - {{{'' if 'url:' in channel else WEBHOOK}name: {channel}}}" for channel in channels]
    return read_alerts("\n".join(["channels:", *lines, more]), "alerts.yaml", {"SECRET": SECRET})


class FakeChannel:
    """A channel that returns the given outcomes, the last one repeatedly, and stores what was sent."""

    def __init__(self, name: str = "chat", *outcomes: Outcome, receiver: str = "") -> None:
        self.name, self.receiver = name, receiver
        self.sent: list[Alert] = []
        self._outcomes: Sequence[Outcome] = outcomes or [Delivered()]

    def send(self, alert: Alert) -> Outcome:
        self.sent.append(alert)
        return self._outcomes[min(len(self.sent), len(self._outcomes)) - 1]


def _handoff_fields(account: str, crossing: int) -> dict[str, Any]:
    handoff = f"{account}/acquisition/{crossing}"
    return {"handoff": handoff, "account": account, "track": "acquisition", "crossing": crossing}


PROPOSED, EXPIRED = "sqa.handoff_proposed.v1", "sqa.handoff_expired.v1"
