"""Follows handoffs, scores and suppressions on Kafka, from the published contract alone, without Staffel.

python subscriber.py SERVER FILE [PREFIX]
"""

import json
import sqlite3
import sys
from typing import Any

from kafka import KafkaConsumer, TopicPartition

TABLES = """
CREATE TABLE IF NOT EXISTS handoffs (source TEXT, id TEXT, type TEXT, event TEXT, PRIMARY KEY (source, id));
CREATE TABLE IF NOT EXISTS scores (key TEXT PRIMARY KEY, seq INTEGER, record TEXT);
CREATE TABLE IF NOT EXISTS suppressions (
    suppression TEXT PRIMARY KEY, account TEXT, contact TEXT, until TEXT, ended INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS positions (topic TEXT, partition INTEGER, next INTEGER, PRIMARY KEY (topic, partition));
"""
FIRST_OF_ITS_ID = "INSERT INTO handoffs VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
HIGHEST_SEQ = """
INSERT INTO scores VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET seq = excluded.seq, record = excluded.record WHERE excluded.seq > scores.seq
"""
STARTED_ONCE = "INSERT INTO suppressions VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING"
ENDED = "UPDATE suppressions SET ended = 1 WHERE suppression = ?"


def follow(server: str, file: str, prefix: str = "") -> None:
    """Keep the tables of `file` up to date until stopped."""
    own = sqlite3.connect(file)
    own.executescript(TABLES)
    keepers = {
        f"{prefix}sqa-handoffs": keep_handoff,
        f"{prefix}scores": keep_score,
        f"{prefix}suppressions": keep_suppression,
    }
    consumer = KafkaConsumer(bootstrap_servers=server, group_id=None, auto_offset_reset="earliest")
    consumer.assign([TopicPartition(topic, p) for topic in keepers for p in consumer.partitions_for_topic(topic)])
    for topic, partition, next_offset in own.execute("SELECT * FROM positions"):
        consumer.seek(TopicPartition(topic, partition), next_offset)
    while True:
        for partition, records in consumer.poll(timeout_ms=1000).items():
            keep = keepers[partition.topic]
            with own:  # one transaction: rows, and how far they go
                for record in records:
                    keep(own, record)
                own.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", (*partition, records[-1].offset + 1))


def keep_handoff(own: sqlite3.Connection, record: Any) -> None:
    event = json.loads(record.value)
    row = (event["source"], event["id"], event["type"], record.value.decode())
    if own.execute(FIRST_OF_ITS_ID, row).rowcount:  # new: here you act on it
        print(event["type"], event["subject"], event["data"].get("reason") or "", flush=True)  # noqa: T201


def keep_score(own: sqlite3.Connection, record: Any) -> None:
    if record.key != b"~checkpoint":
        own.execute(HIGHEST_SEQ, (record.key.decode(), json.loads(record.value)["seq"], record.value.decode()))


def keep_suppression(own: sqlite3.Connection, record: Any) -> None:
    event = json.loads(record.value)
    data = event["data"]
    if event["type"] == "suppression.started.v1":  # one that has ended keeps its row, so a repetition changes nothing
        own.execute(STARTED_ONCE, (data["suppression"], data["account"], data["contact"], data.get("until")))
    elif event["type"] == "suppression.ended.v1":
        own.execute(ENDED, (data["suppression"],))


if __name__ == "__main__":
    follow(*sys.argv[1:])
