"""Faust as the host of a worker: group membership, assignment, fetching and the agent.

Faust's tables and commits are not used. Only this module and `faust_consumer` import faust and aiokafka. Members of
them that are not public and that we override or call are checked before a worker starts.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from threading import Event
from typing import Any

import faust
import faust.streams
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer.subscription_state import Assignment, SubscriptionState, TopicPartitionState
from aiokafka.errors import KafkaConnectionError, KafkaError
from faust.app.base import BootStrategy
from faust.events import Event as FaustEvent
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP

from streams.kafka.address import KafkaAddress
from streams.scorer.gc_tuning import gc_frozen
from streams.worker.client_logging import ClientLogHandler
from streams.worker.clients import KafkaPartitionReader, UnitAppender, client_options
from streams.worker.faust_consumer import Transport
from streams.worker.lifecycle import WorkerLifecycle
from streams.worker.options import WorkerCounters, WorkerOptions
from streams.worker.ports import WorkerTask
from streams.worker.recovery import RecoveryReader

_CONNECT_RETRY_S = 1.0
_FETCH_BYTES = 4 * 1024 * 1024


REINSTALL_HINT = "install the versions in requirements.lock"
PRIVATE_MEMBERS = {
    driver.AIOKafkaConsumerThread: "_create_worker_consumer _fetch_records _ensure_consumer call_thread",
    driver.Consumer: "_new_consumer_thread _drain_messages _getmany _get_active_partitions seek_to_committed seek_wait "
    "ack force_commit verify_event_path wait wait_first highwaters assignment",
    driver.Transport: "Consumer",
    faust.App: "_new_transport _crash BootStrategy on_partitions_revoked on_rebalance_complete",
    SubscriptionState: "subscription",
    Assignment: "tps state_value",
    TopicPartitionState: "has_valid_position position",
}


class PassThroughSchema(Schema[Any, Any]):
    """Passes the value of a message on as it is."""

    def compile(self, app: Any, **_: Any) -> Any:
        async def decode(message: Any, *, propagate: bool = False) -> FaustEvent:
            return FaustEvent(app, None, message.value, {}, message)

        return decode


class NoProducerBoot(BootStrategy):
    """Starts without Faust's producer; units are written by our own."""

    enable_kafka_producer = False


class FaustApp(faust.App):
    """Faust with our transport; a crash ends the process."""

    BootStrategy = NoProducerBoot
    lifecycle: WorkerLifecycle
    address: KafkaAddress

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _crash(self, reason: BaseException) -> None:
        self.lifecycle.on_crash(reason)

    def new_group_consumer(self) -> AIOKafkaConsumer:
        options = self.lifecycle.options
        session_ms = int(options.session_s * 1000)
        return AIOKafkaConsumer(
            **client_options(self.address),
            group_id=self.lifecycle.task.group,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=options.fetch_records,
            max_partition_fetch_bytes=_FETCH_BYTES,
            session_timeout_ms=session_ms,
            rebalance_timeout_ms=session_ms,
            heartbeat_interval_ms=session_ms // 6,
        )


class FaustGroup:
    """The group of workers of one source, as a Faust application."""

    def __init__(self, lifecycle: WorkerLifecycle, address: KafkaAddress) -> None:
        self._app, self._source = new_app(lifecycle, address), lifecycle.task.source

    async def join(self) -> None:
        await self._app.start()

    async def leave(self) -> None:
        await self._app.stop()

    async def ends(self, partitions: Collection[int]) -> Mapping[int, int]:
        ends = await self._app.consumer.highwaters(*(TP(self._source, partition) for partition in partitions))
        return {place.partition: end for place, end in ends.items()}


def new_app(lifecycle: WorkerLifecycle, address: KafkaAddress) -> FaustApp:
    options, session = lifecycle.options, lifecycle.options.session_s
    app = FaustApp(
        lifecycle.task.group, broker=f"kafka://{','.join(address.servers)}", autodiscover=False, web_enabled=False,
        topic_disable_leader=True, topic_allow_declare=False, table_standby_replicas=0,
        stream_wait_empty=False, stream_publish_on_commit=False, producer_threaded=False, stream_buffer_maxsize=16,
        broker_commit_interval=1.0, broker_request_timeout=4 * session, broker_session_timeout=session,
        datadir=options.datadir,
    )  # fmt: skip
    app.lifecycle, app.address = lifecycle, address

    async def process(stream: Any) -> None:
        async for event in stream.events():
            await lifecycle.on_delivery(event.value)

    async def on_revoked(*_: Any, **__: Any) -> None:
        await lifecycle.on_revoked()

    async def on_assigned(*_: Any, **__: Any) -> None:
        await lifecycle.on_assigned(
            {tp.partition for tp in app.consumer.assignment() if tp.topic == lifecycle.task.source}
        )

    app.agent(app.topic(lifecycle.task.source, schema=PassThroughSchema(), internal=False), name="fold")(process)
    app.on_partitions_revoked.connect(on_revoked, weak=False)
    app.on_rebalance_complete.connect(on_assigned, weak=False)
    return app


class IdempotentProducer(AIOKafkaProducer):  # type: ignore[misc]
    """Idempotent, so that a write can be retried without limit and without duplicates."""

    def __init__(self, address: KafkaAddress, options: WorkerOptions) -> None:
        super().__init__(
            **client_options(address), acks="all", enable_idempotence=True, compression_type=options.compression,
            max_batch_size=options.largest_unit, max_request_size=2 * options.largest_unit,
        )  # fmt: skip

    async def start(self) -> str | None:
        try:
            await super().start()
        except KafkaError as error:
            return str(error)
        return None


@asynccontextmanager
async def open_reader(address: KafkaAddress, task: WorkerTask, partition: int) -> AsyncIterator[RecoveryReader]:
    """A reader of one partition of output and source."""
    consumer = AIOKafkaConsumer(
        **client_options(address), group_id=None, enable_auto_commit=False, auto_offset_reset="none",
        isolation_level="read_committed", max_partition_fetch_bytes=_FETCH_BYTES,
    )  # fmt: skip
    await start_consumer(consumer)
    try:
        topic_partitions = {topic: TopicPartition(topic, partition) for topic in (task.output, task.source)}
        consumer.assign(list(topic_partitions.values()))
        for topic_partition in topic_partitions.values():
            consumer.pause(topic_partition)
            consumer.seek(topic_partition, 0)
        yield KafkaPartitionReader(consumer, topic_partitions)
    finally:
        await consumer.stop()


async def start_consumer(consumer: AIOKafkaConsumer) -> None:
    """Retry until the broker answers; the watchdog limits the time of a recovery."""
    while True:
        with suppress(KafkaConnectionError):
            await consumer.start()
            return
        await asyncio.sleep(_CONNECT_RETRY_S)


def run_worker(
    address: KafkaAddress, task: WorkerTask, *, options: WorkerOptions, counters: WorkerCounters, stop: Event, log: Any
) -> None:
    """Run a worker until `stop` is set; waits for the broker if it does not answer yet.

    `counters` may be read from any thread, `log` is a structured logger. Raises LogRefused if the log is not the one it
    was; anything else unexpected ends the process at once, with exit code 70.
    """
    check_dependencies()
    ClientLogHandler(log).attach("aiokafka", "faust", "mode", __name__)
    with gc_frozen():
        asyncio.run(_run(address, task, options, counters, stop, log))


async def _run(
    address: KafkaAddress, task: WorkerTask, options: WorkerOptions, counters: WorkerCounters, stop: Event, log: Any
) -> None:
    producer = IdempotentProducer(address, options)
    lifecycle = WorkerLifecycle(
        task, UnitAppender(producer, task), partial(open_reader, address, task), options, counters, log
    )
    await lifecycle.run(producer, FaustGroup(lifecycle, address), stop)


def check_dependencies() -> None:
    """Raises RuntimeError if a member that is not public and that we override or call is missing."""
    require_members(PRIVATE_MEMBERS)
    if getattr(faust.streams, "_CStreamIterator", None) is None:
        raise RuntimeError(f"Faust lacks its compiled streams: {REINSTALL_HINT}")


def require_members(members: Mapping[type, str]) -> None:
    for owner, names in members.items():
        missing = [name for name in names.split() if not hasattr(owner, name)]
        if missing:
            raise RuntimeError(f"{owner.__module__}.{owner.__qualname__} has no {missing[0]}: {REINSTALL_HINT}")
