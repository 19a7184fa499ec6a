"""Requests to the brokers with retries, the producer and the admin client."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaProducer
from kafka import errors as kafka_errors

from schemas import MAX_RECORD_BYTES
from streams.kafka.address import KafkaAddress
from streams.kafka.connection_errors import connection_error, is_retriable, log_error_of
from streams.kafka.protocol import Connections, await_response

RETRY_TIMEOUT_S = 30.0
"""How long a request is retried before the log counts as unavailable."""
_BOOTSTRAP_TIMEOUT_S = 10.0
_REQUEST_TIMEOUT_S = 10.0
_RETRY_BACKOFF_S = 0.05
_PRODUCER_BATCH_BYTES = 256 * 1024
Answer = TypeVar("Answer")


class BrokerConnection:
    """Requests to the brokers of one cluster. Thread-safe.

    A broker answers the requests of one connection in their order, so a long poll uses a connection of its own.
    """

    def __init__(self, address: KafkaAddress, client: str, retry_timeout_s: float = RETRY_TIMEOUT_S) -> None:
        """Raises `LogUnavailable` if no broker answers."""
        self.address, self.retry_timeout_s = address, retry_timeout_s
        self._closed = Event()
        self._connections = Connections(client_settings(address, client))
        try:
            self._connections.bootstrap(min(_BOOTSTRAP_TIMEOUT_S, retry_timeout_s))
        except Exception as error:
            self.close()
            raise connection_error(error, address, client_settings(address, client)) from error

    def send(self, request: Any, broker: int | None = None, timeout_s: float = _REQUEST_TIMEOUT_S) -> Any:
        """A future for `await_response`; the request goes to any broker unless one is named."""
        return self._connections.send(request, broker, timeout_s)

    def call(self, request: Any, broker: int | None = None) -> Any:
        """The response. Raises errors of `kafka.errors`."""
        return await_response(self.send(request, broker), _REQUEST_TIMEOUT_S)

    def update_metadata(self, response: Any) -> None:
        """Learn the brokers that a metadata response names."""
        self._connections.update_metadata(response)

    def disconnect(self, broker: int) -> None:
        """Drop the requests in flight to a broker; the next request connects again."""
        self._connections.disconnect(broker)

    def with_retries(self, attempt: Callable[[], Answer], about: str, deadline: float | None = None) -> Answer:
        """Retry while brokers restart or partitions move. Raises `LogError`, and `LogUnavailable` after the timeout."""
        retry_until = monotonic() + self.retry_timeout_s if deadline is None else deadline
        while True:
            try:
                return attempt()
            except kafka_errors.KafkaError as error:
                if not is_retriable(error) or monotonic() >= retry_until or self._closed.is_set():
                    raise log_error_of(error, self.address, about) from error
            self._closed.wait(_RETRY_BACKOFF_S)

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._connections.close()


def open_producer(address: KafkaAddress, client: str, timeout_s: float = RETRY_TIMEOUT_S) -> Any:
    """An idempotent producer: acknowledged by all replicas, in order. Raises `LogUnavailable`."""
    timeout_ms = int(timeout_s * 1000)
    try:
        return KafkaProducer(
            **client_settings(address, client),
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=0,
            batch_size=_PRODUCER_BATCH_BYTES,
            max_request_size=MAX_RECORD_BYTES,
            delivery_timeout_ms=timeout_ms,
            request_timeout_ms=timeout_ms // 3,
            max_block_ms=timeout_ms // 3,
            bootstrap_timeout_ms=int(min(_BOOTSTRAP_TIMEOUT_S, timeout_s) * 1000),
            reconnect_backoff_max_ms=500,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
    except kafka_errors.KafkaError as error:
        raise connection_error(error, address, client_settings(address, client)) from error


def admin_client(address: KafkaAddress, client: str = "staffel-topics") -> Any:
    """Raises `LogUnavailable`, `LogRefused`."""
    try:
        return KafkaAdminClient(
            **client_settings(address, client),
            bootstrap_timeout_ms=int(_BOOTSTRAP_TIMEOUT_S * 1000),
            request_timeout_ms=int(RETRY_TIMEOUT_S * 1000),
        )
    except kafka_errors.KafkaError as error:
        raise connection_error(error, address, client_settings(address, client)) from error


def client_settings(address: KafkaAddress, client: str) -> dict[str, Any]:
    """Settings common to all clients."""
    return {"bootstrap_servers": list(address.servers), "client_id": client, **address.options}
