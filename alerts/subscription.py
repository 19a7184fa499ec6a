"""Reads `sqa-handoffs` and writes down who is to be told: rows and position in one transaction. Never tells anybody."""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from alerts.outbox import AlertRows, NewAlert, Read
from alerts.rules import Judge, is_wanted, kind_of
from alerts.settings import AlertSettings
from projections.derived_facts import encode
from schemas.envelope import FactRecord, decode_fact
from schemas.handoff_events import HANDOFF_EVENTS
from schemas.times import parse_time
from schemas.topics import SQA_HANDOFFS
from streams.log import Log, LogRefused, Record

BATCH = 500
CHECK_EVERY_S = 5.0


class Wanted(NamedTuple):
    """An event that somebody may want to be told of, with all that was proposed, and how it is told."""

    kind: str
    event: FactRecord
    content: bytes


class Subscription:
    """`fresh`: how old an event may be and is still told, in milliseconds. `log_lines` takes structured lines."""

    def __init__(
        self, rows: AlertRows, log: Log, settings: AlertSettings, clock: Callable[[], int], fresh: int, log_lines: Any
    ) -> None:
        self._rows, self._log, self._settings, self._clock, self._fresh = rows, log, settings, clock, fresh
        self._log_lines = log_lines
        self._cool_down = settings.cool_down.model_dump()
        self._known: dict[int, int] = {}
        self._generation, self._look_again = "", 0.0

    @property
    def positions(self) -> dict[int, int]:
        """Partition -> the next offset to read, as of the last `advance`."""
        return self._known

    def advance(self) -> int:
        """One batch of every partition; how many records. Raises `LogRefused`, and `AnotherReader` from a zombie."""
        generation = self._checked()
        positions = self._known or self._begun(generation)
        self.forget()  # a round that breaks off may have moved some of them
        records = self._log.read_each(SQA_HANDOFFS, positions, BATCH)
        moved = [self._advance(generation, each, position, records[each]) for each, position in positions.items()]
        self._known = {partition: new for partition, (new, _) in zip(positions, moved, strict=True)}
        return sum(count for _, count in moved)

    def forget(self) -> None:
        """Others may have read on meanwhile."""
        self._known = {}

    def _checked(self) -> str:
        """Which log it is; a broker is asked for it every so often alone."""
        if monotonic() >= self._look_again:
            before, self._generation = self._generation, self._log.generation(SQA_HANDOFFS)
            if self._generation != before:
                self.forget()
            self._look_again = monotonic() + CHECK_EVERY_S
        return self._generation

    def _begun(self, generation: str) -> dict[int, int]:
        positions = self._rows.positions(generation, self._log.partitions(SQA_HANDOFFS))
        self._refuse_beyond(positions)
        return positions

    def _refuse_beyond(self, positions: dict[int, int]) -> None:
        for partition, position in positions.items():
            end = self._log.end(SQA_HANDOFFS, partition)
            if position > end:
                raise LogRefused(
                    f"partition {partition} of {SQA_HANDOFFS} ends at {end}, and these alerts have read up to "
                    f"{position}: records were lost, or this is another log; name the log that belongs to this database"
                )

    def _advance(self, generation: str, partition: int, position: int, records: Sequence[Record]) -> tuple[int, int]:
        if not records:
            return position, 0
        new = records[-1].offset + 1
        self._rows.write(Read(generation, partition, position, new), self._alerts(self._wanted(records)))
        return new, len(records)

    def _wanted(self, records: Sequence[Record]) -> list[Wanted]:
        events = [(kind, event) for event in self._decoded(records) if (kind := kind_of(event)) is not None]
        handoffs = (str(event.data.get("handoff")) for _, event in events if "score" not in event.data)
        proposals = self._rows.proposals(handoffs)
        names = self._rows.names(event.subject for _, event in events)
        return [
            _whole(kind, event, {**proposals.get(str(event.data.get("handoff")), {}), "name": names.get(event.subject)})
            for kind, event in events
        ]

    def _decoded(self, records: Sequence[Record]) -> Iterator[FactRecord]:
        for record in records:
            try:
                yield _read(record)
            except (msgspec.DecodeError, ValueError) as error:
                why = str(error).partition("\n")[0]
                self._log_lines.warning("alerts_cannot_read", key=record.key, offset=record.offset, why=why)

    def _alerts(self, wanted: Sequence[Wanted]) -> list[NewAlert]:
        if not wanted:
            return []
        oldest = min(parse_time(each.event.time) for each in wanted) - max(self._cool_down.values())
        told = self._rows.told((each.event.subject for each in wanted), oldest)
        judge = Judge(told, self._clock(), self._fresh, self._cool_down)
        return [
            judge.judged(each.event, each.kind, channel.name, each.content)
            for each in wanted
            for channel in self._settings.channels
            if is_wanted(each.kind, each.event.data.get("route"), channel.kinds, channel.routes)
        ]


def _read(record: Record) -> FactRecord:
    """Raises ValueError or DecodeError where the record is not as it was published."""
    event = decode_fact(record.value)
    parse_time(event.time)
    if event.type in HANDOFF_EVENTS:
        HANDOFF_EVENTS[event.type].model_validate_json(encode(event.data))
    return event


def _whole(kind: str, event: FactRecord, known: dict[str, Any]) -> Wanted:
    """The event with what its handoff's proposal said, where the event itself does not, and the account's name."""
    whole = msgspec.structs.replace(event, data=known | event.data)
    return Wanted(kind, whole, encode(whole))
