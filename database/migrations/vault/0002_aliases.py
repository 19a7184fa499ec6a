"""Links between the ids of a source that one person has, kept until their address is known."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "vault_aliases",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("link", sa.Text, primary_key=True),
    )
