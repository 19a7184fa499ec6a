"""`staffel forget` and `staffel erasures`: what is erased, what remains, and what a restore brings back."""

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from alerts import AlertOutbox, Naming
from database import open_database
from schemas import ENGAGEMENT, format_time
from staffel.application import system_clock
from staffel.cli.session import connected_application
from staffel.erasure import MAX_PLACES
from streams import NewRecord
from tests import databases
from tests.staffel.cli.cli_runner import cloud_event, run_cli, run_json, run_ok, write_lines

PAT = "pat@zzacme.com"
NOTHING_REMAINS: dict[str, object] = {"remaining": [], "remaining_is_complete": True, "named_in_alerts": []}


@pytest.fixture(autouse=True)
def mailbox(home: Path) -> Path:
    """A mail of Pat, imported."""
    file = write_lines(home.parent / "mail.jsonl", mail("m1"))
    run_json("ingest", "cloudevents", file)
    return file


def mail(id: str, **fields: object) -> str:
    return cloud_event(id, "email.replied", contact=PAT, subject=None, data={"campaign": "spring"}, **fields)


def names_in(folder: Path) -> set[str]:
    """The files that hold Pat's address."""
    return {file.name for file in folder.rglob("*") if file.is_file() and PAT.encode() in file.read_bytes().lower()}


def test_names_stand_in_the_vault_alone_and_after_forgetting_nowhere(home: Path) -> None:
    assert {name.removesuffix("-wal") for name in names_in(home)} == {"vault.db"}
    run_json("forget", PAT)
    assert names_in(home) == set()


def test_importing_the_file_again_does_not_undo_it(home: Path, mailbox: Path) -> None:
    run_json("forget", PAT)
    again = run_json("ingest", "cloudevents", mailbox)
    assert (again["recorded"], again["duplicates"]) == (0, 1)
    assert names_in(home) == set()
    older = run_json("ingest", "cloudevents", write_lines(home.parent / "older.jsonl", mail("m2")))
    assert (older["recorded"], older["filtered_by"]) == (0, {"erased": 1})
    assert names_in(home) == set()


def test_a_contact_id_names_the_person_too(home: Path) -> None:
    contact = run_json("contact", PAT)["contact"]
    assert run_json("forget", contact) == {**NOTHING_REMAINS, "contact": contact, "accounts": ["zzacme.com"]}
    assert names_in(home) == set()


def test_a_contact_id_of_which_nothing_is_known_is_an_error(home: Path) -> None:
    assert run_cli("forget", "c_nobody").failure == (
        1,
        "there is no contact c_nobody, so nothing was erased; `staffel contact list` shows all",
    )
    assert "vault.db" in {name.removesuffix("-wal") for name in names_in(home)}


def test_forgetting_a_contact_id_twice_is_no_error() -> None:
    contact = run_json("contact", PAT)["contact"]
    assert run_json("forget", contact) == run_json("forget", contact)


def test_no_name_to_look_for_is_a_usage_error() -> None:
    assert run_cli("forget", PAT, "--search", " ").failure == (2, "--search: write the name to look for")
    assert run_json("contact", PAT)["contact"]


def test_an_address_that_nobody_has_is_refused_from_now_on(home: Path) -> None:
    nothing = {**NOTHING_REMAINS, "contact": None, "accounts": []}
    assert run_json("forget", "lee@zzacme.com") == nothing
    lee = cloud_event("m3", "email.replied", contact="lee@zzacme.com", subject=None)
    assert run_json("ingest", "cloudevents", write_lines(home.parent / "lee.jsonl", lee))["filtered_by"] == {
        "erased": 1
    }


def test_records_that_name_the_person_are_listed(home: Path) -> None:
    note = cloud_event("m4", "custom.tracked", data={"name": "call", "properties": {"note": f"asked {PAT} and Zzpat"}})
    run_json("ingest", "cloudevents", write_lines(home.parent / "note.jsonl", note))
    assert run_json("forget", PAT)["remaining"] == [{"topic": "engagement", "partition": 0, "offset": 2}]
    named = run_json("forget", "lee@zzacme.com", "--search", "zzpat")["remaining"]
    assert named == [{"topic": "engagement", "partition": 0, "offset": 2}]


@pytest.mark.parametrize(
    "written", ["Zzmüller", "ZZMÜLLER", "Zzmu\u0308ller", r"zzm\u00fcller", r"zzm\u00DCller", r"zzmu\u0308ller"]
)
def test_a_name_is_found_however_a_record_spells_it(home: Path, written: str) -> None:
    with connected_application() as application:
        application.log.append(ENGAGEMENT, [NewRecord("acme.com", f'{{"note": "{written}"}}'.encode())])
    [place] = run_json("forget", PAT, "--search", "zzmüller")["remaining"]
    assert place["topic"] == "engagement"


def test_a_list_that_ends_before_all_is_named_says_so(home: Path) -> None:
    with connected_application() as application:
        records = [NewRecord("acme.com", b'{"note": "zzpat"}')] * (MAX_PLACES + 1)
        application.log.append(ENGAGEMENT, records)
    listed = run_json("forget", PAT, "--search", "zzpat")
    assert (len(listed["remaining"]), listed["remaining_is_complete"]) == (MAX_PLACES, False)
    assert "More than 1,000 records" in run_ok("forget", PAT, "--search", "zzpat").out


def test_while_another_process_reads_the_vault_it_says_what_remains(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_WAIT", "1")
    with closing(sqlite3.connect(home / "vault.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM vault").fetchone()
        result = run_cli("forget", PAT)
    assert result.code == 1
    assert "write-ahead log still holds the deleted row" in result.err
    run_json("forget", PAT)
    assert names_in(home) == set()


def test_erasures_are_applied_to_a_restored_vault(home: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup.db"
    with closing(sqlite3.connect(home / "vault.db")) as vault, closing(sqlite3.connect(backup)) as target:
        vault.backup(target)
    run_json("forget", PAT)
    lines = run_ok("erasures", "list").out
    for file in home.glob("vault.db*"):
        file.unlink()
    shutil.copy(backup, home / "vault.db")
    assert run_json("contact", PAT, "--names")["email"] == PAT

    assert run_json("erasures", "apply") == {"erased": 1}
    assert run_cli("contact", PAT).code == 1

    shutil.copy(backup, home / "vault.db")
    saved = tmp_path / "erasures.jsonl"
    saved.write_text(lines, encoding="utf-8")
    assert [run_json("erasures", "apply", saved) for _ in range(2)] == [{"erased": 1}, {"erased": 0}]
    assert run_ok("erasures", "list").out == lines


def test_applying_erasures_once_more_spares_who_came_back_since(home: Path, tmp_path: Path) -> None:
    run_json("forget", "lee@zzacme.com")
    saved = tmp_path / "erasures.jsonl"
    saved.write_text(run_ok("erasures", "list").out, encoding="utf-8")
    later = format_time(system_clock() + 60_000)
    back = cloud_event("m5", "email.replied", contact="lee@zzacme.com", subject=None, time=later)
    run_json("ingest", "cloudevents", write_lines(tmp_path / "back.jsonl", back))
    contact = run_json("contact", "lee@zzacme.com")["contact"]
    assert run_json("erasures", "apply", saved) == {"erased": 0}
    assert run_json("contact", "lee@zzacme.com")["contact"] == contact


def test_a_damaged_record_does_not_keep_erasures_from_being_applied(home: Path) -> None:
    run_json("forget", PAT)
    with connected_application() as application:
        application.log.append(ENGAGEMENT, [NewRecord("zzacme.com", b'{"type":"contact.erased.v1"', "damaged")])
    assert run_json("erasures", "apply") == {"erased": 0}


def test_a_line_that_is_no_erasure_is_named(home: Path) -> None:
    file = write_lines(home.parent / "wrong.jsonl", "{}")
    result = run_cli("erasures", "apply", file)
    assert (result.code, "wrong.jsonl:1: not a line of `staffel erasures list`" in result.err) == (2, True)


def test_a_vault_with_another_secret_records_nothing(home: Path, mailbox: Path) -> None:
    for file in home.glob("vault.db*"):
        file.unlink()
    for arguments in (["ingest", "cloudevents", mailbox], ["forget", PAT], ["account", "register", "acme"]):
        result = run_cli(*arguments)
        assert (result.code, "set STAFFEL_VAULT to the vault of this log" in result.err) == (1, True)
    assert run_json("accounts")[0]["account"] == "zzacme.com"


def test_the_vault_may_be_elsewhere(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAFFEL_HOME", str(tmp_path / "other home"))
    monkeypatch.setenv("STAFFEL_VAULT", str(tmp_path / "elsewhere" / "persons.db"))
    run_ok("init")
    run_json("ingest", "cloudevents", write_lines(tmp_path / "one.jsonl", mail("m1")))
    assert names_in(tmp_path / "other home") == set()
    assert {name.removesuffix("-wal") for name in names_in(tmp_path / "elsewhere")} == {"persons.db"}
    assert stat.S_IMODE(os.stat(tmp_path / "other home").st_mode) == 0o700


def test_on_postgresql_it_says_what_no_command_reaches(
    home: Path, mailbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAFFEL_DATABASE", databases.migrated_database("postgresql", home))
    run_ok("init")
    run_json("ingest", "cloudevents", mailbox)
    out = run_ok("forget", PAT).out.splitlines()
    assert out[-1] == "PostgreSQL's write-ahead log and backups hold the deleted row until they are gone."
    assert run_cli("contact", PAT).code == 1


def test_forgetting_lists_whom_alerts_told_the_name(home: Path) -> None:
    contact = run_json("contact", PAT)["contact"]
    engine = open_database(f"sqlite:///{home / 'staffel.db'}")
    AlertOutbox(engine).add_namings([Naming(contact, "alert_1", "sales-mail", "", 1_767_607_200_000)])
    engine.dispose()

    said = run_ok("forget", contact).out
    assert "1 alert told the person's name; delete it there:\n  sales-mail, Mon 5 Jan 2026 10:00 (UTC)" in said
    assert run_json("forget", contact)["named_in_alerts"] == [
        {"channel": "sales-mail", "receiver": None, "alert": "alert_1", "at": "2026-01-05T10:00:00.000Z"}
    ]
