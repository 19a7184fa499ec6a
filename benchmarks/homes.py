"""Homes for measurements: databases in temporary folders, with or without facts. Never touches a real home."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.fold import key_of
from benchmarks.worlds import MODEL
from schemas.envelope import FACT_HEADERS
from schemas.topics import ENGAGEMENT
from staffel.connect import create_home
from staffel.embedded import Embedded
from staffel.settings import Settings
from streams.log import NewRecord

_BATCH_SIZE = 5_000


@contextmanager
def temporary_home(partitions: int = 1, model_text: str = MODEL) -> Iterator[Embedded]:
    """A connected Staffel under the model of the measurements; its folder goes with it."""
    with TemporaryDirectory(prefix="staffel-bench-") as folder:
        model = Path(folder) / "model.yaml"
        model.write_text(model_text, encoding="utf-8")
        settings = Settings(_env_file=None, home=Path(folder) / "home", model=model, partitions=partitions)
        staffel = create_home(settings)
        assert isinstance(staffel, Embedded)
        try:
            yield staffel
        finally:
            staffel.close()


def append_facts(staffel: Embedded, values: Iterable[bytes]) -> None:
    """Straight into the log, past the recorder, which would keep one process busy for long."""
    remaining = iter(values)
    while batch := [NewRecord(key_of(value), value, None, FACT_HEADERS) for value in islice(remaining, _BATCH_SIZE)]:
        staffel.log.append(ENGAGEMENT, batch)
