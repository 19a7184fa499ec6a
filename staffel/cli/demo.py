"""The medtech example, from its files to handoffs that explain themselves. Keeps to a home of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

from audit.account_report import explanation
from audit.accounts_as_of import latest_time, standings
from audit.handoff_report import handoff_json
from audit.verify import verify
from intake import access_log, cloudevents
from intake.calendar import connector as calendar_file
from intake.crm import accounts as crm_accounts
from intake.crm import opportunities as crm_opportunities
from intake.files.merging import merge_by_time
from intake.mail import connector as mbox
from intake.mail.threads import index_threads
from intake.observation import Item
from intake.segment import connector as segment
from projections.queries import open_queries
from schemas.times import parse_time
from staffel.cli.account_view import print_account
from staffel.cli.accounts import names_of, print_accounts
from staffel.cli.handoffs import people_of, print_handoffs
from staffel.cli.output import print_json, progress, say
from staffel.connect import connect_embedded, examples
from staffel.embedded import Embedded
from staffel.ingestion import ingest_and_settle
from staffel.settings import Settings

HOME = Path(".demo")
OURS = frozenset({"nordwerk-med.example"})
SITE = "https://www.nordwerk-med.example"
END = parse_time("2026-11-01T00:00:00Z")
"""The day the example is looked at; its clock stands there, so that it tells the same on every day."""
EXPLAINED = "rheinquell-biologics.example"


def play(as_json: bool) -> None:
    """Begin anew, take in every file by time, show what sales would want to see, and prove it."""
    folder = examples() / "medtech"
    shutil.rmtree(HOME, ignore_errors=True)
    model, networks = folder / "model.yaml", folder / "networks.csv"
    settings = Settings(home=HOME, database=None, log="sql", partitions=1, model=model, networks=networks)
    random = Random("medtech")
    staffel = connect_embedded(settings, lambda: END, random.randbytes)
    try:
        items = list(merge_by_time(files(folder / "data")))
        with progress("a year of engagement", len(items)) as advance:
            tally = ingest_and_settle(staffel, items, advance)
        if as_json:
            show_json(staffel, tally.as_json())
        else:
            say("The medtech example: a year of SYNTHETIC engagement of a fictitious maker and its accounts.")
            say(f"7 files, {tally.read} items, {tally.recorded} facts recorded.")
            show(staffel)
    finally:
        staffel.close()


def files(folder: Path) -> list[Iterator[Item]]:
    """Each file through the connector of its format; accounts first, so that a registration wins at equal times."""
    mail = folder / "marketing.mbox"
    return [
        crm_accounts.read(folder / "accounts.csv"),
        access_log.read(folder / "access.log", site=SITE),
        segment.read(folder / "site.segment.jsonl", name="website"),
        mbox.read(mail, OURS, threads=index_threads([mail], OURS)),
        calendar_file.read(folder / "calendar.ics", OURS, now=END),
        cloudevents.read(folder / "bus.cloudevents.jsonl"),
        crm_opportunities.read(folder / "opportunities.csv"),
    ]


def show(staffel: Embedded) -> None:
    at = latest_time(staffel.log)
    print_accounts(standings(staffel.engine, staffel.plan, at))
    with open_queries(staffel.engine) as questions:
        handoffs = [handoff_json(row) for row in questions.handoffs(only_open=True)]
    say("\nOpen handoffs")
    print_handoffs(handoffs, people_of(staffel, handoffs))
    told = explanation(staffel.engine, staffel.log, staffel.plan, EXPLAINED, at, historic=False, lines=True, deep=False)
    if told is not None:
        say("\nWhy one of them has its score")
        print_account(told, names_of(staffel, told), explain=False, deep=False)
    verified = verify(staffel.log, staffel.engine)
    say(f"\naudit verify: {verified.accounts} accounts, {verified.facts} facts, {len(verified.mismatches)} mismatches")
    say(NEXT)


NEXT = """
Where to go next, with this example (it lives in .demo, never in your own home):
  STAFFEL_HOME=.demo .venv/bin/staffel account alvarin-pharma.example --explain
  STAFFEL_HOME=.demo .venv/bin/staffel handoffs
  STAFFEL_HOME=.demo .venv/bin/staffel audit replay
and with data of your own:
  .venv/bin/staffel ingest access-log /var/log/nginx/access.log
  .venv/bin/staffel accounts"""


def show_json(staffel: Embedded, tally: dict[str, object]) -> None:
    at = latest_time(staffel.log)
    with open_queries(staffel.engine) as questions:
        handoffs = [handoff_json(row) for row in questions.handoffs(only_open=True)]
    verified = verify(staffel.log, staffel.engine)
    mismatches = [vars(mismatch) for mismatch in verified.mismatches]
    audit = {"accounts": verified.accounts, "facts": verified.facts, "mismatches": mismatches}
    accounts = standings(staffel.engine, staffel.plan, at)
    print_json({"ingest": tally, "accounts": accounts, "handoffs": handoffs, "verify": audit})
