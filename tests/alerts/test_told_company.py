"""End to end: a chat hears which company it is, and who did what; names leave only where the channel may name."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from schemas.times import format_time
from tests import databases
from tests.alerts.alert_runner import now_ms
from tests.alerts.handoff_facts import MODEL
from tests.alerts.receiver import Receiver
from tests.staffel.processes.process_runner import Processes

ADDRESS = "anna@acme.com"


@pytest.fixture
def processes(tmp_path: Path, receiver: Receiver) -> Iterator[Processes]:
    """A home whose alerts go to Kim's chat, with names, if Kim owns the account, and to a chat of everybody."""
    databases.home_with_log(tmp_path, MODEL)
    file, url = tmp_path / "alerts.yaml", receiver.url.replace("http:", "json:").partition("/hooks")[0]
    channels = [
        f"{{name: kim, url: '{url}/kim', names: true, owners: [kim]}}",
        f"{{name: lee, url: '{url}/lee', owners: [lee]}}",
        f"{{name: all, url: '{url}/all'}}",
    ]
    file.write_text(f"channels: [{', '.join(channels)}]")
    settings = {"STAFFEL_HOME": str(tmp_path), "STAFFEL_MODEL": str(MODEL), "STAFFEL_ALERTS": str(file)}
    made = Processes(tmp_path, settings | {"STAFFEL_PUBLIC_URL": "https://staffel.example.com"})
    yield made
    for each in made.started:
        each.process.kill()
        each.process.wait()


def ask_for_contact(processes: Processes) -> None:
    event = {
        **{"specversion": "1.0", "id": "f1", "source": "site", "type": "web.form_submitted", "contact": ADDRESS},
        **{"subject": "acme.com", "time": format_time(now_ms()), "data": {"form": "contact"}},
    }
    file = processes.folder / "facts.jsonl"
    file.write_text(json.dumps(event))
    assert processes.run_json("ingest", "cloudevents", file)["recorded"] == 1


def test_a_chat_hears_who_did_what_and_names_leave_where_the_channel_may_name(
    processes: Processes, receiver: Receiver
) -> None:
    company = ("--name", "Acme GmbH", "--industry", "pharmaceuticals", "--employees", 1200, "--owner", "Kim")
    processes.run_json("account", "register", "acme.com", *company)
    person = ("--name", "Anna Berg", "--role", "decision_maker")
    contact = processes.run_json("contact", "add", ADDRESS, *person)["contact"]
    host = processes.start("up")
    host.await_ready()
    ask_for_contact(processes)
    requests = {request.path: msgspec.json.decode(request.body) for request in receiver.await_requests(2)}

    assert sorted(path.strip("/") for path in requests) == ["all", "kim"]
    to_all, to_kim = (requests[path] for path in sorted(requests))
    lines = to_all["message"].splitlines()
    assert to_all["title"] == "Ready for sales: Acme GmbH (acme.com)"
    assert lines[0] == "company: pharmaceuticals, 1200 employees, owner Kim"
    assert lines[3:] == [
        f"- 60.0 web form submitted: contact, {contact} (decision_maker)",
        "staffel handoff accept acme.com/acquisition/1 --by YOU",
        "https://staffel.example.com/handoffs/acme.com/acquisition/1",
    ]
    assert to_kim["message"].splitlines()[3] == "- 60.0 web form submitted: contact, Anna Berg (decision_maker)"
    [naming] = processes.run_json("forget", ADDRESS)["named_in_alerts"]
    assert (naming["channel"], host.stop()) == ("kim", 0)
