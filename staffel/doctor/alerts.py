"""Check of the channels of STAFFEL_ALERTS against the active model: handoffs that nobody hears of."""

from typing import Any

from database import Database
from schemas import DocumentError
from scoring.model import ScoringModel
from staffel.application import alert_settings
from staffel.errors import UsageError
from staffel.processes.alerts import channel_problems
from staffel.settings import Settings

Json = dict[str, Any]
_MAX_PROBLEMS = 3


def check_alerts(settings: Settings, engine: Database, model: ScoringModel) -> list[Json]:
    """One row where STAFFEL_ALERTS names a file."""
    if settings.alerts is None:
        return []
    try:
        problems = channel_problems(engine, model, alert_settings(settings))
    except (UsageError, DocumentError) as error:
        problems = [str(error).splitlines()[0]]
    shown = [
        *problems[:_MAX_PROBLEMS],
        *(["and more: `staffel alerts check`"] if len(problems) > _MAX_PROBLEMS else []),
    ]
    return [{"check": "alerts", "ok": not problems, "found": str(settings.alerts), "advice": "; ".join(shown)}]
