"""The address of a Kafka log in `STAFFEL_LOG`, with the options of its clients."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

SCHEME = "kafka"
_SYNTAX_HINT = "write kafka://HOST:PORT, several hosts separated by commas, options as ?security_protocol=SASL_SSL&…"
OPTIONS = ("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password", "ssl_cafile",
           "ssl_certfile", "ssl_keyfile", "ssl_password")  # fmt: skip
"""Options of an address, by the names that kafka-python and aiokafka have in common."""


class KafkaAddress(NamedTuple):
    """`servers`: HOST:PORT of one or more brokers; `options`: for TLS and SASL; `prefix`: of topic names."""

    servers: tuple[str, ...]
    options: Mapping[str, str]
    prefix: str = ""

    def topic_name(self, name: str) -> str:
        """The broker's name of a topic; a prefix lets several installations share one broker."""
        return self.prefix + name

    def __str__(self) -> str:
        """Without options, which may contain a password."""
        return f"{SCHEME}://{','.join(self.servers)}"


def parse_kafka_address(text: str) -> KafkaAddress:
    """Raises ValueError if the text is not a valid address."""
    parts = urlsplit(text)
    servers = tuple(filter(None, parts.netloc.split(",")))
    if parts.scheme != SCHEME or not servers or parts.path.strip("/"):
        raise ValueError(f"{text!r} is not a Kafka address; {_SYNTAX_HINT}")
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isdigit():
            raise ValueError(f"{server!r} is not HOST:PORT; {_SYNTAX_HINT}")
    options = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    prefix = options.pop("prefix", "")
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ValueError(
            f"{unknown[0]!r} is not an option of the address; the options are prefix, {', '.join(OPTIONS)}"
        )
    return KafkaAddress(servers, options, prefix)
