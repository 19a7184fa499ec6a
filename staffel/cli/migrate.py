"""`staffel migrate`: from an embedded home to Apache Kafka and PostgreSQL. Never changes the home that it copies."""

from typing import Annotated, Any

import typer

from staffel.cli.output import print_json, progress, say
from staffel.cli.session import AsJson, opened, read_settings
from staffel.errors import Usage
from staffel.wording import counted

Json = dict[str, Any]


def migrate(
    to_kafka: Annotated[str, typer.Option(metavar="kafka://HOST:PORT", help="The broker, as STAFFEL_LOG names it.")],
    database: Annotated[
        str, typer.Option(metavar="postgresql+psycopg://…", help="An empty database, as STAFFEL_DATABASE names it.")
    ],
    partitions: Annotated[
        int | None, typer.Option(min=1, max=256, help="Of topics that are made now, for ever; 6 if left out.")
    ] = None,
    replication: Annotated[int, typer.Option(min=1, max=9, help="Brokers that keep each record.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Copy this home, its log and its database, to Apache Kafka and PostgreSQL; called again, it goes on.

    Once all is copied, it only tells that again. The home stays as it is; topics that are missing begin with its model.
    """
    from staffel.embedded import Embedded
    from staffel.migration.migration import Destination, move, total

    settings = read_settings()
    if settings.kafka is not None:
        raise Usage("STAFFEL_LOG: the log is on Kafka already; migrate copies an embedded one, STAFFEL_LOG=sql")
    to = Destination(address(to_kafka), postgres(database, settings.database_url), partitions, replication)
    home = opened(settings)
    try:
        assert isinstance(home, Embedded)
        with progress("copying", total(home)) as advance:
            told = move(home, to, advance)
    finally:
        home.close()
    print_json(told) if as_json else say(summary(told, to_kafka, database))


def address(text: str) -> Any:
    from streams.kafka.address import parse_kafka_address

    try:
        return parse_kafka_address(text)
    except ValueError as error:
        raise Usage(f"--to-kafka: {error}") from None


def postgres(url: str, ours: str) -> str:
    if not url.startswith("postgresql"):
        raise Usage("--database: many processes share it; write postgresql+psycopg://USER:PASSWORD@HOST/NAME")
    if url == ours:
        raise Usage("--database: this home keeps its own records there; name an empty database")
    return url


def summary(told: Json, kafka: str, database: str) -> str:
    copied = ", ".join(f"{number:,} of {topic}" for topic, number in told["topics"].items())
    return f"""\
Copied: {copied} ({counted(told["partitions"], "partition")}, model {told["model"]}), \
and {sum(told["tables"].values()):,} rows beside them.
This home is as it was; record nothing into it any more.

Next, each with STAFFEL_LOG={without_password(kafka)} and STAFFEL_DATABASE={without_password(database)}:
  staffel worker     one or more, up to one for each partition
  staffel project
`staffel doctor` tells when they have caught up; before that, record nothing over there.
Then compare: `staffel audit replay --json` tells the same seq and digest of every account here and there, and
`staffel audit verify` over there finds no mismatch.
  staffel relay      last: it records what is due by now, and so moves accounts on"""


def without_password(url: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":…@") if parts.password else url
