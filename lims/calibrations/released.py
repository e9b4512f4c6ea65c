"""Reads of released runs: everything that a certificate needs of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.evaluations import evaluation_view, material_of
from lims.calibrations.facts import (
    CONDITIONS,
    ISSUABLE,
    Activity,
    DecisionFacts,
    DecisionKind,
    PersonAct,
    ReleasedRun,
    RunFacts,
    RunState,
)
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.room_queries import with_english_room
from lims.calibrations.standing import condition_ranges
from lims.calibrations.workflow import CLAUSE_REPORT
from lims.core.clock import local_date
from lims.core.errors import RuleViolation


def released_runs(session: Session, run_ids: Sequence[int]) -> list[ReleasedRun]:
    """Return released runs with all that a certificate prints of them, in the order asked for.

    The caller has checked who asks. Raises NotFound, or RuleViolation for a run that is not released or whose purpose
    may not be issued (ISO/IEC 17025:2017, 7.8.1.1).
    """
    return [_released(session, run_id) for run_id in run_ids]


def _released(session: Session, run_id: int) -> ReleasedRun:
    run = with_english_room(session, queries.facts_of(session, queries.run_row(session, run_id)))
    if run.state is not RunState.RELEASED:
        raise RuleViolation("run.not_released", clause=CLAUSE_REPORT, number=run.number, state=str(run.state))
    if run.purpose not in ISSUABLE:
        raise RuleViolation("run.purpose_not_issuable", clause=CLAUSE_REPORT, purpose=str(run.purpose))
    material = material_of(session, run)
    decided = queries.decisions(session, run_id)
    released = _last(decided, DecisionKind.RELEASED)
    if released.evaluation_id is None or released.evaluation_digest is None:
        raise RuleViolation("run.no_evaluation", clause=CLAUSE_REPORT)
    evaluation = evaluation_view(session, released.evaluation_id)
    times = [r.observed_at for r in material.current if r.address.section != CONDITIONS] or [run.opened_at]
    return ReleasedRun(
        run=run,
        performed=_performers(run, material),
        reviewed=_act(_last(decided, DecisionKind.REVIEWED)),
        released=_act(released),
        started_on=local_date(min(times), run.timezone),
        ended_on=local_date(max(times), run.timezone),
        equipment=material.uses,
        conditions=condition_ranges(material),
        evaluation_id=released.evaluation_id,
        evaluation_digest=released.evaluation_digest,
        evaluation=evaluation,
        results=evaluation.results,
        justifications=queries.justifications(session, run_id),
        exclusions=queries.exclusions(session, run_id),
        adjustments=queries.adjustments(session, run_id),
    )


def _last(decided: Sequence[DecisionFacts], kind: DecisionKind) -> DecisionFacts:
    return next(decision for decision in reversed(decided) if decision.kind == kind)


def _act(decision: DecisionFacts) -> PersonAct:
    return PersonAct(
        person_id=decision.actor_id,
        name=decision.actor_name,
        at=decision.at,
        title_vi=decision.title_vi,
        title_en=decision.title_en,
        comment=decision.comment,
    )


def _performers(run: RunFacts, material: RunMaterial) -> tuple[PersonAct, ...]:
    """Return who observed the readings that hold, in the order in which they began."""
    titles = {person.person_id: person for person in run.people if person.activity == Activity.PERFORM}
    found: dict[int, PersonAct] = {}
    for reading in sorted(material.current, key=lambda entry: entry.observed_at):
        known = titles.get(reading.observer_id)
        found.setdefault(
            reading.observer_id,
            PersonAct(
                person_id=reading.observer_id,
                name=reading.observer_name,
                at=reading.observed_at,
                title_vi="" if known is None else known.title_vi,
                title_en="" if known is None else known.title_en,
            ),
        )
    return tuple(found.values())
