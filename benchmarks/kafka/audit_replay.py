"""`staffel audit replay` over Kafka, by two processes. Never counts digests that differ from a straight fold."""

from collections.abc import Iterator
from contextlib import closing

from audit.replay_rows import Json
from benchmarks.figures import Figure, timed
from benchmarks.kafka.contenders import Workload
from benchmarks.kafka.fleet import staffel_cluster
from benchmarks.kafka.outcome import BenchmarkReport, WrongResultError
from benchmarks.kafka.servers import BenchmarkServers
from benchmarks.kafka.sizes import Sizes
from benchmarks.kafka.whole_fold import Digests, load_workload
from benchmarks.sizes import spacing_ms
from database.engine import open_database
from database.migrate import migrate
from staffel.cli.audit import replay_json
from staffel.connect import connect
from staffel.settings import Settings

TARGET = 120_000
PROCESSES = 2


def measure(stage: BenchmarkServers, sizes: Sizes, outcome: BenchmarkReport) -> Iterator[Figure]:
    """The two worlds of the whole fold."""
    yield from replay_figures("busy days", 300, 400, stage, sizes)
    yield from replay_figures("a whole year", max(20, sizes.replayed // 50), spacing_ms(sizes.replayed), stage, sizes)


def replay_figures(world: str, accounts: int, spacing: int, stage: BenchmarkServers, sizes: Sizes) -> Iterator[Figure]:
    count = sizes.replayed
    place = Workload(stage, f"replayed-{world.replace(' ', '-')}", sizes.partitions, count + sizes.partitions)
    place, digests = load_workload(place, accounts, spacing)
    results: list[Json] = []
    with staffel_cluster(place) as fleet_:
        settings = Settings(_env_file=None, log=stage.url(place.prefix), database=fleet_.database)  # type: ignore[call-arg]
        create_tables(fleet_.database)
        with closing(connect(settings)) as staffel:
            duration = timed(lambda: results.append(replay_json(staffel, None, None, None, lambda _: None, PROCESSES)))
    check_result(results[0], digests, count)
    note = f"{count:,} facts in {duration.wall:.1f} s, start of the processes and their answers included"
    yield Figure(f"audit replay of {world}, two processes", count / duration.wall, "facts/s", TARGET, note=note)


def create_tables(database: str) -> None:
    engine = open_database(database)
    migrate(engine)
    engine.dispose()


def check_result(result: Json, digests: Digests, count: int) -> None:
    found = {row["account"]: row["digest"] for row in result["accounts"]}
    if found != digests or result["facts"] != count:
        raise WrongResultError(f"replay: {result['facts']} of {count} facts, {len(found)} of {len(digests)} accounts")
