"""The traceability graph downward: which calibrations, runs and certificates one calibration of a standard reached.

Calibrations are walked level by level over one covering index, runs and certificates are joined once: the time grows
with the answer. Uses that were withdrawn and runs that were voided are not reached.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final, cast

from sqlalchemy import BigInteger, ColumnElement, Select, Text, any_, column, func, literal, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import FromClause

from certificates.models import CertificateRun
from certificates.reach_facts import Reach, ReachCount
from certificates.reach_levels import levels_of
from lims.calibrations.facts import RunState
from lims.calibrations.models import CalibrationRun, EquipmentUse
from standards.calibration_models import CalibrationEdge, StandardCalibration

VOIDED: Final = RunState.VOIDED.value


def numbers(session: Session, found: Collection[int]) -> FromClause:
    """Return keys as a table with the one column `id`, handed over as one value however many they are."""
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(json.dumps(sorted(found))).table_valued(column("value", BigInteger), name="number")
        return select(each.c.value.label("id")).subquery("numbers")
    held = func.unnest(literal(sorted(found), ARRAY(BigInteger))).table_valued("id", name="number").render_derived()
    return select(held.c.id.label("id")).subquery("numbers")


def within(session: Session, column_: Any, found: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of some keys, handed over as one value however many they are.

    Both databases look each of them up in the column's index: the time grows with the keys, not with the table.
    """
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(json.dumps(sorted(found))).table_valued(column("value", BigInteger), name="number")
        condition: ColumnElement[bool] = column_.in_(select(each.c.value))
        return condition
    held = sql_cast(func.string_to_array(",".join(map(str, sorted(found))), ","), ARRAY(BigInteger))
    return cast("ColumnElement[bool]", column_ == any_(held))


def gathered(session: Session, query: Select[Any]) -> list[int]:
    """Return a column of keys, handed over by the database as one value: many rows cost more than what they hold."""
    (key,) = query.subquery("gathered").c
    sqlite = session.get_bind().dialect.name == "sqlite"
    joined = func.group_concat(key) if sqlite else func.string_agg(sql_cast(key, Text), ",")
    text: str | None = session.execute(select(joined)).scalar_one()
    return [int(one) for one in text.split(",")] if text else []


def calibrations_below(session: Session, calibration_id: int) -> set[int]:
    """Return a calibration and every one that rests on it, found level by level."""
    seen, level = {calibration_id}, {calibration_id}
    while level:
        query = select(CalibrationEdge.lower_id).where(within(session, CalibrationEdge.upper_id, level))
        level = set(gathered(session, query)) - seen
        seen |= level
    return seen


def edges_below(session: Session, calibration_ids: Collection[int]) -> list[tuple[int, int]]:
    """Return the edges that go down from some calibrations, as upper and lower."""
    query = select(CalibrationEdge.upper_id, CalibrationEdge.lower_id).where(
        within(session, CalibrationEdge.upper_id, calibration_ids)
    )
    return list(dict.fromkeys((upper, lower) for upper, lower in session.execute(query)))


def reached_certificates(session: Session, calibration_id: int) -> list[int]:
    """Return the keys of every certificate that a calibration reached, directly and through others, each once."""
    below = calibrations_below(session, calibration_id)
    own = (
        select(CertificateRun.certificate_id)
        .join(EquipmentUse, CertificateRun.run_id == EquipmentUse.run_id)
        .where(within(session, EquipmentUse.calibration_id, below), EquipmentUse.withdrawn_at.is_(None))
    )
    found, batches = set(gathered(session, own)), batches_of(session, below)
    if batches:
        shared = (
            select(CertificateRun.certificate_id)
            .join(CalibrationRun, CalibrationRun.id == CertificateRun.run_id)
            .where(CalibrationRun.batch_id.in_(batches))
        )
        found.update(gathered(session, shared))
    return list(found)


def uses_below(session: Session, calibration_ids: Collection[int]) -> list[tuple[int, int]]:
    """Return every run that stands, with each of some calibrations that it used, also by way of its batch."""
    standing = CalibrationRun.state != VOIDED
    used = within(session, EquipmentUse.calibration_id, calibration_ids)
    own = (
        select(EquipmentUse.run_id, EquipmentUse.calibration_id)
        .join(CalibrationRun, CalibrationRun.id == EquipmentUse.run_id)
        .where(used, EquipmentUse.withdrawn_at.is_(None), standing)
    )
    found = [(run, used) for run, used in session.execute(own)]
    batches = batches_of(session, calibration_ids)
    if batches:
        shared = (
            select(CalibrationRun.id, EquipmentUse.calibration_id)
            .join(EquipmentUse, EquipmentUse.batch_id == CalibrationRun.batch_id)
            .where(CalibrationRun.batch_id.in_(batches), used)
            .where(EquipmentUse.withdrawn_at.is_(None), standing)
        )
        found += [(run, used) for run, used in session.execute(shared)]
    return [(run, used) for run, used in dict.fromkeys(found) if run is not None and used is not None]


def certificates_on(session: Session, run_ids: Collection[int]) -> dict[int, list[int]]:
    """Return the certificates that cover each of some runs."""
    query = select(CertificateRun.run_id, CertificateRun.certificate_id).where(
        within(session, CertificateRun.run_id, run_ids)
    )
    found: dict[int, list[int]] = {}
    for run_id, certificate_id in session.execute(query):
        found.setdefault(run_id, []).append(certificate_id)
    return found


def reach_of(session: Session, calibration_id: int) -> Reach:
    """Return everything below a calibration by level, with how many runs and certificates stand on each.

    A run that became a calibration below is not counted: the calibration itself stands for it.
    """
    below = calibrations_below(session, calibration_id)
    edges = edges_below(session, below)
    by_level: dict[int, list[int]] = {}
    for one, level in levels_of(calibration_id, edges).items():
        by_level.setdefault(level, []).append(one)
    levels = tuple(tuple(sorted(by_level[level])) for level in sorted(by_level))
    return Reach(calibration_id, levels, tuple(edges), _counts(session, below))


def _counts(session: Session, below: Collection[int]) -> dict[int, ReachCount]:
    became = select(StandardCalibration.run_id).where(within(session, StandardCalibration.id, below))
    shown_elsewhere = set(gathered(session, became.where(StandardCalibration.run_id.is_not(None))))
    uses = [use for use in uses_below(session, below) if use[0] not in shown_elsewhere]
    certificates = certificates_on(session, {run_id for run_id, _ in uses})
    runs: dict[int, set[int]] = {}
    for run_id, calibration_id in uses:
        runs.setdefault(calibration_id, set()).add(run_id)
    return {
        one: ReachCount(len(found), len({key for run in found for key in certificates.get(run, ())}))
        for one, found in runs.items()
    }


def batches_of(session: Session, calibration_ids: Collection[int]) -> set[int]:
    """Return the batches that used some calibrations for all their items."""
    # On SQLite a sum, which is no indexed column: else its way would lead from every use of any batch.
    sqlite = session.get_bind().dialect.name == "sqlite"
    query = select(EquipmentUse.batch_id).where(
        within(session, EquipmentUse.calibration_id, calibration_ids),
        EquipmentUse.withdrawn_at.is_(None),
        (EquipmentUse.run_id + 0 if sqlite else EquipmentUse.run_id).is_(None),
    )
    return set(gathered(session, query))
