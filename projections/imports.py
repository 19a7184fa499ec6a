"""Files that were read to their end, remembered by content. Never opens a file."""

from sqlalchemy import Engine, select

from projections.database import reading
from projections.statements import add_missing
from projections.work_tables import imports


class Imports:
    """By kind of file (`access-log`), size in bytes and digest of so many bytes; a grown file begins as the old."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self, kind: str, up_to: int) -> list[tuple[int, str]]:
        """Size and digest of each file of this kind that is not longer, longest first."""
        statement = select(imports.c.size, imports.c.digest).where(imports.c.kind == kind, imports.c.size <= up_to)
        with reading(self._engine).connect() as connection:
            return [(row.size, row.digest) for row in connection.execute(statement.order_by(imports.c.size.desc()))]

    def remember(self, kind: str, size: int, digest: str, at: int) -> None:
        with self._engine.begin() as connection:
            add_missing(connection, imports, [{"kind": kind, "size": size, "digest": digest, "at": at}])
