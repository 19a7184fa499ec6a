"""What is on the wire: facts, score updates, handoff events, dead letters, topics. Pure: no I/O."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from schemas.dead_letters import (
    ORIGINAL_ID_HEADER,
    dead_letter_headers,
    dead_letter_id,
    dead_letter_id_from_headers,
    parse_error_headers,
)
from schemas.documents import DocumentError, KeyPath, Problem, SourceDocument, suggestion
from schemas.handoff_lifecycle import (
    ACCEPTED,
    CONTINUABLE_STATUSES,
    COOLDOWN_STATUSES,
    OPEN_STATUSES,
    PREVIOUS_STATUSES,
    PROPOSED,
    event_type,
    is_late,
)
from schemas.scores import (
    ACCOUNT_SCORED,
    CHECKPOINT,
    CHECKPOINT_KEY,
    CONTACT_SCORED,
    AccountScored,
    Alias,
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
    decode_account_scored,
    decode_checkpoint,
    decode_contact_scored,
    encode_score,
)
from schemas.times import Clock, format_time, from_datetime, parse_time
from schemas.topics import (
    DEAD_LETTERS,
    ENGAGEMENT,
    MAX_RECORD_BYTES,
    PARTITIONS,
    SCORES,
    SQA_HANDOFFS,
    SUPPRESSIONS,
    TOPIC_CONFIGS,
    TOPICS,
)

if TYPE_CHECKING:
    from schemas.envelope import (
        CONTENT_TYPE,
        FACT_HEADERS,
        Fact,
        FactRecord,
        decode_fact,
        encode_fact,
        identity_of,
        record_id,
    )
    from schemas.handoff_events import HANDOFF_EVENTS, HandoffExpired, HandoffProposed
    from schemas.yaml_documents import read_yaml

__all__ = [
    "ACCEPTED",
    "ACCOUNT_SCORED",
    "CHECKPOINT",
    "CHECKPOINT_KEY",
    "CONTACT_SCORED",
    "CONTENT_TYPE",
    "CONTINUABLE_STATUSES",
    "COOLDOWN_STATUSES",
    "DEAD_LETTERS",
    "ENGAGEMENT",
    "FACT_HEADERS",
    "HANDOFF_EVENTS",
    "MAX_RECORD_BYTES",
    "OPEN_STATUSES",
    "ORIGINAL_ID_HEADER",
    "PARTITIONS",
    "PREVIOUS_STATUSES",
    "PROPOSED",
    "SCORES",
    "SQA_HANDOFFS",
    "SUPPRESSIONS",
    "TOPICS",
    "TOPIC_CONFIGS",
    "AccountScored",
    "Alias",
    "Changes",
    "Checkpoint",
    "Clock",
    "ContactScored",
    "DocumentError",
    "Fact",
    "FactRecord",
    "Fit",
    "Forward",
    "Gated",
    "HandoffExpired",
    "HandoffOpened",
    "HandoffProposed",
    "HandoffStep",
    "KeyPath",
    "Line",
    "Parked",
    "Problem",
    "Release",
    "SourceDocument",
    "StageChange",
    "TrackScore",
    "dead_letter_headers",
    "dead_letter_id",
    "dead_letter_id_from_headers",
    "decode_account_scored",
    "decode_checkpoint",
    "decode_contact_scored",
    "decode_fact",
    "encode_fact",
    "encode_score",
    "event_type",
    "format_time",
    "from_datetime",
    "identity_of",
    "is_late",
    "parse_error_headers",
    "parse_time",
    "read_yaml",
    "record_id",
    "suggestion",
]

_IMPORTED_ON_USE = {
    "CONTENT_TYPE": "schemas.envelope",
    "FACT_HEADERS": "schemas.envelope",
    "Fact": "schemas.envelope",
    "FactRecord": "schemas.envelope",
    "HANDOFF_EVENTS": "schemas.handoff_events",
    "HandoffExpired": "schemas.handoff_events",
    "HandoffProposed": "schemas.handoff_events",
    "decode_fact": "schemas.envelope",
    "encode_fact": "schemas.envelope",
    "identity_of": "schemas.envelope",
    "read_yaml": "schemas.yaml_documents",
    "record_id": "schemas.envelope",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_USE[name]), name)
