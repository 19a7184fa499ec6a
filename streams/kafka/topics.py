"""The topics on the broker: creates missing ones and compares existing ones with their required settings."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors
from kafka.admin import ConfigResource, ConfigResourceType

from schemas import ENGAGEMENT, TOPIC_CONFIGS, TOPICS
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import admin_client
from streams.kafka.connection_errors import log_error_of
from streams.log import LogRefused

_MINIMUM_SETTINGS = frozenset({"max.message.bytes", "min.compaction.lag.ms", "min.insync.replicas"})
"""Settings that may be larger than required."""
_SAFE_REPLICATION = 3
_MIN_INSYNC_REPLICAS = "min.insync.replicas"
_ADMIN_TIMEOUT_MS = 30_000


class TopicProblem(NamedTuple):
    """A difference between a topic and its requirements; `found` is None if the topic is missing."""

    topic: str
    setting: str
    found: str | None
    wanted: str

    def __str__(self) -> str:
        if self.found is None:
            return f"topic {self.topic} is missing"
        return f"topic {self.topic}: {self.setting} is {self.found}, not {self.wanted}"


class ExistingTopic(NamedTuple):
    """A topic as the broker describes it."""

    id: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


def create_topics(address: KafkaAddress, partitions: int, replication: int = 1) -> list[str]:
    """Create the missing topics; returns their names.

    Raises `LogRefused` before it creates any, if an existing one has other settings or another number of partitions, or
    if there are fewer brokers than replicas.
    """
    with _admin(address, "the topics") as admin:
        existing = _existing_topics(admin, address)
        problems = _problems(address, existing, replication, partitions)
        if any(problem.found is not None for problem in problems):
            raise _topics_error(address, [problem for problem in problems if problem.found is not None])
        missing = [name for name in TOPICS if name not in existing]
        if missing:
            _create_missing(admin, address, missing, partitions, replication)
        return missing


def inspect_topics(address: KafkaAddress, replication: int = 1) -> tuple[dict[str, ExistingTopic], list[TopicProblem]]:
    """The existing topics by their names without prefix, and all problems. Raises `LogUnavailable`."""
    with _admin(address, "the topics") as admin:
        existing = _existing_topics(admin, address)
        return existing, _problems(address, existing, replication)


def check_topics(address: KafkaAddress, replication: int = 1) -> list[TopicProblem]:
    """All problems; an empty list if there are none."""
    return inspect_topics(address, replication)[1]


def require_valid_topics(address: KafkaAddress) -> None:
    """Raises `LogRefused` with all problems."""
    problems = check_topics(address)
    if problems:
        raise _topics_error(address, problems)


def topic_ids(address: KafkaAddress) -> dict[str, str]:
    """The ids of the existing topics by their names without prefix."""
    return {name: found.id for name, found in inspect_topics(address)[0].items()}


def delete_topics(address: KafkaAddress) -> None:
    """Delete all topics with all their records. For tests and benchmarks; no command calls it."""
    with _admin(address, "the topics") as admin:
        admin.delete_topics([address.topic_name(name) for name in _existing_topics(admin, address)])


def settings_of(topic: str, replication: int = 1) -> dict[str, str]:
    """The required settings of a topic. With three replicas or more, two have to acknowledge."""
    safe = {_MIN_INSYNC_REPLICAS: "2"} if replication >= _SAFE_REPLICATION else {}
    return {**TOPIC_CONFIGS[topic].settings, **safe}


@contextmanager
def _admin(address: KafkaAddress, about: str) -> Iterator[Any]:
    admin = admin_client(address)
    try:
        yield admin
    except kafka_errors.KafkaError as error:
        raise log_error_of(error, address, about) from error
    finally:
        admin.close()


def _create_missing(
    admin: KafkaAdminClient, address: KafkaAddress, names: Sequence[str], partitions: int, replication: int
) -> None:
    new_topics = {
        address.topic_name(name): {
            "num_partitions": partitions,
            "replication_factor": replication,
            "configs": settings_of(name, replication),
        }
        for name in names
    }
    try:
        admin.create_topics(new_topics, timeout_ms=_ADMIN_TIMEOUT_MS, raise_errors=True)
    except kafka_errors.TopicAlreadyExistsError:
        pass  # another process is creating them
    except kafka_errors.InvalidReplicationFactorError as error:
        raise LogRefused(
            f"{address} has fewer brokers than the requested {replication} replicas; start more brokers, or request "
            "fewer replicas with --replication"
        ) from error
    admin.wait_for_topics(list(new_topics), timeout_ms=_ADMIN_TIMEOUT_MS)


def _existing_topics(admin: KafkaAdminClient, address: KafkaAddress) -> dict[str, ExistingTopic]:
    """The existing topics by their names without prefix."""
    ours = {address.topic_name(name): name for name in TOPICS}
    descriptions = [each for each in admin.describe_topics(list(ours)) if not each["error_code"]]
    resources = [ConfigResource(ConfigResourceType.TOPIC, each["name"]) for each in descriptions]
    configs = admin.describe_configs(resources, config_filter="all").get("topic", {}) if resources else {}
    found = {ours[each["name"]]: _existing_topic(each, configs[each["name"]]) for each in descriptions}
    return {name: found[name] for name in TOPICS if name in found}


def _existing_topic(description: Mapping[str, Any], configs: Mapping[str, Any]) -> ExistingTopic:
    partitions = description["partitions"]
    replication = min((len(each["replica_nodes"]) for each in partitions), default=0)
    settings = {name: str(config["value"]) for name, config in configs.items()}
    return ExistingTopic(str(description["topic_id"]), len(partitions), replication, settings)


def _problems(
    address: KafkaAddress, existing: Mapping[str, ExistingTopic], replication: int, partitions: int | None = None
) -> list[TopicProblem]:
    if partitions is None and ENGAGEMENT in existing:
        partitions = existing[ENGAGEMENT].partitions
    return [
        problem
        for name in TOPICS
        for problem in _problems_of(name, address.topic_name(name), existing.get(name), replication, partitions)
    ]


def _problems_of(
    name: str, broker_name: str, existing: ExistingTopic | None, replication: int, partitions: int | None
) -> Iterator[TopicProblem]:
    if existing is None:
        yield TopicProblem(broker_name, "existence", None, "a topic")
        return
    if partitions is not None and existing.partitions != partitions:
        yield TopicProblem(broker_name, "number of partitions", str(existing.partitions), str(partitions))
    if existing.replication < replication:
        yield TopicProblem(broker_name, "number of replicas", str(existing.replication), f"{replication} or more")
    for setting, wanted in settings_of(name, replication).items():
        value = existing.settings.get(setting, "unknown")
        if not _is_accepted(setting, value, wanted):
            yield TopicProblem(
                broker_name, setting, value, f"{wanted} or more" if setting in _MINIMUM_SETTINGS else wanted
            )


def _is_accepted(setting: str, found: str, wanted: str) -> bool:
    if setting in _MINIMUM_SETTINGS and found.isdigit():
        return int(found) >= int(wanted)
    return found == wanted


def _topics_error(address: KafkaAddress, problems: Sequence[TopicProblem]) -> LogRefused:
    descriptions = "; ".join(map(str, problems))
    return LogRefused(f"{address} cannot hold the log: {descriptions}. {_remedy(problems)}")


def _remedy(problems: Sequence[TopicProblem]) -> str:
    if all(problem.found is None for problem in problems):
        return "Run `staffel topics create`, or correct the prefix that STAFFEL_LOG names"
    if any(problem.setting == "number of partitions" for problem in problems):
        return "The number of partitions is fixed once the topics exist: see `staffel topics repartition`"
    return "Correct the settings with kafka-configs.sh, then run `staffel topics check`"
