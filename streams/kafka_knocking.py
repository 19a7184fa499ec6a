"""Why no broker lets a client in, as it tells one connection: what clients keep to themselves as they try again."""

from collections.abc import Mapping
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
"""A broker that refuses may hang up before its reason was read."""
_PATIENCE_S = 3.0


def refusal(settings: Mapping[str, Any]) -> Exception | None:
    """The first reason that is more than a lost connection; None where all were just lost. `settings`: of a client."""
    net = NetworkSelector(client_id=settings["client_id"])
    net.start()
    until = monotonic() + _PATIENCE_S
    try:
        told = (_told(net, settings, until - monotonic()) for _ in range(_TIMES) if monotonic() < until)
        return next((error for error in told if error is not None and _says_why(error)), None)
    finally:
        net.stop(timeout_ms=1_000)
        net.close()


def _told(net: Any, settings: Mapping[str, Any], seconds: float) -> Exception | None:
    brokers = KafkaConnectionManager(net, **settings)
    try:
        net.run(_knock, brokers, int(seconds * 1000))
    except Exception as error:
        return error
    finally:
        brokers.call_soon(brokers.close)
    return None


async def _knock(brokers: Any, timeout_ms: int) -> None:
    for each in brokers.cluster.bootstrap_brokers():
        await brokers.get_connection(each.node_id, timeout_ms=timeout_ms, refresh_metadata_on_err=False)


def _says_why(error: Exception) -> bool:
    """Not merely lost, too late, or answered with what is no message of Kafka."""
    return isinstance(error, REFUSALS) or "Handshake failed" in str(error)
