"""Validates the address and the secrets of a channel, without connecting; errors do not contain either of them."""

import logging
from base64 import b64decode
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from typing import Any
from urllib.parse import urlsplit

_SECRET_BYTES = (24, 64)
"""As Standard Webhooks asks for."""
_SILENCED_LOGGERS = ("apprise", "urllib3")


def check_address(address: str) -> None:
    """Raises ValueError if no service of Apprise supports the address, or a part of it."""
    if not silenced_apprise().Apprise().add(address):
        raise ValueError(
            "no service of Apprise supports this address; https://github.com/caronc/apprise/wiki lists them, "
            "for instance slack://TOKEN_A/TOKEN_B/TOKEN_C/#CHANNEL or mailtos://NAME:PASSWORD@HOST"
        )


def check_secrets(secrets: str) -> None:
    """Raises ValueError unless the text is one or more `whsec_…`, separated by blanks."""
    from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

    for secret in secrets.split():
        if not secret.startswith("whsec_"):
            raise ValueError("a secret begins with whsec_; separate several secrets by blanks")
        try:
            Webhook(secret)
            size = len(b64decode(secret.removeprefix("whsec_"), validate=True))
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError("the part after whsec_ is not valid base64") from None
        if not _SECRET_BYTES[0] <= size <= _SECRET_BYTES[1]:
            raise ValueError("a secret has 24 to 64 random bytes in base64; `openssl rand -base64 32` makes them")


def check_webhook(address: str) -> None:
    """Raises ValueError unless the address is one that may be posted to."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:  # whose message repeats what may be half of a password
        raise ValueError("the host or port is wrong; write https://HOST/PATH, without a password") from None
    is_plain = address.isascii() and address.isprintable() and " " not in address
    if not is_plain or parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise ValueError("write https://HOST/PATH, without a password; name its secret in `secret_env`")
    if not is_host(parts.hostname):
        raise ValueError("the host is not a name: at most 253 characters, and 63 between two dots")
    if is_link_local(parts.hostname):
        raise ValueError("the host is link-local: such addresses serve the machine itself, its credentials too")


def is_host(host: str) -> bool:
    labels = host.rstrip(".").split(".")
    return ":" in host or (len(host) <= 253 and all(0 < len(label) <= 63 for label in labels))


def is_link_local(host: str) -> bool:
    """Whether the text is a link-local address, in any form that a resolver takes for one (`0xA9FEA9FE`)."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host.partition("%")[0].rstrip("."))
    except ValueError:
        try:
            address = IPv4Address(inet_aton(host.rstrip(".")))
        except OSError:
            return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_link_local


@cache
def silenced_apprise() -> Any:
    """Apprise with its log output turned off, and that of urllib3: both log addresses, which may contain secrets."""
    import apprise

    for name in _SILENCED_LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    return apprise
