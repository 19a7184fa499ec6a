"""The model that a partition is folded under: the one its first record activates, or one fixed by a replay."""

from typing import NamedTuple

import msgspec

from schemas import CHECKPOINT, CHECKPOINT_KEY, ENGAGEMENT, SCORES, Checkpoint, decode_checkpoint
from scoring.model import DocumentError, model_from_dict
from scoring.plan import Plan, compile_model
from streams.activation import ACTIVATED, Activation, NoModelError, plan_at, read_activation
from streams.log import Log, Record, scan

DECODE_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError)


class RejectedRecord(NamedTuple):
    """A record that cannot be folded, with the reason: it goes to the dead letters."""

    record: Record
    code: str
    why: str


class _TypeOnly(msgspec.Struct):
    type: str


_decode_type = msgspec.json.Decoder(_TypeOnly).decode


class ActiveModel:
    """`plan` is None until a model is activated; `offset` is that of the activation; `fixed` overrides the log."""

    def __init__(self, partition: int, fixed: Plan | None = None) -> None:
        self.plan = fixed
        self.offset: int | None = None
        self.repetitions = 0
        """Activations that repeated the first one."""
        self._partition, self._fixed = partition, fixed
        self._recorded: Plan | None = None

    def required_plan(self) -> Plan:
        """Raises NoModelError before the first activation."""
        if self.plan is None:
            raise NoModelError(f"partition {self._partition} of {ENGAGEMENT} does not begin with an activated model")
        return self.plan

    def apply(self, record: Record) -> RejectedRecord | None:
        """Take a record that comes before any model, or has the key of models: it has to be an activation."""
        try:
            type_ = _decode_type(record.value).type
        except DECODE_ERRORS as problem:
            return RejectedRecord(record, "unreadable", str(problem))
        if type_ == ACTIVATED:
            return self.activate(record)
        if self.plan is not None:
            return RejectedRecord(record, "wrong_key", "this key is kept for activations of models")
        raise NoModelError(f"offset {record.offset} of partition {self._partition} comes before any activated model")

    def activate(self, record: Record) -> RejectedRecord | None:
        """Take the model of an activation record; one that repeats the first is a duplicate, another is rejected."""
        try:
            activation = read_activation(record)
            if self._recorded is None:
                self._recorded = compile_model(model_from_dict(activation.model), activation.version)
                self.offset = record.offset
        except (*DECODE_ERRORS, DocumentError) as problem:
            return RejectedRecord(record, "bad_model", str(problem))
        if self.offset != record.offset and not self._count_repetition(activation):
            return RejectedRecord(record, "not_yet", "a second model cannot be activated yet")
        self.plan = self._fixed or self._recorded
        return None

    def _count_repetition(self, activation: Activation) -> bool:
        known = self._recorded
        is_repeated = known is not None and bool(activation.initial) and activation.version == known.version
        self.repetitions += is_repeated
        return is_repeated


def last_checkpoint(log: Log, partition: int) -> Checkpoint | None:
    """The scorer's last checkpoint in this partition of `scores`; None if it has not written yet.

    Records under its key that no scorer wrote are passed over. If compaction has left only such a one, the model is
    that of the first record.
    """
    last = log.latest_in(SCORES, partition, CHECKPOINT_KEY)
    if last is None:
        return None
    found = _decoded_checkpoint(last)
    if found is not None:
        return found
    earlier = (record for record in scan(log, SCORES, partition) if record.key == CHECKPOINT_KEY)
    readable = [checkpoint for record in earlier if (checkpoint := _decoded_checkpoint(record)) is not None]
    return readable[-1] if readable else Checkpoint(CHECKPOINT, ENGAGEMENT, 0, 0)


def _decoded_checkpoint(record: Record) -> Checkpoint | None:
    try:
        return decode_checkpoint(record.value)
    except DECODE_ERRORS:
        return None


def active_plan(log: Log) -> Plan:
    """The model in force, compiled."""
    return plan_at(log, active_model_offset(log))


def active_model_offset(log: Log) -> int:
    """Where partition 0 of `engagement` activates the model in force: the one that its scorer folds with by now."""
    checkpoint = last_checkpoint(log, 0)
    return 0 if checkpoint is None or checkpoint.model_at is None else checkpoint.model_at
