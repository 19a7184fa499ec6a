"""The topics: their keys, and the broker settings that they need."""

from collections.abc import Mapping
from typing import NamedTuple

ENGAGEMENT = "engagement"
SCORES = "scores"
SQA_HANDOFFS = "sqa-handoffs"
SUPPRESSIONS = "suppressions"
DEAD_LETTERS = "dead-letters"

TOPICS = (ENGAGEMENT, SCORES, SQA_HANDOFFS, SUPPRESSIONS, DEAD_LETTERS)

PARTITIONS = 6
"""Default for every topic."""
MAX_RECORD_BYTES = 8 * 1024 * 1024
"""Maximum size of a record batch; a fact with the account that it changes is far smaller."""
COMPACTION_LAG_MS = 7 * 24 * 3_600_000
"""How long every update stays in `scores`, even if superseded."""


class TopicConfig(NamedTuple):
    """A topic: what its records are, their key, and the broker settings that it needs."""

    purpose: str
    key: str
    settings: Mapping[str, str]


_UNLIMITED_RETENTION = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_COMPACTED = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(COMPACTION_LAG_MS)}
_MAX_MESSAGE_BYTES = {"max.message.bytes": str(MAX_RECORD_BYTES)}

TOPIC_CONFIGS: Mapping[str, TopicConfig] = {
    ENGAGEMENT: TopicConfig("all facts, without expiry", "account id", {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES}),
    SCORES: TopicConfig(
        "state of every account and contact, and what changed",
        "account id, or `account/contact`, or `~checkpoint`",
        {**_COMPACTED, **_MAX_MESSAGE_BYTES},
    ),
    SQA_HANDOFFS: TopicConfig(
        "handoffs to sales and all their steps", "account id", {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES}
    ),
    SUPPRESSIONS: TopicConfig(
        "accounts and contacts to leave out of campaigns", "account id", {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES}
    ),
    DEAD_LETTERS: TopicConfig(
        "references to records that could not be kept, with the reasons",
        "that of the record",
        {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES},
    ),
}
"""Every topic has as many partitions as `engagement`."""
