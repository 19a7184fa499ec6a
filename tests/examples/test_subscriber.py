"""The example subscriber, run unchanged on topics created and filled from the published contract alone."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest
import yaml
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from tests.requirements import kafka_server

ROOT = Path(__file__).parents[2]
CONTRACT = yaml.safe_load((ROOT / "schemas" / "published" / "asyncapi.yaml").read_text("utf-8"))
PROGRAM = ROOT / "examples" / "subscriber" / "subscriber.py"
TIMEOUT_S = 30
POLL_S = 0.05
ACME = "acme.example"
Json = dict[str, Any]
Rows = set[tuple[Any, ...]]


def example(message: str, **changed: Any) -> Json:
    return {**CONTRACT["components"]["messages"][message]["examples"][0]["payload"], **changed}


def score_update(seq: int, score: float) -> Json:
    record = example("accountScored", seq=seq)
    return record | {"tracks": {"acquisition": record["tracks"]["acquisition"] | {"score": score}}}


PROPOSED, REJECTED, LAST = example("handoffProposed"), example("handoffRejected"), example("handoffAccepted")
LATER_SCORE = example("handoffProposed", id="t-1", type="sqa.handoff_foreseen.v2", laterattribute="x")
CONTACT = example("contactScored")


def event_key(event: Json) -> tuple[str, str, str]:
    return event["source"], event["id"], event["type"]


class Topics:
    """The topics of the contract under a prefix, and a producer for them."""

    def __init__(self, server: str) -> None:
        self.server, self.prefix = server, f"subscriber-{uuid4().hex[:8]}-"
        kafka = [CONTRACT["channels"][name]["bindings"]["kafka"] for name in ("sqaHandoffs", "scores", "suppressions")]
        with closing(KafkaAdminClient(bootstrap_servers=server)) as admin:
            admin.create_topics([self._new(each) for each in kafka])
        self._producer = KafkaProducer(bootstrap_servers=server, acks="all")

    def send_handoff_event(self, *events: Json) -> None:
        for event in events:
            self._send("sqa-handoffs", event["subject"], event)

    def send_suppression(self, *events: Json) -> None:
        for event in events:
            self._send("suppressions", event["subject"], event)

    def send_score(self, **records: Json) -> None:
        for key, record in records.items():
            self._send("scores", key.replace("__", "/"), record)

    def close(self) -> None:
        self._producer.close()

    def _new(self, kafka: Json) -> NewTopic:
        settings = {name: config_text(value) for name, value in kafka["topicConfiguration"].items()}
        return NewTopic(self.prefix + kafka["topic"], kafka["partitions"], 1, topic_configs=settings)

    def _send(self, topic: str, key: str, value: Json) -> None:
        self._producer.send(self.prefix + topic, json.dumps(value).encode(), key.encode()).get(TIMEOUT_S)


def config_text(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)


class Subscriber:
    """The subscriber process and its database file."""

    def __init__(self, topics: Topics, folder: Path) -> None:
        self._file = folder / "own.db"
        self._command = [sys.executable, str(PROGRAM), topics.server, str(self._file), topics.prefix]
        self._said = folder / "said"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._said.open("ab") as said:
            unbuffered = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
            self._running = subprocess.Popen(self._command, stdout=said, stderr=said, env=unbuffered)

    def kill(self) -> None:
        if self._running:
            self._running.kill()
            self._running.wait(TIMEOUT_S)

    def output(self) -> list[str]:
        return self._said.read_text().splitlines()

    def handoffs(self) -> Rows:
        return self._rows("SELECT source, id, type FROM handoffs")

    def scores(self) -> Rows:
        return self._rows("SELECT key, seq, record ->> '$.tracks.acquisition.score' FROM scores")

    def suppressions(self) -> Rows:
        return self._rows("SELECT suppression, contact, ended FROM suppressions")

    def await_suppression(self, id: str, ended: bool) -> None:
        deadline = monotonic() + TIMEOUT_S
        while (id, ended) not in {(row[0], bool(row[2])) for row in self.suppressions()}:
            assert monotonic() < deadline, (self.suppressions(), self.output())
            Event().wait(POLL_S)

    def await_until(self, seq: int, event: Json) -> None:
        """Wait until the account's score has this seq and the event is stored."""
        deadline = monotonic() + TIMEOUT_S
        while not (self._has_reached(seq) and event_key(event) in self.handoffs()):
            assert monotonic() < deadline, (self.scores(), self.output())
            Event().wait(POLL_S)

    def _has_reached(self, seq: int) -> bool:
        return (ACME, seq) in {row[:2] for row in self.scores()}

    def forget_positions(self) -> None:
        with closing(sqlite3.connect(self._file)) as own, own:
            own.execute("DELETE FROM positions")

    def _rows(self, query: str) -> Rows:
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(self._file)) as own:
            return set(own.execute(query))
        return set()


@pytest.fixture
def topics() -> Iterator[Topics]:
    made = Topics(kafka_server())
    yield made
    made.close()


@pytest.fixture
def copy(topics: Topics, tmp_path: Path) -> Iterator[Subscriber]:
    made = Subscriber(topics, tmp_path)
    yield made
    made.kill()


def test_handoffs_are_stored_once_and_scores_by_their_highest_seq(topics: Topics, copy: Subscriber) -> None:
    topics.send_handoff_event(PROPOSED, REJECTED, PROPOSED, REJECTED, LATER_SCORE)
    topics.send_score(**{ACME: score_update(31, 112.5)}, **{"~checkpoint": example("checkpoint")}, acme__c_a=CONTACT)
    topics.send_score(**{ACME: score_update(33, 80.0)})
    topics.send_score(**{ACME: score_update(32, 99.0)})
    topics.send_score(**{ACME: score_update(34, 70.0)})
    copy.start()
    copy.await_until(34, LATER_SCORE)
    topics.send_handoff_event(PROPOSED, LAST)
    topics.send_score(**{ACME: score_update(30, 1.0)})
    topics.send_score(**{ACME: score_update(35, 60.0)})
    copy.await_until(35, LAST)
    assert copy.scores() == {(ACME, 35, 60.0), ("acme/c_a", 31, None)}
    assert copy.handoffs() == {event_key(event) for event in (PROPOSED, REJECTED, LATER_SCORE, LAST)}
    assert copy.output() == [
        f"sqa.handoff_proposed.v1 {ACME} ",
        f"sqa.handoff_rejected.v1 {ACME} no budget this year",
        f"sqa.handoff_foreseen.v2 {ACME} ",
        f"sqa.handoff_accepted.v1 {ACME} ",
    ]


def test_a_killed_subscriber_continues_from_its_file(topics: Topics, copy: Subscriber) -> None:
    for seq, event in enumerate((PROPOSED, REJECTED, LATER_SCORE), start=1):
        topics.send_handoff_event(event)
        topics.send_score(**{ACME: score_update(seq, float(seq))})
        copy.start()
        copy.await_until(seq, event)
        copy.kill()
    assert (copy.scores(), len(copy.output())) == ({(ACME, 3, 3.0)}, 3)


def test_redelivered_records_change_nothing(topics: Topics, copy: Subscriber) -> None:
    topics.send_handoff_event(PROPOSED, REJECTED)
    topics.send_score(**{ACME: score_update(31, 112.5)})
    copy.start()
    copy.await_until(31, REJECTED)
    copy.kill()
    copy.forget_positions()
    topics.send_handoff_event(LAST)
    topics.send_score(**{ACME: score_update(32, 70.0)})
    copy.start()
    copy.await_until(32, LAST)
    assert (copy.scores(), len(copy.output())) == ({(ACME, 32, 70.0)}, 3)


def suppression(id: str, message: str = "suppressionStarted") -> Json:
    event = example(message, id=f"{id}:{message}")
    return event | {"data": event["data"] | {"suppression": id}}


def test_a_suppression_holds_until_its_own_end_and_a_repeated_start_does_not_revive_it(
    topics: Topics, copy: Subscriber
) -> None:
    started, ended = suppression("s-1"), suppression("s-1", "suppressionEnded")
    topics.send_suppression(started, suppression("s-2"), ended, started, suppression("s-3"))
    copy.start()
    copy.await_suppression("s-3", ended=False)
    contact = started["data"]["contact"]
    assert copy.suppressions() == {("s-1", contact, 1), ("s-2", contact, 0), ("s-3", contact, 0)}
