"""Rights on the broker: with those that the documentation lists, and no others, every process does its work."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from schemas.topics import TOPICS
from streams.kafka.address import parse_kafka_address
from streams.kafka.connection import admin_client
from tests.alerts.builders import SECRET
from tests.alerts.receiver import Receiver, receiving
from tests.kafka.broker import Broker
from tests.kafka.settings import BY_PASSWORD, SCRAM
from tests.requirements import kafka_broker, postgres_url
from tests.staffel.cli.cli_runner import Json, event, written
from tests.staffel.migration.migration_cases import MODEL
from tests.staffel.processes.process_runner import Processes, Started, awaited

PAGE = Path(__file__).parent.parent.parent / "docs" / "deploying.md"
PREFIX, GROUP = "sales.", "sales.staffel-workers"
ADMIN = "admin"
SETTINGS = {
    "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:ANONYMOUS;User:{ADMIN}",
    **BY_PASSWORD,
}

pytestmark = pytest.mark.timeout(300)


class Rights(NamedTuple):
    """What the page grants to one who comes to the broker."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    besides: str


def listed() -> dict[str, Rights]:
    """Who -> rights, from the table of the page."""
    table = PAGE.read_text().split("| who | reads | writes | besides |\n|---|---|---|---|\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {who.split("`")[1]: Rights(named(reads), named(writes), besides) for who, reads, writes, besides in rows}


def named(cell: str) -> tuple[str, ...]:
    return TOPICS if cell == "all five" else tuple(re.findall("`([^`]+)`", cell))


def acls(who: str, rights: Rights) -> Iterator[ACL]:
    for operation in (ACLOperation.DESCRIBE, ACLOperation.DESCRIBE_CONFIGS):
        yield from (on_topic(who, operation, topic) for topic in TOPICS)
    yield from (on_topic(who, ACLOperation.READ, topic) for topic in rights.reads)
    yield from (on_topic(who, ACLOperation.WRITE, topic) for topic in rights.writes)
    if "Create" in rights.besides:
        yield from (on_topic(who, ACLOperation.CREATE, topic) for topic in TOPICS)
    if "group" in rights.besides:
        yield allowed(who, ACLOperation.READ, ResourcePattern(ResourceType.GROUP, GROUP))


def on_topic(who: str, operation: ACLOperation, topic: str) -> ACL:
    return allowed(who, operation, ResourcePattern(ResourceType.TOPIC, PREFIX + topic))


def allowed(who: str, operation: ACLOperation, on: ResourcePattern) -> ACL:
    return ACL(f"User:{who}", "*", operation, ACLPermissionType.ALLOW, on)


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    """It denies what was not granted."""
    made = kafka_broker(tmp_path / "broker", SETTINGS, {who: f"of {who}" for who in (ADMIN, *listed())})
    admin = admin_client(parse_kafka_address(address(made, ADMIN)))
    admin.create_acls([acl for who, rights in listed().items() for acl in acls(who, rights)])
    admin.close()
    return made


def address(broker: Broker, who: str) -> str:
    secured = f"security_protocol=SASL_PLAINTEXT&sasl_mechanism={SCRAM}"
    named = f"sasl_plain_username={who}&sasl_plain_password=of+{who}"
    return f"kafka://{broker.server}?prefix={PREFIX}&{secured}&{named}"


class System:
    """Every process and command comes as itself."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.broker, self.folder, self.database = broker, folder, postgres_url()
        self.model = written(folder / "model.yaml", MODEL)
        self.started: list[Started] = []

    def start(self, role: str, **settings: str) -> Started:
        self.started.append(self._as(role, **settings).start(role))
        return self.started[-1]

    def asked(self, who: str, *arguments: object) -> Json:
        return self._as(who).asked(*arguments)

    def _as(self, who: str, **settings: str) -> Processes:
        (self.folder / who).mkdir(exist_ok=True)
        ours = {"STAFFEL_LOG": address(self.broker, who), "STAFFEL_DATABASE": self.database}
        return Processes(self.folder / who, {**ours, "STAFFEL_MODEL": str(self.model), **settings})


@contextmanager
def at_work(broker: Broker, folder: Path) -> Iterator[tuple[System, Receiver]]:
    with receiving() as receiver, ExitStack() as held:
        made = System(broker, folder)
        held.callback(lambda: [each.process.kill() for each in made.started])
        yield made, receiver


def test_every_process_does_its_work_with_the_rights_that_are_listed(broker: Broker, tmp_path: Path) -> None:
    with at_work(broker, tmp_path) as (system, receiver):
        system.asked("topics create", "topics", "create", "--partitions", 2)
        channel = f"{{name: sales, webhook: '{receiver.url}', secret_env: RIGHTS_SECRET}}"
        file = written(tmp_path / "alerts.yaml", f"channels: [{channel}]")
        roles = [system.start(role) for role in ("worker", "project", "relay")]
        roles.append(system.start("alerts", STAFFEL_ALERTS=str(file), RIGHTS_SECRET=SECRET))
        for each in roles:
            each.await_ready()

        now = datetime.now(UTC).isoformat()
        demo = event("demo", "web.form_submitted", time=now, data={"form": "demo"})
        assert (
            system.asked("commands", "ingest", "cloudevents", written(tmp_path / "facts.jsonl", demo))["recorded"] == 1
        )
        assert [row["account"] for row in system.asked("commands", "accounts")] == ["acme.com"]
        assert system.asked("audit", "audit", "verify")["mismatches"] == []
        awaited(lambda: receiver.requests)
        assert [each.stop() for each in roles] == [0, 0, 0, 0]
