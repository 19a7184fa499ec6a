"""The vault moves to a place of its own; the database keeps a fingerprint of its secret.

The tables of a vault in use stay until they are copied (`intake/vault/location.py`).
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_TABLES = ("vault_companies", "vault_persons", "vault_homes", "vault", "vault_secrets")


def upgrade() -> None:
    op.create_table(
        "vault_links",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.Text),
        sa.Column("asks_former_ids", sa.Boolean, nullable=False),
        sa.Column("needs_vacuum", sa.Boolean, nullable=False),
    )
    had_vault = op.get_bind().execute(sa.text("SELECT count(*) FROM vault_secrets")).scalar_one() > 0
    names = ("id", "fingerprint", "asks_former_ids", "needs_vacuum")
    row = {"id": 1, "fingerprint": None, "asks_former_ids": had_vault, "needs_vacuum": had_vault}
    op.bulk_insert(sa.table("vault_links", *map(sa.column, names)), [row])
    if not had_vault:
        for table in _TABLES:
            op.drop_table(table)
