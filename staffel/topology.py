"""The flow of the whole system: its steps, the topics between them, and the process that runs each. Read this first.

What happens outside comes in as **facts**. Each is appended to the topic `engagement`, in the partition of its account,
and is kept for good. One **scorer** per partition folds them in order into the state of each account. It writes what
changed to the same partition of `scores`, together with the position it has reached, in one atomic unit. The
**projector** turns these updates into tables for queries; in the same transaction it leaves work for the reactors:
handoffs to publish, facts to move, timers. The **reactors** (mover, relay, timers) do that work by appending: to
`sqa-handoffs` for subscribers, and to `engagement` where something derived is a fact itself. So the flow has one loop,
and it goes through facts.

    outside ──► record ──► engagement ──► score ──► scores ──► project ──► tables ──► publish ──► sqa-handoffs ──► alert
                               ▲                      │                      │
                               └── move, keep time ◄──┼──────────────────────┘
                                                      └──► dead-letters: references to records that cannot be kept

There are two hosts. Embedded: one process runs all steps on one database. Scaled out: several processes run them on
Apache Kafka and PostgreSQL. `build_steps` gives each process the steps that the table below names for it, in the order
of the table; readiness checks, `staffel topics check` and `docs/flow.md` are derived from the same table.

Three rules hold on both hosts. A partition of `scores` has one writer at a time: a writer that finds its position moved
stops. A step marks its work as done in the same write as the work, or after it; interrupted work is done again and
recognised by its id. A step reads what it has written only through a topic.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, cast

from database import EMBEDDED_HOLDER
from projections import LeasedPartitions, Mover, Projector, Relay, Timers, projector_positions
from schemas import DEAD_LETTERS, ENGAGEMENT, SCORES, SQA_HANDOFFS, SUPPRESSIONS, TOPIC_CONFIGS, TOPICS
from staffel.application import Application, alert_settings, replay_of
from streams import Step
from streams.scorer import Scorer
from streams.sql import Compaction, SqlLog

COMMANDS = "commands that wait"
"""Commands on the embedded host that wait for the read models; each runs the steps itself if no other process does."""
UP = "staffel up"
WORKER, PROJECT, RELAY, ALERTS = "staffel worker", "staffel project", "staffel relay", "staffel alerts"
_HOUR_MS = 3_600_000


def _scorers(application: Application) -> list[Step]:
    """For the embedded host; on Kafka `streams.worker` runs the same fold."""
    log = cast("SqlLog", application.log)
    return [Scorer(log, partition) for partition in range(log.partitions(ENGAGEMENT))]


def _projector(application: Application) -> list[Step]:
    """Of all partitions where this process hosts alone, else of its leased share."""
    engine, log, holder = application.engine, application.log, application.holder
    assignment = None if holder == EMBEDDED_HOLDER else LeasedPartitions(engine, log, holder, application.clock)
    return [Projector(engine, log, replay=replay_of(log), assignment=assignment)]


def _alerts(application: Application) -> list[Step]:
    """`staffel up` goes without them if STAFFEL_ALERTS is not set; `staffel alerts` requires it."""
    if application.settings.alerts is None and application.holder == EMBEDDED_HOLDER:
        return []
    import structlog

    from alerts import AlertOutbox, Alerts, Freshness, People, channels_of

    settings, clock = alert_settings(application.settings), application.clock
    log_lines = structlog.get_logger()
    people = None
    if any(channel.names for channel in settings.channels):
        vault = application.vault
        people = People(AlertOutbox(application.engine), vault.names_of, clock, log_lines)
    hours = (application.settings.alerts_fresh, application.settings.alert_freshness)
    return [
        Alerts(
            application.engine,
            application.log,
            settings,
            channels_of(settings, clock, application.settings.public_url, people),
            clock,
            plan=lambda: application.plan,
            freshness=Freshness(*(round(each * _HOUR_MS) for each in hours)),
            log_lines=log_lines,
            holder=application.holder,
        )
    ]


class TopologyStep(NamedTuple):
    """One kind of work. `reads` and `writes` are topics; `embedded` and `scaled_out` are who does it on each host;
    `build` makes the steps of the processes among them, `durable` says when the work cannot be lost any more."""

    name: str
    description: str
    modules: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    durable: str
    embedded: tuple[str, ...]
    scaled_out: tuple[str, ...]
    build: Callable[[Application], Sequence[Step]] | None = None


STEPS = (
    TopologyStep(
        "begin",
        "activates the first model: the first record of every partition",
        ("streams.activation",),
        (ENGAGEMENT,),
        (ENGAGEMENT,),
        "the append returned",
        ("staffel init",),
        ("staffel topics create",),
    ),
    TopologyStep(
        "record",
        "validates what comes from outside, finds its account, pseudonymizes the person, appends the fact",
        ("intake.recorder.recorder", "intake.recorder.appender", "intake.recorder.inbox"),
        (ENGAGEMENT,),
        (ENGAGEMENT,),
        "the append returned; the command answers after it",
        ("staffel ingest", "staffel account", "staffel contact", "staffel handoff"),
        ("staffel ingest", "staffel account", "staffel contact", "staffel handoff"),
    ),
    TopologyStep(
        "score",
        "folds facts into accounts; writes their states, what changed and its position in one unit",
        ("streams.scorer.embedded", "streams.worker.scoring"),
        (ENGAGEMENT, SCORES),
        (SCORES, DEAD_LETTERS),
        "the unit is committed",
        (UP, COMMANDS),
        (WORKER,),
        _scorers,
    ),
    TopologyStep(
        "project",
        "writes updates into tables, with the ledger, timers, outbox and checkpoint, in one transaction",
        ("projections.projector", "projections.partition_leases"),
        (SCORES,),
        (),
        "the transaction is committed",
        (UP, COMMANDS),
        (PROJECT,),
        _projector,
    ),
    TopologyStep(
        "move",
        "records parked facts again under the account that turned out to be theirs",
        ("projections.reactors.mover", "projections.reactors.unfit_records"),
        (ENGAGEMENT,),
        (ENGAGEMENT, DEAD_LETTERS),
        "the append returned; the move is marked after it",
        (UP, COMMANDS),
        (RELAY,),
        lambda a: [Mover(a.engine, a.log, a.clock, a.holder)],
    ),
    TopologyStep(
        "publish",
        "appends what the projector put into the outbox",
        ("projections.writer", "projections.reactors.relay"),
        (),
        (SQA_HANDOFFS, SUPPRESSIONS, ENGAGEMENT, DEAD_LETTERS),
        "the append returned; the row is marked after it",
        (UP, COMMANDS),
        (RELAY,),
        lambda a: [Relay(a.engine, a.log, a.clock, a.holder)],
    ),
    TopologyStep(
        "keep time",
        "records that time has passed: scores that fell, handoffs that expired",
        ("projections.reactors.timers",),
        (ENGAGEMENT, SCORES),
        (ENGAGEMENT,),
        "the append returned; the timer is marked after it",
        (UP,),
        (RELAY,),
        lambda a: [Timers(a.engine, a.log, a.clock, holder=a.holder)],
    ),
    TopologyStep(
        "alert",
        "sends alerts about handoffs to people and other systems, by the channels of STAFFEL_ALERTS",
        ("alerts.reactor", "alerts.subscription", "alerts.dossier"),
        (SQA_HANDOFFS, ENGAGEMENT),
        (),
        "the alert is in its table; it is marked after its channel took it",
        (UP,),
        (ALERTS,),
        _alerts,
    ),
    TopologyStep(
        "compact",
        "drops score records that a newer record of their key supersedes, once they are projected",
        ("streams.sql.compaction",),
        (SCORES,),
        (),
        "the transaction is committed",
        (UP, COMMANDS),
        ("the broker",),
        lambda a: [Compaction(cast("SqlLog", a.log), lambda: projector_positions(a.engine, a.log))],
    ),
    TopologyStep(
        "rebuild",
        "writes a new version of the tables beside the current one, from a replay of the facts",
        ("projections.rebuild",),
        (ENGAGEMENT, SCORES),
        (),
        "the new version is switched on",
        ("staffel rebuild",),
        ("staffel rebuild",),
    ),
    TopologyStep(
        "audit",
        "folds the facts again and compares; read-only",
        ("audit.replay", "audit.verify", "audit.recorded_digests", "audit.accounts_as_of", "audit.comparison"),
        (ENGAGEMENT, SCORES, SUPPRESSIONS),
        (),
        "-",
        ("staffel audit",),
        ("staffel audit",),
    ),
)


def steps_in(process: str) -> list[TopologyStep]:
    """The rows that a process runs."""
    return [step for step in STEPS if process in (*step.embedded, *step.scaled_out)]


def build_steps(process: str, application: Application) -> list[Step]:
    """The steps of a process, in the order of the table."""
    return [step for row in steps_in(process) if row.build is not None for step in row.build(application)]


def writers(topic: str) -> str:
    """The steps that append to a topic, by name."""
    return ", ".join(step.name for step in STEPS if topic in step.writes)


def readers(topic: str) -> str:
    """The steps that read a topic, by name; subscribers outside Staffel are `others`."""
    return ", ".join(step.name for step in STEPS if topic in step.reads) or "others"


def markdown_tables() -> Iterator[str]:
    """Topics and steps as the documentation shows them, in Markdown, line by line."""
    yield from _table(
        ("topic", "holds", "key", "written by", "read by"),
        ((f"`{t}`", TOPIC_CONFIGS[t].purpose, TOPIC_CONFIGS[t].key, writers(t), readers(t)) for t in TOPICS),
    )
    yield ""
    yield from _table(
        ("step", "what it does", "reads", "writes", "embedded", "scaled out"),
        ((s.name, s.description, *map(_codes, (s.reads, s.writes, s.embedded, s.scaled_out))) for s in STEPS),
    )
    yield ""
    yield from _table(("step", "modules", "durable when"), ((s.name, _codes(s.modules), s.durable) for s in STEPS))


def _table(header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for row in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(row)} |"


def _codes(names: tuple[str, ...]) -> str:
    """Topics, modules and commands as code, other texts as they are."""
    return ", ".join(name if " " in name and not name.startswith("staffel ") else f"`{name}`" for name in names) or "-"
