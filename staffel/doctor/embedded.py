"""Checks of a home: what was found, and what to do. Never mends anything."""

from typing import Any

from audit.accounts_as_of import latest_time
from projections.lag import read_lag
from schemas.topics import ENGAGEMENT
from scoring.model.loading import DocumentError, load_model, version_of
from staffel.application import Staffel
from staffel.connect import model_text
from staffel.dead_letters import all_letters
from staffel.settings import Settings
from staffel.wording import counted
from streams.log import Log

Json = dict[str, Any]
_FAR_MS = 10 * 60_000


def findings(staffel: Staffel) -> list[Json]:
    """One row per check: `ok`, `check`, `found`, `advice`."""
    return [
        row("database", True, staffel.engine.url.render_as_string()),
        model(staffel.settings, staffel.plan.version),
        *networks(staffel.settings),
        *lags(staffel),
        letters(staffel.log),
        newest(staffel.log, staffel.clock()),
        host(staffel),
    ]


def row(check: str, ok: bool, found: str, advice: str = "") -> Json:
    return {"check": check, "ok": ok, "found": found, "advice": "" if ok else advice}


def model(settings: Settings, active: str) -> Json:
    """The setting only counts for a new log; another model there misleads."""
    if settings.model is None:
        return row("model", True, active)
    try:
        asked = version_of(load_model(*model_text(settings)), 1)
    except (OSError, UnicodeDecodeError, DocumentError) as error:
        advice = f"STAFFEL_MODEL: {settings.model} cannot be read ({error}); the log has its own"
        return row("model", False, active, advice)
    advice = "STAFFEL_MODEL names another model than the log began with; it has no effect on a log that exists"
    return row("model", asked == active, active, advice)


def networks(settings: Settings) -> list[Json]:
    """Lines of the operator's networks that cannot be read are left out where facts are recorded."""
    from intake.recorder.networks import read_networks

    path = settings.networks
    if path is None:
        return []
    _, problems = read_networks(path)
    shown = "; ".join(f"{problem.where}: {problem.why}" for problem in problems[:3])
    return [row("networks", not problems, f"{path}, {counted(len(problems), 'problem')}", shown)]


def lags(staffel: Staffel) -> list[Json]:
    """The first record of a partition is its model's activation, which nothing waits for."""
    state = read_lag(staffel.engine, staffel.log, staffel.clock())
    behind = state.scorer_lag - sum(staffel.log.position(p) == 0 for p in range(staffel.log.partitions(ENGAGEMENT)))
    advice = "run `staffel up`, or any command that records, to let it catch up"
    return [
        row("scored", behind == 0, f"{counted(behind, 'fact')} behind", advice),
        row("projected", state.projector_lag == 0, f"{counted(state.projector_lag, 'update')} behind", advice),
        row("outbox", state.outbox_waiting == 0, f"{state.outbox_waiting} waiting", advice),
    ]


def letters(log: Log) -> Json:
    """Those that were not recorded again."""
    retried = [told["retried"] for told, _ in all_letters(log)]
    waiting = len(retried) - sum(retried)
    found = f"{waiting} waiting" + (f", {sum(retried)} recorded again" if any(retried) else "")
    return row("dead letters", waiting == 0, found, "`staffel dead-letters list` tells why")


def newest(log: Log, now: int) -> Json:
    """Facts are refused whose time lies ahead of this machine's clock."""
    ahead = latest_time(log) - now
    advice = "the newest fact lies ahead of this machine's clock; set the clock"
    return row("clock", ahead <= _FAR_MS, "in step" if ahead <= _FAR_MS else f"{ahead // 1000} s behind", advice)


def host(staffel: Staffel) -> Json:
    partitions = staffel.log.partitions(ENGAGEMENT)
    return row("host", True, f"{staffel.lock.holder() or 'no process'} hosts; {counted(partitions, 'partition')}")
