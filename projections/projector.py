"""The projector: score updates into read models, one transaction per batch. Never touches the world.

The transaction holds read models, ledger, timers, work in hand and the checkpoint; a batch is written whole or not at
all, and one that comes twice changes nothing.
"""

from sqlalchemy import Engine

from projections import versions
from projections.database import reading
from projections.tables import read_models
from projections.updates import Batch, Fill, read_batch
from projections.writing import write_batch
from schemas.topics import SCORES
from streams.log import Log

BATCH = 20_000


class Projector:
    """A step: `advance` takes one batch of each partition and answers how many records it took.

    Raises `Hole` where updates are missing and `fill` does not bring them, `AnotherProjector` where one is alive.
    """

    def __init__(
        self, engine: Engine, log: Log, name: str = versions.MAIN, *, fill: Fill | None = None, batch: int = BATCH
    ) -> None:
        self.name = f"projector {name}"
        self._engine, self._log, self._projection, self._fill, self._batch = engine, log, name, fill, batch
        self._version: int | None = None

    @classmethod
    def beside(cls, engine: Engine, log: Log, name: str, version: int, fill: Fill | None) -> "Projector":
        """One that writes a version which is not pointed to yet."""
        projector = cls(engine, log, name, fill=fill)
        projector._version = version
        return projector

    def advance(self) -> int:
        return sum(self._advance_partition(partition) for partition in range(self._log.partitions(SCORES)))

    def _advance_partition(self, partition: int) -> int:
        version, start = self._standing(partition)
        records = self._log.read(SCORES, partition, start, self._batch)
        if not records:
            return 0
        try:
            self._write(version, start, read_batch(partition, records))
        except versions.Switched:
            return 0
        return len(records)

    def _standing(self, partition: int) -> tuple[int, int]:
        with reading(self._engine).connect() as connection:
            version = self._version or versions.version_of(connection, self._projection)
            return version, versions.next_offset(connection, self._projection, version, partition)

    def _write(self, version: int, start: int, batch: Batch) -> None:
        with self._engine.begin() as connection:
            if self._version is None and versions.version_of(connection, self._projection, hold=True) != version:
                raise versions.Switched
            if start == 0:
                versions.start(connection, self._projection, version, self._log.partitions(SCORES))
            versions.advance_checkpoint(
                connection,
                self._projection,
                version,
                batch.partition,
                old=start,
                new=batch.next_offset,
                engagement=batch.engagement_next,
            )
            write_batch(connection, read_models(version), batch, self._fill)
