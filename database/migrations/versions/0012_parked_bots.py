"""Whether a parked fact is of a bot, so that visitors are counted without them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_MARK = '"bot"\\:true'
"""As SQLAlchemy writes a colon."""
_FILL = {
    "sqlite": f"UPDATE parked SET bot = 1 WHERE instr(fact, CAST('{_MARK}' AS BLOB)) > 0",
    "postgresql": f"UPDATE parked SET bot = true WHERE position(CAST('{_MARK}' AS bytea) IN fact) > 0",
}


def upgrade() -> None:
    op.add_column("parked", sa.Column("bot", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(_FILL[op.get_bind().dialect.name])
    op.create_index("parked_by_visitor", "parked", ["bot", "account"])
