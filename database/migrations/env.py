"""Runs migrations on the connection that `database.migrate` hands over. Never opens one of its own."""

from alembic import context


def _run() -> None:
    # One transaction around all of it, on SQLite too: a start that is killed leaves the old tables or the new ones.
    context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


_run()
