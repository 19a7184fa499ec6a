"""Moving in: an embedded home, copied to Apache Kafka and PostgreSQL, scores as before and tells nobody again."""

from pathlib import Path

from tests.cli.moving import destination, furnish, told_of
from tests.cli.speaking import asked


def test_digests_seqs_crossings_and_letters_are_what_they_were(home: Path) -> None:
    furnish()
    before = told_of()
    log, database = destination()

    told = asked("migrate", "--to-kafka", log, "--database", database, "--partitions", 4)

    assert (told["partitions"], told["topics"]["engagement"]) == (4, 117)
    assert told_of(log, database) == before
