"""What errors of clients mean, and why a broker rejects a client.

Clients retry without reporting the reason; a single connection shows it.
"""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from kafka import errors as kafka_errors

from schemas import MAX_RECORD_BYTES
from streams.kafka.address import KafkaAddress
from streams.kafka.protocol import ConnectionProbe
from streams.log import LogError, LogRefused, LogUnavailable

REJECTIONS = (
    kafka_errors.SaslAuthenticationFailedError,
    kafka_errors.UnsupportedSaslMechanismError,
    kafka_errors.IllegalSaslStateError,
    kafka_errors.AuthorizationError,
)
_MAX_PROBES = 10
"""More than one, as one of several brokers may be down."""
_PROBE_TIMEOUT_S = 3.0


def is_retriable(error: kafka_errors.KafkaError) -> bool:
    """Whether the same request may succeed later."""
    return isinstance(error, kafka_errors.RetriableError | kafka_errors.UnknownBrokerIdError)


def connection_error(error: Exception, address: KafkaAddress, settings: Mapping[str, Any]) -> LogError:
    """The error of a client that could not connect. A client reports only its timeout, so a probe finds the reason."""
    if not (isinstance(error, kafka_errors.KafkaError) and is_retriable(error)):
        return log_error_of(error, address, "its brokers")
    reason = rejection_reason(settings) or error
    if isinstance(reason, REJECTIONS):
        return log_error_of(reason, address, "a connection")
    return LogUnavailable(
        f"{address} does not answer ({_message_of(reason)}); is the broker up? If it requires TLS or a password, set "
        "security_protocol and the other options in STAFFEL_LOG"
    )


def log_error_of(error: Exception, address: KafkaAddress, about: str) -> LogError:
    """The log's error for an error of a client."""
    if isinstance(error, REJECTIONS):
        return LogRefused(
            f"{address} refuses {about}: {_message_of(error)}; check the options of STAFFEL_LOG and the rights on "
            "the broker"
        )
    if isinstance(error, kafka_errors.UnsupportedVersionError):
        return LogRefused(f"{address} is older than Apache Kafka 3.1, or not a Kafka broker: {_message_of(error)}")
    if isinstance(error, kafka_errors.MessageSizeTooLargeError | kafka_errors.RecordListTooLargeError):
        return LogError(
            f"{address}, {about}: a record is larger than the broker accepts and was not written; raise the topic's "
            f"max.message.bytes to {MAX_RECORD_BYTES} (see `staffel topics check`), or omit the record"
        )
    if isinstance(error, kafka_errors.KafkaError) and is_retriable(error):
        return LogUnavailable(f"{address} does not answer about {about} ({_message_of(error)}); is the broker up?")
    return LogError(f"{address}, {about}: {_message_of(error)}")


def _message_of(error: Exception) -> str:
    return str(error).strip() or type(error).__name__


def rejection_reason(settings: Mapping[str, Any]) -> Exception | None:
    """The first error that says more than a lost connection; None if there is none. `settings`: of a client."""
    probe = ConnectionProbe(settings)
    deadline = monotonic() + _PROBE_TIMEOUT_S
    try:
        for attempt in range(_MAX_PROBES):
            error = probe.error(attempt, deadline - monotonic())
            if error is None or _is_explicit(error):
                return error
            if monotonic() >= deadline:
                return None
        return None
    finally:
        probe.close()


def _is_explicit(error: Exception) -> bool:
    """Whether it is more than a lost connection, a timeout, or bytes that are not a Kafka message."""
    return isinstance(error, REJECTIONS) or "Handshake failed" in str(error)
