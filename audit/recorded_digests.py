"""The last digest of every account, as `scores` has them. Never folds anything.

A partition is read once, and of two updates of an account the one with the higher seq holds: a late write of a worker
that lost its partition changes nothing. What cannot be read is kept, unless an update comes after it.
"""

from typing import NamedTuple

import msgspec

from schemas.scores import CHECKPOINT_KEY
from schemas.topics import SCORES
from streams.log import Log

_AT_ONCE = 2_000


class Updated(msgspec.Struct):
    """What matters of an `account.scored`."""

    seq: int
    digest: str


class Unreadable(NamedTuple):
    why: str


_decode = msgspec.json.Decoder(Updated).decode


def last_updates(log: Log, partition: int) -> dict[str, Updated | Unreadable]:
    """Account id -> its last update in this partition, up to the end at the time of the call."""
    last: dict[str, Updated | Unreadable] = {}
    start, end = 0, log.end(SCORES, partition)
    while start < end and (records := log.read(SCORES, partition, start, _AT_ONCE)):
        for record in records:
            if "/" not in record.key and record.key != CHECKPOINT_KEY:
                _keep(last, record.key, _read(record.value))
        start = records[-1].offset + 1
    return last


def _read(value: bytes) -> Updated | Unreadable:
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        return Unreadable(str(problem))


def _keep(last: dict[str, Updated | Unreadable], account: str, found: Updated | Unreadable) -> None:
    known = last.get(account)
    if isinstance(known, Updated) and isinstance(found, Updated) and found.seq < known.seq:
        return
    last[account] = found
