"""Why no broker lets a client in, as it tells one connection: what clients keep to themselves as they try again."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from kafka import errors as broken
from kafka.net import KafkaConnectionManager, NetworkSelector

REJECTIONS = (
    broken.SaslAuthenticationFailedError,
    broken.UnsupportedSaslMechanismError,
    broken.IllegalSaslStateError,
    broken.AuthorizationError,
)
_MAX_PROBES = 10
"""Of several brokers one may be gone."""
_PROBE_TIMEOUT_S = 3.0
Received = tuple[bytes, Exception | None]


class ProbeConnections(KafkaConnectionManager):  # type: ignore[misc]
    """Hears a broker out that hangs up: what it said last comes with the end of the connection, and would be lost."""

    async def _build_transport(self, *place: Any, **settings: Any) -> Any:
        transport = await super()._build_transport(*place, **settings)
        transport._sock_recv = with_last_bytes(transport._sock_recv)
        return transport


def with_last_bytes(receive: Callable[[], Received]) -> Callable[[], Received]:
    """What was received, first; then why nothing more comes."""

    def receive_data_first() -> Received:
        data, error = receive()
        return (data, None) if data else (data, error)

    return receive_data_first


def rejection_reason(settings: Mapping[str, Any]) -> Exception | None:
    """The first reason that is more than a lost connection; None where there is none. `settings`: of a client."""
    selector = NetworkSelector(client_id=settings["client_id"])
    selector.start()
    deadline = monotonic() + _PROBE_TIMEOUT_S
    try:
        for attempt in range(_MAX_PROBES):
            error = _probe_error(selector, settings, attempt, deadline - monotonic())
            if error is None or _is_explicit(error):
                return error
            if monotonic() >= deadline:
                return None
        return None
    finally:
        selector.stop(timeout_ms=1_000)
        selector.close()


def _probe_error(selector: Any, settings: Mapping[str, Any], attempt: int, timeout_s: float) -> Exception | None:
    """What a connection ends with, to each broker in its turn; None where it comes about."""
    connections = ProbeConnections(selector, **settings)
    try:
        selector.run(_probe, connections, attempt, int(timeout_s * 1000))
    except Exception as error:
        return error
    finally:
        connections.call_soon(connections.close)
    return None


async def _probe(connections: Any, attempt: int, timeout_ms: int) -> None:
    known = list(connections.cluster.bootstrap_brokers())
    broker = known[attempt % len(known)]
    await connections.get_connection(broker.node_id, timeout_ms=timeout_ms, refresh_metadata_on_err=False)


def _is_explicit(error: Exception) -> bool:
    """Not merely lost, too late, or answered with what is no message of Kafka."""
    return isinstance(error, REJECTIONS) or "Handshake failed" in str(error)
