"""What some tests need from the machine: real data, PostgreSQL, Apache Kafka. Never goes without in silence.

Where it is absent the test is skipped, saying why; where `STAFFEL_REQUIRE` (a comma list) names it, the test fails.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tests import postgres
from tests.kafka import broker

_REPOSITORY = Path(__file__).parent.parent


def real_data() -> Path:
    """The folder of real data: `STAFFEL_REAL_DATA`, or `../shared/data` beside the repository."""
    folder = Path(os.environ.get("STAFFEL_REAL_DATA") or _REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        skip_or_fail("real_data", f"no folder {folder}; name one in STAFFEL_REAL_DATA")
    return folder


def postgres_url(template: str = "template0") -> str:
    """The address of a fresh database, empty or a copy, on `STAFFEL_TEST_POSTGRES` or on a server of this session."""
    try:
        return postgres.fresh_database(template)
    except postgres.PostgresUnavailableError as error:
        skip_or_fail("postgres", str(error))


def kafka_server() -> str:
    """HOST:PORT of Apache Kafka: `STAFFEL_TEST_KAFKA`, or a broker of this session."""
    try:
        return broker.server()
    except broker.KafkaUnavailableError as error:
        skip_or_fail("kafka", str(error))


def kafka_broker(
    folder: Path, settings: Mapping[str, str] | None = None, passwords: Mapping[str, str] | None = None
) -> broker.Broker:
    """A broker of the test's own, to be killed and starved; `passwords`: of those who may come by one."""
    try:
        return broker.open_broker(folder, settings, passwords)
    except broker.KafkaUnavailableError as error:
        skip_or_fail("kafka", str(error))


def kafka_brokers(folder: Path, number: int, settings: Mapping[str, str] | None = None) -> list[broker.Broker]:
    """Several of one cluster, to be killed and started again one by one."""
    try:
        return broker.open_brokers(folder, number, settings)
    except broker.KafkaUnavailableError as error:
        skip_or_fail("kafka", str(error))


def skip_or_fail(requirement: str, reason: str) -> NoReturn:
    required = os.environ.get("STAFFEL_REQUIRE", "").replace(" ", "").split(",")
    if requirement in required:
        pytest.fail(f"{reason} (STAFFEL_REQUIRE names {requirement})", pytrace=False)
    pytest.skip(reason)
