"""Reading the topic: which rows are written, and how far it was read. On SQLite and on PostgreSQL."""

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
import pytest
from sqlalchemy import Engine, event

from alerts.outbox import AlertCheckpointConflict
from projections.read_models.versions import checkpoints
from schemas.handoff_events import HandoffExpired
from schemas.times import format_time
from schemas.topics import SQA_HANDOFFS
from streams.log import LogRefused, NewRecord, Record
from streams.sql.log import SqlLog
from tests.alerts.builders import (
    DAY,
    HOUR,
    NOON,
    FakeChannel,
    accepted_event,
    act_now_event,
    expired_event,
    new_record,
    proposed_event,
    settings,
)
from tests.alerts.world import World


def handoff_row() -> dict[str, Any]:
    """`proposed()` as a row of the read models."""
    content = proposed_event().data
    taken = ("handoff", "account", "track", "crossing", "score", "model", "route", "act_now", "reasons", "people")
    return {
        **{name: content[name] for name in taken},
        **{"status": "expired", "crossed_at": NOON, "crossed_seq": 9, "fact": "f-2", "due_at": NOON + 4 * HOUR},
        **{"facts": content["facts"], "position": content["position"], "seq": 9, "steps": 1, "late": False},
    }


def test_a_handoff_becomes_a_row_for_every_channel_that_wants_it(world: World) -> None:
    channels = settings("chat", "pager, kinds: [act_now]", "managers, routes: [account_manager]", "all")
    world.restart_with(settings=channels).receive(proposed_event(), act_now_event("hot.com"))

    assert world.alerts("channel", "kind", "account", "at", "status", "attempts", "next_try_at", "told_at", "why") == [
        ("chat", "handoff_proposed", "acme.com", NOON, "waiting", 0, NOON, None, None),
        ("all", "handoff_proposed", "acme.com", NOON, "waiting", 0, NOON, None, None),
        ("chat", "act_now", "hot.com", NOON, "waiting", 0, NOON, None, None),
        ("pager", "act_now", "hot.com", NOON, "waiting", 0, NOON, None, None),
        ("all", "act_now", "hot.com", NOON, "waiting", 0, NOON, None, None),
    ]


def test_an_alert_is_the_event_of_the_topic_with_the_name_of_the_account(world: World) -> None:
    world.name_accounts(acme="Acme GmbH").receive(proposed_event())

    [stored] = world.alerts("event")
    [published] = world.log.read(SQA_HANDOFFS, 0, 0, 10)
    content, source = msgspec.json.decode(stored), msgspec.json.decode(published.value)
    assert content.pop("data") == {**source.pop("data"), "name": "Acme GmbH"}
    assert content == source


def test_an_overdue_alert_contains_the_proposal(world: World) -> None:
    world.restart_with(settings=settings("chat, routes: [sdr]")).add_handoff(handoff_row()).receive(
        expired_event(at=NOON + 4 * HOUR)
    )

    [(kind, stored)] = world.alerts("kind", "event")
    content = msgspec.json.decode(stored)["data"]
    assert kind == "service_level_passed"
    assert {name: content[name] for name in ("score", "route", "due_at", "at", "fact", "reasons")} == {
        **{name: proposed_event().data[name] for name in ("score", "route", "due_at", "reasons")},
        **{"at": format_time(NOON + 4 * HOUR), "fact": "f-9"},
    }
    HandoffExpired.model_validate_json(msgspec.json.encode(content))


def test_an_overdue_handoff_of_history_is_history(world: World) -> None:
    cause = {"cause_type": "meeting.held", "cause_time": NOON - 10 * DAY, "recorded_at": NOON - DAY}
    world.add_handoff(handoff_row() | cause).receive(expired_event())

    assert world.alerts("kind", "status", "why") == [
        (
            "service_level_passed",
            "history",
            "its cause happened 2025-12-26T12:00:00.000Z, recorded 2026-01-04T12:00:00.000Z: history",
        )
    ]


def test_a_handoff_missing_in_the_read_models_makes_an_alert_all_the_same(world: World) -> None:
    world.receive(expired_event())

    assert world.alerts("kind", "status") == [("service_level_passed", "waiting")]


def test_other_events_make_no_alert(world: World) -> None:
    world.receive(accepted_event(), accepted_event("other.com"))

    assert (world.alerts("id"), world.checkpoints()) == ([], {0: 2})


def test_a_duplicate_record_makes_one_alert(world: World) -> None:
    world.receive(proposed_event(), proposed_event()).receive(proposed_event())

    assert (world.alerts("status"), world.checkpoints()) == (["waiting"], {0: 3})


def test_what_is_read_again_from_the_beginning_changes_nothing(world: World) -> None:
    world.receive(proposed_event(), proposed_event(crossing=2)).send_due()
    before = world.alerts("id", "status", "attempts", "told_at", "why")
    with world.engine.begin() as connection:
        connection.execute(checkpoints.delete())
    world.now += DAY

    assert world.restart_with().read_topic().alerts("id", "status", "attempts", "told_at", "why") == before
    assert world.checkpoints() == {0: 2}


def test_what_is_held_back_is_recorded_with_its_reason(world: World) -> None:
    world.receive(proposed_event()).receive(proposed_event(crossing=2, at=NOON + HOUR))
    [first, _] = world.alerts("id")

    assert world.alerts("status", "why") == [
        ("waiting", None),
        ("held", f"cooling down after the alert {first} about this account at 2026-01-05T12:00:00.000Z"),
    ]


def test_the_cool_down_is_as_the_settings_say(world: World) -> None:
    channels = settings("chat", more="cool_down: {handoff_proposed: 0, act_now: 1d}")
    world.restart_with(settings=channels).receive(
        proposed_event(), proposed_event(crossing=2), act_now_event(crossing=3), act_now_event(crossing=4)
    )

    assert world.alerts("kind", "status") == [
        *[("handoff_proposed", "waiting")] * 2,
        *[("act_now", "waiting"), ("act_now", "held")],
    ]


def test_an_alert_that_failed_keeps_no_other_one_back(world: World) -> None:
    world.receive(proposed_event())
    world.rows.fail_others([("none", "")], "no such channel")

    assert world.receive(proposed_event(crossing=2)).alerts("status") == ["failed", "waiting"]


def test_a_new_process_sends_nothing_old(world: World) -> None:
    world.publish(*(proposed_event(f"a{n}.com", at=NOON - n * DAY) for n in range(4)))

    assert world.read_topic().send_due().alerts("account", "status") == [
        *[("a0.com", "delivered"), ("a1.com", "delivered"), ("a2.com", "history"), ("a3.com", "history")]
    ]
    assert [len(channel.sent) for channel in world.channels] == [2]


def test_what_cannot_be_read_is_passed_over_and_said(world: World) -> None:
    broken = proposed_event(score="much")
    world.log.append(SQA_HANDOFFS, [NewRecord("acme.com", b"\xff{"), new_record(broken)])

    assert world.receive(proposed_event()).alerts("status") == ["waiting"]
    assert [(what, content["key"], content["offset"]) for what, content in world.logger.lines] == [
        ("alerts_cannot_read", "acme.com", 0),
        ("alerts_cannot_read", "acme.com", 1),
    ]


def test_every_partition_is_read_by_its_own_checkpoint(database: Engine) -> None:
    world = World(database, partitions=4)
    accounts = [f"account-{n}.com" for n in range(12)]
    world.receive(*map(proposed_event, accounts))

    assert sorted(world.alerts("account")) == sorted(accounts)
    assert world.checkpoints() == {p: world.log.end(SQA_HANDOFFS, p) for p in range(4)}
    assert world.receive(proposed_event("late.com")).alerts("account")[12:] == ["late.com"]


def test_rows_and_checkpoint_are_written_together_or_not_at_all(world: World) -> None:
    world.publish(proposed_event())
    with pytest.raises(_KilledError):
        _die_before_alerts_are_added(world)

    assert (world.alerts("id"), world.checkpoints()) == ([], {})
    assert (len(world.read_topic().alerts("id")), world.checkpoints()) == (1, {0: 1})


def test_a_round_that_breaks_off_between_partitions_is_gone_on_with(database: Engine) -> None:
    world = World(database, partitions=4)
    companies = [f"company{n}.com" for n in range(20)]
    world.receive(proposed_event("first.com")).publish(*map(proposed_event, companies))
    with pytest.raises(_KilledError):
        _die_before_alerts_are_added(world, after=2)

    assert sorted(world.read_topic().alerts("account")) == sorted(["first.com", *companies])


def test_a_process_that_lost_the_checkpoint_writes_nothing_and_stops(world: World) -> None:
    world.receive(proposed_event()).publish(proposed_event("other.com"))
    alive, world.log = world.subscription, _LogWithCallback(world.engine, lambda: alive.advance())

    with pytest.raises(
        AlertCheckpointConflict, match="the checkpoint of the alerts has moved; expected 1 in partition 0"
    ):
        world.new_subscription().advance()
    assert world.alerts("account") == ["acme.com", "other.com"]


def test_a_recreated_log_is_refused(world: World) -> None:
    world.receive(proposed_event())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(log="before"))

    with pytest.raises(LogRefused, match=r"\(.+\) is not the topic that these alerts have read \(before\)"):
        world.new_subscription().advance()


def test_a_checkpoint_beyond_the_end_is_refused(world: World) -> None:
    world.receive(proposed_event())
    with world.engine.begin() as connection:
        connection.execute(checkpoints.update().values(next_offset=7))

    with pytest.raises(LogRefused, match="partition 0 of sqa-handoffs ends at 1, but these alerts have read up to 7"):
        world.new_subscription().advance()


def test_new_channels_get_alerts_of_later_events_only(world: World) -> None:
    world.receive(proposed_event())
    world.restart_with(FakeChannel("chat"), FakeChannel("mail")).read_topic().receive(proposed_event("other.com"))

    assert world.alerts("channel", "account") == [("chat", "acme.com"), ("chat", "other.com"), ("mail", "other.com")]


class _KilledError(Exception):
    """The process died here."""


def _die_before_alerts_are_added(world: World, after: int = 0) -> None:
    """`after`: as many partitions had some added."""
    added = count()

    def kill(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith('INSERT INTO "alerts"') and next(added) >= after:
            raise _KilledError

    event.listen(world.engine, "before_cursor_execute", kill)
    try:
        world.subscription.advance()
    finally:
        event.remove(world.engine, "before_cursor_execute", kill)


class _LogWithCallback(SqlLog):
    """Something happens between each reading and what follows."""

    def __init__(self, engine: Engine, act: Callable[[], object]) -> None:
        super().__init__(engine)
        self._act = act

    def read(self, topic: str, partition: int, start: int, limit: int) -> list[Record]:
        records = super().read(topic, partition, start, limit)
        self._act()
        return records
