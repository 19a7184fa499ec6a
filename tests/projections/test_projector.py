"""The projector: what updates make of the read models, however they come."""

import pytest
from sqlalchemy import Engine

from projections.projector import Projector
from projections.read_models.updates import MissingUpdates
from projections.read_models.versions import CheckpointConflict
from schemas.scores import Changes, Fit
from schemas.times import parse_time
from tests.projections.builders import (
    NOON,
    account_scored,
    at,
    checkpoint,
    contact_scored,
    gated_crossing,
    handoff_opened,
    ledger_line,
    stage_change,
    track_score,
)
from tests.projections.concurrent_projector import LogPausedAfterRead
from tests.projections.world import World


def test_an_account_row_holds_the_last_update(world: World) -> None:
    scored = {
        "acquisition": track_score(42.5, "engaged", breadth=2, falls_at=at(90)),
        "expansion": track_score(1.0, falls_at=at(80)),
    }
    profile = {"name": "Acme", "owner": "sam", "segment": "enterprise", "domains": ["acme.com"]}
    world.publish_and_project(account_scored(seq=1)).publish_repeatedly(
        account_scored(after_seq=1, seq=3, tracks=scored, fit=Fit(70.0, "B"), changes=Changes(profile=profile))
    )

    columns = ("account", "name", "owner", "segment", "profile", "score", "stage", "fit_points", "fit_grade")
    columns += ("breadth", "as_of", "seq", "epoch", "model", "digest", "falls_at", "state")
    [row] = world.rows("accounts", *columns)

    assert row == (
        *("acme.com", "Acme", "sam", "enterprise", profile, 42.5, "engaged", 70.0, "B"),
        *(2, parse_time(at(3)), 3, 0, "test-1-000000000000", "digest-3", parse_time(at(80)), b'{"seq":3}'),
    )


def test_a_profile_stays_if_updates_do_not_contain_one(world: World) -> None:
    world.publish_and_project(account_scored(seq=1, changes=Changes(profile={"name": "Acme"}))).publish_repeatedly(
        account_scored(after_seq=1, seq=2)
    )

    assert world.rows("accounts", "name", "seq") == [("Acme", 2)]


def test_lines_are_stored_once_and_numbered_within_their_fact(world: World) -> None:
    lines = [ledger_line(1), ledger_line(1, 5.0, rule="form"), ledger_line(2, cut="page")]
    world.publish_repeatedly(account_scored(seq=2, changes=Changes(lines=lines)), times=3)

    assert world.rows("ledger", "account", "epoch", "seq", "n", "rule", "points", "cut") == [
        ("acme.com", 0, 1, 0, "page", 10.0, None),
        ("acme.com", 0, 1, 1, "form", 5.0, None),
        ("acme.com", 0, 2, 0, "page", 10.0, "page"),
    ]


def test_updates_cut_differently_give_the_same_rows(world: World) -> None:
    lines = [ledger_line(seq, points=seq) for seq in (1, 2, 3, 4)]
    world.publish_and_project(account_scored(seq=2, changes=Changes(lines=lines[:2])))
    world.publish_and_project(account_scored(after_seq=1, seq=4, changes=Changes(lines=lines[1:])))

    assert world.rows("ledger", "seq", "points") == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.0)]


def test_an_update_that_is_older_changes_nothing(world: World) -> None:
    world.publish_and_project(account_scored(seq=5)).publish_repeatedly(
        account_scored(after_seq=0, seq=3, digest="late")
    )

    assert world.rows("accounts", "seq", "digest") == [(5, "digest-5")]


def test_a_contact_row_holds_the_highest_seq(world: World) -> None:
    world.publish_and_project(contact_scored(seq=4, role="champion")).publish_repeatedly(
        contact_scored(seq=3, role="user")
    )

    assert world.rows("contacts", "account", "contact", "role", "seq") == [("acme.com", "c_anna", "champion", 4)]


def test_stage_changes_and_gated_crossings_are_stored(world: World) -> None:
    changes = Changes(stages=[stage_change(2, None, "sqa")], gated=[gated_crossing(2)])
    world.publish_repeatedly(account_scored(seq=2, changes=changes))

    assert world.rows("stage_changes", "seq", "n", "from_stage", "to_stage", "cause", "score") == [
        (2, 0, None, "sqa", "fact-2", 120.0)
    ]
    assert world.rows("gated", "seq", "crossing", "why") == [(2, 1, "suppressed")]


def test_the_whole_topic_again_changes_nothing(world: World) -> None:
    world.publish_and_project(
        account_scored(
            seq=2, changes=Changes(lines=[ledger_line(1)], handoffs=[handoff_opened(2)], profile={"name": "Acme"})
        ),
        contact_scored(seq=2),
        account_scored("other.example", seq=1),
        checkpoint(9),
    )
    before = world.all_rows()

    assert world.reset_and_project().all_rows() == before


def test_every_partition_is_read_from_its_own_checkpoint(database: Engine) -> None:
    world = World(database, partitions=4)
    world.publish_and_project(*(account_scored(f"account-{n}.example") for n in range(20)))

    ends = [world.log.end("scores", partition) for partition in range(4)]
    assert world.rows("checkpoints", "partition", "next_offset") == list(enumerate(ends))
    assert len(world.rows("accounts")) == 20


def test_a_checkpoint_says_how_far_engagement_is_known(world: World) -> None:
    world.publish_and_project(account_scored(), checkpoint(17))

    assert world.rows("checkpoints", "next_offset", "engagement_next") == [(2, 17)]


def test_missing_updates_raise_and_nothing_of_the_batch_is_written(world: World) -> None:
    world.publish_and_project(account_scored(seq=1))
    world.publish(account_scored("other.example"), account_scored(after_seq=3, seq=4))
    before = world.all_rows()

    with pytest.raises(MissingUpdates) as hole:
        world.projector.advance()

    assert (hole.value.account, hole.value.after_seq, hole.value.seq) == ("acme.com", 1, 3)
    assert world.all_rows() == before


def test_a_second_projector_is_noticed_and_stops(world: World) -> None:
    world.publish_and_project(account_scored(seq=1)).publish(account_scored(after_seq=1, seq=2))
    late = Projector(world.engine, LogPausedAfterRead(world.log, world.project), batch_size=10)  # type: ignore[arg-type]

    with pytest.raises(CheckpointConflict):
        late.advance()

    assert world.rows("accounts", "seq") == [2]
    assert world.projector.advance() == 0


def test_a_review_is_due_when_the_first_stage_falls(world: World) -> None:
    tracks = {"acquisition": track_score(50, "engaged", falls_at=at(30)), "expansion": track_score(9, falls_at=at(20))}
    world.publish_repeatedly(account_scored(seq=1, tracks=tracks))

    assert world.rows("timers", "kind", "ref", "at") == [("review", "acme.com", NOON + 20 * 3_600_000)]


def test_a_review_goes_with_the_fall_it_waited_for(world: World) -> None:
    world.publish_and_project(
        account_scored(seq=1, tracks={"acquisition": track_score(50, "engaged", falls_at=at(30))})
    )
    world.publish_repeatedly(account_scored(after_seq=1, seq=2))

    assert world.rows("timers") == []
