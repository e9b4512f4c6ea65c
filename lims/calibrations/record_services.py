"""What is recorded beside the readings of a draft: left out, justified."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.batch_queries import batch_number
from lims.calibrations.batch_workflow import check_not_in_batch
from lims.calibrations.commands import Exclude, Justify
from lims.calibrations.facts import (
    ExclusionFacts,
    ExclusionKind,
    JustificationFacts,
    JustificationKind,
    RunFacts,
)
from lims.calibrations.models import ReadingExclusion, RunJustification
from lims.calibrations.reading_queries import cell_units
from lims.calibrations.services import check_performer, editable
from lims.calibrations.workflow import CLAUSE_AMENDMENTS
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import FieldError, InvalidInput, RuleViolation
from lims.core.text import normalise
from lims.people import queries as people
from lims.people.facts import PersonFacts
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity


def exclude(session: Session, actor: Actor, command: Exclude, *, now: datetime) -> ExclusionFacts:
    """Leave a reading or a point out (or take it back in), or note that it cannot be measured, with the reason.

    Who: a person authorised to perform the procedure; leaving out names its approver, who is another person. Who wrote
    a reading may withdraw it: its cell is then as good as empty, and keeps the run back until it is read again.
    n and the degrees of freedom follow (ISO/IEC 17025:2017, 7.5.1, 7.8.1.2).
    """
    _row, run = editable(session, actor, command.run_id)
    check_performer(session, run, actor, on=local_date(now, run.timezone))
    if not command.reason.strip():
        raise InvalidInput([FieldError("reason", "run.reason_needed")])
    if command.kind is ExclusionKind.WITHDRAWN:
        _check_own(session, actor, command)
    if command.kind is ExclusionKind.RESTORED:
        _check_number(session, command)
    section, point, phase = _excluded_place(session, run, command)
    today = local_date(now, run.timezone)
    approver = approver_of(session, actor, run, command.kind, command.approver_id, today)
    entry = ReadingExclusion(
        run_id=run.id,
        reading_id=command.reading_id,
        section=section,
        point=point,
        phase=phase,
        kind=command.kind,
        reason=normalise(command.reason),
        actor_id=actor.person_id,
        actor_name=actor.name,
        approver_id=None if approver is None else approver.id,
        approver_name=None if approver is None else approver.full_name,
        at=now,
    )
    session.add(entry)
    session.flush()
    after = {"kind": command.kind, "reading": command.reading_id, "point": point, "reason": entry.reason}
    audit.record(session, actor, "reading.excluded", ("run", run.id), now=now, site_id=run.site_id, after=after)
    return queries.exclusions(session, run.id)[-1]


def _check_number(session: Session, command: Exclude) -> None:
    """Refuse to take back in what has no number: the cell was not measurable."""
    for reading in queries.readings(session, command.run_id):
        if reading.id == command.reading_id and reading.value is None:
            raise RuleViolation("reading.nothing_to_restore", clause=CLAUSE_AMENDMENTS)


def _check_own(session: Session, actor: Actor, command: Exclude) -> None:
    """Refuse to withdraw what somebody else wrote, or a whole point."""
    reading = next(
        (entry for entry in queries.readings(session, command.run_id) if entry.id == command.reading_id), None
    )
    if reading is None or reading.writer_id != actor.person_id:
        raise RuleViolation("reading.not_own", clause=CLAUSE_AMENDMENTS)
    if reading.shared:
        check_not_in_batch(batch_number(session, queries.run_row(session, command.run_id).batch_id))


def approver_of(
    session: Session, actor: Actor, run: RunFacts, kind: ExclusionKind, approver_id: int | None, today: date
) -> PersonFacts | None:
    """Return who approves: another person, authorised today to review by the run's procedure."""
    if approver_id is None and kind is not ExclusionKind.EXCLUDED:
        return None
    if approver_id is None or approver_id == actor.person_id:
        raise InvalidInput([FieldError("approver_id", "reading.approver_needed")])
    version = procedures.procedure_version_facts(session, run.procedure_version_id)
    allowed = procedures.authorisation_for(
        session,
        approver_id,
        procedure_id=version.procedure_id,
        activity=Activity.REVIEW,
        on=today,
        site_id=run.site_id,
    )
    if allowed is None:
        raise InvalidInput([FieldError("approver_id", "field.not_a_choice", {"text": approver_id})])
    return people.person_facts(session, approver_id)


def _excluded_place(session: Session, run: RunFacts, command: Exclude) -> tuple[str, str, str]:
    """Return section, point and phase of what is left out. Raises InvalidInput if there is no such thing."""
    if command.reading_id is not None:
        for reading in queries.current(queries.readings(session, run.id)):
            if reading.id == command.reading_id:
                return reading.address.section, reading.address.point, str(reading.address.phase)
        raise InvalidInput([FieldError("reading_id", "reading.not_current")])
    definition = procedures.procedure_version_facts(session, run.procedure_version_id).definition
    if (command.section, command.point) not in {(a.section, a.point) for a in cell_units(definition, run.points)}:
        raise InvalidInput([FieldError("point", "reading.no_such_cell")])
    return command.section, command.point, str(command.phase)


def justify(session: Session, actor: Actor, command: Justify, *, now: datetime) -> JustificationFacts:
    """Write down why a run stands although a condition was outside its limits, or how it deviates from the method.

    Printed on the certificate unless said otherwise (ISO/IEC 17025:2017, 7.2.1.7 and 7.8.2.1 n).
    """
    _row, run = editable(session, actor, command.run_id)
    if not command.text_vi.strip():
        raise InvalidInput([FieldError("text_vi", "field.missing")])
    quantities = {
        entry.quantity
        for entry in procedures.procedure_version_facts(session, run.procedure_version_id).definition.conditions
    }
    if command.kind is JustificationKind.CONDITION_OUTSIDE and command.subject not in quantities:
        raise InvalidInput([FieldError("subject", "field.not_a_choice", {"text": command.subject})])
    entry = RunJustification(
        run_id=run.id,
        kind=command.kind,
        subject=command.subject,
        text_vi=normalise(command.text_vi),
        text_en=normalise(command.text_en) or None,
        on_certificate=command.on_certificate,
        actor_id=actor.person_id,
        actor_name=actor.name,
        at=now,
    )
    session.add(entry)
    session.flush()
    after = {"kind": command.kind, "subject": command.subject, "text": entry.text_vi}
    audit.record(session, actor, "run.justified", ("run", run.id), now=now, site_id=run.site_id, after=after)
    return queries.justifications(session, run.id)[-1]
