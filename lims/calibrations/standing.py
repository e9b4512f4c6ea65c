"""Reads of what keeps a run from its next step: everything that the rules of `workflow.py` look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.conditions import ranges_of
from lims.calibrations.facts import (
    CONDITIONS,
    Address,
    ConditionRange,
    EquipmentUseFacts,
    EvaluationView,
    ExclusionFacts,
    ExclusionKind,
    Phase,
    RunFacts,
)
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.workflow import MissingCells, SlotNeed, Standing, UseFault
from lims.core.clock import local_date
from lims.jobs import notice_queries
from lims.jobs import queries as jobs
from lims.jobs.facts import ItemState
from lims.jobs.notice_facts import AnswerChoice
from lims.procedures import queries as procedures
from lims.procedures.definition_facts import Section
from lims.procedures.facts import Activity
from lims.procedures.layouts import cells, condition_cells
from standards import queries as standards
from standards.calibration_facts import UseProblem
from standards.facts import LegalRegime, StandardRole

STILL_COUNTS = frozenset({"use.quarantined", "use.ended", "use.rejected", "use.untraceable"})
"""What found out after the measurement still holds back a release; that a calibration ran out since does not."""


def standing(
    session: Session,
    material: RunMaterial,
    *,
    now: datetime,
    view: EvaluationView | None = None,
    faults: tuple[UseFault, ...] = (),
    every_reading: bool = False,
) -> Standing:
    """Return all that the rules look at; with `every_reading` the standards are checked at each reading's time."""
    failure = view.failures[0] if view is not None and view.failures else None
    missing_conditions = tuple(conditions_missing(material))
    return Standing(
        run=material.run,
        slots=tuple(_slots(material)),
        missing=tuple(missing_cells(material)),
        use_faults=(*faults, *use_faults(session, material, now=now, every_reading=every_reading)),
        conditions=condition_ranges(material),
        missing_conditions=missing_conditions,
        justifications=queries.justifications(session, material.run.id),
        unauthorised=tuple(_unauthorised(session, material)),
        item_state=_item_state(session, material.run),
        **_asked(session, material),
        stale_as_left=_stale_as_left(material),
        evaluation_code=None if failure is None else failure.code,
        evaluation_values={} if failure is None else {"point": failure.point, **failure.values},
    )


def _item_state(session: Session, run: RunFacts) -> ItemState | None:
    return None if run.job_item_id is None else jobs.item_state(session, run.job_item_id)


def _asked(session: Session, material: RunMaterial) -> dict[str, bool]:
    """Return whether the customer's answer is awaited, or asks for an adjustment that was not made."""
    if material.run.job_item_id is None:
        return {}
    waits, answer = notice_queries.asked_of_customer(session, material.run.job_item_id)
    wanted = answer in {AnswerChoice.ADJUST, AnswerChoice.REPAIR} and not material.adjustments
    return {"waits_for_answer": waits, "adjustment_wanted": wanted}


def _stale_as_left(material: RunMaterial) -> int:
    """Return how many readings as left are older than the last adjustment: they say nothing of the item as it is."""
    made = [entry.made_at for entry in material.adjustments]
    as_left = (entry for entry in material.current if entry.address.phase == Phase.AS_LEFT)
    return sum(entry.observed_at < max(made) for entry in as_left) if made else 0


def _slots(material: RunMaterial) -> Iterator[SlotNeed]:
    for slot in material.definition.equipment:
        chosen = sum(use.slot == slot.slot for use in material.uses)
        title_en = slot.title_en or slot.title_vi
        minimum = slot.minimum if slot.required else 0
        # A slot that differs by point may hold as many for each of them.
        whole = sum(use.slot == slot.slot and not use.point for use in material.uses)
        maximum = slot.maximum if whole else max(slot.maximum, chosen)
        yield SlotNeed(slot.slot, slot.title_vi, title_en, minimum, maximum, chosen)


def sheet(material: RunMaterial, section: Section, phase: str) -> list[Address]:
    """Return the addresses of a section's cells in a phase."""
    return [with_phase(cell.address, phase) for cell in cells(section, material.points_of(section))]


def with_phase(address: Any, phase: str) -> Address:
    """Return a layout's address as one of a run, in a phase."""
    return Address(
        address.section,
        address.point,
        address.cycle,
        address.direction,
        address.sequence,
        str(address.role),
        str(phase),
    )


def phases(session: Session, run_id: int) -> tuple[str, ...]:
    """Return the phases that a run is measured in: as left only after an adjustment."""
    adjusted = bool(queries.adjustments(session, run_id))
    return tuple(str(phase) for phase in Phase) if adjusted else (str(Phase.AS_FOUND),)


def phases_of(material: RunMaterial) -> tuple[str, ...]:
    """Return the same of a run whose adjustments were read."""
    return tuple(str(phase) for phase in Phase) if material.adjustments else (str(Phase.AS_FOUND),)


def missing_cells(material: RunMaterial) -> Iterator[MissingCells]:
    """Yield each section in which cells are still empty."""
    filled = {reading.address for reading in material.current if reading.excluded != ExclusionKind.WITHDRAWN}
    wanted = [
        (section, [address for phase in phases_of(material) for address in sheet(material, section, phase)])
        for section in material.definition.sections
    ]
    yield from missing_of(wanted, filled, material.exclusions)


def missing_of(
    wanted: Iterable[tuple[Section, Sequence[Address]]],
    filled: Collection[Address],
    exclusions: Sequence[ExclusionFacts],
) -> Iterator[MissingCells]:
    """Yield each section with cells that are neither filled nor of a point that is left out."""
    left_out = queries.points_left_out(exclusions)
    for section, addresses in wanted:
        empty = [
            address
            for address in addresses
            if address not in filled and (section.code, address.point, address.phase) not in left_out
        ]
        if empty:
            title_en = section.title_en or section.title_vi
            yield MissingCells(section.code, section.title_vi, title_en, len(empty), empty[0].key)


def condition_ranges(material: RunMaterial) -> tuple[ConditionRange, ...]:
    """Return every condition of the procedure with what was read of it, and the limits that hold in the run's room."""
    return ranges_of(material.run, material.definition, material.current)


def conditions_missing(material: RunMaterial) -> Iterator[ConditionRange]:
    """Yield the conditions that the procedure wants read and that were not."""
    required = {entry.quantity for entry in material.definition.conditions if entry.required}
    filled = {
        reading.address
        for reading in material.current
        if reading.address.section == CONDITIONS and reading.excluded != ExclusionKind.WITHDRAWN
    }
    empty = {
        cell.address.point
        for cell in condition_cells(material.definition)
        if with_phase(cell.address, Phase.AS_FOUND) not in filled
    }
    for condition in condition_ranges(material):
        if condition.quantity in required & empty:
            yield condition


def use_faults(session: Session, material: RunMaterial, *, now: datetime, every_reading: bool) -> Iterator[UseFault]:
    """Yield what is wrong with the equipment at the times of the readings, and what came to light since."""
    times = sorted({reading.observed_at for reading in material.current})
    if not every_reading:
        times = times[:1] + times[1:][-1:]
    asked = [standards.Used(use.calibration_id, use.standard_id, use.content_id) for use in material.uses]
    for use, question in zip(material.uses, standards.uses_in_question(session, asked), strict=True):
        seen: set[tuple[str, str]] = set()
        for at in times or [now]:
            for problem in _problems_at(question, material.run, use, at):
                if _what(problem) not in seen:
                    seen.add(_what(problem))
                    yield _fault(use, problem)
        if times:
            codes = {code for code, _ in seen}
            for problem in _problems_at(question, material.run, use, now):
                if problem.code in STILL_COUNTS - codes:
                    yield replace(_fault(use, problem), traceability=True)


def _what(problem: UseProblem) -> tuple[str, str]:
    """Return what a problem is, and where: of a chain each break counts, of all else the first time."""
    if problem.code != "use.untraceable":
        return problem.code, ""
    return problem.code, f"{problem.values.get('reason')}/{problem.values.get('certificate')}"


def _problems_at(
    question: standards.UseInQuestion, run: RunFacts, use: EquipmentUseFacts, at: datetime
) -> list[UseProblem]:
    return question.problems(at, legal_regime=LegalRegime(run.legal_regime), role=StandardRole(use.role))


def check_at(session: Session, run: RunFacts, use: EquipmentUseFacts, at: datetime) -> list[UseProblem]:
    """Return why a use does not stand at an instant; nothing where it does."""
    return standards.check_use(
        session,
        use.calibration_id,
        standard_id=use.standard_id,
        content_id=use.content_id,
        at=at,
        legal_regime=LegalRegime(run.legal_regime),
        role=StandardRole(use.role),
    )


def _fault(use: EquipmentUseFacts, problem: UseProblem) -> UseFault:
    traceability = problem.code == "use.untraceable"
    return UseFault(use.id, use.standard_code, problem.code, traceability, problem.clause or None, problem.values)


def _unauthorised(session: Session, material: RunMaterial) -> Iterator[str]:
    """Yield the names of those who measured on a day on which they were not authorised to."""
    run = material.run
    acts = {
        (reading.observer_id, reading.observer_name, local_date(reading.observed_at, run.timezone))
        for reading in material.current
    }
    yield from sorted({name for person, name, day in acts if not may_perform(session, run, person, on=day)})


def may_perform(session: Session, run: RunFacts, person_id: int, *, on: Any) -> bool:
    """Return whether a person may do the run's procedure on a day: authorised, or with an authorised supervisor."""
    procedure_id = queries.version_of(session, run).procedure_id
    allowed = procedures.authorisation_for(
        session, person_id, procedure_id=procedure_id, activity=Activity.PERFORM, on=on, site_id=run.site_id
    )
    if allowed is not None:
        return True
    return any(
        person.activity == Activity.SUPERVISE
        and person.person_id != person_id
        and procedures.authorisation_for(
            session,
            person.person_id,
            procedure_id=procedure_id,
            activity=Activity.SUPERVISE,
            on=on,
            site_id=run.site_id,
        )
        for person in run.people
    )
