"""Settings of all test brokers, with Java and with Docker."""

import socket

SETTINGS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENTS",
    "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.num.partitions": "2",
    "transaction.state.log.min.isr": "1",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.cleaner.backoff.ms": "200",
    "log.initial.task.delay.ms": "100",
    "log.cleaner.dedupe.buffer.size": "4194304",
}
SCRAM = "SCRAM-SHA-512"
SCRAM_SETTINGS = {
    "sasl.enabled.mechanisms": SCRAM,
    "sasl.mechanism.inter.broker.protocol": SCRAM,
    f"listener.name.clients.{SCRAM.lower()}.sasl.jaas.config":
        "org.apache.kafka.common.security.scram.ScramLoginModule required;",
}  # fmt: skip
"""Clients come by SCRAM, where their listener is one of SASL."""
DEADLINE_S = 60


class KafkaUnavailableError(Exception):
    """No broker is configured, and none can be started."""


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


def is_listening(port: int) -> bool:
    with socket.socket() as some:
        some.settimeout(1)
        return some.connect_ex(("127.0.0.1", port)) == 0
