"""Checks of an embedded home: findings and advice. Runs the steps once if nobody else does; repairs nothing."""

from typing import Any

from audit import latest_time
from database import Database, DatabaseError, shown_address
from intake.recorder import read_networks
from projections import projection_lag, reactor_backlog, scoring_lag, stale_in, unidentified_visitors
from schemas import ENGAGEMENT, SCORES
from scoring.model import DocumentError, load_model, version_of
from staffel.application import Application, source_settings
from staffel.connect import model_text
from staffel.dead_letters import letter_rows
from staffel.doctor.alerts import check_alerts
from staffel.doctor.closed_days import check_closed_days
from staffel.doctor.vault import check_vault
from staffel.errors import UsageError
from staffel.settings import SETTINGS_FILE, Settings
from staffel.wording import quantity
from streams import Log, LogUnavailable, stoppage_of

Json = dict[str, Any]
_MAX_CLOCK_SKEW_MS = 10 * 60_000


def findings(application: Application) -> list[Json]:
    """One row per check: `ok`, `check`, `found`, `advice`."""
    return [
        *check_settings_file(),
        finding("database", True, shown_address(application.engine)),
        *check_vault(application.settings, application.engine),
        check_model(application.settings, application.plan.version),
        *check_closed_days(application.plan.model, application.clock()),
        *check_networks(application.settings),
        *check_sources(application.settings),
        *check_alerts(application.settings, application.engine, application.plan.model),
        check_work(application),
        *check_lags(application),
        check_stale_accounts(application.engine),
        check_visitors(application.engine),
        check_dead_letters(application.log),
        check_clock(application.log, application.clock()),
        check_host(application),
    ]


def finding(check: str, ok: bool, found: str, advice: str = "") -> Json:
    return {"check": check, "ok": ok, "found": found, "advice": "" if ok else advice}


def check_settings_file() -> list[Json]:
    """Which file of the working folder was read, as in a folder of somebody else it may name another database."""
    found = f"environment, {SETTINGS_FILE} of this folder"
    return [finding("settings", True, found)] if SETTINGS_FILE.is_file() else []


def check_model(settings: Settings, active: str) -> Json:
    """STAFFEL_MODEL only applies to a new log; a different model there is misleading."""
    if settings.model is None:
        return finding("model", True, active)
    try:
        configured = version_of(load_model(*model_text(settings)), 1)
    except (OSError, UnicodeDecodeError, DocumentError) as error:
        advice = f"STAFFEL_MODEL: {settings.model} cannot be read ({error}); the log keeps its own model"
        return finding("model", False, active, advice)
    advice = "STAFFEL_MODEL is not the model this log started with; the setting has no effect on an existing log"
    return finding("model", configured == active, active, advice)


def check_networks(settings: Settings) -> list[Json]:
    """Unreadable lines of the operator's networks are ignored when facts are recorded."""
    path = settings.networks
    if path is None:
        return []
    _, problems = read_networks(path)
    problem_text = "; ".join(f"{problem.where}: {problem.why}" for problem in problems[:3])
    return [finding("networks", not problems, f"{path}, {quantity(len(problems), 'problem')}", problem_text)]


def check_sources(settings: Settings) -> list[Json]:
    """Without a valid file of settings nothing can be imported."""
    if settings.sources is None:
        return []
    try:
        names = [name for name, _ in source_settings(settings)]
    except (UsageError, DocumentError) as error:
        return [finding("sources", False, str(settings.sources), f"STAFFEL_SOURCES: {str(error).splitlines()[0]}")]
    return [finding("sources", True, f"{settings.sources}, {quantity(len(names), 'source')}")]


def check_work(application: Application) -> Json:
    """Whether every step goes on: they run once if no other process hosts, as its own error would end it."""
    if not application.lock.try_acquire():
        return finding("work", True, f"done by {application.lock.holder() or 'another process'}")
    try:
        application.drain()
    except Exception as error:
        stoppage = stoppage_of(error)
        if stoppage is None or isinstance(error, (DatabaseError, LogUnavailable)):
            raise
        advice = "facts are recorded, and wait; report the step, the place and the code"
        return finding("work", False, str(stoppage), advice)
    finally:
        application.lock.release()
    return finding("work", True, "every step goes on")


def check_stale_accounts(engine: Database) -> Json:
    """Accounts that the projector has set aside, and records of `scores` that are no updates."""
    stale = stale_in(engine)
    shown = ", ".join(f"{SCORES}/{each.partition}/{each.offset} ({each.code})" for each in stale[:3])
    found = f"{quantity(len(stale), 'account')} set aside{f': {shown}' if shown else ''}"
    return finding("read models", not stale, found, "`staffel rebuild main` writes them again")


def check_lags(application: Application) -> list[Json]:
    scorer_lag = sum(scoring_lag(application.log, count_activations=False).values())
    projector_lag = sum(projection_lag(application.engine, application.log).values())
    backlog = reactor_backlog(application.engine, application.clock())
    advice = "run `staffel up` or any recording command to catch up"
    return [
        finding("scored", scorer_lag == 0, f"{quantity(scorer_lag, 'fact')} behind", advice),
        finding("projected", projector_lag == 0, f"{quantity(projector_lag, 'update')} behind", advice),
        finding("outbox", backlog.outbox == 0, f"{backlog.outbox} waiting", advice),
    ]


def check_visitors(engine: Database) -> Json:
    """How many visitors are in no list of accounts; nothing is wrong with that."""
    found = unidentified_visitors(engine)
    text = f"{quantity(found.visitors, 'visitor')} without a company, {quantity(found.facts, 'fact')} kept"
    return finding("visitors", True, text)


def check_dead_letters(log: Log) -> Json:
    """Dead letters that were neither recorded again nor dropped."""
    letters = [letter for letter, _ in letter_rows(log)]
    retried = sum(letter["retried"] for letter in letters)
    dropped = sum(letter["dropped"] is not None and not letter["retried"] for letter in letters)
    waiting = len(letters) - retried - dropped
    counts = {"retried": retried, "dropped": dropped}
    found = ", ".join([f"{waiting} waiting", *(f"{count} {what}" for what, count in counts.items() if count)])
    return finding("dead letters", waiting == 0, found, "`staffel dead-letters list` shows the errors")


def check_clock(log: Log, now: int) -> Json:
    """Facts with a time ahead of this machine's clock are rejected."""
    ahead = latest_time(log) - now
    advice = "the newest fact is ahead of this machine's clock; set the clock"
    return finding(
        "clock",
        ahead <= _MAX_CLOCK_SKEW_MS,
        "in sync" if ahead <= _MAX_CLOCK_SKEW_MS else f"{ahead // 1000} s behind",
        advice,
    )


def check_host(application: Application) -> Json:
    partitions = application.log.partitions(ENGAGEMENT)
    return finding(
        "host", True, f"{application.lock.holder() or 'no process'} running; {quantity(partitions, 'partition')}"
    )
