"""Apache Kafka and PostgreSQL for the measurements, started for them alone. Never touches a server that runs already.

Both are as durable as they come: PostgreSQL syncs every commit, the broker answers by its page cache.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from streams.kafka.address import KafkaAddress, parse_kafka_address
from tests.kafka.broker import Broker, open_broker
from tests.postgres import Server, fresh_database

BROKER_HEAP = "1g"
# The broker stamps every record as it appends it: one clock for all who are measured.
BROKER_SETTINGS = {"log.message.timestamp.type": "LogAppendTime", "log.segment.bytes": str(256 * 1024 * 1024)}
POSTGRES_OPTIONS = ("listen_addresses=", "shared_buffers=256MB", "max_wal_size=2GB")


class BenchmarkServers:
    """Where the measurements take place. The servers start at the first need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def broker(self) -> Broker:
        """By Java, with room to work in; else as the tests come by one. Raises `NoKafka`."""
        if shutil.which("java"):
            broker = Broker(self.folder / "broker", BROKER_SETTINGS, heap=BROKER_HEAP)
            broker.start()
            return broker
        return open_broker(self.folder / "broker", BROKER_SETTINGS)

    @cached_property
    def postgres(self) -> Server:
        """Raises `NoPostgres`."""
        return Server(POSTGRES_OPTIONS)

    def address(self, prefix: str) -> KafkaAddress:
        """A Staffel of its own on the broker: its topics begin with `prefix`."""
        return parse_kafka_address(f"{self.broker.url}?prefix={prefix}-")

    def url(self, prefix: str) -> str:
        """What STAFFEL_LOG says."""
        return f"{self.broker.url}?prefix={prefix}-"

    def fresh_folder(self, name: str) -> Path:
        return Path(mkdtemp(prefix=f"{name.replace(' ', '-')}-", dir=self.folder))

    def new_database_url(self) -> str:
        """The address of a new, empty database."""
        return fresh_database(server=self.postgres.address)


@contextmanager
def benchmark_servers() -> Iterator[BenchmarkServers]:
    with TemporaryDirectory(prefix="staffel-bench-") as folder:
        servers = BenchmarkServers(Path(folder))
        try:
            yield servers
        finally:
            if "broker" in vars(servers):
                servers.broker.kill()
            if "postgres" in vars(servers):
                servers.postgres.stop()
