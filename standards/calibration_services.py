"""Recording calibrations of standards and their evidence; accepting and ending are in files of their own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import NotFound, RuleViolation, StaleRecord
from lims.people.access import Permission, require
from standards import queries
from standards.calibration_checks import check_edges, check_header, check_terminals, checked_contents, content_facts
from standards.calibration_facts import CalibrationFacts, CalibrationState, ContentFacts
from standards.calibration_models import (
    CalibrationContent,
    CalibrationEdge,
    CalibrationPoint,
    CalibrationTerminal,
    Standard,
    StandardCalibration,
)
from standards.commands import (
    NewEdge,
    NewTerminal,
    RecordCalibration,
    RecordTerminal,
)
from standards.digests import digest_of
from standards.entries import Checker
from standards.facts import StandardFacts, StandardState
from standards.standard_services import own_standard, touch
from standards.validity import add_months

ACCEPTANCE = "ISO/IEC 17025:2017, 6.4.4"
TRACEABILITY = "ISO/IEC 17025:2017, 6.5"


def record_calibration(
    session: Session, actor: Actor, command: RecordCalibration, *, now: datetime
) -> CalibrationFacts:
    """Record a calibration event of a standard with what it says; it waits until somebody else accepts it.

    For those who manage standards (6.4.13, 6.5.2). Refuses, naming the field: a number already recorded for this
    standard, dates in the future or out of order, ranges of another instrument, units that do not fit, U without k,
    negative U, terminals of unknown kind or without evidence valid on the calibration date, an upper calibration that
    was not valid then, and a path that comes back to the same standard.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, standard = own_standard(session, actor, command.standard_id, lock=True)
    _check_unseen(session, row, command)
    if standard.state_at(now) is not None and standard.states[-1].state is StandardState.RETIRED:
        raise RuleViolation("standard.retired", clause=ACCEPTANCE)
    check = Checker()
    instrument = queries.instrument_facts(session, standard.instrument_id)
    check_header(session, check, command, local_date(now, standard.timezone))
    contents = checked_contents(check, command, instrument)
    check_terminals(check, command.terminals, command.source, command.calibrated_on)
    check_edges(session, check, command)
    check.finish()
    quantities = {address.range.id: address.function.quantity for address in instrument.ranges()}
    facts = [content_facts(content, quantities[content.range_id]) for content in contents]
    calibration = _insert_header(session, actor, command, standard, facts, now)
    for content in facts:
        _insert_content(session, calibration.id, content)
    for terminal in command.terminals:
        _insert_terminal(session, calibration.id, terminal, now)
    for edge in command.edges:
        _insert_edge(session, calibration.id, edge, command.run_id, now)
    touch(row)
    session.flush()
    audit.record(
        session,
        actor,
        "calibration.recorded",
        ("standard_calibration", calibration.id),
        now=now,
        site_id=row.site_id,
        after={**asdict(command), "content_digest": calibration.content_digest},
    )
    return queries.calibration_facts(session, calibration.id)


def _check_unseen(session: Session, row: Standard, command: RecordCalibration) -> None:
    """Refuse a form that was opened before somebody else recorded something: one wins, the other is told what."""
    if command.row_version is None or command.row_version == row.row_version:
        return
    newest = select(StandardCalibration).where(StandardCalibration.standard_id == row.id)
    last = session.execute(newest.order_by(StandardCalibration.id.desc()).limit(1)).scalar_one_or_none()
    if last is None:
        raise StaleRecord("record.stale_between", seen=command.row_version, present=row.row_version)
    raise StaleRecord(
        "calibration.recorded_meanwhile",
        clause=ACCEPTANCE,
        certificate=last.certificate_number,
        name=last.recorded_by_name,
        at=last.recorded_at,
    )


def _insert_header(
    session: Session,
    actor: Actor,
    command: RecordCalibration,
    standard: StandardFacts,
    contents: Sequence[ContentFacts],
    now: datetime,
) -> StandardCalibration:
    number = command.certificate_number.strip()
    valid_until = command.valid_until
    if valid_until is None and standard.interval_months is not None:
        valid_until = add_months(command.calibrated_on, standard.interval_months)
    calibration = StandardCalibration(
        token=secrets.token_urlsafe(16),
        standard_id=standard.id,
        source=command.source,
        certificate_number=number,
        laboratory_id=command.laboratory_id,
        run_id=command.run_id,
        run_number=command.run_number,
        run_digest=command.run_digest,
        calibrated_on=command.calibrated_on,
        issued_on=command.issued_on,
        valid_until=valid_until,
        method=command.method,
        conditions=command.conditions,
        accredited_symbol=command.accredited_symbol,
        state=CalibrationState.RECORDED,
        content_digest=digest_of(number, command.calibrated_on, standard.id, command.laboratory_id, contents),
        certificate_sha256=command.certificate_sha256,
        dcc_sha256=command.dcc_sha256,
        recorded_at=now,
        recorded_by_id=actor.person_id,
        recorded_by_name=actor.name,
    )
    session.add(calibration)
    session.flush()
    return calibration


def _insert_content(session: Session, calibration_id: int, content: ContentFacts) -> None:
    values = {item.name: getattr(content, item.name) for item in fields(content)}
    points = values.pop("points")
    del values["id"]
    row = CalibrationContent(**{**values, "calibration_id": calibration_id})
    session.add(row)
    session.flush()
    session.add_all(CalibrationPoint(content_id=row.id, **asdict(point)) for point in points)


def _insert_terminal(session: Session, calibration_id: int, terminal: NewTerminal, now: datetime) -> None:
    session.add(CalibrationTerminal(calibration_id=calibration_id, recorded_at=now, **asdict(terminal)))


def _insert_edge(session: Session, lower_id: int, edge: NewEdge, run_id: int | None, now: datetime) -> None:
    session.add(
        CalibrationEdge(lower_id=lower_id, upper_id=edge.upper_id, role=edge.role, run_id=run_id, recorded_at=now)
    )


def record_terminal(session: Session, actor: Actor, command: RecordTerminal, *, now: datetime) -> CalibrationFacts:
    """Add evidence at which a path may end to a calibration that still waits for acceptance (6.5.2).

    For those who manage standards. Refuses evidence that does not hold on the calibration date.
    """
    require(actor, Permission.MANAGE_STANDARDS)
    row, facts, standard = own_calibration(session, actor, command.calibration_id, None)
    must_be(facts, CalibrationState.RECORDED)
    check = Checker()
    check_terminals(check, [command.terminal], facts.source, facts.calibrated_on)
    check.finish()
    _insert_terminal(session, row.id, command.terminal, now)
    session.flush()
    note_act(session, actor, "calibration.terminal_recorded", row, standard, now, after=asdict(command.terminal))
    return queries.calibration_facts(session, row.id)


def own_calibration(
    session: Session, actor: Actor, calibration_id: int, seen: int | None
) -> tuple[StandardCalibration, CalibrationFacts, StandardFacts]:
    """Return a calibration of the actor's laboratory, its row locked; StaleRecord if it changed since it was seen."""
    row = session.get(StandardCalibration, calibration_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound("calibration.not_found")
    _, standard = own_standard(session, actor, row.standard_id)
    if seen is not None and seen != row.row_version:
        raise StaleRecord("record.stale_between", seen=seen, present=row.row_version)
    return row, queries.calibration_facts(session, calibration_id), standard


def must_be(facts: CalibrationFacts, wanted: CalibrationState) -> None:
    """Refuse an act on a calibration in another state."""
    if facts.state is not wanted:
        raise RuleViolation("calibration.wrong_state", clause=ACCEPTANCE, state=facts.state, wanted=wanted)


def note_act(
    session: Session,
    actor: Actor,
    action: str,
    row: StandardCalibration,
    standard: StandardFacts,
    now: datetime,
    *,
    after: Mapping[str, object],
) -> None:
    """Write an act on a calibration to the audit chain."""
    subject = ("standard_calibration", row.id)
    audit.record(session, actor, action, subject, now=now, site_id=standard.site_id, after=after)
