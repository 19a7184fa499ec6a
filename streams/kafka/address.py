"""Where a Kafka log is, read from `STAFFEL_LOG`, and what its clients are told. Never connects."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

SCHEME = "kafka"
_SYNTAX_HINT = "write kafka://HOST:PORT, several hosts separated by commas, options as ?security_protocol=SASL_SSL&…"
OPTIONS = ("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password", "ssl_cafile",
           "ssl_certfile", "ssl_keyfile", "ssl_password")  # fmt: skip
"""Options of the address, named as kafka-python and aiokafka name them alike."""


class KafkaAddress(NamedTuple):
    """`servers`: HOST:PORT of one or more brokers; `options`: of TLS and SASL; `prefix`: of the names of topics."""

    servers: tuple[str, ...]
    options: Mapping[str, str]
    prefix: str = ""

    def topic_name(self, name: str) -> str:
        """What the broker calls a topic: several Staffels may share one broker."""
        return self.prefix + name

    def __str__(self) -> str:
        """Without its secrets."""
        return f"{SCHEME}://{','.join(self.servers)}"


def parse_kafka_address(text: str) -> KafkaAddress:
    """ValueError where the text is no such address."""
    parts = urlsplit(text)
    servers = tuple(filter(None, parts.netloc.split(",")))
    if parts.scheme != SCHEME or not servers or parts.path.strip("/"):
        raise ValueError(f"{text!r} is no address of Kafka; {_SYNTAX_HINT}")
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"{server!r} is no HOST:PORT; {_SYNTAX_HINT}")
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    prefix = options.pop("prefix", "")
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no option of the address; there are prefix, {', '.join(OPTIONS)}")
    return KafkaAddress(servers, options, prefix)
