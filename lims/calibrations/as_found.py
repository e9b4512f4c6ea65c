"""What an item shows as found: whether everything was read, which points fail, and what its customer is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.evaluations import last_evaluation, material_of, preview
from lims.calibrations.facts import (
    CONDITIONS,
    EvaluationView,
    Phase,
    ReadingFacts,
    ResultFacts,
    RunFacts,
    RunPurpose,
    RunState,
)
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.standing import missing_cells
from lims.core.clock import local_date
from lims.jobs import notice_queries
from lims.jobs import queries as jobs
from lims.jobs.facts import HoldReason, ItemState, JobItemFacts
from lims.jobs.notice_facts import Failure, Finding, NoticeFacts, NoticeState, StandardNamed

FAILING: Final = frozenset({"fail", "conditional_fail"})
"""Decisions of which the customer is told; the second only exists where the rule has four answers."""


@dataclass(frozen=True, slots=True)
class AsFoundView:
    """What the page of a run says of the state in which its item came: shown at the bench at once.

    `may_hold`: the one action is open. `stale`: the draft states other figures than the readings give now.
    """

    run: RunFacts
    complete: bool
    failures: tuple[ResultFacts, ...]
    notice: NoticeFacts | None
    item: JobItemFacts | None
    may_hold: bool
    stale: bool


def failing(view: EvaluationView) -> tuple[ResultFacts, ...]:
    """Return the results as found that do not conform."""
    return tuple(row for row in view.results if row.phase == Phase.AS_FOUND and row.decision in FAILING)


def empty_cells(material: RunMaterial) -> int:
    """Return how many cells are still to be read before the item may be adjusted."""
    return sum(entry.count for entry in missing_cells(replace(material, adjustments=())))


def concerns_customer(run: RunFacts) -> bool:
    """Return whether a customer waits for the item of a run: nobody is told of an own standard or of a training."""
    return run.purpose is RunPurpose.CUSTOMER and run.job_item_id is not None


def live_notice(session: Session, run_id: int) -> NoticeFacts | None:
    """Return the notice that a run gave rise to and that was not taken back."""
    found = notice_queries.notices_of_run(session, run_id)
    return next((entry for entry in found if entry.state is not NoticeState.WITHDRAWN), None)


def present_view(session: Session, material: RunMaterial, *, now: datetime) -> EvaluationView:
    """Return the result that holds for a run: the stored one, or of a draft the preview."""
    stored = None if material.run.state is RunState.DRAFT else last_evaluation(session, material.run.id)
    return preview(session, material, now=now)[0] if stored is None else stored


def finding_of(material: RunMaterial, view: EvaluationView) -> Finding:
    """Return what the customer is told: every point that fails, as reported, with the standards it rests on."""
    run = material.run
    agreed = run.agreed_specification
    times = [entry.observed_at for entry in _as_found(material)]
    judged = {(row.section, row.point) for row in view.results if row.phase == Phase.AS_FOUND and row.decision}
    words = (agreed.title_vi or agreed.accuracy_class, agreed.title_en or agreed.title_vi or agreed.accuracy_class)
    return Finding(
        run_id=run.id,
        run_number=run.number,
        measured_from=local_date(min(times), run.timezone),
        measured_to=local_date(max(times), run.timezone),
        procedure=f"{material.procedure.code} · {material.procedure.version}",
        specification_vi=words[0] or agreed.reference,
        specification_en=words[1] or agreed.reference,
        rule=str(run.decision_rule.kind),
        failures=tuple(_failure(run, row) for row in failing(view)),
        points=len(judged),
        standards=_standards(material),
    )


def _as_found(material: RunMaterial) -> list[ReadingFacts]:
    return [
        entry
        for entry in material.current
        if entry.address.section != CONDITIONS and entry.address.phase == Phase.AS_FOUND
    ]


def _failure(run: RunFacts, row: ResultFacts) -> Failure:
    agreed = run.agreed_specification
    with_nominal = row.reported_form == "nominal_plus_deviation"
    return Failure(
        section_vi=row.section_vi,
        section_en=row.section_en,
        point_vi=row.point_vi,
        point_en=row.point_en,
        output_vi=row.output_vi,
        output_en=row.output_en,
        measurement_error=(row.reported_value if with_nominal else row.reported_error) or "",
        expanded_uncertainty=row.reported_expanded_uncertainty,
        coverage_factor=row.reported_coverage_factor,
        unit=row.reported_unit,
        lower=None if agreed.lower is None else f"{agreed.lower:f}",
        upper=None if agreed.upper is None else f"{agreed.upper:f}",
        limit_unit=agreed.unit,
        decision=row.decision or "",
    )


def _standards(material: RunMaterial) -> tuple[StandardNamed, ...]:
    found = {
        use.standard_id: StandardNamed(use.standard_code, use.name_vi, use.name_en, use.certificate_number)
        for use in material.uses
        if use.role == "reference"
    }
    return tuple(found.values())


def as_found_view(session: Session, material: RunMaterial, view: EvaluationView) -> AsFoundView | None:
    """Return what the page says of a failing item, None where nothing fails (or everything about it is settled)."""
    run = material.run
    rows = failing(view)
    notice = live_notice(session, run.id) if concerns_customer(run) else None
    if run.state is RunState.VOIDED or (not rows and notice is None):
        return None
    item = None if run.job_item_id is None else jobs.job_item_facts(session, run.job_item_id)
    complete = empty_cells(material) == 0
    waits = notice is not None and notice.answer is None
    unsettled = notice is None and not material.adjustments and run.state is RunState.DRAFT and complete
    return AsFoundView(
        run=run,
        complete=complete,
        failures=rows,
        notice=notice,
        item=item,
        may_hold=bool(unsettled and rows and concerns_customer(run) and item and item.state is ItemState.IN_WORK),
        stale=bool(complete and notice and waits and differs(notice, material, rows)),
    )


def differs(notice: NoticeFacts, material: RunMaterial, rows: Sequence[ResultFacts]) -> bool:
    """Return whether a notice states other figures than these results."""
    return notice.finding.failures != tuple(_failure(material.run, row) for row in rows)


def is_stale(session: Session, notice: NoticeFacts, *, now: datetime) -> bool:
    """Return whether a notice states other figures than its run gives now."""
    run = queries.facts_of(session, queries.run_row(session, notice.finding.run_id))
    material = material_of(session, run)
    return differs(notice, material, failing(present_view(session, material, now=now)))


def waits_for_customer(item: JobItemFacts) -> bool:
    """Return whether an item is on hold for its customer's answer."""
    return item.state is ItemState.ON_HOLD and item.hold_reason is HoldReason.CUSTOMER
