"""Validates the address and the secrets of a channel, without connecting; errors do not contain either of them."""

import logging
from functools import cache
from typing import Any

_SILENCED_LOGGERS = ("apprise", "urllib3")


def check_address(address: str) -> None:
    """Raises ValueError if no service of Apprise supports the address."""
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
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError("the part after whsec_ is not valid base64") from None


@cache
def silenced_apprise() -> Any:
    """Apprise with its log output turned off, and that of urllib3: both log addresses, which may contain secrets."""
    import apprise

    for name in _SILENCED_LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    return apprise
