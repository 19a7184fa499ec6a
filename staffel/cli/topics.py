"""`staffel topics`: the topics on Apache Kafka, made and checked. Never changes or deletes a topic that stands."""

from typing import Annotated, Any

import typer

from schemas.topics import ENGAGEMENT, PARTITIONS
from staffel import topology
from staffel.application import system_clock
from staffel.cli.groups import examples
from staffel.cli.output import print_json, print_line, print_table
from staffel.cli.session import AsJson, read_settings
from staffel.connect import model_text
from staffel.errors import ProblemFound, UsageError
from staffel.settings import Settings
from staffel.wording import quantity
from streams.activation import activate, activation_content, check_activation, initial_plan
from streams.kafka import topics as kafka_topics
from streams.kafka.address import KafkaAddress
from streams.kafka.log import KafkaLog
from streams.kafka.topics import TopicProblem
from streams.log import LogRefused

Json = dict[str, Any]
Partitions = Annotated[
    int | None,
    typer.Option(min=1, max=256, help="Of every topic, for ever: as many workers can share the work; 6 by default."),
]
Replication = Annotated[
    int, typer.Option(min=1, max=9, help="Brokers that keep each record; 3 where none may be lost with a broker.")
]

group = typer.Typer(no_args_is_help=True, help="Create and check the topics on Apache Kafka.")


@group.command("create", epilog=examples("staffel topics create --partitions 24 --replication 3"))
def create(partitions: Partitions = None, replication: Replication = 1, as_json: AsJson = False) -> None:
    """Make the topics that are missing, with the settings they need, and begin the log with its first model."""
    settings, address = kafka_settings()
    validate_model(settings)
    count = partitions or partition_count(settings, address)
    created = kafka_topics.create_topics(address, count, replication)
    version = activate_log(settings, address)
    if as_json:
        print_json({"created": created, "partitions": count, "model": version})
        return
    print_line(
        f"{quantity(len(created), 'topic')} made, each with {quantity(count, 'partition')}; the model is {version}"
    )


@group.command("check", epilog=examples("staffel topics check"))
def check(
    replication: Annotated[int, typer.Option(min=1, help="How many brokers have to keep each record.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Compare the topics with how they have to be kept; exit code 1 where something is wrong."""
    _, address = kafka_settings()
    existing, problems = kafka_topics.inspect_topics(address, replication)
    log_problem = None if problems else activation_problem(address)
    if as_json:
        print_json(
            {
                "topics": [{"topic": address.topic_name(name), **topic_json(each)} for name, each in existing.items()],
                "problems": [problem_json(each) for each in problems],
                "log": log_problem,
            }
        )
    else:
        print_topics(address, existing)
    if problems:
        print_problems(problems, as_json)
    if problems or log_problem:
        raise ProblemFound(f"{quantity(len(problems), 'problem')} of the topics" if problems else log_problem or "")


@group.command("repartition", epilog=examples("staffel topics repartition"))
def repartition() -> None:
    """Move to more partitions; not possible yet, and this tells why."""
    raise UsageError(
        "the number of partitions is fixed when the topics are made: the partition of an account follows from it, so "
        "with more of them the facts of one account would lie in two partitions, out of order. Moving means to copy "
        "the log to a new generation of topics, which staffel cannot do yet. Until then begin with more partitions "
        "than workers (`staffel topics create --partitions 24`): a partition without a worker of its own costs little"
    )


def kafka_settings() -> tuple[Settings, KafkaAddress]:
    settings = read_settings()
    if settings.kafka is None:
        raise UsageError(
            "STAFFEL_LOG is sql: the log is in the database and has no topics to tend; "
            "name a broker, STAFFEL_LOG=kafka://HOST:PORT"
        )
    return settings, settings.kafka


def partition_count(settings: Settings, address: KafkaAddress) -> int:
    """As the topics have it that stand already, as STAFFEL_PARTITIONS says, or the usual one."""
    existing, _ = kafka_topics.inspect_topics(address)
    if ENGAGEMENT in existing:
        return existing[ENGAGEMENT].partitions
    return settings.partitions if "partitions" in settings.model_fields_set else PARTITIONS


def validate_model(settings: Settings) -> None:
    """Raises ModelError, before any topic is made."""
    activation_content(*model_text(settings))


def activate_log(settings: Settings, address: KafkaAddress) -> str:
    """Activate the first model in every partition that is empty; the version of the model that stands there."""
    log = KafkaLog(address, client="staffel-topics")
    try:
        activate(log, lambda: model_text(settings), system_clock)
        return initial_plan(log).version
    finally:
        log.close()


def activation_problem(address: KafkaAddress) -> str | None:
    """Why no process could work on these topics, though they are as they should be."""
    log = KafkaLog(address, client="staffel-topics")
    try:
        check_activation(log)
    except LogRefused as error:
        return str(error)
    finally:
        log.close()
    return None


def print_topics(address: KafkaAddress, existing: Any) -> None:
    rows = [
        (address.topic_name(name), each.partitions, each.replication, topology.writers(name), topology.readers(name))
        for name, each in existing.items()
    ]
    columns = ["topic", "partitions", "replicas", "written by", "read by"]
    print_table("", columns, rows, numbers=["partitions", "replicas"], wrapped=["written by", "read by"])


def print_problems(problems: list[TopicProblem], as_json: bool) -> None:
    if not as_json:
        rows = [(each.topic, each.setting, each.found, each.wanted) for each in problems]
        print_table("", ["topic", "problem", "found", "wanted"], rows)


def topic_json(topic: Any) -> Json:
    return {"id": topic.id, "partitions": topic.partitions, "replication": topic.replication}


def problem_json(problem: TopicProblem) -> Json:
    return problem._asdict()
