"""How the tests find or start a broker, and the message if they cannot."""

from pathlib import Path

import pytest

from tests.kafka import docker
from tests.kafka.broker import open_broker
from tests.kafka.settings import KafkaUnavailableError


def test_without_java_and_docker_all_three_ways_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("STAFFEL_KAFKA_JARS", raising=False)
    docker.has_docker_daemon.cache_clear()
    with pytest.raises(
        KafkaUnavailableError, match=r"STAFFEL_TEST_KAFKA=HOST:PORT, or install Java and Maven .*, or start Docker"
    ):
        open_broker(tmp_path)
    docker.has_docker_daemon.cache_clear()


def test_a_setting_is_told_to_the_image_by_its_variable() -> None:
    assert docker.environment_of({"node.id": "1", "log.dirs": "/x"}) == [
        "--env", "KAFKA_NODE_ID=1", "--env", "KAFKA_LOG_DIRS=/x"]  # fmt: skip
