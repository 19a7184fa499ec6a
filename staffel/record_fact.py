"""Facts that a command records, one at a time, and what it answers. Never decides whether one may be recorded."""

from typing import Any
from uuid import uuid4

from intake.observation import Observation, Rejected
from intake.recorder.drafts import Duplicate, Recorded
from staffel.application import Application
from staffel.errors import ProblemFound

SOURCE = "staffel/commands"
Json = dict[str, Any]


class AlreadyRecorded(ProblemFound):
    """A fact of this source and id stands in the log already: somebody was faster."""


def record_fact(
    application: Application,
    type: str,
    *,
    data: Json,
    account: str | None = None,
    contact: str | None = None,
    id: str | None = None,
    source: str = SOURCE,
) -> Json:
    """Record a fact, wait until it is visible, say where it stands. Raises `Found` where it was refused, or `Known`."""
    observation = Observation(
        where=type.removesuffix(".v1"),
        source=source,
        id=id or str(uuid4()),
        type=type,
        time=application.clock(),
        account=account,
        contact=contact,
        data=data,
    )
    outcome = record_observation(application, observation)
    if not isinstance(outcome, Recorded):
        raise AlreadyRecorded(f"{observation.where} was recorded before, at offset {outcome.offset}")
    place = {"partition": outcome.partition, "offset": outcome.offset}
    return {"account": outcome.account, "fact": observation.id, "type": type, **place}


def record_observation(application: Application, observation: Observation) -> Recorded | Duplicate:
    """Record it upon all that was recorded before, and wait until it is visible. Raises `Found` where it is refused."""
    application.wait_until_visible("nothing was recorded")
    [outcome] = application.recorder.record([observation])
    if isinstance(outcome, Rejected):
        raise ProblemFound(f"{outcome.code}: {outcome.why}")
    application.wait_until_visible()
    return outcome
