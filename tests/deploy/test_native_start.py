"""The system of docker-compose.yml, started without containers: the same commands in the same order become healthy."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from schemas.times import format_time
from schemas.topics import TOPICS
from staffel.application import system_clock
from tests.deploy.compose import ROOT, long_running_services, services
from tests.deploy.native import Kafka, Service, wait_until
from tests.deploy.test_monitoring import DASHBOARD, PROMETHEUS_METRICS, metrics_in
from tests.requirements import postgres_url

MODEL = ROOT / "tests" / "crash" / "model.yaml"
ACCOUNTS = [f"{name}.example" for name in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")]
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compose")


@pytest.fixture(scope="module")
def kafka(folder: Path) -> Iterator[Kafka]:
    started = Kafka(folder / "kafka")
    yield started
    started.kill()


@pytest.fixture(scope="module")
def addresses(kafka: Kafka) -> Mapping[str, str]:
    """Path in the compose file -> local path."""
    database = services()["topics"]["environment"]["STAFFEL_DATABASE"]
    return {"kafka:9092": kafka.address_of("9092"), database: postgres_url(), "/etc/staffel/model.yaml": str(MODEL)}


@pytest.fixture(scope="module")
def addresses_with_topics(addresses: Mapping[str, str], folder: Path) -> Mapping[str, str]:
    topics = Service("topics", folder, addresses).start()
    assert topics.wait() == 0, topics.diagnostics()
    return addresses


@pytest.fixture(scope="module")
def sales_chat() -> Iterator["WebhookChannel"]:
    channel = WebhookChannel()
    yield channel
    channel.close()


@pytest.fixture(scope="module")
def system(
    addresses_with_topics: Mapping[str, str], folder: Path, sales_chat: "WebhookChannel"
) -> Iterator[list[Service]]:
    """Every process, and three workers: as `--profile alerts --scale worker=3` starts them."""
    names = [*long_running_services(), "worker", "worker"]
    started = [Service(name, folder, addresses_with_topics, SALES_CHAT=sales_chat.address).start() for name in names]
    yield started
    for service in started:
        service.kill()


class WebhookChannel:
    """A chat of sales that receives alerts."""

    def __init__(self) -> None:
        received = self.messages = list[str]()

        class Chat(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """No output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
        self.address = f"json://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def accounts(self) -> set[str]:
        """The accounts in the received alerts."""
        return {account for account in ACCOUNTS if any(account in message for message in self.messages)}

    def close(self) -> None:
        self._server.shutdown()


def run_command(folder: Path, addresses: Mapping[str, str], *arguments: str) -> Any:
    """The JSON result of `docker compose run --rm staffel … --json`."""
    service = Service("staffel", folder, addresses).start([*arguments, "--json"])
    assert service.wait() == 0, service.diagnostics()
    return json.loads(service.output())


def test_creating_topics_again_changes_nothing(addresses_with_topics: Mapping[str, str], folder: Path) -> None:
    again = Service("topics", folder, addresses_with_topics).start()
    assert again.wait() == 0, again.diagnostics()
    checked = run_command(folder, addresses_with_topics, "topics", "check")
    number = services()["topics"]["environment"]["STAFFEL_PARTITIONS"]
    assert {topic["topic"]: topic["partitions"] for topic in checked["topics"]} == dict.fromkeys(TOPICS, number)
    assert checked["problems"] == []


def test_every_process_becomes_healthy_and_ready(system: list[Service]) -> None:
    for service in system:
        service.await_healthy()
    for service in system:
        wait_until(service.is_ready, service.diagnostics)


def test_facts_become_scores_handoffs_alerts_and_copies(
    system: list[Service],
    addresses_with_topics: Mapping[str, str],
    folder: Path,
    kafka: Kafka,
    sales_chat: WebhookChannel,
) -> None:
    for service in system:
        service.await_healthy()
    wanted = {f"{account}/sales/1" for account in ACCOUNTS}
    with run_subscriber(kafka, folder / "own.db") as copied:
        answered = run_command(folder, addresses_with_topics, "ingest", "cloudevents", str(meetings_file(folder)))
        assert answered["recorded"] == len(ACCOUNTS)
        assert {each["handoff"] for each in run_command(folder, addresses_with_topics, "handoffs")} == wanted
        wait_until(lambda: copied() == wanted, lambda: str(copied()))
    wait_until(lambda: sales_chat.accounts() == set(ACCOUNTS), lambda: str(sales_chat.messages))


def meetings_file(folder: Path) -> Path:
    """A file with a meeting of each account that has just been held."""
    now = format_time(system_clock())
    met = {"specversion": "1.0", "source": "calendar", "type": "meeting.held.v1", "time": now, "data": {"minutes": 30}}
    facts = [{**met, "id": account, "subject": account, "contact": f"anna@{account}"} for account in ACCOUNTS]
    file = folder / "meetings.jsonl"
    file.write_text("".join(f"{json.dumps(fact)}\n" for fact in facts))
    return file


@contextmanager
def run_subscriber(kafka: Kafka, file: Path) -> Iterator[Callable[[], set[str]]]:
    """Run the example subscriber as on another machine; returns the handoffs that it has stored."""
    program = ROOT / "examples" / "subscriber" / "subscriber.py"
    process = subprocess.Popen(
        [sys.executable, str(program), kafka.address_of("9094"), str(file)], stdout=subprocess.DEVNULL
    )
    try:
        yield lambda: rows(file)
    finally:
        process.kill()
        process.wait()


def rows(file: Path) -> set[str]:
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(file)) as own:
        return {row[0] for row in own.execute("SELECT event ->> '$.data.handoff' FROM handoffs")}
    return set()


def test_the_processes_expose_what_the_dashboard_queries(
    system: list[Service], addresses_with_topics: Mapping[str, str], folder: Path
) -> None:
    queried = {
        name for panel in DASHBOARD["panels"] for target in panel["targets"] for name in metrics_in(target["expr"])
    }
    run_command(folder, addresses_with_topics, "ingest", "cloudevents", str(meetings_file(folder)))
    wait_until(
        lambda: queried <= exported_samples(system) | PROMETHEUS_METRICS,
        lambda: str(queried - exported_samples(system)),
    )


def exported_samples(system: list[Service]) -> set[str]:
    """The samples that any of them exposes."""
    families = (text_string_to_metric_families(service.page("/metrics")[1]) for service in system)
    return {sample.name for each in families for family in each for sample in family.samples}


def test_they_stop_on_request_with_0_and_are_not_restarted(system: list[Service]) -> None:
    for service in system:
        service.await_healthy()
    exit_codes = [(service, service.stop()) for service in system]
    assert [service.diagnostics() for service, code in exit_codes if code != 0] == []
