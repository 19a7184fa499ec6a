"""Verify: every altered row or record is found and named, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from audit.verify import Mismatch, verify
from schemas.scores import decode_account_scored, encode_score
from staffel.application import Application
from staffel.connect import create_home
from tests import databases
from tests.crash.case_runner import MODEL, CrashDatabase
from tests.crash.commands import run_staffel as command
from tests.crash.crash_cases import at, decision_step, ingest_step, registrations, replies

REPLY = "anna replies"
MEETING = "bert meets"
HANDOFF = "acme/sales/1"
COPIED = "INSERT INTO ledger SELECT"
FORGED_LINE = (
    f"track, time, 'made up', type, contact, rule, points, weight, cut, half_life FROM ledger WHERE event = '{REPLY}'"
)


@pytest.fixture
def home(database_kind: str, tmp_path: Path) -> Iterator[Application]:
    """Two accounts handed over, one of them accepted."""
    staffel = create_home(
        CrashDatabase(databases.migrated_database(database_kind, tmp_path)).settings(), clock=lambda: at(12)
    )
    for act in (ingest_step(registrations), ingest_step(replies), decision_step(HANDOFF, "accepted")):
        act(staffel)
    yield staffel
    staffel.close()


def mismatches_after(home: Application, statement: str) -> list[Mismatch]:
    """What verify finds after this statement, which changes one row."""
    with home.engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1
    return verify(home.log, home.engine).mismatches


def summaries(mismatches: list[Mismatch]) -> list[tuple[str, str | None, str]]:
    return [(mismatch.account, mismatch.fact, mismatch.field) for mismatch in mismatches]


def test_unaltered_records_have_no_mismatch(home: Application) -> None:
    verified = verify(home.log, home.engine)
    assert (verified.accounts, verified.facts, verified.mismatches) == (3, 8, [])


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (f"UPDATE ledger SET points = points + 1 WHERE event = '{REPLY}'", ("acme", REPLY, "ledger.points")),
        (f"UPDATE ledger SET rule = 'page' WHERE event = '{MEETING}'", ("beta", MEETING, "ledger.rule")),
        (f"UPDATE ledger SET contact = 'c_other' WHERE event = '{REPLY}'", ("acme", REPLY, "ledger.contact")),
        (f"UPDATE ledger SET time = time + 60000 WHERE event = '{REPLY}'", ("acme", REPLY, "ledger.time")),
        (f"DELETE FROM ledger WHERE event = '{MEETING}'", ("beta", MEETING, "ledger")),
        (
            f"{COPIED} account, epoch, seq, n + 1, {FORGED_LINE}",
            ("acme", "made up", "ledger"),
        ),
        (
            f"{COPIED} account, epoch, seq + 99, n, {FORGED_LINE}",
            ("acme", "made up", "ledger"),
        ),
        (
            f"{COPIED} 'nobody', epoch, seq, n, {FORGED_LINE}",
            ("nobody", "made up", "ledger"),
        ),
        (
            f"UPDATE stage_changes SET score = 49 WHERE cause = '{MEETING}'",
            ("beta", MEETING, "stage_changes.score"),
        ),
        (
            f"UPDATE stage_changes SET to_stage = 'warm' WHERE cause = '{MEETING}'",
            ("beta", MEETING, "stage_changes.to"),
        ),
        (f"DELETE FROM stage_changes WHERE cause = '{MEETING}'", ("beta", MEETING, "stage_changes")),
        ("UPDATE handoffs SET score = 99 WHERE account = 'beta'", ("beta", MEETING, "handoffs.score")),
        ("UPDATE handoffs SET route = 'nobody' WHERE account = 'beta'", ("beta", MEETING, "handoffs.route")),
        ("UPDATE handoffs SET status = 'rejected' WHERE account = 'acme'", ("acme", HANDOFF, "handoffs.status")),
        ("UPDATE handoffs SET \"by\" = 'carl' WHERE account = 'acme'", ("acme", HANDOFF, "handoffs.by")),
        ("DELETE FROM handoffs WHERE account = 'beta'", ("beta", MEETING, "handoffs")),
        (
            "UPDATE handoff_steps SET \"by\" = 'carl'",
            ("acme", "handoff:acme/sales/1:1", "handoff_steps.by"),
        ),
        ("UPDATE handoff_steps SET recorded_at = 0", ("acme", "handoff:acme/sales/1:1", "handoff_steps.recorded_at")),
        ("UPDATE handoff_steps SET note = 'x'", ("acme", "handoff:acme/sales/1:1", "handoff_steps.note")),
        ("UPDATE handoffs SET cause_type = 'x' WHERE account = 'beta'", ("beta", MEETING, "handoffs.cause_type")),
        ("UPDATE handoffs SET assigned_to = 'x' WHERE account = 'acme'", ("acme", HANDOFF, "handoffs.assigned_to")),
        (
            "INSERT INTO handoff_assignments SELECT handoff, seq, account, at, at, 'made up', 'carl', 'carl'"
            " FROM handoff_steps",
            ("acme", "made up", "handoff_assignments"),
        ),
        ("DELETE FROM handoff_steps", ("acme", "handoff:acme/sales/1:1", "handoff_steps")),
        ("UPDATE accounts SET digest = 'x' WHERE account = 'acme'", ("acme", None, "accounts.digest")),
        ("UPDATE accounts SET score = score + 1 WHERE account = 'acme'", ("acme", None, "accounts.score")),
        ("UPDATE accounts SET stage = 'warm' WHERE account = 'beta'", ("beta", None, "accounts.stage")),
        ("UPDATE accounts SET name = 'Other' WHERE account = 'beta'", ("beta", None, "accounts.name")),
        ("UPDATE accounts SET falls_at = NULL WHERE account = 'beta'", ("beta", None, "accounts.falls_at")),
        ("UPDATE accounts SET account = 'stranger' WHERE account = 'gamma'", ("gamma", None, "accounts")),
    ],
)
def test_an_altered_row_is_found_and_named(
    home: Application, statement: str, found: tuple[str, str | None, str]
) -> None:
    assert found in summaries(mismatches_after(home, statement))


def test_an_account_without_facts_is_found(home: Application) -> None:
    [mismatch] = mismatches_after(
        home,
        "INSERT INTO accounts SELECT 'stranger', name, owner, segment, profile, score, stage, fit_points, fit_grade,"
        " breadth, tracks, as_of, seq, epoch, model, digest, suppressed, forwards_to, falls_at, state"
        " FROM accounts WHERE account = 'acme'",
    )
    assert (mismatch.account, mismatch.field, mismatch.computed) == ("stranger", "accounts", None)


def test_an_altered_digest_of_the_topic_is_found(home: Application) -> None:
    record = home.log.latest("scores", ["acme"])["acme"]
    scored = decode_account_scored(record.value)
    digest = "0" * len(scored.digest)
    forged = record.value.replace(scored.digest.encode(), digest.encode())
    with home.engine.begin() as connection:
        connection.execute(
            text('UPDATE log_scores SET value = :value WHERE "offset" = :at'), {"value": forged, "at": record.offset}
        )
    [mismatch] = verify(home.log, home.engine).mismatches
    assert mismatch == Mismatch("acme", None, "scores.digest", digest, scored.digest)
    assert encode_score(scored) != forged


def test_a_record_of_the_topic_that_cannot_be_read_is_named(home: Application) -> None:
    offset = home.log.latest("scores", ["acme"])["acme"].offset
    with home.engine.begin() as connection:
        connection.execute(
            text('UPDATE log_scores SET value = :value WHERE "offset" = :at'), {"value": b"{", "at": offset}
        )
    assert summaries(verify(home.log, home.engine).mismatches) == [("acme", None, "scores")]


def test_an_altered_fact_is_found_in_the_log_and_by_its_effects(home: Application) -> None:
    [record] = [each for each in home.log.history("beta") if f'"{MEETING}"'.encode() in each.value]
    forged = record.value.replace(b"meeting.held.v1", b"email.bounced.v1")
    with home.engine.begin() as connection:
        connection.execute(
            text('UPDATE log_engagement SET value = :value WHERE "offset" = :at'),
            {"value": forged, "at": record.offset},
        )
    found = verify(home.log, home.engine).mismatches
    assert summaries(found) == [
        ("beta", f"engagement/0/{record.offset}", "stored record"),
        ("beta", MEETING, "ledger.type"),
    ]
    assert found[0].recorded == forged.decode()[:200]


def test_headers_that_cannot_be_read_are_named_with_the_fact(home: Application) -> None:
    with home.engine.begin() as connection:
        connection.execute(text('UPDATE log_engagement SET headers = :junk WHERE "offset" = 3'), {"junk": b"\xc1\xc1"})
    with pytest.raises(Exception, match="the record of 'gamma' at offset 3 is damaged"):
        verify(home.log, home.engine)


def test_verify_reads_one_snapshot_while_a_host_is_running(home: Application) -> None:
    def goes_on(_: int) -> None:
        home.recorder.record(list(replies()))

    home.recorder.record(list(replies()))
    assert verify(home.log, home.engine, progress=goes_on).mismatches == []


def test_the_command_names_the_mismatch_and_answers_1(tmp_path: Path) -> None:
    home = databases.home_with_log(tmp_path / "home", MODEL)
    assert command(home, "account", "register", "acme").returncode == 0
    assert command(home, "audit", "verify").returncode == 0
    staffel = create_home(CrashDatabase(f"sqlite:///{home / 'staffel.db'}").settings())
    mismatches_after(staffel, "UPDATE accounts SET digest = 'x' WHERE account = 'acme'")
    staffel.close()

    result = command(home, "audit", "verify", "--json")

    [mismatch] = json.loads(result.stdout)["mismatches"]
    assert (result.returncode, mismatch["account"], mismatch["field"]) == (1, "acme", "accounts.digest")
    assert command(home, "audit", "verify").returncode == 1
