"""The clients of Apache Kafka: a wire to its brokers, and the producer. Never joins a group, never commits.

Of kafka-python the producer and the admin client are used as they are; in place of its consumer, what lies below it:
connections and messages. The consumer keeps one position per partition and makes objects that nobody here reads.
"""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaProducer
from kafka import errors as broken
from kafka.net import KafkaConnectionManager, NetworkSelector

from schemas.topics import MAX_RECORD_BYTES
from streams.kafka.address import KafkaAddress
from streams.kafka.connection_errors import REJECTIONS, rejection_reason
from streams.log import LogError, LogRefused, LogUnavailable

RETRY_TIMEOUT_S = 30.0
"""How long anything is tried before the log counts as unavailable."""
_BOOTSTRAP_TIMEOUT_S = 10.0
_REQUEST_TIMEOUT_S = 10.0
_RETRY_BACKOFF_S = 0.05
_MAX_FRAME_BYTES = 128 * 1024 * 1024
_PRODUCER_BATCH_BYTES = 256 * 1024
_MAX_IN_FLIGHT_REQUESTS = 1_000
"""Questions on their way to one broker: a paused connection would refuse the next one."""
Answer = TypeVar("Answer")


class BrokerConnection:
    """Connections to all brokers of one cluster, with a thread for the network. Threads may share it.

    A broker answers the questions of one wire in their order: who waits for news uses one of its own.
    """

    def __init__(self, address: KafkaAddress, client: str, retry_timeout_s: float = RETRY_TIMEOUT_S) -> None:
        """Raises `LogUnavailable` where no broker answers."""
        settings = {**client_settings(address, client), "receive_message_max_bytes": _MAX_FRAME_BYTES}
        self.address, self.retry_timeout_s = address, retry_timeout_s
        self._closed = Event()
        self._selector = NetworkSelector(client_id=client)
        self._connections = KafkaConnectionManager(
            self._selector,
            max_in_flight_requests_per_connection=_MAX_IN_FLIGHT_REQUESTS,
            reconnect_backoff_max_ms=500,
            **settings,
        )
        self._selector.start()
        try:
            self._connections.bootstrap(int(min(_BOOTSTRAP_TIMEOUT_S, retry_timeout_s) * 1000))
        except Exception as error:
            self.close()
            raise connection_error(error, address, client) from error

    def send(self, request: Any, broker: int | None = None, timeout_s: float = _REQUEST_TIMEOUT_S) -> Any:
        """A question on its way, for `settled`; to any broker where none is named."""
        return self._connections.call_soon(self._connections.send, request, broker, int(timeout_s * 1000))

    def call(self, request: Any, broker: int | None = None) -> Any:
        """The answer. Raises errors of `kafka.errors`."""
        return await_response(self.send(request, broker), _REQUEST_TIMEOUT_S)

    def update_metadata(self, metadata: Any) -> None:
        """Take note of the brokers that an answer names."""
        self._connections.call_soon(self._connections.cluster.update_metadata, metadata)

    def disconnect(self, broker: int) -> None:
        """Wait no longer for what was asked of a broker; the next question connects anew."""
        self._connections.call_soon(self._connections.close, broker)

    def with_retries(self, attempt: Callable[[], Answer], about: str, deadline: float | None = None) -> Answer:
        """Ask again while brokers restart or partitions move. Raises `LogError`, after a time `LogUnavailable`."""
        retry_until = monotonic() + self.retry_timeout_s if deadline is None else deadline
        while True:
            try:
                return attempt()
            except broken.KafkaError as error:
                if not is_retriable(error) or monotonic() >= retry_until or self._closed.is_set():
                    raise log_error_of(error, self.address, about) from error
            self._closed.wait(_RETRY_BACKOFF_S)

    def close(self) -> None:
        if self._closed.is_set():
            return
        self._closed.set()
        self._connections.call_soon(self._connections.close)
        self._selector.stop(timeout_ms=1_000)
        self._selector.close()


def await_response(future: Any, timeout_s: float) -> Any:
    """The answer to a question on its way, or its error."""
    if not future.is_done:
        done = Event()
        future.add_both(lambda _: done.set())
        if not done.wait(timeout_s + 1):
            raise broken.KafkaTimeoutError(f"no answer within {timeout_s:.0f} s")
    if future.exception is not None:
        raise future.exception
    return future.value


def open_producer(address: KafkaAddress, client: str, timeout_s: float = RETRY_TIMEOUT_S) -> Any:
    """Acknowledged by all replicas, each record once and in order as long as the producer lives. `LogUnavailable`."""
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
    except broken.KafkaError as error:
        raise connection_error(error, address, client) from error


def admin_client(address: KafkaAddress, client: str = "staffel-topics") -> Any:
    """Raises `LogUnavailable`, `LogRefused`."""
    try:
        return KafkaAdminClient(
            **client_settings(address, client),
            bootstrap_timeout_ms=int(_BOOTSTRAP_TIMEOUT_S * 1000),
            request_timeout_ms=int(RETRY_TIMEOUT_S * 1000),
        )
    except broken.KafkaError as error:
        raise connection_error(error, address, client) from error


def client_settings(address: KafkaAddress, client: str) -> dict[str, Any]:
    """What every client is told."""
    return {"bootstrap_servers": list(address.servers), "client_id": client, **address.options}


def is_retriable(error: broken.KafkaError) -> bool:
    """Whether the same question may be answered in a while."""
    return isinstance(error, broken.RetriableError | broken.UnknownBrokerIdError)


def connection_error(error: Exception, address: KafkaAddress, client: str) -> LogError:
    """What it means that no broker let a client in: a client tells only that it tried for a while."""
    if not (isinstance(error, broken.KafkaError) and is_retriable(error)):
        return log_error_of(error, address, "its brokers")
    reason = rejection_reason(client_settings(address, client)) or error
    if isinstance(reason, REJECTIONS):
        return log_error_of(reason, address, "a connection")
    return LogUnavailable(
        f"{address} does not answer ({_message_of(reason)}); is the broker up? What it wants besides (TLS, a "
        "password) is "
        "said in STAFFEL_LOG: security_protocol and the other options"
    )


def log_error_of(error: Exception, address: KafkaAddress, about: str) -> LogError:
    """What a client's error means to us."""
    if isinstance(error, REJECTIONS):
        return LogRefused(
            f"{address} refuses {about}: {_message_of(error)}; check the options of STAFFEL_LOG and the rights on "
            "the broker"
        )
    if isinstance(error, broken.UnsupportedVersionError):
        return LogRefused(f"{address} is older than Apache Kafka 3.1, or no broker: {_message_of(error)}")
    if isinstance(error, broken.MessageSizeTooLargeError | broken.RecordListTooLargeError):
        return LogError(
            f"{address}, {about}: a record is larger than the broker takes; it was not written: raise the topic's "
            f"max.message.bytes to {MAX_RECORD_BYTES} (see `staffel topics check`), or leave the record out"
        )
    if isinstance(error, broken.KafkaError) and is_retriable(error):
        return LogUnavailable(f"{address} does not answer about {about} ({_message_of(error)}); is the broker up?")
    return LogError(f"{address}, {about}: {_message_of(error)}")


def _message_of(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
