"""Why a broker rejects a client. Clients retry without reporting the reason; a single connection shows it."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from kafka import errors as kafka_errors

from streams.kafka.protocol import ConnectionProbe

REJECTIONS = (
    kafka_errors.SaslAuthenticationFailedError,
    kafka_errors.UnsupportedSaslMechanismError,
    kafka_errors.IllegalSaslStateError,
    kafka_errors.AuthorizationError,
)
_MAX_PROBES = 10
"""More than one, as one of several brokers may be down."""
_PROBE_TIMEOUT_S = 3.0


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
