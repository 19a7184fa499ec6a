"""Facts that a command records, one at a time, and what it answers. Never decides whether one may be recorded."""

from typing import Any
from uuid import uuid4

from intake.observation import Observation, Rejected
from intake.recorder.drafts import Duplicate, Recorded
from staffel.application import Staffel
from staffel.errors import Found

SOURCE = "staffel/commands"
Json = dict[str, Any]


class Known(Found):
    """A fact of this source and id stands in the log already: somebody was faster."""


def record_one(
    staffel: Staffel,
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
        time=staffel.clock(),
        account=account,
        contact=contact,
        data=data,
    )
    outcome = record_observation(staffel, observation)
    if not isinstance(outcome, Recorded):
        raise Known(f"{observation.where} was recorded before, at offset {outcome.offset}")
    place = {"partition": outcome.partition, "offset": outcome.offset}
    return {"account": outcome.account, "fact": observation.id, "type": type, **place}


def record_observation(staffel: Staffel, observation: Observation) -> Recorded | Duplicate:
    """Record it upon all that was recorded before, and wait until it is visible. Raises `Found` where it is refused."""
    staffel.settle("nothing was recorded")
    [outcome] = staffel.recorder.record([observation])
    if isinstance(outcome, Rejected):
        raise Found(f"{outcome.code}: {outcome.why}")
    staffel.settle()
    return outcome
