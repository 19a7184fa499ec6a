"""Alembic's environment; `versions/` holds the steps."""
