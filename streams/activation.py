"""The first record of every partition: which model the log begins with. Never activates a second one."""

from collections.abc import Callable

from schemas.facts import HEADERS, encode_fact, record_id
from schemas.topics import ENGAGEMENT
from scoring.compile import compile_model
from scoring.model import canonical, load_model, model_from_dict, version_of
from scoring.plan import Plan
from streams.log import Log, NewRecord
from streams.partition_fold import ACTIVATED, NoModel, read_activation

MODEL_KEY = "~model"
SOURCE = "staffel/models"
_FIRST = "model:initial:activated"


def activate(log: Log, first_model: Callable[[], tuple[str, str]], clock: Callable[[], int]) -> None:
    """See to it that every partition begins with an activation; `first_model` answers text and name of a YAML model.

    Of two processes that begin a log at once one model stands: the id of the record is the same. ModelError is raised
    before anything is written.
    """
    empty = [p for p in range(log.partitions(ENGAGEMENT)) if not log.read(ENGAGEMENT, p, 0, 1)]
    if not empty:
        return
    content = first_content(log) or checked_content(*first_model())
    for partition in empty:
        log.append(ENGAGEMENT, [activation(content, partition, clock())], partition=partition)


def first_content(log: Log) -> dict[str, object] | None:
    """What partition 0 was activated with, if a process ended before it came to the others."""
    first = [read_activation(record) for record in log.read(ENGAGEMENT, 0, 0, 1)]
    return {"model": first[0].model, "version": first[0].version} if first else None


def checked_content(text: str, name: str) -> dict[str, object]:
    model = load_model(text, name)
    return {"model": canonical(model), "version": version_of(model, 1)}


def activation(content: dict[str, object], partition: int, now: int) -> NewRecord:
    id = f"{_FIRST}/p{partition}"
    value = encode_fact(
        id=id,
        source=SOURCE,
        type=ACTIVATED,
        subject=MODEL_KEY,
        time=now,
        recorded_at=now,
        data={**content, "initial": True, "approvals": []},
    )
    return NewRecord(MODEL_KEY, value, record_id(SOURCE, id), HEADERS)


def activated_plan(log: Log) -> Plan:
    """The model the log began with, compiled."""
    records = log.read(ENGAGEMENT, 0, 0, 1)
    if not records:
        raise NoModel("the log is empty")
    activation = read_activation(records[0])
    return compile_model(model_from_dict(activation.model), activation.version)
