"""Score updates as a scorer would publish them, valid by default. Never judges them.

`Story` is the history of an account as updates; every call adds one seq or more.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.scores import (
    ACCOUNT_SCORED,
    CHECKPOINT,
    CHECKPOINT_KEY,
    CONTACT_SCORED,
    AccountScored,
    Assignment,
    Changes,
    Checkpoint,
    ContactScored,
    Fit,
    Forward,
    Gated,
    HandoffOpened,
    HandoffStep,
    Line,
    Parked,
    Release,
    StageChange,
    TrackScore,
    encode_score,
)
from schemas.times import format_time, parse_time
from streams.log import NewRecord

NOON = parse_time("2026-01-05T12:00:00.000Z")
HOUR = 3_600_000
DAY = 24 * HOUR


def at(hours: float) -> str:
    """So many hours after noon of the first day."""
    return format_time(NOON + round(hours * HOUR))


def ledger_line(seq: int, points: float = 10.0, **fields: Any) -> Line:
    defaults = {
        "track": "acquisition",
        "seq": seq,
        "time": at(seq),
        "event": f"fact-{seq}",
        "type": "web.page_viewed.v1",
        "contact": "c_anna",
        "rule": "page",
        "points": points,
        "weight": 1.0,
        "cut": None,
        "half_life": 336,
    }
    return Line(**{**defaults, **fields})


def track_score(score: float = 0.0, stage: str | None = None, **fields: Any) -> TrackScore:
    defaults = {"breadth": 0, "falls_at": None, "crossings": 0, "cooling_until": None, "act_now_until": None}
    return TrackScore(score=score, stage=stage, **{**defaults, **fields})


def account_scored(account: str = "acme.com", after_seq: int = 0, seq: int = 1, **fields: Any) -> AccountScored:
    defaults = {
        "type": ACCOUNT_SCORED,
        "account": account,
        "after_seq": after_seq,
        "seq": seq,
        "as_of": at(seq),
        "model": "test-1-000000000000",
        "fold": 1,
        "epoch": 0,
        "tracks": {"acquisition": track_score()},
        "fit": Fit(points=0.0, grade="unknown"),
        "suppressed": False,
        "digest": f"digest-{seq}",
        "state": msgspec.Raw(b'{"seq":%d}' % seq),
        "changes": Changes(),
    }
    return AccountScored(**{**defaults, **fields})


def contact_scored(account: str = "acme.com", contact: str = "c_anna", seq: int = 1, **fields: Any) -> ContactScored:
    defaults = {
        "type": CONTACT_SCORED,
        "account": account,
        "contact": contact,
        "seq": seq,
        "model": "test-1-000000000000",
        "role": None,
        "engaged": {},
        "scores": {"acquisition": 10.0},
        "state": msgspec.Raw(b"{}"),
    }
    return ContactScored(**{**defaults, **fields})


def handoff_opened(seq: int, account: str = "acme.com", crossing: int = 1, **fields: Any) -> HandoffOpened:
    defaults = {
        "handoff": f"{account}/acquisition/{crossing}",
        "track": "acquisition",
        "crossing": crossing,
        "seq": seq,
        "crossed_at": at(seq),
        "fact": f"fact-{seq}",
        "cause_type": "web.form_submitted",
        "cause_time": at(seq),
        "recorded_at": at(seq),
        "score": 120.0,
        "route": "sdr",
        "act_now": False,
        "due_at": at(seq + 4),
    }
    return HandoffOpened(**{**defaults, **fields})


def handoff_step(seq: int, status: str, account: str = "acme.com", crossing: int = 1, **fields: Any) -> HandoffStep:
    defaults = {
        "handoff": f"{account}/acquisition/{crossing}",
        "track": "acquisition",
        "crossing": crossing,
        "seq": seq,
        "status": status,
        "at": at(seq),
        "recorded_at": at(seq),
        "fact": f"decision-{seq}",
        "by": "sam",
        "reason": None,
        "note": None,
        "opportunity": None,
        "late": False,
    }
    return HandoffStep(**{**defaults, **fields})


def assignment(seq: int, to: str, account: str = "acme.com", crossing: int = 1, **fields: Any) -> Assignment:
    defaults = {
        "handoff": f"{account}/acquisition/{crossing}",
        "track": "acquisition",
        "crossing": crossing,
        "seq": seq,
        "at": at(seq),
        "recorded_at": at(seq),
        "fact": f"assignment-{seq}",
        "by": "berta",
        "to": to,
    }
    return Assignment(**{**defaults, **fields})


def gated_crossing(seq: int, why: str = "suppressed", crossing: int | None = 1) -> Gated:
    return Gated(track="acquisition", seq=seq, crossing=crossing, at=at(seq), fact=f"fact-{seq}", why=why)


def stage_change(seq: int, before: str | None, after: str | None, score: float = 120.0) -> StageChange:
    return StageChange(
        track="acquisition", seq=seq, at=at(seq), from_=before, to=after, cause=f"fact-{seq}", score=score
    )


def fact(id: str, account: str, time: str, **fields: Any) -> dict[str, Any]:
    defaults = {"specversion": "1.0", "id": id, "source": "web", "type": "web.page_viewed.v1", "subject": account}
    return {**defaults, "time": time, "recordedtime": time, **fields, "data": {"url": "https://example.com/"}}


def raw_json(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def parked_fact(seq: int, account: str = "anon:v_one", time: str | None = None) -> Parked:
    when = time or at(seq)
    content = fact(f"fact-{seq}", account, when, contact=account.removeprefix("anon:"))
    return Parked(seq=seq, time=when, event=f"fact-{seq}", source="web", fact=raw_json(content))


def anonymous_scored(account: str = "anon:v_one", after_seq: int = 0, seq: int = 1, **changes: Any) -> AccountScored:
    """An account without a company: nothing is scored."""
    return account_scored(account, after_seq, seq, tracks={}, changes=Changes(**changes))


def visitor_release(to: str = "acme.com", move: str = "identified-1") -> Release:
    return Release(move=move, to=to)


def forwarded_fact(seq: int, account: str = "anon:v_one", to: str = "acme.com", move: str = "identified-1") -> Forward:
    content = fact(f"fact-{seq}", account, at(seq), contact=account.removeprefix("anon:"))
    return Forward(move=move, to=to, event=f"fact-{seq}", source="web", fact=raw_json(content))


def checkpoint(next: int) -> Checkpoint:
    return Checkpoint(type=CHECKPOINT, topic="engagement", next=next, model_at=0)


ScoresRecordValue = AccountScored | ContactScored | Checkpoint


def record_of(update: ScoresRecordValue) -> NewRecord:
    return NewRecord(_key(update), encode_score(update))


def records_of(updates: Sequence[ScoresRecordValue]) -> list[NewRecord]:
    return [record_of(update) for update in updates]


def _key(update: ScoresRecordValue) -> str:
    if isinstance(update, AccountScored):
        return update.account
    if isinstance(update, ContactScored):
        return f"{update.account}/{update.contact}"
    return CHECKPOINT_KEY


def many_updates(accounts: int, updates: int, lines: int, first: int = 1) -> list[AccountScored]:
    """Many accounts in turn, each update with so many lines: for measuring."""
    return [
        _large_update(f"account-{number}.example", n * lines, lines)
        for n in range(updates)
        for number in range(first, first + accounts)
    ]


def _large_update(account: str, after_seq: int, lines: int) -> AccountScored:
    seqs = range(after_seq + 1, after_seq + lines + 1)
    tracks = {"acquisition": track_score(score=seqs[-1] * 1.5, stage="engaged", falls_at=at(seqs[-1] + 800))}
    changes = Changes(lines=[ledger_line(seq, contact=f"c_{seq % 5}", time=at(seq % 700)) for seq in seqs])
    state = raw_json({"numbers": [0.1234567] * 30})
    return account_scored(account, after_seq, seqs[-1], tracks=tracks, changes=changes, as_of=at(1), state=state)
