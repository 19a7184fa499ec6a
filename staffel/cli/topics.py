"""`staffel topics`: the topics on Apache Kafka, made and checked. Never changes or deletes a topic that stands."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from staffel.cli.output import print_json, print_table, say
from staffel.cli.session import AsJson, read_settings
from staffel.errors import Found, Usage
from staffel.wording import counted

if TYPE_CHECKING:
    from staffel.settings import Settings
    from streams.kafka.address import KafkaAddress
    from streams.kafka.topics import TopicProblem

Json = dict[str, Any]
Partitions = Annotated[
    int | None,
    typer.Option(min=1, max=256, help="Of every topic, for ever: as many workers can share the work; 6 by default."),
]
Replication = Annotated[
    int, typer.Option(min=1, max=9, help="Brokers that keep each record; 3 where none may be lost with a broker.")
]

app = typer.Typer(no_args_is_help=True, help="Make and check the topics on Apache Kafka.")


@app.command()
def create(partitions: Partitions = None, replication: Replication = 1, as_json: AsJson = False) -> None:
    """Make the topics that are missing, with the settings they need, and begin the log with its first model."""
    from streams.kafka import topics as kafka_topics

    settings, address = on_kafka()
    refuse_unsound_model(settings)
    number = partitions or number_of(settings, address)
    made = kafka_topics.create_topics(address, number, replication)
    version = begin_log(settings, address)
    if as_json:
        print_json({"created": made, "partitions": number, "model": version})
        return
    say(f"{counted(len(made), 'topic')} made, each with {counted(number, 'partition')}; the model is {version}")


@app.command()
def check(
    replication: Annotated[int, typer.Option(min=1, help="How many brokers have to keep each record.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Compare the topics with how they have to be kept; exit code 1 where something is wrong."""
    from streams.kafka import topics as kafka_topics

    _, address = on_kafka()
    found, problems = kafka_topics.inspect_topics(address, replication)
    unbegun = None if problems else why_unbegun(address)
    if as_json:
        print_json(
            {
                "topics": [{"topic": address.topic_name(name), **topic_told(each)} for name, each in found.items()],
                "problems": [problem_told(each) for each in problems],
                "log": unbegun,
            }
        )
    else:
        say_topics(address, found)
    if problems:
        say_problems(problems, as_json)
    if problems or unbegun:
        raise Found(f"{counted(len(problems), 'problem')} of the topics" if problems else unbegun or "")


@app.command()
def repartition() -> None:
    """Move to more partitions; not possible yet, and this tells why."""
    raise Usage(
        "the number of partitions is fixed when the topics are made: the partition of an account follows from it, so "
        "with more of them the facts of one account would lie in two partitions, out of order. Moving means to copy "
        "the log to a new generation of topics, which staffel cannot do yet. Until then begin with more partitions "
        "than workers (`staffel topics create --partitions 24`): a partition without a worker of its own costs little"
    )


def on_kafka() -> "tuple[Settings, KafkaAddress]":
    settings = read_settings()
    if settings.kafka is None:
        raise Usage(
            "STAFFEL_LOG is sql: the log is in the database and has no topics to tend; "
            "name a broker, STAFFEL_LOG=kafka://HOST:PORT"
        )
    return settings, settings.kafka


def number_of(settings: "Settings", address: "KafkaAddress") -> int:
    """As the topics have it that stand already, as STAFFEL_PARTITIONS says, or the usual one."""
    from schemas.topics import ENGAGEMENT, PARTITIONS
    from streams.kafka import topics as kafka_topics

    standing, _ = kafka_topics.inspect_topics(address)
    if ENGAGEMENT in standing:
        return standing[ENGAGEMENT].partitions
    return settings.partitions if "partitions" in settings.model_fields_set else PARTITIONS


def refuse_unsound_model(settings: "Settings") -> None:
    """Raises ModelError, before any topic is made."""
    from staffel.connect import model_text
    from streams.activation import activation_content

    activation_content(*model_text(settings))


def begin_log(settings: "Settings", address: "KafkaAddress") -> str:
    """Activate the first model in every partition that is empty; the version of the model that stands there."""
    from staffel.application import system_clock
    from staffel.connect import model_text
    from streams.activation import activate, initial_plan
    from streams.kafka.log import KafkaLog

    log = KafkaLog(address, client="staffel-topics")
    try:
        activate(log, lambda: model_text(settings), system_clock)
        return initial_plan(log).version
    finally:
        log.close()


def why_unbegun(address: "KafkaAddress") -> str | None:
    """Why no process could work on these topics, though they are as they should be."""
    from streams.activation import check_activation
    from streams.kafka.log import KafkaLog
    from streams.log import LogRefused

    log = KafkaLog(address, client="staffel-topics")
    try:
        check_activation(log)
    except LogRefused as refusal:
        return str(refusal)
    finally:
        log.close()
    return None


def say_topics(address: "KafkaAddress", found: Any) -> None:
    from staffel import topology

    rows = [
        (address.topic_name(name), each.partitions, each.replication, topology.writers(name), topology.readers(name))
        for name, each in found.items()
    ]
    columns = ["topic", "partitions", "replicas", "written by", "read by"]
    print_table("", columns, rows, numbers=["partitions", "replicas"], wraps=["written by", "read by"])


def say_problems(problems: "list[TopicProblem]", as_json: bool) -> None:
    if not as_json:
        rows = [(each.topic, each.setting, each.found, each.wanted) for each in problems]
        print_table("", ["topic", "problem", "found", "wanted"], rows)


def topic_told(found: Any) -> Json:
    return {"id": found.id, "partitions": found.partitions, "replication": found.replication}


def problem_told(problem: "TopicProblem") -> Json:
    return problem._asdict()
