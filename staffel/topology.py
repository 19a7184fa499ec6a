"""The flow of the whole system. Read this first. Never moves a record itself.

What happens outside comes in as **facts**. Each is appended to the topic `engagement`, in the partition of its account,
and stays for ever. One **scorer** per partition folds them, in order, into the state of each account, and writes what
changed to the same partition of `scores`, with the position it has reached, all at once. The **projector** turns these
updates into tables that can be asked; in the same transaction it notes what is left to do: handoffs to tell, facts to
move, times to come. The **relay** and its companions do that, by appending: to `sqa-handoffs` for others, to
`engagement` where something derived is a fact itself. So the flow has one loop, and it goes through facts.

    outside ──► record ──► engagement ──► score ──► scores ──► project ──► tables ──► publish ──► sqa-handoffs ──► alert
                               ▲                      │                      │
                               └── move, keep time ◄──┼──────────────────────┘
                                                      └──► dead-letters: what could not be folded

Each step below names the topics it reads and writes, its modules, and the process that runs it on each of two hosts:
embedded, where one process does all of it on one database, and scaled out, on Apache Kafka and PostgreSQL. What is
written here is used: `staffel topics check` and `docs/flow.md` show it, and a test compares it with the code.

Three rules hold on both hosts. A partition of `scores` has one writer at a time: who finds that its position moved
stops. A step marks its work as done in the same write as the work, or after it: what was cut off is done again, and
recognised by its id. And no step reads what it has written but through its topic.
"""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.topics import DEAD_LETTERS, ENGAGEMENT, SCORES, SQA_HANDOFFS, SUPPRESSIONS, TOPIC_CONFIGS, TOPICS


class TopologyStep(NamedTuple):
    """One kind of work: `reads` and `writes` are topics; `embedded` and `scaled_out` are commands that do it."""

    name: str
    description: str
    modules: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    embedded: str
    scaled_out: str


_UP = "staffel up"
STEPS = (
    TopologyStep(
        "begin",
        "activates the first model: the first record of every partition",
        ("streams.activation",),
        (ENGAGEMENT,),
        (ENGAGEMENT,),
        "any command, on a new log",
        "staffel topics create",
    ),
    TopologyStep(
        "record",
        "checks what comes from outside, finds its account, hides the person, appends the fact",
        ("intake.recorder.recorder", "intake.recorder.appender", "intake.recorder.inbox"),
        (ENGAGEMENT,),
        (ENGAGEMENT,),
        "staffel ingest, and what people decide",
        "staffel ingest, and what people decide",
    ),
    TopologyStep(
        "score",
        "folds facts into accounts; writes their states, what changed and its position at once",
        ("streams.scorer.embedded", "streams.worker.scoring"),
        (ENGAGEMENT, SCORES),
        (SCORES, DEAD_LETTERS),
        _UP,
        "staffel worker",
    ),
    TopologyStep(
        "project",
        "brings updates into tables, with the ledger, timers and the outbox, in one transaction",
        ("projections.projector", "projections.partition_leases"),
        (SCORES,),
        (),
        _UP,
        "staffel project",
    ),
    TopologyStep(
        "publish",
        "appends what the projector put into the outbox, and marks it",
        ("projections.writer", "projections.reactors.relay"),
        (),
        (SQA_HANDOFFS, ENGAGEMENT),
        _UP,
        "staffel relay",
    ),
    TopologyStep(
        "move",
        "records parked facts again under the account that turned out to be theirs",
        ("projections.reactors.mover",),
        (ENGAGEMENT,),
        (ENGAGEMENT,),
        _UP,
        "staffel relay",
    ),
    TopologyStep(
        "keep time",
        "records that time has passed: scores that fell, handoffs that expired",
        ("projections.reactors.timers",),
        (ENGAGEMENT, SCORES),
        (ENGAGEMENT,),
        _UP,
        "staffel relay",
    ),
    TopologyStep(
        "alert",
        "tells people and other systems of handoffs",
        ("alerts.reactor", "alerts.subscription"),
        (SQA_HANDOFFS,),
        (),
        "staffel alerts",
        "staffel alerts",
    ),
    TopologyStep(
        "rebuild",
        "writes the tables anew beside the old ones, from a replay of the facts",
        ("projections.rebuild",),
        (ENGAGEMENT, SCORES),
        (),
        "staffel rebuild",
        "staffel rebuild",
    ),
    TopologyStep(
        "audit",
        "folds the facts anew and compares; leaves no trace",
        ("audit.replay", "audit.verify", "audit.recorded_digests", "audit.accounts_as_of"),
        (ENGAGEMENT, SCORES),
        (),
        "staffel audit",
        "staffel audit",
    ),
)
UNUSED_TOPICS = (SUPPRESSIONS,)
"""Topics that are kept for what is still to come: nobody writes them."""


def writers(topic: str) -> str:
    """The steps that append to a topic, by name."""
    return ", ".join(step.name for step in STEPS if topic in step.writes) or "nobody yet"


def readers(topic: str) -> str:
    """The steps that read it; whoever else subscribes is not told here."""
    return ", ".join(step.name for step in STEPS if topic in step.reads) or "others"


def markdown_tables() -> Iterator[str]:
    """Topics and steps as the documentation shows them, in Markdown, line by line."""
    yield "| topic | holds | key | written by | read by |"
    yield "|---|---|---|---|---|"
    for topic in TOPICS:
        settings = TOPIC_CONFIGS[topic]
        yield f"| `{topic}` | {settings.purpose} | {settings.key} | {writers(topic)} | {readers(topic)} |"
    yield ""
    yield "| step | what it does | reads | writes | embedded | scaled out |"
    yield "|---|---|---|---|---|---|"
    for step in STEPS:
        yield (
            f"| {step.name} | {step.description} | {_topics(step.reads)} | {_topics(step.writes)} "
            f"| {_command(step.embedded)} | {_command(step.scaled_out)} |"
        )


def _topics(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def _command(text: str) -> str:
    command, _, more = text.partition(",")
    code = f"`{command}`" if command.startswith("staffel") else command
    return f"{code},{more}" if more else code
