"""The latest digest of every account, as recorded in `scores`.

A partition is read once. Of several updates of an account the one with the highest seq counts, so that a late write of
a worker that lost its partition is ignored. An unreadable update counts until a readable one follows.
"""

from typing import NamedTuple

import msgspec

from schemas import CHECKPOINT_KEY, SCORES
from streams import Log, scan

_BATCH_SIZE = 2_000


class RecordedDigest(msgspec.Struct):
    """The compared fields of an `account.scored`."""

    seq: int
    digest: str


class UnreadableUpdate(NamedTuple):
    why: str


_decode = msgspec.json.Decoder(RecordedDigest).decode


def recorded_digests(log: Log, partition: int) -> dict[str, RecordedDigest | UnreadableUpdate]:
    """Account ID -> its latest update in this partition, up to its end at the time of the call."""
    latest: dict[str, RecordedDigest | UnreadableUpdate] = {}
    for record in scan(log, SCORES, partition, 0, log.end(SCORES, partition), _BATCH_SIZE):
        if "/" not in record.key and record.key != CHECKPOINT_KEY:
            _keep_latest(latest, record.key, _decode_update(record.value))
    return latest


def _decode_update(value: bytes) -> RecordedDigest | UnreadableUpdate:
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        return UnreadableUpdate(str(problem))


def _keep_latest(
    latest: dict[str, RecordedDigest | UnreadableUpdate], account: str, update: RecordedDigest | UnreadableUpdate
) -> None:
    previous = latest.get(account)
    if isinstance(previous, RecordedDigest) and isinstance(update, RecordedDigest) and update.seq < previous.seq:
        return
    latest[account] = update
