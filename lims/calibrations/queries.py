"""Reads of runs: the run itself, its lists, equipment, readings and everything decided. They return facts."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from lims.calibrations.facts import (
    Address,
    AdjustmentFacts,
    DecisionFacts,
    EquipmentUseFacts,
    ExclusionFacts,
    JustificationFacts,
    ReadingFacts,
    RunFacts,
    RunPersonFacts,
    RunPurpose,
    RunState,
    ScopeAssignment,
)
from lims.calibrations.models import (
    Adjustment,
    CalibrationRun,
    Decision,
    EquipmentUse,
    Reading,
    ReadingExclusion,
    RunJustification,
    RunPerson,
)
from lims.core.actor import Actor
from lims.core.errors import NotFound
from lims.jobs.facts import AgreedSpecification, DecisionRule
from lims.jobs.notice_facts import ConsentWay
from lims.people import access
from lims.people.access import Permission
from lims.people.models import Site
from lims.people.room_facts import limit_from_data
from lims.procedures import queries as procedures
from lims.procedures.facts import ProcedureVersionFacts
from standards import queries as standards
from standards.calibration_facts import CalibrationChoice


def held_by(table: type[Reading | EquipmentUse | ReadingExclusion], run: Any) -> ColumnElement[bool]:
    """Return the condition of what belongs to a run: its own rows, and those that its batch holds for every item."""
    batch = select(CalibrationRun.batch_id).where(CalibrationRun.id == run).scalar_subquery()
    return or_(table.run_id == run, table.batch_id == batch)


# Written once: asked for every reading.
_LATER = aliased(Reading)
_LAST_OBSERVATION = (
    select(func.max(Reading.observed_at))
    .outerjoin(_LATER, _LATER.supersedes_id == Reading.id)
    .where(held_by(Reading, bindparam("run")), _LATER.id.is_(None))
)
_READINGS = select(Reading).where(held_by(Reading, bindparam("run"))).order_by(Reading.id)
_AT_POINTS = _READINGS.where(Reading.point.in_(bindparam("points", expanding=True)))
_EXCLUSIONS = select(ReadingExclusion).where(held_by(ReadingExclusion, bindparam("run"))).order_by(ReadingExclusion.id)
_ADJUSTMENTS = select(Adjustment).where(Adjustment.run_id == bindparam("run")).order_by(Adjustment.id)
_BY_ID = select(CalibrationRun).where(CalibrationRun.id == bindparam("run"))
_RUN = {"": _BY_ID} | {
    lock: _BY_ID.with_for_update(read=lock == "share").execution_options(populate_existing=True)
    for lock in ("share", "update")
}
_PEOPLE = (
    select(
        RunPerson.run_id,
        RunPerson.person_id,
        RunPerson.person_name,
        RunPerson.activity,
        RunPerson.at,
        RunPerson.title_vi,
        RunPerson.title_en,
    )
    .where(RunPerson.run_id.in_(bindparam("runs", expanding=True)))
    .order_by(RunPerson.id)
)
_OWNER = select(Site.organisation_id).where(Site.id == bindparam("site"))
_ZONE = select(Site.timezone).where(Site.id == bindparam("site"))


def run_row(session: Session, run_id: int, *, lock: str = "") -> CalibrationRun:
    """Return the row of a run, fresh; `lock` "share" keeps its state from moving, "update" is for who moves it.

    Raises NotFound.
    """
    row = session.execute(_RUN[lock], {"run": run_id}).scalar_one_or_none()
    if row is None:
        raise NotFound("run.not_found")
    return row


def check_laboratory(session: Session, actor: Actor, site_id: int) -> None:
    """Refuse a stranger: only people of the laboratory that the site belongs to may know of a run.

    Raises Forbidden without the permission, NotFound for another laboratory's run.
    """
    access.require(actor, Permission.VIEW_LABORATORY)
    if actor.may("system"):
        return
    owner = session.execute(_OWNER, {"site": site_id}).scalar_one_or_none()
    if owner is None or owner != actor.laboratory_id:
        raise NotFound("run.not_found")


def run_facts(session: Session, actor: Actor, run_id: int) -> RunFacts:
    """Return a run for a person of its laboratory. Raises NotFound."""
    row = run_row(session, run_id)
    check_laboratory(session, actor, row.site_id)
    return facts_of(session, row)


def facts_of(session: Session, row: CalibrationRun) -> RunFacts:
    """Return the facts of a run whose row was read (and whose reader was checked) before."""
    timezone = session.execute(_ZONE, {"site": row.site_id}).scalar_one()
    return run_facts_of(row, timezone, [entry[1:] for entry in session.execute(_PEOPLE, {"runs": [row.id]})])


def people_of(session: Session, run_ids: Sequence[int]) -> dict[int, list[Any]]:
    """Return the rows of those who take part in runs, by run, as `run_facts_of` wants them."""
    found: dict[int, list[Any]] = {run_id: [] for run_id in run_ids}
    for run_id, *person in session.execute(_PEOPLE, {"runs": list(run_ids)}):
        found[run_id].append(person)
    return found


def run_facts_of(row: CalibrationRun, timezone: str, people: Sequence[Any]) -> RunFacts:
    """Return the facts of a run from what was read of it."""
    return RunFacts(
        id=row.id,
        token=row.token,
        number=row.number,
        site_id=row.site_id,
        timezone=timezone,
        purpose=RunPurpose(row.purpose),
        state=RunState(row.state),
        instrument_id=row.instrument_id,
        job_item_id=row.job_item_id,
        procedure_version_id=row.procedure_version_id,
        legal_regime=row.legal_regime,
        location_kind=row.location_kind,
        room=row.room or "",
        agreed_specification=AgreedSpecification.from_json(row.agreed_specification),
        decision_rule=DecisionRule.from_json(row.decision_rule),
        points=row.points,
        scope=tuple(
            ScopeAssignment(entry["section"], entry["point"], entry["line"])
            for entry in json.loads(row.scope_line or "[]")
        ),
        opened_at=row.opened_at,
        opened_by_id=row.opened_by_id,
        opened_by_name=row.opened_by_name,
        started_at=row.started_at,
        ended_at=row.ended_at,
        void_reason=row.void_reason or "",
        row_version=row.row_version,
        people=tuple(
            RunPersonFacts(person_id, name, activity, at, title_vi or "", title_en or "")
            for person_id, name, activity, at, title_vi, title_en in people
        ),
        replaces_run_id=row.replaces_run_id,
        room_id=row.room_id,
        room_limits=tuple(limit_from_data(entry) for entry in json.loads(row.room_limits or "[]")),
        batch_id=row.batch_id,
    )


def version_of(session: Session, run: RunFacts) -> ProcedureVersionFacts:
    """Return the procedure version of a run, read once in a transaction: a version in use is frozen."""
    return procedure_version(session, run.procedure_version_id)


def procedure_version(session: Session, version_id: int) -> ProcedureVersionFacts:
    """Return a procedure version that is in use, read once in a transaction."""
    known: dict[int, ProcedureVersionFacts] = session.info.setdefault("procedure_versions", {})
    if version_id not in known:
        known[version_id] = procedures.procedure_version_facts(session, version_id)
    return known[version_id]


def readings(
    session: Session,
    run_id: int,
    places: Collection[tuple[str, str]] | None = None,
    said: Sequence[ExclusionFacts] | None = None,
) -> tuple[ReadingFacts, ...]:
    """Return every reading of a run and of its batch, the superseded ones included, in the order they were entered.

    With `places` only those of these sections and points; `said` are the run's exclusions, where they are known.
    """
    if places is None:
        rows = list(session.execute(_READINGS, {"run": run_id}).scalars())
    else:
        asked = {"run": run_id, "points": sorted({point for _section, point in places})}
        found = session.execute(_AT_POINTS, asked).scalars()
        rows = [row for row in found if (row.section, row.point) in places]
    return readings_of(rows, exclusions(session, run_id) if said is None else said)


def readings_of(rows: Sequence[Reading], said: Sequence[ExclusionFacts]) -> tuple[ReadingFacts, ...]:
    """Return the facts of readings, with what superseded them and what was said on leaving them out."""
    followed = {row.supersedes_id: row.id for row in rows if row.supersedes_id is not None}
    out = {
        entry.reading_id: entry.kind if entry.kind != "restored" else None
        for entry in said
        if entry.reading_id is not None
    }
    return tuple(_reading(row, followed.get(row.id), out.get(row.id)) for row in rows)


def last_observation(session: Session, run_id: int) -> datetime | None:
    """Return when a run's last reading that holds was observed."""
    return session.execute(_LAST_OBSERVATION, {"run": run_id}).scalar_one_or_none()


def reading_facts(row: Reading) -> ReadingFacts:
    """Return the facts of a reading just written."""
    return _reading(row, None, None)


def _reading(row: Reading, superseded_by_id: int | None, excluded: str | None) -> ReadingFacts:
    return ReadingFacts(
        id=row.id,
        address=Address(row.section, row.point, row.cycle, row.direction, row.sequence, row.role, row.phase),
        text=row.text,
        unit=row.unit,
        value=row.value,
        observer_id=row.observer_id,
        observer_name=row.observer_name,
        observed_at=row.observed_at,
        writer_id=row.writer_id,
        writer_name=row.writer_name,
        entered_at=row.entered_at,
        source=row.source,
        supersedes_id=row.supersedes_id,
        supersede_reason=row.supersede_reason or "",
        superseded_by_id=superseded_by_id,
        comment=row.comment or "",
        excluded=excluded,
        shared=row.batch_id is not None,
    )


def current(found: Sequence[ReadingFacts]) -> tuple[ReadingFacts, ...]:
    """Return the readings that hold: not superseded."""
    return tuple(reading for reading in found if reading.superseded_by_id is None)


def exclusions(session: Session, run_id: int) -> tuple[ExclusionFacts, ...]:
    """Return what was said on leaving readings or points out, for the run or its whole batch, oldest first."""
    return tuple(exclusion_facts(row) for row in session.execute(_EXCLUSIONS, {"run": run_id}).scalars())


def exclusion_facts(row: ReadingExclusion) -> ExclusionFacts:
    """Return one entry on leaving something out."""
    return ExclusionFacts(
        id=row.id,
        kind=row.kind,
        reading_id=row.reading_id,
        section=row.section,
        point=row.point,
        phase=row.phase,
        reason=row.reason,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        approver_name=row.approver_name or "",
        at=row.at,
        shared=row.batch_id is not None,
    )


def points_left_out(found: Sequence[ExclusionFacts]) -> dict[tuple[str, str, str], ExclusionFacts]:
    """Return the last word on each point that is left out or not measurable."""
    last = {(e.section, e.point, e.phase): e for e in found if e.reading_id is None}
    return {key: entry for key, entry in last.items() if entry.kind != "restored"}


def equipment(session: Session, run_id: int, *, withdrawn: bool = False) -> tuple[EquipmentUseFacts, ...]:
    """Return what a run and its batch use, in the order it was chosen; with `withdrawn`, also what was taken out."""
    query = select(EquipmentUse).where(held_by(EquipmentUse, run_id)).order_by(EquipmentUse.id)
    if not withdrawn:
        query = query.where(EquipmentUse.withdrawn_at.is_(None))
    rows = list(session.execute(query).scalars())
    calibrated = [row for row in rows if row.calibration_id is not None]
    choices = standards.calibration_choices(session, [(row.calibration_id or 0, row.added_at) for row in calibrated])
    by_use = {row.id: choice for row, choice in zip(calibrated, choices, strict=True)}
    return tuple(use_facts(session, row, by_use.get(row.id)) for row in rows)


def use_facts(session: Session, row: EquipmentUse, choice: CalibrationChoice | None = None) -> EquipmentUseFacts:
    """Return one use with the names its calibration gives; `choice` is what was read of that before."""
    names: dict[str, Any]
    if row.calibration_id is None:
        standard = standards.standard_facts(session, row.standard_id)
        names = {
            "standard_code": standard.code,
            "name_vi": standard.name_vi,
            "name_en": standard.name("en"),
            "serial_number": standard.serial_number or "",
            "certificate_number": "",
            "laboratory_vi": "",
            "laboratory_en": "",
            "calibrated_on": None,
            "valid_until": None,
        }
    else:
        choice = choice or standards.calibration_choice(session, row.calibration_id, at=row.added_at)
        names = {
            "standard_code": choice.standard_code,
            "name_vi": choice.name_vi,
            "name_en": choice.name("en"),
            "serial_number": choice.serial_number or "",
            "certificate_number": choice.certificate_number,
            "laboratory_vi": choice.laboratory_name_vi,
            "laboratory_en": choice.laboratory("en"),
            "calibrated_on": choice.calibrated_on,
            "valid_until": choice.valid_until,
        }
    return EquipmentUseFacts(
        id=row.id,
        slot=row.slot,
        role=row.role,
        standard_id=row.standard_id,
        calibration_id=row.calibration_id,
        content_id=row.content_id,
        section=row.section,
        point=row.point,
        added_at=row.added_at,
        added_by_name=row.added_by_name,
        withdrawn_at=row.withdrawn_at,
        withdrawn_by_name=row.withdrawn_by_name or "",
        withdrawn_reason=row.withdrawn_reason or "",
        shared=row.batch_id is not None,
        **names,
    )


def justifications(session: Session, run_id: int) -> tuple[JustificationFacts, ...]:
    """Return the justified decisions of a run."""
    query = select(RunJustification).where(RunJustification.run_id == run_id).order_by(RunJustification.id)
    return tuple(
        JustificationFacts(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            text_vi=row.text_vi,
            text_en=row.text_en or "",
            on_certificate=row.on_certificate,
            actor_id=row.actor_id,
            actor_name=row.actor_name,
            at=row.at,
        )
        for row in session.execute(query).scalars()
    )


def adjustments(session: Session, run_id: int) -> tuple[AdjustmentFacts, ...]:
    """Return the adjustments made in a run."""
    return tuple(adjustment_facts(row) for row in session.execute(_ADJUSTMENTS, {"run": run_id}).scalars())


def adjustment_facts(row: Adjustment) -> AdjustmentFacts:
    """Return one adjustment."""
    return AdjustmentFacts(
        id=row.id,
        kind=row.kind,
        description_vi=row.description_vi,
        description_en=row.description_en or "",
        consent_by=row.consent_by,
        consent_at=row.consent_at,
        consent_way=None if row.consent_way is None else ConsentWay(row.consent_way),
        consent_evidence=row.consent_evidence or "",
        performer_id=row.performer_id,
        performer_name=row.performer_name or "",
        adjusted_at=row.adjusted_at,
        seals_removed=row.seals_removed or "",
        seals_applied=row.seals_applied or "",
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        at=row.at,
    )


def decisions(session: Session, run_id: int) -> tuple[DecisionFacts, ...]:
    """Return the decisions on a run, oldest first."""
    query = select(Decision).where(Decision.run_id == run_id).order_by(Decision.id)
    return tuple(
        DecisionFacts(
            id=row.id,
            kind=row.kind,
            evaluation_id=row.evaluation_id,
            evaluation_digest=row.evaluation_digest,
            comment=row.comment or "",
            actor_id=row.actor_id,
            actor_name=row.actor_name,
            title_vi=row.actor_title_vi or "",
            title_en=row.actor_title_en or "",
            at=row.at,
        )
        for row in session.execute(query).scalars()
    )
