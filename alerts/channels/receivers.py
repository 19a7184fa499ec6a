"""The receivers of an Apprise address: several mailboxes or chat channels in one address are several deliveries.

Apprise sends to all of them at once and reports one result, so that whoever tries again after a failure of one would
send to the others again.
"""

from collections.abc import Iterator
from copy import copy
from hashlib import sha256
from typing import Any, NamedTuple

from alerts.channels.validation import silenced_apprise

_KEY_LENGTH = 8


class Receiver(NamedTuple):
    """`key` identifies the receiver within its channel, whatever its place in the address; empty for the only one.

    `label`: the beginning of its name, for people who look for it in their file; `service`: one of Apprise.
    """

    key: str
    label: str
    service: Any


def receivers_of(address: str) -> list[Receiver]:
    """Raises ValueError if the services of the address cannot be told apart."""
    apprise = silenced_apprise().Apprise()
    apprise.add(address)
    targets = {_key(service): (label, service) for each in apprise for label, service in _targets(each)}
    if len(targets) == 1:
        return [Receiver("", "", service) for _, service in targets.values()]
    return [Receiver(key, label, service) for key, (label, service) in targets.items()]


def _targets(service: Any) -> Iterator[tuple[str, Any]]:
    """The service once for each of its receivers, with a label."""
    count = len(service)
    if count <= 1:
        yield type(service).__name__.removeprefix("Notify").lower(), service
        return
    for name, targets in vars(service).items():
        if isinstance(targets, list | set | tuple) and len(targets) == count:
            single = [_with_target(service, name, type(targets)([target])) for target in targets]
            if all(len(each) == 1 for each in single):
                yield from zip((_shortened(_target_name(each)) for each in targets), single, strict=True)
                return
    raise ValueError("the receivers of this address cannot be told apart; write a channel for each of them")


def _with_target(service: Any, name: str, targets: Any) -> Any:
    single = copy(service)
    setattr(single, name, targets)
    return single


def _target_name(target: Any) -> str:
    """The telling part of a target: `(False, 'anna@example.com')`, `('#', 'sales')`, `(1231231, None)`."""
    parts = target if isinstance(target, tuple | list) else (target,)
    return next((str(part) for part in reversed(parts) if part not in (None, False, "")), "")


def _key(service: Any) -> str:
    return sha256(service.url(privacy=False).encode()).hexdigest()[:_KEY_LENGTH]


def _shortened(name: str) -> str:
    """Enough to recognise it: an address keeps its domain, anything else its first characters."""
    first, at, domain = name.partition("@")
    return f"{first[:1]}…@{domain}" if at and first else f"{name[:2]}…"
