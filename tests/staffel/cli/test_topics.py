"""`staffel topics` on a real broker: create, check, and refusals with a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType

from schemas.topics import ENGAGEMENT, PARTITIONS, SCORES, TOPIC_CONFIGS, TOPICS
from staffel.connect import model_text
from staffel.settings import Settings
from streams.activation import ACTIVATED, activation_content, activation_record
from streams.kafka import topics as kafka_topics
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import admin_client
from streams.kafka.log import KafkaLog
from tests import databases
from tests.kafka.topics import fresh_address, log_setting
from tests.requirements import kafka_server, postgres_url
from tests.staffel.cli.cli_runner import run_cli, run_json, run_ok


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[KafkaAddress]:
    """A prefix without topics, to which STAFFEL_LOG is set."""
    address = fresh_address(kafka_server())
    monkeypatch.setenv("STAFFEL_LOG", log_setting(address))
    yield address
    kafka_topics.delete_topics(address)


def activation_records(address: KafkaAddress) -> list[bytes]:
    log = KafkaLog(address, client="test")
    found = [each.value for p in range(log.partitions(ENGAGEMENT)) for each in log.read(ENGAGEMENT, p, 0, 10)]
    log.close()
    return found


def configure(address: KafkaAddress, topic: str, settings: dict[str, str]) -> None:
    admin = admin_client(address)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, address.topic_name(topic), settings)])
    admin.close()


def test_topics_are_made_and_every_partition_begins_with_the_model(address: KafkaAddress) -> None:
    made = run_json("topics", "create", "--partitions", 3)
    assert made == {"created": list(TOPICS), "partitions": 3, "model": made["model"]}
    result = run_json("topics", "check")
    assert [each["topic"] for each in result["topics"]] == [address.topic_name(name) for name in TOPICS]
    assert {(each["partitions"], each["replication"]) for each in result["topics"]} == {(3, 1)}
    assert (result["problems"], result["log"]) == ([], None)
    activations = activation_records(address)
    assert len(activations) == 3
    assert all(ACTIVATED.encode() in each and made["model"].encode() in each for each in activations)


@pytest.mark.parametrize("command", ["accounts", "account register acme.com"])
def test_tables_are_made_with_the_topics_and_by_no_command(
    command: str, address: KafkaAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_ok("topics", "create")  # without a database: an account on the broker may do without
    monkeypatch.setenv("STAFFEL_DATABASE", postgres_url())
    monkeypatch.setenv("STAFFEL_WAIT", "0.1")
    code, message = run_cli(*command.split()).failure
    assert (code, message.startswith("no tables in postgresql+psycopg://")) == (2, True)
    assert message.endswith("; `staffel topics create` creates them, or correct STAFFEL_DATABASE")
    run_ok("topics", "create")
    assert run_json("accounts") == []


@pytest.mark.parametrize("command", ["accounts", "doctor", "topics check", "topics create", "worker --port 0"])
def test_topics_of_another_fold_are_refused(
    command: str, address: KafkaAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_DATABASE", databases.migrated_database("postgresql", Path()))
    kafka_topics.create_topics(address, 1, 1)
    record = activation_record(activation_content(*model_text(Settings())), 0, 0, 1)
    log = KafkaLog(address, client="test")
    log.append(ENGAGEMENT, [record._replace(value=record.value.replace(b'"fold":', b'"fold":9'))], partition=0)
    log.close()
    result = run_cli(*command.split())
    assert (result.code, "this log was scored by version 9" in result.err) == (2, True)


def test_making_them_again_changes_nothing(address: KafkaAddress) -> None:
    first = run_json("topics", "create")
    ids = kafka_topics.topic_ids(address)
    assert run_json("topics", "create") == {**first, "created": []}
    assert first["partitions"] == PARTITIONS
    assert kafka_topics.topic_ids(address) == ids
    assert len(activation_records(address)) == PARTITIONS


def test_what_stands_otherwise_is_named_and_left_as_it_is(address: KafkaAddress) -> None:
    run_ok("topics", "create", "--partitions", 1)
    configure(address, SCORES, {"cleanup.policy": "compact,delete"})
    configure(address, ENGAGEMENT, {"retention.ms": "60000"})
    wanted = [
        (address.topic_name(ENGAGEMENT), "retention.ms", "60000", "-1"),
        (address.topic_name(SCORES), "cleanup.policy", "compact,delete", "compact"),
    ]
    answer = run_cli("topics", "check", "--json")
    assert answer.code == 1
    assert [tuple(each.values()) for each in answer.parsed["problems"]] == wanted
    code, message = run_cli("topics", "create").failure
    assert code == 1
    for topic, setting, found, _ in wanted:
        assert f"topic {topic}: {setting} is {found}" in message
    assert "staffel topics check" in message


def test_more_of_a_setting_is_as_good(address: KafkaAddress) -> None:
    run_ok("topics", "create", "--partitions", 1)
    configure(address, SCORES, {"max.message.bytes": "16000000", "min.compaction.lag.ms": "9223372036854775807"})
    assert run_json("topics", "check")["problems"] == []


def test_every_setting_that_a_topic_needs_is_compared(address: KafkaAddress) -> None:
    kafka_topics.create_topics(address, 1)
    other = {"cleanup.policy": "compact,delete", "retention.ms": "1000000", "retention.bytes": "1000000000",
             "min.compaction.lag.ms": "1", "max.message.bytes": "1000000"}  # fmt: skip
    for name in TOPICS:
        configure(address, name, {setting: other[setting] for setting in TOPIC_CONFIGS[name].settings})
    found = {(problem.topic, problem.setting) for problem in kafka_topics.check_topics(address)}
    assert found == {(address.topic_name(name), setting) for name in TOPICS for setting in TOPIC_CONFIGS[name].settings}


def test_topics_without_a_model_are_no_log_yet(address: KafkaAddress) -> None:
    kafka_topics.create_topics(address, 1)
    code, message = run_cli("topics", "check").code, run_cli("topics", "check").err
    assert code == 1
    assert "does not begin with the activation of a model; run `staffel topics create` first" in message


def test_missing_topics_are_named(address: KafkaAddress) -> None:
    answer = run_cli("topics", "check", "--json")
    assert (answer.code, answer.parsed["topics"]) == (1, [])
    assert {each["topic"] for each in answer.parsed["problems"]} == {address.topic_name(name) for name in TOPICS}
    assert all(each["found"] is None for each in answer.parsed["problems"])


def test_another_number_of_partitions_is_refused(address: KafkaAddress) -> None:
    run_ok("topics", "create", "--partitions", 2)
    code, message = run_cli("topics", "create", "--partitions", 3).failure
    assert code == 1
    assert "number of partitions is 2, not 3" in message
    assert "`staffel topics repartition`" in message


@pytest.mark.usefixtures("address")
def test_more_replicas_than_brokers_are_refused() -> None:
    code, message = run_cli("topics", "create", "--replication", 3).failure
    assert code == 1
    assert "fewer brokers than the requested 3 replicas" in message


def test_fewer_replicas_than_asked_for_are_a_problem(address: KafkaAddress) -> None:
    run_ok("topics", "create", "--partitions", 1)
    answer = run_cli("topics", "check", "--replication", 3, "--json")
    result = {(each["setting"], each["found"], each["wanted"]) for each in answer.parsed["problems"]}
    assert result == {("number of replicas", "1", "3 or more"), ("min.insync.replicas", "1", "2 or more")}
    assert address.topic_name(ENGAGEMENT) in {each["topic"] for each in answer.parsed["problems"]}


def test_an_unsound_model_is_named_before_any_topic_is_made(
    address: KafkaAddress, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "model.yaml").write_text("model: broken\n")
    monkeypatch.setenv("STAFFEL_MODEL", "model.yaml")
    assert run_cli("topics", "create").failure[0] == 1
    assert kafka_topics.topic_ids(address) == {}


@pytest.mark.usefixtures("address")
def test_repartitioning_explains_why_it_is_not_done() -> None:
    code, message = run_cli("topics", "repartition").failure
    assert code == 2
    assert "it determines the partition of an account" in message


def test_a_log_in_the_database_has_no_topics() -> None:
    for command in ("create", "check"):
        assert run_cli("topics", command).failure == (
            2,
            "STAFFEL_LOG is sql: a log in the database has no topics; "
            "set STAFFEL_LOG=kafka://HOST:PORT to use a broker",
        )


def test_a_broker_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_LOG", "kafka://127.0.0.1:1")
    code, message = run_cli("topics", "check").failure
    assert (code, message.startswith("kafka://127.0.0.1:1 does not answer")) == (1, True)


@pytest.mark.usefixtures("address")
def test_the_table_tells_who_writes_and_who_reads() -> None:
    run_ok("topics", "create", "--partitions", 1)
    lines = run_ok("topics", "check").out.splitlines()
    assert "written by" in lines[0]
    [scores] = [line for line in lines if ".scores" in line]
    assert "score" in scores
    assert "project" in scores
