"""Alembic's entry: runs the migrations on the database whose address the configuration carries."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from lims.core.db import Database
from lims.schema import load_tables

_MIGRATION_LOCK = 996_2026


def run() -> None:
    """Run the migrations in one transaction: one of their own, or that of a connection that is handed over."""
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        _migrate(given)
        return
    database = Database(context.config.attributes["url"])
    try:
        with database.engine.connect().execution_options(lims_write=True) as connection:
            _migrate(connection)
            connection.commit()
    finally:
        database.dispose()


def _migrate(connection: Connection) -> None:
    """On PostgreSQL one process at a time."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=load_tables(),
        compare_type=True,
        compare_server_default=True,
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="columns.",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
