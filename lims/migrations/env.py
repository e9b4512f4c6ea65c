"""Alembic's entry: runs the migrations on the database whose address the configuration carries."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from lims.core.db import Database
from lims.schema import load_tables

_MIGRATION_LOCK = 996_2026


def run() -> None:
    """Run the migrations in one transaction; on PostgreSQL one process at a time."""
    database = Database(context.config.attributes["url"])
    try:
        with database.engine.connect().execution_options(lims_write=True) as connection:
            if database.dialect == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            context.configure(
                connection=connection,
                target_metadata=load_tables(),
                compare_type=True,
                compare_server_default=True,
                render_as_batch=database.dialect == "sqlite",
                user_module_prefix="columns.",
                transaction_per_migration=False,
            )
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
    finally:
        database.dispose()


run()
