"""Why no broker lets a client in, as it tells one connection: what clients keep to themselves as they try again."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from kafka import errors as broken
from kafka.net import KafkaConnectionManager, NetworkSelector

REFUSALS = (
    broken.SaslAuthenticationFailedError,
    broken.UnsupportedSaslMechanismError,
    broken.IllegalSaslStateError,
    broken.AuthorizationError,
)
_TIMES = 10
"""Of several brokers one may be gone."""
_PATIENCE_S = 3.0
Received = tuple[bytes, Exception | None]


class Brokers(KafkaConnectionManager):  # type: ignore[misc]
    """Hears a broker out that hangs up: what it said last comes with the end of the connection, and would be lost."""

    async def _build_transport(self, *place: Any, **settings: Any) -> Any:
        transport = await super()._build_transport(*place, **settings)
        transport._sock_recv = heard_out(transport._sock_recv)
        return transport


def heard_out(receive: Callable[[], Received]) -> Callable[[], Received]:
    """What was received, first; then why nothing more comes."""

    def received() -> Received:
        data, error = receive()
        return (data, None) if data else (data, error)

    return received


def refusal(settings: Mapping[str, Any]) -> Exception | None:
    """The first reason that is more than a lost connection; None where there is none. `settings`: of a client."""
    net = NetworkSelector(client_id=settings["client_id"])
    net.start()
    until = monotonic() + _PATIENCE_S
    try:
        for turn in range(_TIMES):
            error = _told(net, settings, turn, until - monotonic())
            if error is None or _says_why(error):
                return error
            if monotonic() >= until:
                return None
        return None
    finally:
        net.stop(timeout_ms=1_000)
        net.close()


def _told(net: Any, settings: Mapping[str, Any], turn: int, seconds: float) -> Exception | None:
    """What a connection ends with, to each broker in its turn; None where it comes about."""
    brokers = Brokers(net, **settings)
    try:
        net.run(_knock, brokers, turn, int(seconds * 1000))
    except Exception as error:
        return error
    finally:
        brokers.call_soon(brokers.close)
    return None


async def _knock(brokers: Any, turn: int, timeout_ms: int) -> None:
    known = list(brokers.cluster.bootstrap_brokers())
    broker = known[turn % len(known)]
    await brokers.get_connection(broker.node_id, timeout_ms=timeout_ms, refresh_metadata_on_err=False)


def _says_why(error: Exception) -> bool:
    """Not merely lost, too late, or answered with what is no message of Kafka."""
    return isinstance(error, REFUSALS) or "Handshake failed" in str(error)
