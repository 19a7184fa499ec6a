"""The topics, what keys them, and how a broker has to keep them. Never speaks to one."""

from collections.abc import Mapping
from typing import NamedTuple

ENGAGEMENT = "engagement"
SCORES = "scores"
SQA_HANDOFFS = "sqa-handoffs"
SUPPRESSIONS = "suppressions"
DEAD_LETTERS = "dead-letters"

TOPICS = (ENGAGEMENT, SCORES, SQA_HANDOFFS, SUPPRESSIONS, DEAD_LETTERS)

PARTITIONS = 6
"""Of every topic, where nothing else is said."""
MAX_RECORD_BYTES = 8 * 1024 * 1024
"""Bytes of one record batch, at most: a fact with the account that it touches fits by far."""
COMPACTION_LAG_MS = 7 * 24 * 3_600_000
"""How long every update stays in `scores`, superseded or not."""


class TopicConfig(NamedTuple):
    """How a topic is kept: what its records are, what keys them, the broker's settings that have to hold."""

    purpose: str
    key: str
    settings: Mapping[str, str]


_UNLIMITED_RETENTION = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_COMPACTED = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(COMPACTION_LAG_MS)}
_MAX_MESSAGE_BYTES = {"max.message.bytes": str(MAX_RECORD_BYTES)}

TOPIC_CONFIGS: Mapping[str, TopicConfig] = {
    ENGAGEMENT: TopicConfig("facts, for ever", "account id", {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES}),
    SCORES: TopicConfig(
        "where every account and contact stands, and what changed",
        "account id, or `account/contact`, or `~checkpoint`",
        {**_COMPACTED, **_MAX_MESSAGE_BYTES},
    ),
    SQA_HANDOFFS: TopicConfig(
        "handoffs to sales and each of their steps", "account id", {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES}
    ),
    SUPPRESSIONS: TopicConfig(
        "accounts and contacts not to be addressed", "account id", {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES}
    ),
    DEAD_LETTERS: TopicConfig(
        "records that could not be folded, as they came", "key", {**_UNLIMITED_RETENTION, **_MAX_MESSAGE_BYTES}
    ),
}
"""Every topic has as many partitions as `engagement`."""
