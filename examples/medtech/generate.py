"""Writes data/ from story.yaml: `python -m examples.medtech.generate`. Reproducible: no clock is used."""

import sys
from pathlib import Path

from examples.medtech.access_log import access_log
from examples.medtech.calendar_file import calendar_file
from examples.medtech.crm_files import accounts_csv, opportunities_csv
from examples.medtech.event_bus import event_bus
from examples.medtech.mailbox_file import mailbox_file
from examples.medtech.site_events import site_events
from examples.medtech.story import read_story

HERE = Path(__file__).resolve().parent

FILES = {
    "access.log": access_log,
    "site.segment.jsonl": site_events,
    "bus.cloudevents.jsonl": event_bus,
    "marketing.mbox": mailbox_file,
    "calendar.ics": calendar_file,
    "accounts.csv": accounts_csv,
    "opportunities.csv": opportunities_csv,
}


def generate(folder: Path) -> None:
    """Write every file into the folder, which is created if needed."""
    story = read_story(HERE / "story.yaml")
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in FILES.items():
        (folder / name).write_bytes(write(story).encode())


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "data")
