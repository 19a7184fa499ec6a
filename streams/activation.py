"""The first record of every partition: the activation of the log's first model."""

from collections.abc import Callable
from typing import Any

import msgspec

from schemas import ENGAGEMENT, FACT_HEADERS, encode_fact, record_id
from scoring.fold import FOLD_VERSION
from scoring.model import canonical, load_model, model_from_dict, version_of
from scoring.plan import Plan, compile_model
from streams.log import Log, LogRefused, NewRecord, Record

ACTIVATED = "model.activated.v1"
MODEL_KEY = "~model"
SOURCE = "staffel/models"
_FIRST_FOLD_VERSION = 1
"""Of logs whose activation names none."""
_INITIAL_ACTIVATION_ID = "model:initial:activated"


class NoModelError(Exception):
    """A partition has no activated model."""


class OtherFoldVersion(LogRefused):
    """The log began under another version of the fold: the same facts would give other scores now."""


class Activation(msgspec.Struct):
    """The part of `model.activated` that the fold needs."""

    model: dict[str, Any]
    version: str
    initial: bool | None = None
    partitions: int | None = None
    fold: int | None = None


class ActivationFact(msgspec.Struct):
    type: str
    data: Activation


def read_activation(record: Record) -> Activation:
    """Raises msgspec.MsgspecError if the record is not the activation of a model."""
    return _decode_activation(record.value).data


_decode_activation = msgspec.json.Decoder(ActivationFact).decode


def activate(log: Log, first_model: Callable[[], tuple[str, str]], clock: Callable[[], int]) -> None:
    """Activate a model in every empty partition; `first_model` returns the text and the name of a YAML model.

    If two processes do so at once, the model in partition 0 is used for all. A log with unique ids then has one record;
    in others the second record repeats the first and changes nothing. Raises ModelError before anything is written.
    """
    partitions = log.partitions(ENGAGEMENT)
    empty = [p for p in range(partitions) if first_record(log, p) is None]
    if not empty:
        return
    content = first_activation_content(log) or activation_content(*first_model())
    for partition in empty:
        log.append(ENGAGEMENT, [activation_record(content, partition, clock(), partitions)], partition=partition)
        content = first_activation_content(log) or content


def first_record(log: Log, partition: int) -> Record | None:
    return next(iter(log.read(ENGAGEMENT, partition, 0, 1)), None)


def holds_only_activation(log: Log) -> bool:
    """Whether the log is new: no partition has a second record."""
    return all(len(log.read(ENGAGEMENT, partition, 0, 2)) < 2 for partition in range(log.partitions(ENGAGEMENT)))


def first_activation_content(log: Log) -> dict[str, object] | None:
    """The model of partition 0; the others lack it if a process ended in between."""
    record = first_record(log, 0)
    if record is None:
        return None
    first = read_activation(record)
    return {"model": first.model, "version": first.version}


def activation_content(text: str, name: str) -> dict[str, object]:
    model = load_model(text, name)
    return {"model": canonical(model), "version": version_of(model, 1)}


def activation_record(content: dict[str, object], partition: int, now: int, partitions: int | None = None) -> NewRecord:
    """The record; `partitions`: how many the log has, to be checked when it is opened."""
    id = f"{_INITIAL_ACTIVATION_ID}/p{partition}"
    partition_count = {} if partitions is None else {"partitions": partitions}
    value = encode_fact(
        id=id,
        source=SOURCE,
        type=ACTIVATED,
        subject=MODEL_KEY,
        time=now,
        recorded_at=now,
        data={**content, "initial": True, "approvals": [], "fold": FOLD_VERSION, **partition_count},
    )
    return NewRecord(MODEL_KEY, value, record_id(SOURCE, id), FACT_HEADERS)


def initial_plan(log: Log) -> Plan:
    """The first model of the log, compiled."""
    return plan_at(log, 0)


def plan_at(log: Log, offset: int) -> Plan:
    """The model that the activation at an offset of partition 0 activates, compiled."""
    record = next(iter(log.read(ENGAGEMENT, 0, offset, 1)), None)
    if record is None:
        raise NoModelError("the log is empty")
    activation = read_activation(record)
    return compile_model(model_from_dict(activation.model), activation.version)


def check_fold_version(log: Log) -> None:
    """Raises `OtherFoldVersion`. Nothing is recomputed in silence: what people were told would change."""
    for activation in (_activation_of(log, partition) for partition in range(log.partitions(ENGAGEMENT))):
        version = FOLD_VERSION if activation is None else activation.fold or _FIRST_FOLD_VERSION
        if version != FOLD_VERSION:
            raise other_fold_version(version)


def other_fold_version(version: int) -> OtherFoldVersion:
    return OtherFoldVersion(
        f"this log was scored by version {version} of the fold, and this Staffel scores by version {FOLD_VERSION}, "
        "which gives other scores for the same facts; continue with the Staffel that wrote it, or begin a new log (a "
        "new STAFFEL_HOME and `staffel init`; on Kafka a new prefix, a new database and `staffel topics create`) and "
        "import your files there"
    )


def check_activation(log: Log) -> None:
    """Raises LogRefused if a partition does not begin with an activation, the number of partitions has changed, or
    the log began under another version of the fold."""
    check_fold_version(log)
    partitions = log.partitions(ENGAGEMENT)
    activations = [_activation_of(log, partition) for partition in range(partitions)]
    missing = [partition for partition, found in enumerate(activations) if found is None]
    recorded_counts = {found.partitions for found in activations if found is not None and found.partitions is not None}
    if recorded_counts - {partitions}:
        raise LogRefused(
            f"{ENGAGEMENT} has {partitions} partitions but was created with {min(recorded_counts - {partitions})}: "
            "facts of one account would be in two partitions. Create the topics again with that number; "
            "`staffel topics repartition` will move to more, once it exists"
        )
    if missing:
        raise LogRefused(
            f"partition {missing[0]} of {ENGAGEMENT} does not begin with the activation of a model; run `staffel "
            "topics create` first"
        )


def _activation_of(log: Log, partition: int) -> Activation | None:
    record = first_record(log, partition)
    try:
        return None if record is None else read_activation(record)
    except msgspec.MsgspecError:
        return None
