"""The topics on Apache Kafka: made, compared with how they have to be kept, refused. Never changes one that stands."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka import errors as broken
from kafka.admin import ConfigResource, ConfigResourceType

from schemas.topics import ENGAGEMENT, TOPIC_CONFIGS, TOPICS
from streams.kafka.address import KafkaAddress
from streams.kafka.connection import admin_client, in_words
from streams.log import LogRefused

_AT_LEAST = frozenset({"max.message.bytes", "min.compaction.lag.ms", "min.insync.replicas"})
"""Settings of which more is as good."""
_SAFE_REPLICATION = 3
_IN_SYNC = "min.insync.replicas"
_DEADLINE_MS = 30_000


class Problem(NamedTuple):
    """What of a topic is not as it should be; `found` is None where there is nothing."""

    topic: str
    setting: str
    found: str | None
    wanted: str

    def __str__(self) -> str:
        if self.found is None:
            return f"topic {self.topic} is missing"
        return f"topic {self.topic}: {self.setting} is {self.found}, not {self.wanted}"


class Found(NamedTuple):
    """A topic as it stands on the broker."""

    id: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


def create(address: KafkaAddress, partitions: int, replication: int = 1) -> list[str]:
    """Make the topics that are missing; answers their names.

    Raises `LogRefused`, before anything is made, where one stands already with other settings or another number of
    partitions, and where there are fewer brokers than replicas asked for.
    """
    with _admin(address, "the topics") as admin:
        standing = _standing(admin, address)
        wrong = _problems(address, standing, replication, partitions)
        if any(problem.found is not None for problem in wrong):
            raise _refused(address, [problem for problem in wrong if problem.found is not None])
        missing = [name for name in TOPICS if name not in standing]
        if missing:
            _make(admin, address, missing, partitions, replication)
        return missing


def look(address: KafkaAddress, replication: int = 1) -> tuple[dict[str, Found], list[Problem]]:
    """The topics that stand, by our names of them, and what is not as it should be. Raises `LogUnavailable`."""
    with _admin(address, "the topics") as admin:
        standing = _standing(admin, address)
        return standing, _problems(address, standing, replication)


def check(address: KafkaAddress, replication: int = 1) -> list[Problem]:
    """What is not as it should be; nothing where all is well."""
    return look(address, replication)[1]


def refuse_wrong(address: KafkaAddress) -> None:
    """Raises `LogRefused` with every problem there is."""
    wrong = check(address)
    if wrong:
        raise _refused(address, wrong)


def topic_ids(address: KafkaAddress) -> dict[str, str]:
    """By our names of the topics; those that are missing are left out."""
    return {name: found.id for name, found in look(address)[0].items()}


def delete(address: KafkaAddress) -> None:
    """Delete all topics with all their records. For tests and benchmarks; no command does it."""
    with _admin(address, "the topics") as admin:
        admin.delete_topics([address.topic(name) for name in _standing(admin, address)])


def settings_of(topic: str, replication: int = 1) -> dict[str, str]:
    """The settings that a topic has to have. With three replicas or more, two have to acknowledge."""
    safe = {_IN_SYNC: "2"} if replication >= _SAFE_REPLICATION else {}
    return {**TOPIC_CONFIGS[topic].settings, **safe}


@contextmanager
def _admin(address: KafkaAddress, about: str) -> Iterator[Any]:
    admin = admin_client(address)
    try:
        yield admin
    except broken.KafkaError as error:
        raise in_words(error, address, about) from error
    finally:
        admin.close()


def _make(admin: KafkaAdminClient, address: KafkaAddress, names: Sequence[str], partitions: int, copies: int) -> None:
    wanted = {
        address.topic(name): {
            "num_partitions": partitions,
            "replication_factor": copies,
            "configs": settings_of(name, copies),
        }
        for name in names
    }
    try:
        admin.create_topics(wanted, timeout_ms=_DEADLINE_MS, raise_errors=True)
    except broken.TopicAlreadyExistsError:
        pass  # another process makes them at this moment
    except broken.InvalidReplicationFactorError as error:
        raise LogRefused(
            f"{address} has fewer brokers than the {copies} replicas asked for; start more, or ask for fewer "
            "by --replication"
        ) from error
    admin.wait_for_topics(list(wanted), timeout_ms=_DEADLINE_MS)


def _standing(admin: KafkaAdminClient, address: KafkaAddress) -> dict[str, Found]:
    """The topics that are there, by our names."""
    ours = {address.topic(name): name for name in TOPICS}
    told = [each for each in admin.describe_topics(list(ours)) if not each["error_code"]]
    resources = [ConfigResource(ConfigResourceType.TOPIC, each["name"]) for each in told]
    configs = admin.describe_configs(resources, config_filter="all").get("topic", {}) if resources else {}
    found = {ours[each["name"]]: _found(each, configs[each["name"]]) for each in told}
    return {name: found[name] for name in TOPICS if name in found}


def _found(told: Mapping[str, Any], configs: Mapping[str, Any]) -> Found:
    partitions = told["partitions"]
    replication = min((len(each["replica_nodes"]) for each in partitions), default=0)
    settings = {name: str(told["value"]) for name, told in configs.items()}
    return Found(str(told["topic_id"]), len(partitions), replication, settings)


def _problems(
    address: KafkaAddress, standing: Mapping[str, Found], replication: int, partitions: int | None = None
) -> list[Problem]:
    if partitions is None and ENGAGEMENT in standing:
        partitions = standing[ENGAGEMENT].partitions
    return [
        problem
        for name in TOPICS
        for problem in _problems_of(name, address.topic(name), standing.get(name), replication, partitions)
    ]


def _problems_of(
    name: str, called: str, found: Found | None, replication: int, partitions: int | None
) -> Iterator[Problem]:
    if found is None:
        yield Problem(called, "existence", None, "a topic")
        return
    if partitions is not None and found.partitions != partitions:
        yield Problem(called, "number of partitions", str(found.partitions), str(partitions))
    if found.replication < replication:
        yield Problem(called, "number of replicas", str(found.replication), f"{replication} or more")
    for setting, wanted in settings_of(name, replication).items():
        standing = found.settings.get(setting, "unknown")
        if not _fits(setting, standing, wanted):
            yield Problem(called, setting, standing, f"{wanted} or more" if setting in _AT_LEAST else wanted)


def _fits(setting: str, found: str, wanted: str) -> bool:
    if setting in _AT_LEAST and found.isdigit():
        return int(found) >= int(wanted)
    return found == wanted


def _refused(address: KafkaAddress, problems: Sequence[Problem]) -> LogRefused:
    told = "; ".join(map(str, problems))
    return LogRefused(f"{address} cannot hold the log: {told}. {_way_out(problems)}")


def _way_out(problems: Sequence[Problem]) -> str:
    if all(problem.found is None for problem in problems):
        return "Run `staffel topics create`, or correct the prefix that STAFFEL_LOG names"
    if any(problem.setting == "number of partitions" for problem in problems):
        return "The number of partitions is fixed once the topics are made: see `staffel topics repartition`"
    return "Correct the settings by kafka-configs.sh, then run `staffel topics check`"
