"""`staffel demo`: the medtech example in a home of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import typer
from pydantic import SecretStr

from audit import HandoffView, account_report, latest_time, ranked_accounts, verify
from intake import Item, access_log, cloudevents
from intake.calendar import read as read_calendar
from intake.crm import read_accounts, read_opportunities
from intake.files import merge_by_time
from intake.mail import index_threads
from intake.mail import read as read_mailbox
from intake.segment import read as read_segment
from projections import WorkListFilter, listed_handoffs, open_queries
from schemas import parse_time
from staffel.cli.account_page import account_page
from staffel.cli.account_view import print_account
from staffel.cli.accounts import print_accounts
from staffel.cli.audit import verify_summary
from staffel.cli.groups import examples
from staffel.cli.handoff_view import print_handoffs
from staffel.cli.handoffs import handoff_contact_names
from staffel.cli.output import print_json, print_line, progress_bar
from staffel.cli.session import AsJson, read_settings
from staffel.cli.viewer import viewer_of
from staffel.connect import create_home, examples_folder
from staffel.embedded import Embedded
from staffel.ingestion import ingest_and_wait, unidentified_text

DEMO_HOME = Path(".demo")
OWN_DOMAINS = frozenset({"nordwerk-med.example"})
SITE = "https://www.nordwerk-med.example"
DEMO_TIME = parse_time("2026-11-01T00:00:00Z")
"""The fixed clock of the example, so that its output is the same every day."""
EXPLAINED_ACCOUNT = "rheinquell-biologics.example"

commands = typer.Typer()


@commands.command("demo", epilog=examples("staffel demo"))
def demo(as_json: AsJson = False) -> None:
    """Play the medtech example, from its files to handoffs with reasons, in a home of its own."""
    folder = examples_folder() / "medtech"
    settings = read_settings(
        home=DEMO_HOME,
        database=None,
        vault=None,
        log=SecretStr("sql"),
        partitions=1,
        model=folder / "model.yaml",
        networks=folder / "networks.csv",
        sources=folder / "sources.yaml",
    )
    shutil.rmtree(DEMO_HOME, ignore_errors=True)
    random = Random("medtech")
    application = create_home(settings, clock=lambda: DEMO_TIME, random_bytes=random.randbytes)
    try:
        items = list(merge_by_time(demo_items(folder / "data")))
        with progress_bar("a year of engagement", len(items)) as advance:
            tally = ingest_and_wait(application, items, advance)
        if as_json:
            print_demo_json(application, tally.as_json())
        else:
            print_line("The medtech example: a year of SYNTHETIC engagement of a fictitious company and its accounts.")
            print_line(f"7 files, {tally.read} items, {tally.recorded} facts recorded.")
            print_line(
                "Subjects of mails are kept, as examples/medtech/sources.yaml allows; other free text is left out."
            )
            print_demo(application)
    finally:
        application.close()


def demo_items(folder: Path) -> list[Iterator[Item]]:
    """Each file through its connector; accounts first, so that at equal times registrations win."""
    mail = folder / "marketing.mbox"
    return [
        read_accounts(folder / "accounts.csv"),
        access_log.read(folder / "access.log", site=SITE),
        read_segment(folder / "site.segment.jsonl", name="website"),
        read_mailbox(mail, OWN_DOMAINS, threads=index_threads([mail], OWN_DOMAINS)),
        read_calendar(folder / "calendar.ics", OWN_DOMAINS, now=DEMO_TIME),
        cloudevents.read(folder / "bus.cloudevents.jsonl"),
        read_opportunities(folder / "opportunities.csv"),
    ]


def print_demo(application: Embedded) -> None:
    at, plan = latest_time(application.log), application.plan
    print_accounts(ranked_accounts(application.engine, plan, at), viewer_of(application, at))
    if unidentified := unidentified_text(application.engine, application.settings):
        print_line(unidentified)
    handoffs = open_handoffs(application)
    print_line("\nOpen handoffs")
    print_handoffs(handoffs, handoff_contact_names(application, handoffs), viewer_of(application))
    report = account_report(
        application.engine,
        application.log,
        plan,
        EXPLAINED_ACCOUNT,
        at,
        historic=False,
        lines=True,
        deep=False,
    )
    if report is not None:
        print_line("\nWhy one of them has this score")
        print_account(account_page(application, report), explain=False, deep=False)
    verify_result = verify(application.log, application.engine)
    print_line(f"\naudit verify: {verify_summary(verify_result)}")
    print_line(NEXT_STEPS)


NEXT_STEPS = """
Next, with this example (in .demo, apart from your own home):
  STAFFEL_HOME=.demo .venv/bin/staffel account alvarin-pharma.example --explain
  STAFFEL_HOME=.demo .venv/bin/staffel handoffs
  STAFFEL_HOME=.demo .venv/bin/staffel audit replay
and with your own data:
  .venv/bin/staffel ingest access-log /var/log/nginx/access.log
  .venv/bin/staffel accounts"""


def open_handoffs(application: Embedded) -> list[HandoffView]:
    now = application.clock()
    with open_queries(application.engine) as queries:
        return [HandoffView.from_row(row, now) for row in listed_handoffs(queries, now, WorkListFilter())]


def print_demo_json(application: Embedded, tally: dict[str, object]) -> None:
    at = latest_time(application.log)
    verify_result = verify(application.log, application.engine)
    mismatches = [vars(mismatch) for mismatch in verify_result.mismatches]
    audit = {"accounts": verify_result.accounts, "facts": verify_result.facts, "mismatches": mismatches}
    accounts = ranked_accounts(application.engine, application.plan, at)
    print_json({"ingest": tally, "accounts": accounts, "handoffs": open_handoffs(application), "verify": audit})
