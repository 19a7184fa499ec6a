"""Whether an address and a secret can be used, said without repeating either. Never connects to anything."""

import logging
from functools import cache
from typing import Any

_SILENCED_LOGGERS = ("apprise", "urllib3")


def check_address(address: str) -> None:
    """ValueError where no service of Apprise takes the address."""
    if not silenced_apprise().Apprise().add(address):
        raise ValueError(
            "no service of Apprise takes this address; https://github.com/caronc/apprise/wiki lists them, for instance "
            "slack://TOKEN_A/TOKEN_B/TOKEN_C/#CHANNEL or mailtos://NAME:PASSWORD@HOST"
        )


def check_secrets(secrets: str) -> None:
    """ValueError where a text is no `whsec_…`, or several of them."""
    from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

    for secret in secrets.split():
        if not secret.startswith("whsec_"):
            raise ValueError("a secret begins with whsec_; several, while one follows another, stand apart by a blank")
        try:
            Webhook(secret)
        except (ValueError, EmptyWebhookSecretError):
            raise ValueError("what stands behind whsec_ is no base64 text") from None


@cache
def silenced_apprise() -> Any:
    """The library, with its lines of log turned off, and those of the one below it."""
    import apprise

    for name in _SILENCED_LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    return apprise
