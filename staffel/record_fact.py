"""A fact that a command records, and the answer of the command. The recorder decides whether the fact is valid."""

from typing import Any
from uuid import uuid4

from intake import Filtered, Observation, Rejected
from intake.recorder import Duplicate, Recorded
from staffel.application import Application
from staffel.errors import ProblemFound

SOURCE = "staffel/commands"
Json = dict[str, Any]


class AlreadyRecorded(ProblemFound):
    """The log already holds a fact with this source and id: another command was faster."""


def record_fact(
    application: Application,
    type: str,
    *,
    data: Json,
    account: str | None = None,
    contact: str | None = None,
    id: str | None = None,
    source: str = SOURCE,
    time: int | None = None,
) -> Json:
    """Record a fact, wait until it is visible and return its place in the log; it happens now unless `time` is given.

    Raises `ProblemFound` if the fact is rejected, `AlreadyRecorded` if it is a duplicate.
    """
    observation = Observation(
        where=type.removesuffix(".v1"),
        source=source,
        id=id or str(uuid4()),
        type=type,
        time=application.clock() if time is None else time,
        account=account,
        contact=contact,
        data=data,
    )
    outcome = record_observation(application, observation)
    if not isinstance(outcome, Recorded):
        raise AlreadyRecorded(f"{observation.where} is already recorded, at offset {outcome.offset}")
    place = {"partition": outcome.partition, "offset": outcome.offset}
    return {"account": outcome.account, "fact": observation.id, "type": type, **place}


def record_observation(application: Application, observation: Observation) -> Recorded | Duplicate:
    """Wait until all earlier facts are visible, record the observation, and wait until it is visible, too.

    Raises `ProblemFound` if it is rejected.
    """
    application.wait_until_visible("nothing was recorded")
    [outcome] = application.recorder.record([observation], own=True)
    if isinstance(outcome, Rejected):
        raise ProblemFound(f"{outcome.code}: {outcome.why}")
    if isinstance(outcome, Filtered):
        raise ProblemFound(f"not recorded: {outcome.why}")
    application.wait_until_visible()
    return outcome
