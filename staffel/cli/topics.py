"""`staffel topics`: create and check the topics on Apache Kafka. Existing topics are not changed."""

from typing import Annotated, Any

import typer

from database import migrate, open_database
from schemas import ENGAGEMENT, PARTITIONS
from staffel import topology
from staffel.application import system_clock
from staffel.cli.groups import examples
from staffel.cli.output import print_csv, print_json, print_line, print_table
from staffel.cli.session import AsCsv, AsJson, read_settings
from staffel.connect import model_text
from staffel.errors import ProblemFound, UsageError
from staffel.scaled_out import require_postgres
from staffel.settings import Settings
from staffel.wording import quantity
from streams import LogRefused, OtherFoldVersion, activate, activation_content, check_activation, initial_plan
from streams.kafka import KafkaAddress, KafkaLog, TopicProblem, create_topics, inspect_topics

Json = dict[str, Any]
Partitions = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=256,
        help="Of every topic, fixed from then on; at most as many workers can share the work; 6 by default.",
    ),
]
Replication = Annotated[
    int, typer.Option(min=1, max=9, help="Copies of each record; 3 to survive the loss of a broker.")
]

group = typer.Typer(no_args_is_help=True, help="Create and check the topics on Apache Kafka.")


@group.command("create", epilog=examples("staffel topics create --partitions 24 --replication 3"))
def create(partitions: Partitions = None, replication: Replication = 1, as_json: AsJson = False) -> None:
    """Create missing topics with the settings they need, and start the log with its first model.

    Creates the tables as well, where STAFFEL_DATABASE names a database.
    """
    settings, address = kafka_settings()
    validate_model(settings)
    count = partitions or partition_count(settings, address)
    created = create_topics(address, count, replication)
    version = activate_log(settings, address)
    create_tables(settings)
    if as_json:
        print_json({"created": created, "partitions": count, "model": version})
        return
    print_line(
        f"{quantity(len(created), 'topic')} created, {quantity(count, 'partition')} each; the model is {version}"
    )


@group.command("check", epilog=examples("staffel topics check"))
def check(
    replication: Annotated[int, typer.Option(min=1, help="Required copies of each record.")] = 1,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Compare the topics with the required settings; exit code 1 if something is wrong."""
    _, address = kafka_settings()
    existing, problems = inspect_topics(address, replication)
    log_problem = None if problems else activation_problem(address)
    rows = [{"topic": address.topic_name(name), **topic_json(each)} for name, each in existing.items()]
    if as_json:
        print_json({"topics": rows, "problems": list(map(problem_json, problems)), "log": log_problem})
    elif as_csv:
        print_csv(rows, ("topic", "id", "partitions", "replication"))
    else:
        print_topics(address, existing)
        print_problems(problems)
    if problems or log_problem:
        raise ProblemFound(f"{quantity(len(problems), 'problem')} with the topics" if problems else log_problem or "")


@group.command("repartition", epilog=examples("staffel topics repartition"))
def repartition() -> None:
    """Change the number of partitions; not possible yet, prints why."""
    raise UsageError(
        "the number of partitions is fixed when the topics are created: it determines the partition of an account, so "
        "with another number the facts of an account would be split between two partitions, out of order. Staffel "
        "cannot copy the log to new topics yet. Start with more partitions than workers "
        "(`staffel topics create --partitions 24`): an extra partition costs little"
    )


def kafka_settings() -> tuple[Settings, KafkaAddress]:
    settings = read_settings()
    if settings.kafka is None:
        raise UsageError(
            "STAFFEL_LOG is sql: a log in the database has no topics; set STAFFEL_LOG=kafka://HOST:PORT to use a broker"
        )
    return settings, settings.kafka


def partition_count(settings: Settings, address: KafkaAddress) -> int:
    """That of the existing topics, else STAFFEL_PARTITIONS, else the default."""
    existing, _ = inspect_topics(address)
    if ENGAGEMENT in existing:
        return existing[ENGAGEMENT].partitions
    return settings.partitions if "partitions" in settings.model_fields_set else PARTITIONS


def validate_model(settings: Settings) -> None:
    """Raises `DocumentError`, before any topic is created."""
    activation_content(*model_text(settings))


def activate_log(settings: Settings, address: KafkaAddress) -> str:
    """Activate the first model in every empty partition; returns the version of the initial model."""
    log = KafkaLog(address, client="staffel-topics")
    try:
        activate(log, lambda: model_text(settings), system_clock)
        check_activation(log)
        return initial_plan(log).version
    finally:
        log.close()


def create_tables(settings: Settings) -> None:
    """In the database that processes and commands share. An account on the broker may do without."""
    if settings.database is None:
        return
    require_postgres(settings)
    engine = open_database(settings.database_url)
    try:
        migrate(engine)
    finally:
        engine.dispose()


def activation_problem(address: KafkaAddress) -> str | None:
    """Why processes could not work on these topics although their settings are right."""
    log = KafkaLog(address, client="staffel-topics")
    try:
        check_activation(log)
    except OtherFoldVersion:
        raise
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


def print_problems(problems: list[TopicProblem]) -> None:
    if problems:
        rows = [(each.topic, each.setting, each.found, each.wanted) for each in problems]
        print_table("", ["topic", "problem", "found", "wanted"], rows)


def topic_json(topic: Any) -> Json:
    return {"id": topic.id, "partitions": topic.partitions, "replication": topic.replication}


def problem_json(problem: TopicProblem) -> Json:
    return problem._asdict()
