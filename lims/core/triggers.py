"""Triggers that hold insert-only and frozen rows below the application, on both databases.

A table says in its `info` what it wants: `{"insert_only": True}` refuses every UPDATE and DELETE;
`{"no_delete": True}` refuses DELETE; `{"frozen": ("column", …), "frozen_when": "status <> 'draft'"}` refuses an UPDATE
that changes one of the columns while the old row meets the condition (always, without `frozen_when`);
`{"set_once": ("column", …)}` refuses an UPDATE of a column that already has a value.
Alembic's batch mode drops a table's triggers: a migration calls `create_triggers` again after each batch step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, MetaData, text

_MESSAGE = "permanent record"


TriggerPlan = Mapping[str, Mapping[str, Any]]
"""What each table wants, by its name: the `info` of the table."""


def plan_of(metadata: MetaData) -> TriggerPlan:
    """Return what the models want of every table."""
    return {table.name: table.info for table in metadata.sorted_tables if table.info}


def wanted_triggers(plan: TriggerPlan, dialect: str) -> dict[str, list[str]]:
    """Return the statements that create each wanted trigger, by trigger name."""
    wanted: dict[str, list[str]] = {}
    for table, info in plan.items():
        wanted.update(_triggers_of(table, info, dialect))
    return wanted


def create_triggers(connection: Connection, plan: TriggerPlan) -> None:
    """Create the triggers of a plan, replacing those that exist. A migration spells its plan out."""
    dialect = connection.dialect.name
    for table, info in plan.items():
        for name, statements in _triggers_of(table, info, dialect).items():
            suffix = "" if dialect == "sqlite" else f' ON "{table}"'
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}{suffix}"))
            for statement in statements:
                connection.execute(text(statement))


def existing_triggers(connection: Connection) -> set[str]:
    """Return the names of the triggers that the database holds and that are not switched off."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    else:
        rows = connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"))
    return {str(row[0]) for row in rows}


def _triggers_of(table: str, info: Mapping[str, Any], dialect: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if info.get("insert_only") or info.get("no_delete"):
        found.update(_trigger(table, "no_delete", "DELETE", "", dialect))
    if info.get("insert_only"):
        found.update(_trigger(table, "no_update", "UPDATE", "", dialect))
    elif info.get("frozen"):
        differs = " OR ".join(_differs(column, dialect) for column in info["frozen"])
        when = info.get("frozen_when")
        condition = f"({differs}) AND (OLD.{when})" if when else differs
        found.update(_trigger(table, "frozen", "UPDATE", condition, dialect))
    if info.get("set_once"):
        again = " OR ".join(
            f'(OLD."{column}" IS NOT NULL AND {_differs(column, dialect)})' for column in info["set_once"]
        )
        found.update(_trigger(table, "set_once", "UPDATE", again, dialect))
    return found


def _differs(column: str, dialect: str) -> str:
    operator = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    return f'OLD."{column}" {operator} NEW."{column}"'


def _trigger(table: str, suffix: str, action: str, condition: str, dialect: str) -> dict[str, list[str]]:
    name = f"trg_{table}_{suffix}"
    when = f" WHEN ({condition})" if condition else ""
    if dialect == "sqlite":
        body = f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}: {table}'); END"
        return {name: [f'CREATE TRIGGER {name} BEFORE {action} ON "{table}" FOR EACH ROW{when} {body}']}
    function = (
        "CREATE OR REPLACE FUNCTION lims_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_MESSAGE}: %', TG_TABLE_NAME; END $$"
    )
    create = f'CREATE TRIGGER {name} BEFORE {action} ON "{table}" FOR EACH ROW{when} EXECUTE FUNCTION lims_refuse()'
    return {name: [function, create]}
