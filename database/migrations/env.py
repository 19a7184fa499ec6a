"""Runs migrations on the connection that `database.migrate` hands over. Never opens one of its own."""

from alembic import context

from database.engine import schema_of


def _run() -> None:
    # One transaction around all of it, on SQLite too: a start that is killed leaves the old tables or the new ones.
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transactional_ddl=True, version_table_schema=schema_of(connection))
    with context.begin_transaction():
        context.run_migrations()


_run()
