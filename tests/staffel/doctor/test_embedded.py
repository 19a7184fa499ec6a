"""What `staffel doctor` says of a home whose host cannot go on: step, place and code, and nothing of the records."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from projections.read_models.stale_accounts import stale_accounts
from staffel.application import Application
from staffel.cli.session import connected_application
from staffel.doctor.embedded import check_stale_accounts, check_work
from streams.log import NewRecord
from tests.staffel.cli.cli_runner import page_view, run_json, write_lines


class BrokenLog:
    """A log whose units cannot be written."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append_unit(self, _: object) -> None:
        raise KeyError("geheim@acme.com")


@pytest.fixture
def application() -> Iterator[Application]:
    run_json("ingest", "cloudevents", write_lines(Path("facts.jsonl"), page_view("one")))
    with connected_application() as connected:
        yield connected


def test_doctor_runs_the_steps_once_and_says_that_all_go_on(application: Application) -> None:
    assert check_work(application) == {"check": "work", "ok": True, "found": "every step goes on", "advice": ""}


def test_doctor_names_step_place_and_code_of_a_host_that_cannot_go_on(
    application: Application,
) -> None:
    application.log.append("engagement", [NewRecord("acme.com", b"{}")])
    found = check_work(replace(application, log=BrokenLog(application.log)))
    assert (found["ok"], found["found"]) == (False, "scorer 0 cannot go on at engagement/0/2 (KeyError)")
    assert "geheim" not in str(found)


def test_doctor_leaves_the_work_to_the_process_that_hosts(application: Application) -> None:
    with connected_application() as other:
        assert other.lock.try_acquire()
        assert check_work(application)["found"].startswith("done by ")
        other.lock.release()


def test_doctor_names_what_the_projector_set_aside(application: Application) -> None:
    row = {"projection": "main", "version": 1, "account": "b.com", "partition": 0, "offset": 17, "code": "22021"}
    with application.engine.begin() as connection:
        connection.execute(stale_accounts.insert().values(row))
    found = check_stale_accounts(application.engine)
    assert (found["ok"], found["found"]) == (False, "1 account set aside: scores/0/17 (22021)")
    assert run_json("rebuild", "main")["version"] == 2
    assert check_stale_accounts(application.engine)["ok"]
