"""Facts that make handoffs by the model of these tests, recorded by the command line."""

import json
from pathlib import Path

from schemas.times import format_time
from tests.staffel.processes.process_runner import Processes

MODEL = Path(__file__).parent / "model.yaml"


def ingest_forms(processes: Processes, *forms: tuple[str, str, int], recorded: int | None = None) -> None:
    """Forms that were sent: account, form, and when (milliseconds since 1970); recorded now, or as an export tells."""
    told = {} if recorded is None else {"recordedtime": format_time(recorded)}
    events = [
        {
            **{"specversion": "1.0", "id": f"{account}-{form}", "source": "site", "type": "web.form_submitted"},
            **{"subject": account, "time": format_time(time), "data": {"form": form}, **told},
        }
        for account, form, time in forms
    ]
    file = processes.folder / "facts.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in events))
    assert processes.run_json("ingest", "cloudevents", file)["recorded"] == len(forms)
