"""Reads `sqa-handoffs` and adds alerts to the outbox, in one transaction with its checkpoint."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from alerts.dossier import Dossiers
from alerts.freshness import Freshness, known_at
from alerts.outbox import PLANNED, AlertOutbox, CheckpointMove, NewAlert
from alerts.reminders import Step, gets_step, step_event, steps_of
from alerts.rules import AlertPolicy, is_subscribed, kind_of
from alerts.settings import AlertSettings
from projections import encode
from schemas import HANDOFF_EVENTS, SQA_HANDOFFS, FactRecord, HandoffExpired, HandoffProposed, decode_fact, parse_time
from scoring.plan import Plan
from streams import Log, LogRefused, Record

BATCH_SIZE = 100
"""Of each partition: what an alert says of a company is read for each, within the term of the lease."""
CHECK_INTERVAL_S = 5.0
_ANSWER_TYPES = HANDOFF_EVENTS.keys() - {HandoffProposed.type, HandoffExpired.type}


class AlertEvent(NamedTuple):
    """An event that makes an alert. `proposal`: the data of its handoff's proposal; `history`: why it is not sent."""

    kind: str
    event: FactRecord
    proposal: Mapping[str, Any]
    history: str | None


class Subscription:
    """`log_lines`: a structlog logger."""

    def __init__(
        self,
        outbox: AlertOutbox,
        dossiers: Dossiers,
        log: Log,
        settings: AlertSettings,
        clock: Callable[[], int],
        freshness: Freshness,
        log_lines: Any,
    ) -> None:
        self._outbox, self._dossiers, self._log, self._settings = outbox, dossiers, log, settings
        self._clock, self._freshness, self._log_lines = clock, freshness, log_lines
        self._cool_down_ms = settings.cool_down.model_dump()
        self._receivers = {channel.name: channel.receivers for channel in settings.channels}
        self._positions: dict[int, int] = {}
        self._generation, self._next_check = "", 0.0

    @property
    def positions(self) -> dict[int, int]:
        """Partition -> the next offset to read, as of the last `advance`."""
        return self._positions

    def advance(self) -> int:
        """Read one batch of each partition; returns the number of records.

        Raises `LogRefused`, and `AlertCheckpointConflict` if another process reads the topic.
        """
        generation = self._current_generation()
        positions = self._positions or self._read_positions(generation)
        self.forget_positions()  # if this round fails, some checkpoints may have moved
        records = self._log.read_each(SQA_HANDOFFS, positions, BATCH_SIZE)
        advanced = [self._advance(generation, each, position, records[each]) for each, position in positions.items()]
        self._positions = {partition: new for partition, (new, _) in zip(positions, advanced, strict=True)}
        return sum(count for _, count in advanced)

    def forget_positions(self) -> None:
        """Read the checkpoints again: another process may have moved them."""
        self._positions = {}

    def _current_generation(self) -> str:
        """The generation of the topic; the log is asked for it only every `CHECK_INTERVAL_S`."""
        if monotonic() >= self._next_check:
            before, self._generation = self._generation, self._log.generation(SQA_HANDOFFS)
            if self._generation != before:
                self.forget_positions()
            self._next_check = monotonic() + CHECK_INTERVAL_S
        return self._generation

    def _read_positions(self, generation: str) -> dict[int, int]:
        positions = self._outbox.positions(generation, self._log.partitions(SQA_HANDOFFS))
        self._check_positions(positions)
        return positions

    def _check_positions(self, positions: dict[int, int]) -> None:
        for partition, position in positions.items():
            end = self._log.end(SQA_HANDOFFS, partition)
            if position > end:
                raise LogRefused(
                    f"partition {partition} of {SQA_HANDOFFS} ends at {end}, but these alerts have read up to "
                    f"{position}: records were lost, or it is another log; set STAFFEL_LOG to that of this database"
                )

    def _advance(self, generation: str, partition: int, position: int, records: Sequence[Record]) -> tuple[int, int]:
        if not records:
            return position, 0
        new = records[-1].offset + 1
        events = list(self._decode(records))
        answered = [str(event.data.get("handoff")) for event in events if event.type in _ANSWER_TYPES]
        move = CheckpointMove(generation, partition, position, new)
        self._outbox.add(self._new_alerts(self._alert_events(events)), move, answered)
        return new, len(records)

    def _alert_events(self, decoded: Sequence[FactRecord]) -> list[AlertEvent]:
        events = [(kind, event) for event in decoded if (kind := kind_of(event)) is not None]
        handoffs = (str(event.data.get("handoff")) for _, event in events if "score" not in event.data)
        stored, now = self._outbox.proposals(handoffs), self._clock()
        proposals = [stored.get(str(event.data.get("handoff")), event.data) for _, event in events]
        return [
            AlertEvent(kind, event, proposal, self._freshness.why_history(event, proposal, now))
            for (kind, event), proposal in zip(events, proposals, strict=True)
        ]

    def _decode(self, records: Sequence[Record]) -> Iterator[FactRecord]:
        for record in records:
            try:
                yield _decode_event(record)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                why = str(error).partition("\n")[0]
                self._log_lines.warning("alerts_cannot_read", key=record.key, offset=record.offset, why=why)

    def _new_alerts(self, events: Sequence[AlertEvent]) -> list[NewAlert]:
        if not events:
            return []
        now = self._clock()
        oldest = min(known_at(each.event) for each in events) - max(self._cool_down_ms.values())
        sent = self._outbox.sent_alerts((each.event.subject for each in events), oldest)
        policy = AlertPolicy(sent, now, self._cool_down_ms)
        names = self._outbox.account_names(each.event.subject for each in events)
        plan = self._dossiers.plan() if any(each.history is None for each in events) else None
        rows: list[NewAlert] = []
        for each in events:
            complete = self._complete(each, names.get(each.event.subject), plan)
            rows.extend(self._rows(each, policy, complete))
            if plan is not None and each.history is None and each.event.type == HandoffProposed.type:
                rows.extend(self._step_rows(complete, plan))
        return rows

    def _complete(self, each: AlertEvent, name: str | None, plan: Plan | None) -> FactRecord:
        """The event with the data of its handoff's proposal and, unless it is history, with its dossier."""
        data = {**each.proposal, **each.event.data, "name": name}
        if each.history is None:
            data |= self._dossiers.of(each.event.subject, each.proposal, plan)
        return msgspec.structs.replace(each.event, data=data)

    def _rows(self, each: AlertEvent, policy: AlertPolicy, event: FactRecord) -> Iterator[NewAlert]:
        content = encode(event)
        for channel in self._settings.channels:
            if not is_subscribed(each.kind, event.data, channel):
                continue
            for receiver in self._receivers[channel.name]:
                if each.history is None:
                    yield policy.new_alert(event, each.kind, channel.name, receiver, content)
                else:
                    yield policy.history(event, each.kind, channel.name, receiver, content, each.history)

    def _step_rows(self, event: FactRecord, plan: Plan) -> Iterator[NewAlert]:
        """The reminders and escalations of a handoff, planned for later."""
        for step in steps_of(event.data, plan):
            content = step_event(event, step)
            for channel in self._settings.channels:
                if gets_step(step, event.data, channel):
                    for receiver in self._receivers[channel.name]:
                        yield _planned(content, step, channel.name, receiver)


def _planned(content: FactRecord, step: Step, channel: str, receiver: str) -> NewAlert:
    return NewAlert(
        content.id,
        channel,
        receiver,
        step.kind,
        content.subject,
        encode(content),
        step.at,
        PLANNED,
        step.at,
        handoff=str(content.data["handoff"]),
    )


def _decode_event(record: Record) -> FactRecord:
    """Raises ValueError or DecodeError if the record is not a valid event."""
    event = decode_fact(record.value)
    parse_time(event.time)
    if event.type in HANDOFF_EVENTS:
        HANDOFF_EVENTS[event.type].model_validate_json(encode(event.data))
    return event
