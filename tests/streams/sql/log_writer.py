"""A process of its own that writes to a log: `python -m tests.streams.sql.log_writer HOW URL NAME PARTITIONS COUNT`."""

import sys

from database.engine import open_database
from schemas.topics import ENGAGEMENT
from streams.log import NewRecord, Unit
from streams.sql.log import SqlLog


def append_facts(log: SqlLog, name: str, count: int) -> None:
    for start in range(0, count, 10):
        batch = [
            NewRecord(f"{n % 7}.example", f"{name} {n}".encode(), f"{name}\n{n}") for n in range(start, start + 10)
        ]
        log.append(ENGAGEMENT, batch)


def append_units(log: SqlLog, name: str, count: int) -> None:
    """Append units as a scorer does; each has two scores and a dead letter that contain its number."""
    for start in range(log.position(0), count):
        scores = [NewRecord(f"{part}.example", b"%d" % start) for part in range(2)]
        log.append_unit(Unit(0, start, start + 1, scores, [NewRecord(name, b"%d" % start, f"letter {start}")]))
        print(start, flush=True)  # noqa: T201


def main(mode: str, url: str, name: str, partitions: str, count: str) -> None:
    log = SqlLog(open_database(url), int(partitions))
    {"facts": append_facts, "units": append_units}[mode](log, name, int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
