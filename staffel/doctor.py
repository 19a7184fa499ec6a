"""Checks of a home: what was found, and what to do. Never mends anything."""

from typing import Any

from projections.health import health
from schemas.topics import DEAD_LETTERS, ENGAGEMENT
from scoring.model import load_model, version_of
from staffel.wiring import Staffel, model_text

Json = dict[str, Any]
_FAR_MS = 10 * 60_000


def findings(staffel: Staffel) -> list[Json]:
    """One row per check: `ok`, `check`, `found`, `advice`."""
    return [database(staffel), model(staffel), *lags(staffel), letters(staffel), clock(staffel), host(staffel)]


def row(check: str, ok: bool, found: str, advice: str = "") -> Json:
    return {"check": check, "ok": ok, "found": found, "advice": "" if ok else advice}


def database(staffel: Staffel) -> Json:
    return row("database", True, staffel.engine.url.render_as_string())


def model(staffel: Staffel) -> Json:
    """The setting only counts for a new log; another model there misleads."""
    active = staffel.plan.version
    asked = version_of(load_model(*model_text(staffel.settings)), 1) if staffel.settings.model else active
    advice = "STAFFEL_MODEL names another model than the log began with; it has no effect on a log that exists"
    return row("model", asked == active, active, advice)


def lags(staffel: Staffel) -> list[Json]:
    state = health(staffel.engine, staffel.log, staffel.clock())
    advice = "run `staffel up`, or any command that records, to let it catch up"
    return [
        row("scored", state.scorer_lag == 0, f"{state.scorer_lag} facts behind", advice),
        row("projected", state.projector_lag == 0, f"{state.projector_lag} updates behind", advice),
        row("outbox", state.outbox_waiting == 0, f"{state.outbox_waiting} waiting", advice),
    ]


def letters(staffel: Staffel) -> Json:
    count = sum(staffel.log.end(DEAD_LETTERS, p) for p in range(staffel.log.partitions(DEAD_LETTERS)))
    return row("dead letters", count == 0, str(count), "`staffel dead-letters list` tells why")


def clock(staffel: Staffel) -> Json:
    """Facts are refused whose time lies ahead of this machine's clock."""
    from audit.standing import latest_time

    ahead = latest_time(staffel.log) - staffel.clock()
    advice = "the newest fact lies ahead of this machine's clock; set the clock"
    return row("clock", ahead <= _FAR_MS, "in step" if ahead <= _FAR_MS else f"{ahead // 1000} s behind", advice)


def host(staffel: Staffel) -> Json:
    partitions = staffel.log.partitions(ENGAGEMENT)
    return row("host", True, f"{staffel.lock.holder() or 'no process hosts'}; {partitions} partition(s)")
