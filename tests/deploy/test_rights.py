"""Rights on the broker: every process works with exactly those that the documentation lists."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from schemas.topics import TOPICS
from streams.kafka.address import parse_kafka_address
from streams.kafka.connection import admin_client
from tests.alerts.builders import SECRET
from tests.alerts.receiver import Receiver, running_receiver
from tests.kafka.broker import Broker
from tests.kafka.settings import SCRAM, SCRAM_SETTINGS
from tests.requirements import kafka_broker, postgres_url
from tests.staffel.cli.cli_runner import Json, cloud_event, write_lines
from tests.staffel.migration.migration_cases import MODEL
from tests.staffel.processes.process_runner import Processes, StartedProcess, wait_until

PAGE = Path(__file__).parent.parent.parent / "docs" / "deploying.md"
PREFIX, GROUP = "sales.", "sales.staffel-workers"
ADMIN = "admin"
SETTINGS = {
    "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:ANONYMOUS;User:{ADMIN}",
    **SCRAM_SETTINGS,
}

pytestmark = pytest.mark.timeout(300)


class Rights(NamedTuple):
    """The rights that the page grants to a principal."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    other: str


def documented_rights() -> dict[str, Rights]:
    """Principal -> rights, from the table of the page."""
    table = PAGE.read_text().split("| who | reads | writes | besides |\n|---|---|---|---|\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {
        who.split("`")[1]: Rights(topics_in(reads), topics_in(writes), besides) for who, reads, writes, besides in rows
    }


def topics_in(cell: str) -> tuple[str, ...]:
    return TOPICS if cell == "all five" else tuple(re.findall("`([^`]+)`", cell))


def acls(who: str, rights: Rights) -> Iterator[ACL]:
    for operation in (ACLOperation.DESCRIBE, ACLOperation.DESCRIBE_CONFIGS):
        yield from (topic_acl(who, operation, topic) for topic in TOPICS)
    yield from (topic_acl(who, ACLOperation.READ, topic) for topic in rights.reads)
    yield from (topic_acl(who, ACLOperation.WRITE, topic) for topic in rights.writes)
    if "Create" in rights.other:
        yield from (topic_acl(who, ACLOperation.CREATE, topic) for topic in TOPICS)
    if "group" in rights.other:
        yield allow_acl(who, ACLOperation.READ, ResourcePattern(ResourceType.GROUP, GROUP))


def topic_acl(who: str, operation: ACLOperation, topic: str) -> ACL:
    return allow_acl(who, operation, ResourcePattern(ResourceType.TOPIC, PREFIX + topic))


def allow_acl(who: str, operation: ACLOperation, on: ResourcePattern) -> ACL:
    return ACL(f"User:{who}", "*", operation, ACLPermissionType.ALLOW, on)


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    """A broker that denies everything that is not granted."""
    made = kafka_broker(tmp_path / "broker", SETTINGS, {who: f"of {who}" for who in (ADMIN, *documented_rights())})
    admin = admin_client(parse_kafka_address(address(made, ADMIN)))
    granted = [acl for who, rights in documented_rights().items() for acl in acls(who, rights)]
    admin.create_acls(granted)
    wait_until(lambda: rights_of(admin) >= set(granted))
    admin.close()
    return made


def rights_of(admin: KafkaAdminClient) -> set[ACL]:
    """What the broker goes by: the controller confirms a right before the broker has heard of it."""
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    found, _ = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, everything))
    return set(found)


def address(broker: Broker, who: str) -> str:
    secured = f"security_protocol=SASL_PLAINTEXT&sasl_mechanism={SCRAM}"
    named = f"sasl_plain_username={who}&sasl_plain_password=of+{who}"
    return f"kafka://{broker.server}?prefix={PREFIX}&{secured}&{named}"


class System:
    """Every process and command connects as its own principal."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker, self.folder, self.database = broker, folder, postgres_url()
        self.model = write_lines(folder / "model.yaml", MODEL)
        self.started: list[StartedProcess] = []

    def start(self, role: str, **settings: str) -> StartedProcess:
        self.started.append(self._processes_of(role, **settings).start(role))
        return self.started[-1]

    def run_json(self, who: str, *arguments: object) -> Json:
        return self._processes_of(who).run_json(*arguments)

    def _processes_of(self, who: str, **settings: str) -> Processes:
        (self.folder / who).mkdir(exist_ok=True)
        ours = {"STAFFEL_LOG": address(self.broker, who), "STAFFEL_DATABASE": self.database}
        return Processes(self.folder / who, {**ours, "STAFFEL_MODEL": str(self.model), **settings})


@contextmanager
def running_system(broker: Broker, folder: Path) -> Iterator[tuple[System, Receiver]]:
    with running_receiver() as receiver, ExitStack() as held:
        made = System(broker, folder)
        held.callback(lambda: [each.process.kill() for each in made.started])
        yield made, receiver


def test_every_process_works_with_the_rights_that_are_listed(broker: Broker, tmp_path: Path) -> None:
    with running_system(broker, tmp_path) as (system, receiver):
        system.run_json("topics create", "topics", "create", "--partitions", 2)
        channel = f"{{name: sales, webhook: '{receiver.url}', secret_env: RIGHTS_SECRET}}"
        file = write_lines(tmp_path / "alerts.yaml", f"channels: [{channel}]")
        roles = [system.start(role) for role in ("worker", "project", "relay")]
        roles.append(system.start("alerts", STAFFEL_ALERTS=str(file), RIGHTS_SECRET=SECRET))
        for each in roles:
            each.await_ready()

        now = datetime.now(UTC).isoformat()
        demo = cloud_event("demo", "web.form_submitted", time=now, data={"form": "demo"})
        assert (
            system.run_json("commands", "ingest", "cloudevents", write_lines(tmp_path / "facts.jsonl", demo))[
                "recorded"
            ]
            == 1
        )
        assert [row["account"] for row in system.run_json("commands", "accounts")] == ["acme.com"]
        assert system.run_json("audit", "audit", "verify")["mismatches"] == []
        wait_until(lambda: receiver.requests)
        codes = [each.stop() for each in roles]
        assert codes == [0, 0, 0, 0], [each.diagnostics() for each in roles]
