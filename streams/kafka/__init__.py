"""The log on Apache Kafka, by kafka-python."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from streams.kafka.address import KafkaAddress, parse_kafka_address

if TYPE_CHECKING:
    from streams.kafka.connection import RETRY_TIMEOUT_S
    from streams.kafka.log import KafkaLog
    from streams.kafka.topics import TopicProblem, check_topics, create_topics, inspect_topics, require_valid_topics

__all__ = [
    "RETRY_TIMEOUT_S",
    "KafkaAddress",
    "KafkaLog",
    "TopicProblem",
    "check_topics",
    "create_topics",
    "inspect_topics",
    "parse_kafka_address",
    "require_valid_topics",
]

_IMPORTED_ON_USE = {
    "KafkaLog": "streams.kafka.log",
    "RETRY_TIMEOUT_S": "streams.kafka.connection",
    "TopicProblem": "streams.kafka.topics",
    "check_topics": "streams.kafka.topics",
    "create_topics": "streams.kafka.topics",
    "inspect_topics": "streams.kafka.topics",
    "require_valid_topics": "streams.kafka.topics",
}


def __getattr__(name: str) -> Any:
    if name not in _IMPORTED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_IMPORTED_ON_USE[name]), name)
