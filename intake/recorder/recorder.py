"""The recorder, the only way into the log: validates, attributes and pseudonymises observations, then appends them.

A batch is durable once `record` returns. A rejected observation does not affect the others of its batch.
"""

from collections.abc import Iterator, Mapping, Sequence

from intake.observation import Observation, Rejected
from intake.recorder.appender import Appender
from intake.recorder.attribution import Attributor, Directory, Overlay
from intake.recorder.batch import Batch, ValidObservation
from intake.recorder.drafts import (
    Draft,
    DraftedFact,
    Duplicate,
    Outcome,
    Recorded,
    former_record_id_of,
    record_id_of,
    record_ids_of,
)
from intake.recorder.identification import IdentityResolver, Vault, with_keyed_ids
from intake.recorder.inbox import AppendedFact
from intake.recorder.links import PersonLinks
from intake.recorder.networks import CompanyNetworks, NoNetworks
from intake.recorder.profiles import AccountRows, NoProfiles, Profiles, ToldBook
from intake.recorder.redaction import Redacted, redacted
from intake.recorder.validation import rejection_of
from intake.scanners import with_machine_clicks
from intake.sources import Sources
from schemas import Clock
from schemas.facts import FactProblem, check_fact


class Recorder:
    """Records observations. Safe to share between threads, and to run beside recorders of other processes."""

    def __init__(
        self,
        appender: Appender,
        vault: Vault,
        directory: Directory,
        clock: Clock,
        *,
        networks: CompanyNetworks | None = None,
        sources: Sources | None = None,
        profiles: Profiles | None = None,
        overlay_size: int = 200_000,
        asks_former_ids: bool = False,
    ) -> None:
        """`appender`: made by `appender_for`. `sources`: what may be kept of the data of a source; the default is the
        least. `profiles`: what sources told last. `overlay_size`: entries per index of the overlay.
        `asks_former_ids`: the log began before ids of facts were keyed."""
        self._appender, self._vault, self._directory, self._clock = appender, vault, directory, clock
        self._networks = networks or NoNetworks()
        self._sources = sources or Sources()
        self._profiles = profiles or NoProfiles()
        self._overlay = Overlay(overlay_size)
        self._asks_former_ids = asks_former_ids

    def record(self, observations: Sequence[Observation], *, own: bool = False) -> list[Outcome]:
        """One outcome for each observation, in the same order. Batches of a few thousand are fastest.

        `own`: whether the caller may use Staffel's own sources, `staffel/…`; nothing from outside may.

        Raises the errors of log and database. Recording the same batch again is then safe: what was appended comes
        back as a duplicate.
        """
        now = self._clock()
        observations = observations if own else with_machine_clicks(observations)
        validated = [self._validated(observation, now, own) for observation in observations]
        observations = [item.observation for item in validated if isinstance(item, ValidObservation)]
        while True:
            batch = self._new_batch(observations, now)
            recorded = self._recorded_places(batch, observations)
            drafts = [_drafted(batch, item, recorded) for item in validated]
            if batch.save():
                return [_with_left_out(*pair) for pair in zip(self._append(batch, drafts), validated, strict=True)]

    def _new_batch(self, observations: list[Observation], now: int) -> Batch:
        attributor = Attributor(self._directory, self._networks, self._overlay)
        accounts = self._appender.earlier_accounts(
            id for observation in observations for id in record_ids_of(observation)
        )
        rows = AccountRows(attributor, ToldBook(self._profiles), self._sources, now)
        identities = IdentityResolver(self._vault, PersonLinks(self._vault))
        batch = Batch(identities, attributor, self._appender, rows, now, accounts)
        batch.prefetch(observations)
        return batch

    def _recorded_places(self, batch: Batch, observations: list[Observation]) -> Mapping[str, AppendedFact]:
        """Record id -> place, of the observations that the log may have while the vault does not know the person, or
        that it has under a former id. Looked up first, so that a duplicate brings nobody back into the vault."""
        ids = [record_id_of(each) for each in observations if batch.identities.is_new_or_erased(each)]
        if self._asks_former_ids:
            ids += filter(None, map(former_record_id_of, observations))
        return self._appender.recorded(ids) if ids else {}

    def _validated(self, observation: Observation, now: int, own: bool) -> ValidObservation | Rejected:
        rejected = rejection_of(observation, now, own=own)
        if rejected is not None:
            return rejected
        if not isinstance(observation.data, dict):
            return Rejected(observation.where, "bad_data", "data: not an object; for example {}")
        if not (observation.trusted or own):
            observation = with_keyed_ids(observation, self._vault)
        content, left_out = (observation.data, ()) if observation.trusted else self._redacted(observation)
        checked = check_fact(observation.type, content)
        if isinstance(checked, tuple):
            return _rejected_data(observation, checked)
        return ValidObservation(observation, content, left_out)

    def _redacted(self, observation: Observation) -> Redacted:
        source = observation.source
        return redacted(observation.type, observation.data, self._sources.of(source), source)

    def _append(self, batch: Batch, drafts: list[DraftedFact | Outcome]) -> list[Outcome]:
        records = [record for draft in drafts if isinstance(draft, DraftedFact) for record in draft.records]
        records += batch.releases()
        appended = iter(self._appender.append(records) if records else [])
        outcomes = [_outcome_of(draft, appended) if isinstance(draft, DraftedFact) else draft for draft in drafts]
        batch.on_appended()
        return outcomes


def _drafted(
    batch: Batch, valid: ValidObservation | Rejected, recorded: Mapping[str, AppendedFact]
) -> DraftedFact | Outcome:
    if isinstance(valid, Rejected):
        return valid
    if recorded and not valid.observation.profile and (place := _recorded_place(valid.observation, recorded)):
        return _duplicate_at(place)
    draft = batch.draft(valid)
    if not isinstance(draft, Draft):
        return draft
    try:
        records = batch.records(draft)
        # The id of a profile is known once it is drafted; what the log has of it is noted as told.
        if recorded and draft.observation.profile and (place := _recorded_place(draft.observation, recorded)):
            return _duplicate_at(place)
        return DraftedFact(draft, records)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return Rejected(draft.observation.where, "bad_data", f"data: not serialisable as JSON: {error}")


def _with_left_out(outcome: Outcome, item: ValidObservation | Rejected) -> Outcome:
    left_out = item.left_out if isinstance(item, ValidObservation) else ()
    return outcome._replace(left_out=left_out) if left_out and isinstance(outcome, Recorded) else outcome


def _duplicate_at(place: AppendedFact) -> Duplicate:
    return Duplicate(place.account, None, place.partition, place.offset)


def _recorded_place(observation: Observation, recorded: Mapping[str, AppendedFact]) -> AppendedFact | None:
    former = former_record_id_of(observation)
    return recorded.get(record_id_of(observation)) or (recorded.get(former) if former is not None else None)


def _rejected_data(observation: Observation, problems: tuple[FactProblem, ...]) -> Rejected:
    return Rejected(observation.where, problems[0].code, "; ".join(problem.why for problem in problems[:5]))


def _outcome_of(drafted: DraftedFact, appended: Iterator[AppendedFact]) -> Outcome:
    positions = [next(appended) for _ in drafted.records]
    last = positions[-1]
    outcome = Duplicate if positions[0].duplicate else Recorded
    contact, is_alias = drafted.draft.envelope_contact, drafted.draft.is_alias
    return outcome(last.account, contact, last.partition, last.offset, is_alias=is_alias)
