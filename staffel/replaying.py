"""A replay as programs get it, by as many processes as are worth while. Never writes."""

import os
from typing import Any

from audit.parallel_replay import Order, replay_told
from audit.replay import Progress
from schemas.topics import ENGAGEMENT
from scoring.plan.plan import Plan
from staffel.wiring import Staffel

Json = dict[str, Any]
WORTH_WHILE = 200_000
"""Facts below which one process is done before another has started."""


def replayed_json(
    staffel: Staffel,
    plan: Plan | None,
    since: int | None,
    until: int | None,
    progress: Progress,
    processes: int | None = None,
) -> Json:
    """Accounts with digest and tracks valued at the end of the replay, and the handoffs that it opened.

    `processes`: None for one per core where the log is long enough.
    """
    order = Order(
        staffel.settings.kafka or staffel.settings.database_url,
        staffel.log.partitions(ENGAGEMENT),
        plan.model if plan else None,
        plan.version if plan else "",
        since,
        until,
    )
    return replay_told(order, processes or processes_for(staffel), progress)


def processes_for(staffel: Staffel) -> int:
    partitions = range(staffel.log.partitions(ENGAGEMENT))
    facts = sum(staffel.log.end(ENGAGEMENT, partition) for partition in partitions)
    return 1 if facts < WORTH_WHILE else min(len(partitions), os.cpu_count() or 1)
