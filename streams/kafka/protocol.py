"""All that the log uses of kafka-python below its public clients: connections, three requests, compression, checksums.

The public `KafkaConsumer` decodes thirteen fields of each record, keeps one position per partition, and reads on in a
topic that was deleted and created again; it reaches 63 % of this layer's rate in a replay of busy days
(docs/decisions/0010-reading-kafka-below-the-consumer.md). kafka-python may change these names without notice: other
modules reach them only through this one, `INTERNALS` lists them for a test, and pyproject.toml pins the version.
"""

from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any, NamedTuple
from uuid import UUID

from kafka import IsolationLevel, OffsetSpec, codec
from kafka import errors as kafka_errors
from kafka.future import Future
from kafka.net import KafkaConnectionManager, KafkaTCPTransport, NetworkSelector
from kafka.protocol.consumer import FetchRequest, ListOffsetsRequest
from kafka.protocol.metadata import MetadataRequest
from kafka.record.util import calc_crc32c

INTERNALS: Mapping[type, str] = {
    KafkaConnectionManager: "bootstrap call_soon send close get_connection _build_transport",
    KafkaTCPTransport: "_sock_recv",
    NetworkSelector: "start stop close run",
    Future: "is_done add_both exception value",
}
LATEST, EARLIEST = OffsetSpec.LATEST, OffsetSpec.EARLIEST
DECOMPRESSORS: Mapping[int, tuple[str, Callable[[bytes], bytes]]] = {
    1: ("gzip", codec.gzip_decode),
    2: ("snappy", codec.snappy_decode),
    3: ("lz4", codec.lz4_decode),
    4: ("zstd", codec.zstd_decode),
}
"""Codec id of a record batch -> its name and function, which fails if the library of the codec is missing."""
_FETCH_VERSION = 13
"""The version of a fetch that names topics by id: Kafka 3.1."""
_MAX_IN_FLIGHT_REQUESTS = 1_000
"""Per broker: a connection that is paused would reject the next request."""
_MAX_FRAME_BYTES = 128 * 1024 * 1024
Received = tuple[bytes, Exception | None]


class TopicMetadata(NamedTuple):
    """A topic as the brokers know it: its id, and the leader of each partition."""

    name: str
    id: UUID
    leaders: tuple[int, ...]


class AbortedTransaction(NamedTuple):
    """The records of this producer from `first_offset` on, up to its abort marker, do not count."""

    producer_id: int
    first_offset: int


class FetchResult(NamedTuple):
    """Batches of one partition, its readable end, and the end that open transactions may still hold back."""

    content: bytes
    aborted: Sequence[AbortedTransaction]
    end: int
    high_watermark: int


class Connections:
    """Connections to all brokers of one cluster, with a thread for the network. Thread-safe."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._selector = NetworkSelector(client_id=settings["client_id"])
        self._connections = KafkaConnectionManager(
            self._selector,
            max_in_flight_requests_per_connection=_MAX_IN_FLIGHT_REQUESTS,
            receive_message_max_bytes=_MAX_FRAME_BYTES,
            reconnect_backoff_max_ms=500,
            **settings,
        )
        self._selector.start()

    def bootstrap(self, timeout_s: float) -> None:
        self._connections.bootstrap(int(timeout_s * 1000))

    def send(self, request: Any, broker: int | None, timeout_s: float) -> Future:
        return self._connections.call_soon(self._connections.send, request, broker, int(timeout_s * 1000))

    def update_metadata(self, response: Any) -> None:
        self._connections.call_soon(self._connections.cluster.update_metadata, response)

    def disconnect(self, broker: int) -> None:
        self._connections.call_soon(self._connections.close, broker)

    def close(self) -> None:
        self._connections.call_soon(self._connections.close)
        self._selector.stop(timeout_ms=1_000)
        self._selector.close()


class ProbeConnections(KafkaConnectionManager):  # type: ignore[misc]
    """Returns the last bytes of a broker before the end of the connection, which the client would drop."""

    async def _build_transport(self, *place: Any, **settings: Any) -> Any:
        transport = await super()._build_transport(*place, **settings)
        transport._sock_recv = with_last_bytes(transport._sock_recv)
        return transport


class ConnectionProbe:
    """Single connections, one after the other, that report the error they end with. `settings`: of a client."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._selector = NetworkSelector(client_id=settings["client_id"])
        self._selector.start()

    def error(self, attempt: int, timeout_s: float) -> Exception | None:
        """Connect to the next broker of the address; None if that succeeds."""
        connections = ProbeConnections(self._selector, **self._settings)
        try:
            self._selector.run(_probe, connections, attempt, int(timeout_s * 1000))
        except Exception as error:
            return error
        finally:
            connections.call_soon(connections.close)
        return None

    def close(self) -> None:
        self._selector.stop(timeout_ms=1_000)
        self._selector.close()


async def _probe(connections: Any, attempt: int, timeout_ms: int) -> None:
    known = list(connections.cluster.bootstrap_brokers())
    broker = known[attempt % len(known)]
    await connections.get_connection(broker.node_id, timeout_ms=timeout_ms, refresh_metadata_on_err=False)


def with_last_bytes(receive: Callable[[], Received]) -> Callable[[], Received]:
    """Report an error only once no more bytes come with it."""

    def receive_data_first() -> Received:
        data, error = receive()
        return (data, None) if data else (data, error)

    return receive_data_first


def await_response(future: Future, timeout_s: float) -> Any:
    """The response. Raises its error, or KafkaTimeoutError."""
    if not future.is_done:
        done = Event()
        on_done(future, done.set)
        if not done.wait(timeout_s + 1):
            raise kafka_errors.KafkaTimeoutError(f"no answer within {timeout_s:.0f} s")
    return response_of(future)


def response_of(future: Future) -> Any:
    """The response of a future that is done. Raises its error."""
    if future.exception is not None:
        raise future.exception
    return future.value


def is_done(future: Future) -> bool:
    return bool(future.is_done)


def on_done(future: Future, callback: Callable[[], object]) -> None:
    future.add_both(lambda _: callback())


def fetch_request(
    topic: TopicMetadata, offsets: Mapping[int, int], *, limit: int, max_bytes: int, max_wait_s: float = 0
) -> Any:
    """Up to `limit` bytes of each partition (partition -> offset) of one leader, which waits for a first record."""
    one = FetchRequest.FetchTopic.FetchPartition
    partitions = [
        one(partition=partition, current_leader_epoch=-1, fetch_offset=offset, last_fetched_epoch=-1,
            log_start_offset=-1, partition_max_bytes=limit)
        for partition, offset in offsets.items()
    ]  # fmt: skip
    return FetchRequest(
        replica_id=-1, max_wait_ms=int(max_wait_s * 1000), min_bytes=1, max_bytes=max_bytes,
        isolation_level=IsolationLevel.READ_COMMITTED, session_id=0, session_epoch=-1,
        topics=[FetchRequest.FetchTopic(topic_id=topic.id, partitions=partitions)],
        forgotten_topics_data=[], rack_id="", min_version=_FETCH_VERSION, max_version=_FETCH_VERSION,
    )  # fmt: skip


def partition_responses(response: Any) -> list[tuple[int, Any]]:
    """Partition -> its part of the response to a fetch. Raises the error of the whole response."""
    raise_for_code(response.error_code)
    return [(each.partition_index, each) for topic in response.responses for each in topic.partitions]


def fetch_result_of(response: Any) -> FetchResult:
    """The result of one partition. Raises its error."""
    raise_for_code(response.error_code)
    aborted = [AbortedTransaction(each.producer_id, each.first_offset) for each in response.aborted_transactions or ()]
    content = bytes(response.records) if response.records else b""
    return FetchResult(content, aborted, response.last_stable_offset, response.high_watermark)


def offset_request(name: str, partition: int, spec: OffsetSpec) -> Any:
    kind = ListOffsetsRequest.ListOffsetsTopic
    one = kind.ListOffsetsPartition(partition_index=partition, current_leader_epoch=-1, timestamp=spec)
    topics = [kind(name=name, partitions=[one])]
    return ListOffsetsRequest(isolation_level=IsolationLevel.READ_COMMITTED, topics=topics, min_version=2)


def offset_of(response: Any) -> int:
    found = response.topics[0].partitions[0]
    raise_for_code(found.error_code)
    return int(found.offset)


def metadata_request(name: str) -> Any:
    return MetadataRequest(
        topics=[MetadataRequest.MetadataRequestTopic(name=name)],
        allow_auto_topic_creation=False,
        include_cluster_authorized_operations=False,
        include_topic_authorized_operations=False,
        min_version=10,
    )


def topic_metadata_of(name: str, response: Any) -> TopicMetadata | None:
    """None if there is no such topic."""
    [topic] = response.topics
    if topic.error_code == kafka_errors.UnknownTopicOrPartitionError.errno:
        return None
    raise_for_code(topic.error_code)
    leaders = tuple(each.leader_id for each in sorted(topic.partitions, key=lambda each: each.partition_index))
    return TopicMetadata(name, topic.topic_id, leaders)


def is_out_of_range(response: Any) -> bool:
    """Whether the partition does not have the offset that was asked for."""
    return bool(response.error_code == kafka_errors.OffsetOutOfRangeError.errno)


def raise_for_code(code: int) -> None:
    if code:
        raise kafka_errors.for_code(code)()


def crc32c(content: memoryview) -> int:
    return int(calc_crc32c(content))
