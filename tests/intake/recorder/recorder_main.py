"""A recorder process that tests kill: `python -m tests.intake.recorder.recorder_main DATABASE KAFKA FIRST LAST`.

Tells a line for each batch that was answered: its number, and how many were new.
"""

import sys
from secrets import token_bytes

from database.engine import open_database
from intake.observation import Observation
from intake.recorder.appender import appender_for
from intake.recorder.drafts import Recorded
from intake.recorder.recorder import Recorder
from intake.vault.vault import Vault
from projections.directory import Directory
from streams.kafka.address import parse_kafka_address
from streams.kafka.log import KafkaLog
from tests.databases import existing_vault_beside
from tests.intake.recorder.fakes import NOW, new_observation

BATCH_SIZE = 50


def batch(number: int) -> list[Observation]:
    """Returning visitors, some of whom identify themselves."""
    return [
        new_observation(
            f"{number}/{n}", visitor=f"v{n}", email=f"p{n}@acme{n % 7}.com" if n % 10 == number % 10 else None
        )
        for n in range(BATCH_SIZE)
    ]


def main(database: str, kafka: str, first: str, last: str) -> None:
    engine, log = open_database(database), KafkaLog(parse_kafka_address(kafka))
    appender = appender_for(log, engine, lambda: NOW, keep_forever=False)
    recorder = Recorder(appender, Vault(existing_vault_beside(engine), token_bytes), Directory(engine), lambda: NOW)
    for number in range(int(first), int(last)):
        outcomes = recorder.record(batch(number))
        sys.stdout.write(f"{number} {sum(isinstance(outcome, Recorded) for outcome in outcomes)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
