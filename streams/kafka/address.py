"""The address of a Kafka log in `STAFFEL_LOG`, with the options of its clients."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

SCHEME = "kafka"
_SYNTAX_HINT = "write kafka://HOST:PORT, several hosts separated by commas, options as ?security_protocol=SASL_SSL&…"
_ESCAPES = "in a value write & as %26, # as %23, + as %2B and % as %25"
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

    def __repr__(self) -> str:
        return f"KafkaAddress({str(self)!r})"


def parse_kafka_address(text: str) -> KafkaAddress:
    """Raises ValueError if the text is not a valid address. No message repeats any of it: it may hold a password."""
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"not a Kafka address; {_SYNTAX_HINT}") from None
    servers = tuple(filter(None, parts.netloc.split(",")))
    if parts.scheme != SCHEME or not servers or parts.path.strip("/"):
        raise ValueError(f"not a Kafka address; {_SYNTAX_HINT}")
    if "@" in parts.netloc:
        raise ValueError("a user or password stands before the host; write it as sasl_plain_username and -password")
    if "#" in text:
        raise ValueError(f"the address contains #; {_ESCAPES}")
    for number, server in enumerate(servers, 1):
        if not _is_server(server):
            raise ValueError(f"server {number} of {len(servers)} is not HOST:PORT; {_SYNTAX_HINT}")
    options = _options(parts.query)
    prefix = options.pop("prefix", "")
    return KafkaAddress(servers, options, prefix)


def _is_server(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdigit() and len(port) <= 5 and int(port) <= 65_535


def _options(query: str) -> dict[str, str]:
    try:
        options = dict(parse_qsl(query, strict_parsing=bool(query)))
    except ValueError:
        raise ValueError(f"the options are not NAME=VALUE&NAME=VALUE; {_ESCAPES}") from None
    for number, name in enumerate(options, 1):
        if name not in (*OPTIONS, "prefix"):
            raise ValueError(f"option {number} is unknown; the options are prefix, {', '.join(OPTIONS)}; {_ESCAPES}")
    return options
