"""Opening a run and choosing its equipment. Every service asks for access, guards, writes its audit entry."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.batch_queries import batch_number
from lims.calibrations.batch_workflow import check_not_in_batch
from lims.calibrations.commands import ChangeRun, ChooseEquipment, OpenRun, WithdrawEquipment
from lims.calibrations.facts import Activity, EquipmentUseFacts, RunFacts, RunPurpose, RunState
from lims.calibrations.models import CalibrationRun, EquipmentUse, RunPerson
from lims.calibrations.room_queries import chosen_room
from lims.calibrations.scope_lines import lines_on
from lims.calibrations.standing import check_at, may_perform
from lims.calibrations.workflow import CLAUSE_EQUIPMENT, CLAUSE_METHOD, CLAUSE_PERSONNEL, check_editable
from lims.core import audit
from lims.core.actor import Actor
from lims.core.canonical import canonical_json
from lims.core.clock import local_date
from lims.core.db import is_duplicate
from lims.core.errors import FieldError, Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from lims.core.numbering import NumberKind, take_number
from lims.jobs import item_services
from lims.jobs import queries as jobs
from lims.jobs.facts import AgreedSpecification, DecisionRule, ItemState, JobItemFacts, MoveItem, points_to_json
from lims.people import access
from lims.people import queries as people
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.definition_facts import EquipmentSlot
from lims.procedures.facts import ProcedureVersionFacts
from standards import queries as standards
from standards.calibration_facts import CalibrationChoice, ContentKind
from standards.facts import StandardRole

RUN_NUMBER: Final = NumberKind("run", "R{yy}-{site}-{number:05d}")
_STARTABLE: Final = frozenset({ItemState.RECEIVED, ItemState.ATTENDED})
_OPEN_STATES: Final = _STARTABLE | {ItemState.IN_WORK}


def open_run(session: Session, actor: Actor, command: OpenRun, *, now: datetime) -> RunFacts:
    """Open a run; a received item goes to work. What was agreed, and the scope, are frozen with it.

    Who: a person who may record readings and is authorised today to perform the procedure at the site, or has a
    supervisor who is. Refuses an item in another state, without a procedure, or a procedure not in force
    (ISO/IEC 17025:2017, 6.2.6, 7.1.1, 7.2.1).
    """
    access.require(actor, Permission.RECORD_READINGS)
    item = _item_of(session, command)
    version = procedures.procedure_version_facts(session, _version_id(command, item))
    site_id = item.site_id if item is not None else _site_id(command)
    queries.check_laboratory(session, actor, site_id)
    site = people.site_facts(session, site_id)
    today = local_date(now, site.timezone)
    _check_version(version, today, item)
    _check_supervisor(session, version, command.supervisor_id, site_id, today)
    location_kind = "laboratory" if item is None else str(item.location_kind)
    room = chosen_room(session, command.room_id, command.room, site_id=site_id, location_kind=location_kind, on=today)
    row = CalibrationRun(
        token=secrets.token_urlsafe(16),
        number=take_number(session, RUN_NUMBER, site_id=site_id, site_code=site.code, on=today),
        site_id=site_id,
        purpose=command.purpose,
        instrument_id=item.instrument_id if item is not None else command.instrument_id,
        job_item_id=None if item is None else item.id,
        procedure_version_id=version.id,
        state=RunState.DRAFT,
        location_kind=location_kind,
        room=room.words,
        room_id=room.room_id,
        room_limits=room.limits,
        agreed_specification=(AgreedSpecification() if item is None else item.agreed_specification).to_json(),
        decision_rule=(DecisionRule() if item is None else item.decision_rule).to_json(),
        points=None if item is None else points_to_json(item.points),
        legal_regime=version.legal_regime,
        replaces_run_id=command.replaces_run_id,
        opened_at=now,
        opened_by_id=actor.person_id,
        opened_by_name=actor.name,
    )
    _freeze_scope(session, row, version, item, today)
    session.add(row)
    session.flush()
    _add_people(session, row.id, actor, command, now)
    run = queries.facts_of(session, row)
    check_performer(session, run, actor, on=today)
    if item is not None and item.state in _STARTABLE:
        item_services.start_item(session, actor, MoveItem(item.id), now=now)
    after = {"number": run.number, "purpose": run.purpose, "job_item": run.job_item_id, "instrument": run.instrument_id}
    audit.record(session, actor, "run.opened", ("run", run.id), now=now, site_id=site_id, after=after)
    return run


def _item_of(session: Session, command: OpenRun) -> JobItemFacts | None:
    if command.job_item_id is None:
        if command.purpose is RunPurpose.CUSTOMER:
            raise InvalidInput([FieldError("job_item_id", "run.item_needed")])
        _check_own_standard(session, command.purpose, command.instrument_id)
        return None
    item = jobs.job_item_facts(session, command.job_item_id)
    _check_own_standard(session, command.purpose, item.instrument_id)
    if item.state not in _OPEN_STATES:
        raise RuleViolation("run.item_state", clause="ISO/IEC 17025:2017, 7.4.1", state=item.state)
    return item


def _check_own_standard(session: Session, purpose: RunPurpose, instrument_id: int | None) -> None:
    """Refuse the purpose of an own standard for anything else: what is found would become nobody's calibration."""
    if purpose is not RunPurpose.OWN_STANDARD or instrument_id is None:
        return
    instrument = standards.instrument_facts(session, instrument_id)
    if instrument.standard_id is None:
        raise RuleViolation("run.no_own_standard", clause=CLAUSE_EQUIPMENT, instrument=instrument.name_vi)


def _version_id(command: OpenRun, item: JobItemFacts | None) -> int:
    version_id = item.procedure_version_id if item is not None else command.procedure_version_id
    if version_id is None:
        raise RuleViolation("run.no_procedure", clause="ISO/IEC 17025:2017, 7.2.1")
    return version_id


def _site_id(command: OpenRun) -> int:
    if command.site_id is None or command.instrument_id is None:
        raise InvalidInput([FieldError("instrument_id", "field.not_chosen")])
    return command.site_id


def _check_version(version: ProcedureVersionFacts, today: date, item: JobItemFacts | None) -> None:
    in_force = (
        version.state == "approved"
        and (version.valid_from is None or version.valid_from <= today)
        and (version.valid_to is None or today <= version.valid_to)
    )
    if not in_force:
        code = f"{version.code} {version.version}"
        raise RuleViolation("run.procedure_not_in_force", clause="ISO/IEC 17025:2017, 7.2.1.2", procedure=code)
    if item is not None and item.legal_regime != version.legal_regime:
        raise RuleViolation("run.other_regime", clause=CLAUSE_METHOD, regime=item.legal_regime)


def _freeze_scope(
    session: Session, row: CalibrationRun, version: ProcedureVersionFacts, item: JobItemFacts | None, today: date
) -> None:
    """Freeze the scope line that holds for each point today, so that a later scope changes no stored result."""
    found = lines_on(
        session,
        site_id=row.site_id,
        location_kind=row.location_kind,
        instrument_kind=standards.instrument_facts(session, row.instrument_id).kind,
        version=version,
        points={} if item is None else {entry.section: entry.points for entry in item.points},
        on=today,
    )
    row.scope_line = canonical_json(found)
    row.scope_line_id = found[0]["line"]["id"] if found else None


def _add_people(session: Session, run_id: int, actor: Actor, command: OpenRun, now: datetime) -> None:
    wanted = [(actor.person_id, Activity.PERFORM)]
    if command.supervisor_id is not None and command.supervisor_id != actor.person_id:
        wanted.append((command.supervisor_id, Activity.SUPERVISE))
    for person_id, activity in wanted:
        add_person(session, run_id, person_id, activity, now)


def _check_supervisor(
    session: Session, version: ProcedureVersionFacts, supervisor_id: int | None, site_id: int, today: date
) -> None:
    """Refuse a supervisor who is not authorised as one today: the run would name a person who has no part in it."""
    if supervisor_id is None:
        return
    allowed = procedures.authorisation_for(
        session,
        supervisor_id,
        procedure_id=version.procedure_id,
        activity=Activity.SUPERVISE,
        on=today,
        site_id=site_id,
    )
    if allowed is None:
        raise InvalidInput([FieldError("supervisor_id", "field.not_a_choice", {"text": supervisor_id})])


def add_person(session: Session, run_id: int, person_id: int, activity: Activity, now: datetime) -> None:
    """Note a person of a run, with the title they have today."""
    person = people.person_facts(session, person_id)
    row = RunPerson(
        run_id=run_id,
        person_id=person_id,
        person_name=person.full_name,
        title_vi=person.title_vi,
        title_en=person.title_en,
        activity=activity,
        at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if not is_duplicate(error):  # another transaction of the same person was first: all is as it should be
            raise


def check_performer(session: Session, run: RunFacts, actor: Actor, *, on: date) -> None:
    """Refuse a person who is not authorised on that day to do the run's procedure at its site.

    Raises Forbidden (ISO/IEC 17025:2017, 6.2.6).
    """
    if not may_perform(session, run, actor.person_id, on=on):
        raise Forbidden("run.not_authorised", clause=CLAUSE_PERSONNEL, name=actor.name, on=on)


def editable(
    session: Session, actor: Actor, run_id: int, *, seen_row_version: int | None = None, lock: str = "update"
) -> tuple[CalibrationRun, RunFacts]:
    """Return a draft that the actor may write to, its row locked; a header seen in another version is stale."""
    access.require(actor, Permission.RECORD_READINGS)
    row = queries.run_row(session, run_id, lock=lock)
    queries.check_laboratory(session, actor, row.site_id)
    check_seen(row, seen_row_version)
    run = queries.facts_of(session, row)
    check_editable(run)
    return row, run


def check_seen(row: CalibrationRun, seen: int | None) -> None:
    """Refuse a write to a header that was changed since the writer saw it. Raises StaleRecord with both versions."""
    if seen is not None and seen != row.row_version:
        raise StaleRecord("run.stale", number=row.number, seen=seen, present=row.row_version, state=row.state)


def change_run(session: Session, actor: Actor, command: ChangeRun, *, now: datetime) -> RunFacts:
    """Change the header of a draft: the room, and with it the limits of its conditions.

    A stale write is refused with both versions (ISO/IEC 17025:2017, 7.5).
    """
    row, run = editable(session, actor, command.run_id)
    check_not_in_batch(batch_number(session, run.batch_id))
    if command.seen_row_version != row.row_version:
        raise StaleRecord("run.stale_room", number=row.number, typed=command.room.strip(), present=row.room or "–")
    before = {"room": row.room}
    on = local_date(now, run.timezone)
    room = chosen_room(
        session, command.room_id, command.room, site_id=run.site_id, location_kind=run.location_kind, on=on
    )
    row.room, row.room_id, row.room_limits = room.words, room.room_id, room.limits
    session.flush()
    run = queries.facts_of(session, row)
    after = {"room": row.room}
    audit.record(
        session, actor, "run.changed", ("run", run.id), now=now, site_id=run.site_id, before=before, after=after
    )
    return run


def choose_equipment(session: Session, actor: Actor, command: ChooseEquipment, *, now: datetime) -> EquipmentUseFacts:
    """Take a calibration of a standard into a slot of the run; all roles get the same checks, at this instant.

    Who: a person authorised to perform the procedure today. Refuses what is expired, quarantined, out, not accepted,
    without a terminal, already chosen or not made for the slot (ISO/IEC 17025:2017, 6.4.4 and 6.5).
    """
    _row, run = editable(session, actor, command.run_id, seen_row_version=command.seen_row_version)
    check_not_in_batch(batch_number(session, run.batch_id))
    check_performer(session, run, actor, on=local_date(now, run.timezone))
    facts, after = add_use(session, actor, run, command, now=now)
    _note(session, actor, "run.equipment_chosen", run, now, after=after)
    return facts


def add_use(
    session: Session,
    actor: Actor,
    run: RunFacts,
    command: ChooseEquipment,
    *,
    now: datetime,
    batch_id: int | None = None,
) -> tuple[EquipmentUseFacts, dict[str, Any]]:
    """Check a use and store it for a run, or for the batch that the run stands for; with what its record says."""
    slot = _slot(session, run, command.slot)
    content_id = command.content_id
    if command.calibration_id is not None:
        choice = standards.calibration_choice(session, command.calibration_id)
        if choice.standard_id != command.standard_id:
            raise NotFound("run.not_found")
        _check_place(run, choice.site_id)
        content_id = _content(choice, slot, command.content_id)
    else:
        _check_place(run, standards.standard_facts(session, command.standard_id).site_id)
    use = EquipmentUse(
        run_id=run.id if batch_id is None else None,
        batch_id=batch_id,
        standard_id=command.standard_id,
        calibration_id=command.calibration_id,
        content_id=content_id,
        role=str(slot.role),
        slot=slot.slot,
        section=command.section,
        point=command.point,
        added_at=now,
        added_by_id=actor.person_id,
        added_by_name=actor.name,
    )
    facts = queries.use_facts(session, use)
    _check_usable(session, run, facts, now)
    _check_new_use(session, run, slot, use)
    session.add(use)
    session.flush()
    facts = replace(facts, id=use.id)
    return facts, {"slot": slot.slot, "standard": facts.standard_code, "calibration": facts.certificate_number}


def _slot(session: Session, run: RunFacts, name: str) -> EquipmentSlot:
    definition = procedures.procedure_version_facts(session, run.procedure_version_id).definition
    try:
        return definition.slot(name)
    except KeyError:
        raise InvalidInput([FieldError("slot", "run.no_slot", {"slot": name})]) from None


def _check_place(run: RunFacts, site_id: int) -> None:
    if site_id != run.site_id:
        raise RuleViolation("run.other_site", clause=CLAUSE_EQUIPMENT)


def _content(choice: CalibrationChoice, slot: EquipmentSlot, wanted: int | None) -> int | None:
    """Return which content is used: the one asked for, or the only one of the slot's quantity."""
    fitting = [entry for entry in choice.contents if entry.quantity == slot.quantity]
    if wanted is not None:
        if wanted not in {entry.content_id for entry in choice.contents}:
            raise NotFound("run.not_found")
        return wanted
    if StandardRole(slot.role) is not StandardRole.REFERENCE:
        return None
    if not fitting:
        raise RuleViolation("run.wrong_quantity", clause=CLAUSE_EQUIPMENT, standard=choice.standard_code)
    elements = [entry for entry in fitting if entry.kind is ContentKind.ELEMENT]
    if len(fitting) > 1 and elements:
        raise InvalidInput([FieldError("content_id", "run.choose_element", {"standard": choice.standard_code})])
    return fitting[0].content_id if len(fitting) == 1 else None


def _check_new_use(session: Session, run: RunFacts, slot: EquipmentSlot, use: EquipmentUse) -> None:
    present = queries.equipment(session, run.id)
    for other in present:
        same = (other.slot, other.standard_id, other.content_id) == (use.slot, use.standard_id, use.content_id)
        meet = _meet(other.section, use.section) and _meet(other.point, use.point)
        if same and meet:
            raise RuleViolation("run.equipment_twice", clause=CLAUSE_EQUIPMENT, standard=other.standard_code)
    same_place = sum((o.slot, o.section, o.point) == (slot.slot, use.section, use.point) for o in present)
    if same_place >= slot.maximum:
        values = {"title_vi": slot.title_vi, "title_en": slot.title_en or slot.title_vi, "maximum": slot.maximum}
        raise RuleViolation("run.equipment_too_many", clause=CLAUSE_EQUIPMENT, **values)


def _meet(one: str, other: str) -> bool:
    """Return whether two places overlap; an empty one is the whole run."""
    return one == other or not one or not other


def _check_usable(session: Session, run: RunFacts, use: EquipmentUseFacts, now: datetime) -> None:
    problems = check_at(session, run, use, now)
    if problems:
        first = problems[0]
        codes = tuple(problem.code for problem in problems)
        values = {"standard": use.standard_code, **first.values, "codes": codes}
        raise RuleViolation(first.code, clause=CLAUSE_EQUIPMENT, **values)


def withdraw_equipment(session: Session, actor: Actor, command: WithdrawEquipment, *, now: datetime) -> RunFacts:
    """Take a standard out of a draft again, with the reason; the row stays (ISO/IEC 17025:2017, 7.5.2)."""
    use = session.get(EquipmentUse, command.use_id)
    if use is not None:
        check_not_in_batch(batch_number(session, use.batch_id))
    if use is None or use.run_id is None:
        raise NotFound("run.not_found")
    _row, run = editable(session, actor, use.run_id, seen_row_version=command.seen_row_version)
    check_performer(session, run, actor, on=local_date(now, run.timezone))
    after = take_out(session, actor, use, command.reason, now=now)
    _note(session, actor, "run.equipment_withdrawn", run, now, after=after)
    return run


def take_out(session: Session, actor: Actor, use: EquipmentUse, reason: str, *, now: datetime) -> dict[str, Any]:
    """Mark a use as withdrawn, with the reason; returns what its record says."""
    if use.withdrawn_at is not None:
        raise RuleViolation("run.already_withdrawn", clause="ISO/IEC 17025:2017, 7.5.2")
    if not reason.strip():
        raise InvalidInput([FieldError("reason", "run.reason_needed")])
    use.withdrawn_at, use.withdrawn_by_name, use.withdrawn_reason = now, actor.name, reason.strip()
    session.flush()
    return {"use": use.id, "slot": use.slot, "reason": reason.strip()}


def _note(
    session: Session, actor: Actor, action: str, run: RunFacts, now: datetime, *, after: Mapping[str, Any]
) -> None:
    audit.record(session, actor, action, ("run", run.id), now=now, site_id=run.site_id, after=after)
