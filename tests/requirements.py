"""What some tests need from the machine: real data, PostgreSQL, Apache Kafka.

If one is missing, the test is skipped with the reason, or fails if `STAFFEL_REQUIRE` (comma-separated) names it.
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
    """A separate broker that the test may kill or starve; `passwords`: of principals that log in with one."""
    try:
        return broker.open_broker(folder, settings, passwords)
    except broker.KafkaUnavailableError as error:
        skip_or_fail("kafka", str(error))


def kafka_brokers(folder: Path, number: int, settings: Mapping[str, str] | None = None) -> list[broker.Broker]:
    """Several brokers of one cluster, which may be killed and restarted one by one."""
    try:
        return broker.open_brokers(folder, number, settings)
    except broker.KafkaUnavailableError as error:
        skip_or_fail("kafka", str(error))


def skip_or_fail(requirement: str, reason: str) -> NoReturn:
    required = os.environ.get("STAFFEL_REQUIRE", "").replace(" ", "").split(",")
    if requirement in required:
        pytest.fail(f"{reason} (STAFFEL_REQUIRE names {requirement})", pytrace=False)
    pytest.skip(reason)
