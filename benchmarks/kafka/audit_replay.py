"""`staffel audit replay` over Kafka, by two processes. Never counts digests that differ from a straight fold."""

from collections.abc import Iterator
from contextlib import closing

from audit.replay_rows import Json
from benchmarks.figures import Figure, timed
from benchmarks.kafka.contenders import Place
from benchmarks.kafka.fleet import fleet
from benchmarks.kafka.outcome import NotRight, Outcome
from benchmarks.kafka.servers import Stage
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.whole_fold import Digests, prepared
from benchmarks.sizes import spacing_ms
from staffel.cli.audit import replay_json
from staffel.connect import connect
from staffel.settings import Settings

LEAST = 120_000
PROCESSES = 2


def measure(stage: Stage, sizes: Sizes, outcome: Outcome) -> Iterator[Figure]:
    """The two worlds of the whole fold."""
    yield from measured_in("busy days", 300, 400, stage, sizes)
    yield from measured_in("a whole year", max(20, sizes.replayed // 50), spacing_ms(sizes.replayed), stage, sizes)


def measured_in(world: str, accounts: int, spacing: int, stage: Stage, sizes: Sizes) -> Iterator[Figure]:
    count = sizes.replayed
    place = Place(stage, f"replayed-{world.replace(' ', '-')}", sizes.partitions, count + sizes.partitions)
    place, digests = prepared(place, accounts, spacing)
    told: list[Json] = []
    with fleet(place) as fleet_:
        settings = Settings(_env_file=None, log=stage.url(place.prefix), database=fleet_.database)  # type: ignore[call-arg]
        with closing(connect(settings)) as staffel:
            took = timed(lambda: told.append(replay_json(staffel, None, None, None, lambda _: None, PROCESSES)))
    check(told[0], digests, count)
    note = f"{count:,} facts in {took.wall:.1f} s, start of the processes and their answers included"
    yield Figure(f"audit replay of {world}, two processes", count / took.wall, "facts/s", LEAST, note=note)


def check(told: Json, digests: Digests, count: int) -> None:
    found = {row["account"]: row["digest"] for row in told["accounts"]}
    if found != digests or told["facts"] != count:
        raise NotRight(f"replay: {told['facts']} of {count} facts, {len(found)} of {len(digests)} accounts")
