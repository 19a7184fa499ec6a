"""What sources told of accounts and contacts last, and the ids and names of accounts in other systems."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "told_profiles",
        sa.Column("source", Text, primary_key=True),
        sa.Column("subject", Text, primary_key=True),
        sa.Column("account", Text, primary_key=True),
        sa.Column("record", Text),
        sa.Column("fact", Text, nullable=False),
        sa.Column("time", BigInteger, nullable=False),
        sa.Column("fields", Text, nullable=False),
    )
    op.create_table(
        "directory_aliases",
        sa.Column("system", Text, primary_key=True),
        sa.Column("id", Text, primary_key=True),
        sa.Column("name", Text, primary_key=True),
        sa.Column("account", Text, primary_key=True),
        sa.Column("name_key", Text, nullable=False),
    )
    op.create_index("directory_aliases_by_id", "directory_aliases", ["id"])
    op.create_index("directory_aliases_by_name", "directory_aliases", ["name_key"])
    op.create_index("directory_aliases_by_account", "directory_aliases", ["account"])
