"""Models that were ever activated, for whoever asks by version. Never judges or activates one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, select

from projections.database import reading
from projections.statements import add_missing
from projections.work_tables import models


class Models:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(
        self, model: str, content: dict[str, Any], *, approvals: Sequence[Any] = (), initial: bool, activated_at: int
    ) -> None:
        """Keep a version's content for ever; keeping it again changes nothing."""
        row = {"model": model, "content": content, "approvals": list(approvals), "initial": initial}
        with self._engine.begin() as connection:
            add_missing(connection, models, [row | {"activated_at": activated_at}])

    def content(self, model: str) -> dict[str, Any] | None:
        with reading(self._engine).connect() as connection:
            found = connection.execute(select(models.c.content).where(models.c.model == model)).scalar()
        return None if found is None else dict(found)

    def all(self) -> list[dict[str, Any]]:
        """Oldest activation first."""
        with reading(self._engine).connect() as connection:
            rows = connection.execute(select(models).order_by(models.c.activated_at, models.c.model))
            return [dict(row._mapping) for row in rows]
