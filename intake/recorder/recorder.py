"""The only door from outside: validates, attributes, hides persons, appends, and answers for each observation.

Durable once it returns. One bad observation never spoils its neighbours. Never follows a structure change.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from intake.observation import Observation, Rejected
from intake.recorder.appender import Entrance
from intake.recorder.attribution import Attributor, Directory, Overlay
from intake.recorder.batch import Batch, Sound
from intake.recorder.drafts import Draft, Duplicate, Outcome, Recorded, identities
from intake.recorder.identification import People, Persons
from intake.recorder.inbox import AppendedFact
from intake.recorder.networks import CompanyNetworks, NoNetworks
from intake.recorder.redaction import USUAL, Allowance, without_persons
from intake.recorder.validation import refusal
from intake.vault.vault import scope_of
from schemas.facts.validation import FactProblem, check_fact
from streams.log import NewRecord

Clock = Callable[[], int]
"""Now, in milliseconds since 1970."""


class Recorder:
    """Records observations. May be used by several threads, and beside recorders of other processes."""

    def __init__(
        self,
        entrance: Entrance,
        vault: Persons,
        directory: Directory,
        clock: Clock,
        *,
        networks: CompanyNetworks | None = None,
        allowances: Mapping[str, Allowance] | None = None,
        remembered: int = 200_000,
    ) -> None:
        """`entrance`: `entrance_to` gives one; `allowances`: what a source (`segment/website`, else `segment`) may send
        beyond the declared fields."""
        self._entrance, self._vault, self._directory, self._clock = entrance, vault, directory, clock
        self._networks = networks or NoNetworks()
        self._allowances = allowances or {}
        self._overlay = Overlay(remembered)

    def record(self, observations: Sequence[Observation]) -> list[Outcome]:
        """One outcome for each, in the same order; a batch of some thousands is quickest.

        Raises what log and database raise where they are out of order; nothing was answered then, and the batch may
        be given again.
        """
        now = self._clock()
        sound = [self._sound(observation, now) for observation in observations]
        observations = [item.observation for item in sound if isinstance(item, Sound)]
        batch = self._batch(observations, now)
        drafts = [item if isinstance(item, Rejected) else _drafted(batch, item) for item in sound]
        return self._append(batch, drafts)

    def _batch(self, observations: list[Observation], now: int) -> Batch:
        attributor = Attributor(self._directory, self._networks, self._overlay)
        accounts = self._entrance.accounts_of(id for told in observations for id in identities(told))
        batch = Batch(People(self._vault), attributor, self._entrance, now, accounts)
        batch.look_up(observations)
        return batch

    def _sound(self, observation: Observation, now: int) -> Sound | Rejected:
        refused = refusal(observation, now)
        if refused is not None:
            return refused
        if not isinstance(observation.data, dict):
            return Rejected(observation.where, "bad_data", "data: no object; write for instance {}")
        content = observation.data if observation.trusted else self._without_persons(observation)
        checked = check_fact(observation.type, content)
        return _refused(observation, checked) if isinstance(checked, tuple) else Sound(observation, content)

    def _without_persons(self, observation: Observation) -> dict[str, Any]:
        allowance = USUAL
        if self._allowances:
            source = observation.source
            allowance = self._allowances.get(source) or self._allowances.get(scope_of(source)) or USUAL
        return without_persons(observation.type, observation.data, allowance)

    def _append(self, batch: Batch, drafts: list[tuple[Draft, list[NewRecord]] | Rejected]) -> list[Outcome]:
        batch.keep()
        records = [record for draft in drafts if not isinstance(draft, Rejected) for record in draft[1]]
        records += batch.releases()
        entered = iter(self._entrance.append(records) if records else [])
        outcomes = [draft if isinstance(draft, Rejected) else _answer(draft, entered) for draft in drafts]
        batch.finish()
        return outcomes


def _drafted(batch: Batch, sound: Sound) -> tuple[Draft, list[NewRecord]] | Rejected:
    draft = batch.draft(sound)
    if isinstance(draft, Rejected):
        return draft
    try:
        return draft, batch.records(draft)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return Rejected(draft.observation.where, "bad_data", f"data: cannot be written as JSON: {error}")


def _refused(observation: Observation, problems: tuple[FactProblem, ...]) -> Rejected:
    return Rejected(observation.where, problems[0].code, "; ".join(problem.why for problem in problems[:5]))


def _answer(draft: tuple[Draft, list[NewRecord]], entered: Iterator[AppendedFact]) -> Outcome:
    made, records = draft
    places = [next(entered) for _ in records]
    last = places[-1]
    answer = Duplicate if places[0].duplicate else Recorded
    return answer(last.account, made.who, last.partition, last.offset)
