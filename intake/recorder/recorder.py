"""The only door from outside: validates, attributes, hides persons, appends, and answers for each observation.

Durable once it returns. One bad observation never spoils its neighbours. Never follows a structure change.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from intake.observation import Observation, Rejected
from intake.recorder.appender import Appender
from intake.recorder.attribution import Attributor, Directory, Overlay
from intake.recorder.batch import Batch, ValidObservation
from intake.recorder.drafts import Draft, Duplicate, Outcome, Recorded, record_ids_of
from intake.recorder.identification import IdentityResolver, Vault
from intake.recorder.inbox import AppendedFact
from intake.recorder.networks import CompanyNetworks, NoNetworks
from intake.recorder.redaction import DEFAULT_ALLOWANCE, Allowance, redacted_data
from intake.recorder.validation import rejection_of
from intake.vault.vault import scope_of
from schemas.facts.validation import FactProblem, check_fact
from streams.log import NewRecord

Clock = Callable[[], int]
"""Now, in milliseconds since 1970."""


class Recorder:
    """Records observations. May be used by several threads, and beside recorders of other processes."""

    def __init__(
        self,
        appender: Appender,
        vault: Vault,
        directory: Directory,
        clock: Clock,
        *,
        networks: CompanyNetworks | None = None,
        allowances: Mapping[str, Allowance] | None = None,
        overlay_size: int = 200_000,
    ) -> None:
        """`entrance`: `entrance_to` gives one; `allowances`: what a source (`segment/website`, else `segment`) may send
        beyond the declared fields."""
        self._appender, self._vault, self._directory, self._clock = appender, vault, directory, clock
        self._networks = networks or NoNetworks()
        self._allowances = allowances or {}
        self._overlay = Overlay(overlay_size)

    def record(self, observations: Sequence[Observation]) -> list[Outcome]:
        """One outcome for each, in the same order; a batch of some thousands is quickest.

        Raises what log and database raise where they are out of order; nothing was answered then, and the batch may
        be given again.
        """
        now = self._clock()
        validated = [self._validated(observation, now) for observation in observations]
        observations = [item.observation for item in validated if isinstance(item, ValidObservation)]
        batch = self._new_batch(observations, now)
        drafts = [item if isinstance(item, Rejected) else _draft_with_records(batch, item) for item in validated]
        return self._append(batch, drafts)

    def _new_batch(self, observations: list[Observation], now: int) -> Batch:
        attributor = Attributor(self._directory, self._networks, self._overlay)
        accounts = self._appender.earlier_accounts(
            id for observation in observations for id in record_ids_of(observation)
        )
        batch = Batch(IdentityResolver(self._vault), attributor, self._appender, now, accounts)
        batch.prefetch(observations)
        return batch

    def _validated(self, observation: Observation, now: int) -> ValidObservation | Rejected:
        rejected = rejection_of(observation, now)
        if rejected is not None:
            return rejected
        if not isinstance(observation.data, dict):
            return Rejected(observation.where, "bad_data", "data: no object; write for instance {}")
        content = observation.data if observation.trusted else self._redacted(observation)
        checked = check_fact(observation.type, content)
        return (
            _rejected_data(observation, checked)
            if isinstance(checked, tuple)
            else ValidObservation(observation, content)
        )

    def _redacted(self, observation: Observation) -> dict[str, Any]:
        allowance = DEFAULT_ALLOWANCE
        if self._allowances:
            source = observation.source
            allowance = self._allowances.get(source) or self._allowances.get(scope_of(source)) or DEFAULT_ALLOWANCE
        return redacted_data(observation.type, observation.data, allowance)

    def _append(self, batch: Batch, drafts: list[tuple[Draft, list[NewRecord]] | Rejected]) -> list[Outcome]:
        batch.save()
        records = [record for draft in drafts if not isinstance(draft, Rejected) for record in draft[1]]
        records += batch.releases()
        appended = iter(self._appender.append(records) if records else [])
        outcomes = [draft if isinstance(draft, Rejected) else _outcome_of(draft, appended) for draft in drafts]
        batch.on_appended()
        return outcomes


def _draft_with_records(batch: Batch, valid: ValidObservation) -> tuple[Draft, list[NewRecord]] | Rejected:
    draft = batch.draft(valid)
    if isinstance(draft, Rejected):
        return draft
    try:
        return draft, batch.records(draft)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return Rejected(draft.observation.where, "bad_data", f"data: cannot be written as JSON: {error}")


def _rejected_data(observation: Observation, problems: tuple[FactProblem, ...]) -> Rejected:
    return Rejected(observation.where, problems[0].code, "; ".join(problem.why for problem in problems[:5]))


def _outcome_of(draft_with_records: tuple[Draft, list[NewRecord]], appended: Iterator[AppendedFact]) -> Outcome:
    draft_of_fact, records = draft_with_records
    places = [next(appended) for _ in records]
    last = places[-1]
    outcome = Duplicate if places[0].duplicate else Recorded
    return outcome(last.account, draft_of_fact.envelope_contact, last.partition, last.offset)
