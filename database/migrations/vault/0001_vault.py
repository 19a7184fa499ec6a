"""The vault in a place of its own: persons and their pseudonyms, ids of sources, and who was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_persons()
    _create_ids_of_sources()
    op.create_table(
        "vault_tombstones",
        sa.Column("address_hash", sa.Text, primary_key=True),
        sa.Column("erased_at", sa.BigInteger, nullable=False),
        sa.Column("contact", sa.Text),
    )


def _create_persons() -> None:
    op.create_table(
        "vault_secrets",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("forgotten", sa.Integer, nullable=False),
    )
    op.create_table(
        "vault",
        sa.Column("contact", sa.Text, primary_key=True),
        sa.Column("address_hash", sa.Text, nullable=False, unique=True),
        sa.Column("email", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("phone", sa.Text),
    )
    op.create_table(
        "vault_homes",
        sa.Column("contact", sa.Text, primary_key=True),
        sa.Column("visitor", sa.Text, primary_key=True),
    )


def _create_ids_of_sources() -> None:
    op.create_table(
        "vault_persons",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("contact", sa.Text, nullable=False),
    )
    op.create_index("ix_vault_persons_contact", "vault_persons", ["contact"])
    op.create_table(
        "vault_companies",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("company", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
    )
