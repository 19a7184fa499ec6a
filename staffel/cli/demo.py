"""`staffel demo`: the medtech example in a home of its own."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from random import Random
from textwrap import indent

import typer
from pydantic import SecretStr

from alerts import AlertOutbox, Dossiers, message
from audit import HandoffView, account_report, latest_time, ranked_accounts, verify
from intake import Item, Observation, access_log, cloudevents
from intake.calendar import read as read_calendar
from intake.crm import read_accounts, read_opportunities
from intake.files import merge_by_time
from intake.mail import index_threads
from intake.mail import read as read_mailbox
from intake.segment import read as read_segment
from projections import STAFFEL_SOURCE, Timers, WorkListFilter, listed_handoffs, new_event, open_queries
from schemas import ACCEPTED, PROPOSED, event_type, parse_time
from staffel.cli.account_page import account_page
from staffel.cli.account_view import print_account
from staffel.cli.accounts import print_accounts
from staffel.cli.answers import record_decision
from staffel.cli.audit import verify_summary
from staffel.cli.groups import examples
from staffel.cli.handoff_view import print_handoffs, quantity_of_handoffs
from staffel.cli.handoffs import handoff_contact_names
from staffel.cli.output import print_json, print_line, progress_bar
from staffel.cli.session import AsJson, read_settings
from staffel.cli.viewer import viewer_of
from staffel.connect import create_home, examples_folder
from staffel.embedded import Embedded
from staffel.ingestion import Tally, ingest_and_wait, unidentified_text

DEMO_HOME = Path(".demo")
OWN_DOMAINS = frozenset({"nordwerk-med.example"})
SITE = "https://www.nordwerk-med.example"
DEMO_TIME = parse_time("2026-11-01T00:00:00Z")
"""When the example ends; its clock is its own, so that its output is the same every day."""
LIVE_SINCE = parse_time("2026-10-26T00:00:00Z")
"""What happened before was imported then; what happened later was recorded as it happened."""
MORNING = parse_time("2026-10-30T08:15:00Z")
URGENT = "rheinquell-biologics.example"
SALES = "jana.voss"
TOP_ACCOUNTS = 5

commands = typer.Typer()


class DemoClock:
    def __init__(self) -> None:
        self.now = LIVE_SINCE

    def __call__(self) -> int:
        return self.now


@commands.command("demo", epilog=examples("staffel demo"))
def demo(as_json: AsJson = False) -> None:
    """Play a day of sales in the medtech example: work list, alert, reasons, answer, proof; in a home of its own."""
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
        zone=None,
    )
    shutil.rmtree(DEMO_HOME, ignore_errors=True)
    random, clock = Random("medtech"), DemoClock()
    application = create_home(settings, clock=clock, random_bytes=random.randbytes)
    try:
        items = list(merge_by_time(demo_items(folder / "data")))
        with progress_bar("a year of engagement", len(items)) as advance:
            until_morning, rest = split_at(items, MORNING)
            tally = record_as_it_happened(application, clock, until_morning, advance)
            pass_time(application, clock, MORNING)
        morning = open_handoffs(application)
        urgent = next(view for view in morning if view.account == URGENT)
        if not as_json:
            print_morning(application, tally, morning, urgent)
        decision = {"handoff": urgent.handoff, "by": SALES, "note": "calls Mr Okafor at ten"}
        record_decision(application, urgent.handoff, ACCEPTED, decision)
        if not as_json:
            print_answer(application, urgent)
        with progress_bar("the rest of the day", len(rest)) as advance:
            tally += record_as_it_happened(application, clock, rest, advance)
            pass_time(application, clock, DEMO_TIME)
        print_demo_json(application, tally.as_json()) if as_json else print_evening(application)
    finally:
        application.close()


def record_as_it_happened(
    application: Embedded, clock: DemoClock, items: Iterable[Item], advance: Callable[[int], object]
) -> Tally:
    """Import what is older than the home; record the rest minute by minute, with the clock at the last item of each."""
    tally = Tally()
    for _, portion in groupby(items, _minute_of):
        batch = list(portion)
        clock.now = max(clock.now, *(_time_of(item) for item in batch))
        tally += ingest_and_wait(application, batch, advance)
    return tally


def split_at(items: Sequence[Item], time: int) -> tuple[Sequence[Item], Sequence[Item]]:
    """What happened before, and the rest."""
    first = next((number for number, item in enumerate(items) if _time_of(item) >= time), len(items))
    return items[:first], items[first:]


def _minute_of(item: Item) -> int:
    """Items without a time belong to the import."""
    return max(_time_of(item), LIVE_SINCE) // 60_000


def _time_of(item: Item) -> int:
    return item.time if isinstance(item, Observation) else 0


def pass_time(application: Embedded, clock: DemoClock, until: int) -> None:
    """As the hosting process does: record what becomes due on the way."""
    clock.now = until
    timers = next(step for step in application.serving_steps() if step.name == Timers.name)
    while timers.advance():
        application.wait_until_visible()


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


def print_morning(application: Embedded, tally: Tally, views: Sequence[HandoffView], urgent: HandoffView) -> None:
    print_line("The medtech example: a year of SYNTHETIC engagement of a fictitious company and its accounts.")
    print_line(f"7 files, {tally.recorded} facts recorded until Friday morning, the last week as it happened.")
    print_line("Subjects of mails are kept, as examples/medtech/sources.yaml allows; other free text is left out.")
    viewer, people = viewer_of(application), handoff_contact_names(application, views)
    print_line(f"\nThe work list, {viewer.head}: {quantity_of_handoffs(views)}\n")
    print_handoffs(views, people, viewer)
    print_line(f"\nThe alert that sales got about {URGENT}\n")
    print_line(indent(alert_text(application, urgent, people), "  "))
    print_line("\nWhy, and whom to call")
    print_why(application)


def print_answer(application: Embedded, urgent: HandoffView) -> None:
    print_line(f"\nThe answer: `staffel handoff accept {urgent.handoff} --by {SALES}`\n")
    answered = [view for view in open_handoffs(application) if view.handoff == urgent.handoff]
    print_handoffs(answered, handoff_contact_names(application, answered), viewer_of(application))


def alert_text(application: Embedded, view: HandoffView, people: Mapping[str, str]) -> str:
    """As a chat shows it that may name persons."""
    proposal = AlertOutbox(application.engine).proposals([view.handoff])[view.handoff]
    identity = {"handoff": view.handoff, "account": view.account, "track": view.track, "name": view.name}
    plan = application.plan
    dossier = Dossiers(application.engine, application.log, lambda: plan).of(view.account, proposal, plan)
    event = new_event(
        STAFFEL_SOURCE, view.handoff, event_type(PROPOSED), view.account, parse_time(view.crossed_at),
        {**identity, **proposal, **dossier},
    )  # fmt: skip
    title, body = message("act_now" if view.act_now else "handoff_proposed", event, names=people)
    return f"{title}\n{body}"


def print_why(application: Embedded) -> None:
    report = account_report(
        application.engine,
        application.log,
        application.plan,
        URGENT,
        application.clock(),
        historic=False,
        lines=True,
        deep=False,
    )
    if report is not None:
        print_account(account_page(application, report), explain=False, deep=False)


def print_evening(application: Embedded) -> None:
    """After the rest of the week: where the accounts stand, and the proof that the log explains all of it."""
    print_line("\nThe accounts when the week is over\n")
    at = latest_time(application.log)
    ranked = ranked_accounts(application.engine, application.plan, at)
    print_accounts(ranked[:TOP_ACCOUNTS], viewer_of(application, at))
    if unidentified := unidentified_text(application.engine, application.settings):
        print_line(unidentified)
    print_line("\nThe proof: every score is recomputed from the log")
    print_line(f"audit verify: {verify_summary(verify(application.log, application.engine))}")
    print_line(NEXT_STEPS)


NEXT_STEPS = """
Next, with this example (in .demo, apart from your own home):
  STAFFEL_HOME=.demo .venv/bin/staffel account alvarin-pharma.example --explain
  STAFFEL_HOME=.demo .venv/bin/staffel handoffs
  STAFFEL_HOME=.demo .venv/bin/staffel audit replay
and with your own data:
  .venv/bin/staffel init
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
