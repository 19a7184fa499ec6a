"""One example record of each kind, for the published contract only."""

from typing import Any

from schemas.dead_letters import dead_letter_headers
from schemas.scores import ACCOUNT_SCORED, CHECKPOINT, CONTACT_SCORED
from schemas.topics import ENGAGEMENT

Json = dict[str, Any]

_HANDOFF = {"handoff": "acme.example/acquisition/1", "account": "acme.example", "track": "acquisition", "crossing": 1}
_MODEL = "medtech-1-0123456789ab"
_MEETING = "2026-01-05T09:12:00.000Z"

_PROPOSED: Json = {
    "crossed_at": _MEETING,
    "score": 112.5,
    "model": _MODEL,
    "route": "sdr",
    "act_now": False,
    "due_at": "2026-01-05T13:12:00.000Z",
    "reasons": [{"rule": "meeting_held", "contact": "c_aaaaaaaaaaaa", "points": 60}],
    "people": ["c_aaaaaaaaaaaa", "c_bbbbbbbbbbbb"],
    "facts": ["f-30", "f-31"],
    "position": {"topic": ENGAGEMENT, "partition": 0, "account_seq": 31},
}
_STEPS: dict[str, tuple[str, Json]] = {
    "accepted": ("2026-01-05T10:00:00.000Z", {"fact": "handoff:acme.example/acquisition/1:1", "by": "sam"}),
    "rejected": ("2026-01-05T10:00:00.000Z", {"by": "sam", "reason": "no budget this year"}),
    "expired": ("2026-01-05T13:12:00.000Z", {}),
    "withdrawn": ("2026-01-05T11:00:00.000Z", {}),
    "recycled": ("2026-01-09T08:30:00.000Z", {"by": "sam", "reason": "not before summer"}),
    "converted": ("2026-01-20T15:00:00.000Z", {"by": "sam", "opportunity": "opp-17"}),
}


def handoff_event(type_: str) -> Json:
    """An event of `sqa-handoffs`; KeyError for an unknown type."""
    if type_ == "sqa.handoff_proposed.v1":
        return _event(type_, _MEETING, _PROPOSED)
    at, step = _STEPS[type_.removeprefix("sqa.handoff_").removesuffix(".v1")]
    return _event(type_, at, {"at": at, **step})


def _event(type_: str, time: str, fields: Json) -> Json:
    identity = {"specversion": "1.0", "id": f"{_HANDOFF['handoff']}:{type_}", "source": "staffel", "type": type_}
    return {**identity, "subject": _HANDOFF["account"], "time": time, "recordedtime": time, "data": _HANDOFF | fields}


_SUPPRESSION: Json = {
    "suppression": "acme.example/c_aaaaaaaaaaaa/with_sales/acquisition/1/31",
    "account": "acme.example",
    "contact": "c_aaaaaaaaaaaa",
    "reason": "with_sales",
    "since": _MEETING,
    "handoff": _HANDOFF["handoff"],
}


def suppression_event(type_: str) -> Json:
    """An event of `suppressions`; KeyError for an unknown type."""
    at = "2026-01-09T08:30:00.000Z"
    ended: Json = {"ended_at": at, "cause": "handoff:acme.example/acquisition/1:2", "cause_type": "handoff.recycled"}
    started: Json = {"cause": "f-31", "cause_type": "meeting.held", "until": None}
    step, time, fields = {
        "suppression.started.v1": ("started", _MEETING, started),
        "suppression.ended.v1": ("ended", at, ended),
    }[type_]
    identity = {"specversion": "1.0", "id": f"{_SUPPRESSION['suppression']}:{step}", "source": "staffel", "type": type_}
    return {
        **identity, "subject": "acme.example", "time": time, "recordedtime": time, "data": _SUPPRESSION | fields,
    }  # fmt: skip


FACT: Json = {
    "specversion": "1.0",
    "id": "page-4711",
    "source": "segment/website",
    "type": "web.page_viewed.v1",
    "subject": "acme.example",
    "time": _MEETING,
    "recordedtime": "2026-01-05T09:12:01.120Z",
    "contact": "c_aaaaaaaaaaaa",
    "attribution": "email_domain",
    "confidence": 100,
    "data": {"url": "https://www.example.com/pricing", "duration_s": 12},
}

ACCOUNT: Json = {
    "type": ACCOUNT_SCORED,
    "account": "acme.example",
    "after_seq": 30,
    "seq": 31,
    "as_of": _MEETING,
    "model": _MODEL,
    "fold": 1,
    "epoch": 0,
    "tracks": {
        "acquisition": {
            "score": 112.5,
            "stage": "sqa",
            "breadth": 2,
            "falls_at": "2026-01-20T11:00:00.000Z",
            "crossings": 1,
            "cooling_until": None,
            "act_now_until": None,
        }
    },
    "fit": {"points": 90, "grade": "A"},
    "suppressed": False,
    "digest": "0123456789abcdef0123456789abcdef",
    "state": {},
    "changes": {
        "stages": [
            {
                "track": "acquisition",
                "seq": 31,
                "at": _MEETING,
                "from": "engaged",
                "to": "sqa",
                "cause": "f-31",
                "score": 112.5,
            }
        ]
    },
}

CONTACT: Json = {
    "type": CONTACT_SCORED,
    "account": "acme.example",
    "contact": "c_aaaaaaaaaaaa",
    "seq": 31,
    "model": _MODEL,
    "role": "decision_maker",
    "engaged": {"acquisition": "2026-01-05"},
    "scores": {"acquisition": 80.25},
    "state": {},
}

CHECKPOINT_RECORD: Json = {"type": CHECKPOINT, "topic": ENGAGEMENT, "next": 512, "model_at": 0, "latest": _MEETING}

_EXAMPLE_HEADERS = dead_letter_headers(ENGAGEMENT, 0, 511, code="not_json", why="the record is no JSON object")
DEAD_LETTER_HEADERS: Json = {name: text.decode() for name, text in _EXAMPLE_HEADERS}
