"""Checks of a home: what was found, and what to do. Never mends anything."""

from typing import Any

from audit.accounts_as_of import latest_time
from projections.lag import projection_lag, reactor_backlog, scoring_lag
from schemas.topics import ENGAGEMENT
from scoring.model.loading import DocumentError, load_model, version_of
from staffel.application import Application
from staffel.connect import model_text
from staffel.dead_letters import letter_rows
from staffel.settings import Settings
from staffel.wording import quantity
from streams.log import Log

Json = dict[str, Any]
_MAX_CLOCK_SKEW_MS = 10 * 60_000


def findings(application: Application) -> list[Json]:
    """One row per check: `ok`, `check`, `found`, `advice`."""
    return [
        finding("database", True, application.engine.url.render_as_string()),
        check_model(application.settings, application.plan.version),
        *check_networks(application.settings),
        *check_lags(application),
        check_dead_letters(application.log),
        check_clock(application.log, application.clock()),
        check_host(application),
    ]


def finding(check: str, ok: bool, found: str, advice: str = "") -> Json:
    return {"check": check, "ok": ok, "found": found, "advice": "" if ok else advice}


def check_model(settings: Settings, active: str) -> Json:
    """The setting only counts for a new log; another model there misleads."""
    if settings.model is None:
        return finding("model", True, active)
    try:
        configured = version_of(load_model(*model_text(settings)), 1)
    except (OSError, UnicodeDecodeError, DocumentError) as error:
        advice = f"STAFFEL_MODEL: {settings.model} cannot be read ({error}); the log has its own"
        return finding("model", False, active, advice)
    advice = "STAFFEL_MODEL names another model than the log began with; it has no effect on a log that exists"
    return finding("model", configured == active, active, advice)


def check_networks(settings: Settings) -> list[Json]:
    """Lines of the operator's networks that cannot be read are left out where facts are recorded."""
    from intake.recorder.networks import read_networks

    path = settings.networks
    if path is None:
        return []
    _, problems = read_networks(path)
    problem_text = "; ".join(f"{problem.where}: {problem.why}" for problem in problems[:3])
    return [finding("networks", not problems, f"{path}, {quantity(len(problems), 'problem')}", problem_text)]


def check_lags(application: Application) -> list[Json]:
    scorer_lag = sum(scoring_lag(application.log, count_activations=False).values())
    projector_lag = sum(projection_lag(application.engine, application.log).values())
    backlog = reactor_backlog(application.engine, application.clock())
    advice = "run `staffel up`, or any command that records, to let it catch up"
    return [
        finding("scored", scorer_lag == 0, f"{quantity(scorer_lag, 'fact')} behind", advice),
        finding("projected", projector_lag == 0, f"{quantity(projector_lag, 'update')} behind", advice),
        finding("outbox", backlog.outbox == 0, f"{backlog.outbox} waiting", advice),
    ]


def check_dead_letters(log: Log) -> Json:
    """Those that were not recorded again."""
    retried = [letter["retried"] for letter, _ in letter_rows(log)]
    waiting = len(retried) - sum(retried)
    found = f"{waiting} waiting" + (f", {sum(retried)} recorded again" if any(retried) else "")
    return finding("dead letters", waiting == 0, found, "`staffel dead-letters list` tells why")


def check_clock(log: Log, now: int) -> Json:
    """Facts are refused whose time lies ahead of this machine's clock."""
    ahead = latest_time(log) - now
    advice = "the newest fact lies ahead of this machine's clock; set the clock"
    return finding(
        "clock",
        ahead <= _MAX_CLOCK_SKEW_MS,
        "in step" if ahead <= _MAX_CLOCK_SKEW_MS else f"{ahead // 1000} s behind",
        advice,
    )


def check_host(application: Application) -> Json:
    partitions = application.log.partitions(ENGAGEMENT)
    return finding(
        "host", True, f"{application.lock.holder() or 'no process'} hosts; {quantity(partitions, 'partition')}"
    )
