"""`staffel migrate`: copy an embedded home to Apache Kafka and PostgreSQL."""

from typing import Annotated, Any

import typer

from database import parse_address, shown_address
from staffel.cli.groups import examples
from staffel.cli.output import print_json, print_line, progress_bar
from staffel.cli.session import AsJson, connect_application, read_settings
from staffel.embedded import Embedded
from staffel.errors import UsageError
from staffel.migration.migration import Destination, migrate_home, record_count
from staffel.wording import quantity
from streams.kafka import parse_kafka_address

Json = dict[str, Any]

commands = typer.Typer()


@commands.command(
    "migrate",
    epilog=examples(
        "staffel migrate --to-kafka kafka://broker:9092 --database postgresql+psycopg://staffel@localhost/staffel"
    ),
)
def migrate(
    to_kafka: Annotated[
        str, typer.Option(metavar="kafka://HOST:PORT", help="The broker, in the format of STAFFEL_LOG.")
    ],
    database: Annotated[
        str,
        typer.Option(metavar="postgresql+psycopg://…", help="An empty database, in the format of STAFFEL_DATABASE."),
    ],
    vault: Annotated[
        str | None,
        typer.Option(
            metavar="postgresql+psycopg://…",
            help="Where names and addresses go, in the format of STAFFEL_VAULT; default: a schema of that database.",
        ),
    ] = None,
    partitions: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Of topics that are created now, fixed from then on; 6 by default."),
    ] = None,
    replication: Annotated[int, typer.Option(min=1, max=9, help="Copies of each record.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Copy this home (log and database) to Apache Kafka and PostgreSQL; run again, it resumes.

    When everything is copied, running it again only reports that. The home is not changed; new topics start with its
    model.
    """
    settings = read_settings()
    if settings.kafka is not None:
        raise UsageError(
            "STAFFEL_LOG: the log is on Kafka already; migrate copies a log in the database (STAFFEL_LOG=sql)"
        )
    target = postgres_destination(database, settings.database_url)
    destination = Destination(kafka_destination(to_kafka), target, vault or target, partitions, replication)
    home = connect_application(settings)
    try:
        assert isinstance(home, Embedded)
        with progress_bar("copying", record_count(home)) as advance:
            result = migrate_home(home, destination, advance)
    finally:
        home.close()
    print_json(result) if as_json else print_line(summary_text(result, destination))


def kafka_destination(text: str) -> Any:
    try:
        return parse_kafka_address(text)
    except ValueError as error:
        raise UsageError(f"--to-kafka: {error}") from None


def postgres_destination(url: str, own_url: str) -> str:
    if not url.startswith("postgresql"):
        raise UsageError(
            "--database: only PostgreSQL can be shared by many processes; write postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        )
    if url == own_url:
        raise UsageError("--database: this home uses that database itself; name an empty one")
    return url


def summary_text(result: Json, destination: Destination) -> str:
    database = shown_address(parse_address(destination.database))
    copied = ", ".join(f"{number:,} of {topic}" for topic, number in result["topics"].items())
    return f"""\
Copied: {copied} ({quantity(result["partitions"], "partition")}, model {result["model"]}), \
and {sum(result["tables"].values()):,} table rows.
This home is unchanged; do not record anything in it from now on.

Next, each with STAFFEL_LOG={destination.address} and STAFFEL_DATABASE={database}
(and user, password and options as they were given):
  staffel worker     one or more, up to one for each partition
  staffel project
`staffel doctor` shows when they have caught up; record nothing at the destination before.
Then compare: `staffel audit replay --json` prints the same seq and digest for every account here and there, and
`staffel audit verify` at the destination finds no mismatch.
  staffel relay      last: it records what is due by now, which changes accounts"""
