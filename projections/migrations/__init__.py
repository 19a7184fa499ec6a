"""How the tables came to be, step by step, run by alembic. Never changes a step that was released."""
