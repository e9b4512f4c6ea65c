"""The integrity of a whole database: every stored hash, every reference, every trigger, every number, every chain.

What is checked is a list to which each package contributes (its `integrity.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from certificates import integrity as of_certificates
from lims.calibrations import integrity as of_calibrations
from lims.core import integrity as of_core
from lims.core.audit import ChainHead, chain_heads, verify_chains
from lims.core.db import Database, alembic_config
from lims.core.integrity import Check, IntegrityProblem, IntegrityReport, broken_references
from lims.core.triggers import existing_triggers, plan_of, wanted_triggers
from lims.jobs import integrity as of_jobs
from lims.people import integrity as of_people
from lims.procedures import integrity as of_procedures
from lims.schema import load_tables
from standards import integrity as of_standards

CHECKS: Final[tuple[Check, ...]] = (
    *of_core.CHECKS,
    *of_people.CHECKS,
    *of_standards.CHECKS,
    *of_procedures.CHECKS,
    *of_jobs.CHECKS,
    *of_calibrations.CHECKS,
    *of_certificates.CHECKS,
)


def check_database(database: Database, anchors: Sequence[ChainHead]) -> IntegrityReport:
    """Check everything as it stands at one instant; reads only. Returns what was checked and every problem found."""
    with database.reading() as session:
        return check_connection(session.connection(), anchors)


def check_connection(connection: Connection, anchors: Sequence[ChainHead]) -> IntegrityReport:
    """Check everything that a connection's transaction sees."""
    tables = load_tables().tables
    checked = {"tables": len(tables)}
    problems = list(_schema(connection))
    if problems:
        return IntegrityReport(checked, tuple(problems))
    problems += _missing_triggers(connection)
    problems += broken_references(connection, tables)
    checked["references"] = sum(len(table.foreign_keys) for table in tables.values())
    with Session(connection, expire_on_commit=False, join_transaction_mode="rollback_only") as session:
        session.info["writing"] = False
        for check in CHECKS:
            checked[check.name] = _run(session, check, problems)
        checked["audit_chains"] = _chains(session, anchors, problems)
        session.expunge_all()
    return IntegrityReport(checked, tuple(problems))


def _run(session: Session, check: Check, problems: list[IntegrityProblem]) -> int:
    """Run one check; rows that cannot even be read are a problem too."""
    count = 0
    try:
        for item in check.run(session):
            if isinstance(item, int):
                count += item
            else:
                problems.append(item)
    except (ValueError, KeyError, TypeError, DatabaseError) as error:
        said = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        problems.append(IntegrityProblem("integrity.unreadable", {"what": check.name, "reason": said}))
    return count


def _chains(session: Session, anchors: Sequence[ChainHead], problems: list[IntegrityProblem]) -> int:
    fault = verify_chains(session, list(anchors))
    if fault is not None:
        problems.append(IntegrityProblem(fault.reason, {"site_id": fault.site_id, "sequence": fault.sequence}))
    return sum(head.sequence for head in chain_heads(session))


def _schema(connection: Connection) -> Iterator[IntegrityProblem]:
    """Without the right revision nothing else can be read."""
    head = ScriptDirectory.from_config(alembic_config("sqlite://")).get_current_head()
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision != head:
        yield IntegrityProblem("integrity.revision", {"found": revision or "–", "wanted": head})


def _missing_triggers(connection: Connection) -> Iterator[IntegrityProblem]:
    wanted = wanted_triggers(plan_of(load_tables()), connection.dialect.name)
    existing = existing_triggers(connection)
    for name in sorted(wanted.keys() - existing):
        yield IntegrityProblem("integrity.trigger_missing", {"name": name})
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"))
        for name, statement in rows:
            if name in wanted and [statement] != wanted[name]:
                yield IntegrityProblem("integrity.trigger_altered", {"name": name})


def as_json(report: IntegrityReport) -> str:
    """Return the report as one JSON document."""
    problems: list[dict[str, Any]] = [{"code": item.code, **item.values} for item in report.problems]
    return json.dumps({"checked": report.checked, "problems": problems}, ensure_ascii=False, default=str)
