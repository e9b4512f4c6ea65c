"""The decisions on a run: submitted with its evaluation stored, returned, reviewed, released, voided."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.commands import Decide
from lims.calibrations.evaluation import canonical, evaluation_digest, text_digest
from lims.calibrations.evaluations import evaluation_view, last_evaluation, material_of, preview
from lims.calibrations.facts import (
    CONDITIONS,
    DecisionFacts,
    DecisionKind,
    EvaluationView,
    Involvement,
    ResultFacts,
    RunFacts,
    RunState,
)
from lims.calibrations.gathering import RunMaterial
from lims.calibrations.models import CalibrationRun, Decision, Evaluation, EvaluationResult
from lims.calibrations.notice_services import settle_as_found
from lims.calibrations.services import check_performer, check_seen
from lims.calibrations.standing import standing
from lims.calibrations.workflow import (
    CLAUSE_DATA,
    Problem,
    Step,
    check_reviewer,
    check_signatory,
    check_transition,
    involved,
    problems,
    refuse,
)
from lims.core import audit
from lims.core.actor import Actor
from lims.core.clock import local_date
from lims.core.errors import FieldError, IntegrityFailure, InvalidInput, RuleViolation, StaleRecord
from lims.core.text import normalise
from lims.jobs import item_services
from lims.jobs import queries as jobs
from lims.jobs.facts import ItemState, MoveItem
from lims.people import access
from lims.people import queries as people
from lims.people.access import Permission
from lims.procedures import queries as procedures
from lims.procedures.facts import Activity, AuthorisationFacts, SignatoryKind


def submit_run(session: Session, actor: Actor, command: Decide, *, now: datetime) -> EvaluationView:
    """Store the evaluation of what was recorded, with its whole input, and hand the run in for review.

    Who: a person authorised to perform the procedure today. Refuses what keeps the run back: missing readings,
    conditions or equipment, a standard not valid at a reading's time, a point that cannot be evaluated
    (ISO/IEC 17025:2017, 7.5.1, 7.11.3), a preview named by its digest that is no longer what is stored. An
    untraceable standard is told of and holds back the release. An item that fails as found goes on hold for its
    customer, with a notice drafted, unless it was adjusted or answered for.
    """
    access.require(actor, Permission.RECORD_READINGS)
    row, run = _locked(session, actor, command, RunState.SUBMITTED)
    check_performer(session, run, actor, on=local_date(now, run.timezone))
    material = material_of(session, run)
    view, gathered = preview(session, material, now=now)
    found = problems(standing(session, material, now=now, view=view, faults=gathered.faults, every_reading=True))
    refuse(found, Step.SUBMIT)
    if view.failures or not view.results:
        raise RuleViolation("run.evaluation_fails", clause=CLAUSE_DATA)
    if command.evaluation_digest is not None and command.evaluation_digest != view.result_digest:
        raise StaleRecord("run.preview_stale", number=run.number)
    stored = _store(session, actor, run, view, now)
    times = [r.observed_at for r in material.current if r.address.section != CONDITIONS]
    row.started_at, row.ended_at = min(times), max(times)
    row.scope_line = canonical(stored.input["scope"])  # the lines of the day of the readings
    row.state = RunState.SUBMITTED
    session.flush()
    _decide(session, actor, run, DecisionKind.SUBMITTED, stored, command.comment, None, now)
    settle_as_found(session, actor, material, stored, now=now)
    _finish_item(session, actor, run, now)
    return stored


def _locked(session: Session, actor: Actor, command: Decide, to: RunState) -> tuple[CalibrationRun, RunFacts]:
    """Return a run whose row is locked, seen as it is now, and for which the step is allowed."""
    row = queries.run_row(session, command.run_id, lock="update")
    queries.check_laboratory(session, actor, row.site_id)
    check_seen(row, command.seen_row_version)
    run = queries.facts_of(session, row)
    check_transition(run, to)
    return row, run


def _store(session: Session, actor: Actor, run: RunFacts, view: EvaluationView, now: datetime) -> EvaluationView:
    """Write the evaluation and its result rows; what is returned was read back from what was written."""
    last = select(func.coalesce(func.max(Evaluation.sequence), 0)).where(Evaluation.run_id == run.id)
    row = Evaluation(
        run_id=run.id,
        sequence=session.execute(last).scalar_one() + 1,
        input=canonical(view.input),
        input_digest=view.input_digest,
        result=canonical(view.result),
        result_digest=view.result_digest,
        digest=evaluation_digest(view.input_digest, view.result_digest),
        seed=view.seed,
        engine_version=view.engine_version,
        fingerprint=view.fingerprint,
        created_at=now,
        created_by_id=actor.person_id,
        created_by_name=actor.name,
    )
    session.add(row)
    session.flush()
    session.add_all(_result_row(row.id, result) for result in view.results)
    session.flush()
    return evaluation_view(session, row.id)


def _result_row(evaluation_id: int, result: ResultFacts) -> EvaluationResult:
    return EvaluationResult(
        evaluation_id=evaluation_id,
        section=result.section,
        point=result.point,
        output=result.output,
        phase=result.phase,
        unit=result.unit,
        estimate=result.estimate,
        measurement_error=result.measurement_error,
        combined_standard_uncertainty=result.combined_standard_uncertainty,
        effective_degrees_of_freedom=result.effective_degrees_of_freedom,
        coverage_factor=result.coverage_factor,
        expanded_uncertainty=result.expanded_uncertainty,
        cmc=result.cmc,
        in_scope=result.in_scope,
        reported_value=result.reported_value,
        reported_expanded_uncertainty=result.reported_expanded_uncertainty,
        reported_unit=result.reported_unit,
        decision=result.decision,
    )


def return_run(session: Session, actor: Actor, command: Decide, *, now: datetime) -> DecisionFacts:
    """Give a submitted or reviewed run back to its technician, with what is to be mended; it is a draft again.

    Who: who may review or release runs of the laboratory (ISO/IEC 17025:2017, 7.5.2, 7.11.3).
    """
    access.require(actor, Permission.REVIEW_RUNS, Permission.RELEASE_RUNS)
    row, run = _locked(session, actor, command, RunState.DRAFT)
    _need_comment(command)
    evaluation = _named(session, run, command)
    row.state = RunState.DRAFT
    session.flush()
    _reopen_item(session, actor, run, command.comment, now)
    return _decide(session, actor, run, DecisionKind.RETURNED, evaluation, command.comment, None, now)


def review_run(session: Session, actor: Actor, command: Decide, *, now: datetime) -> DecisionFacts:
    """Approve a submitted evaluation technically, naming it by its digest.

    Who: a person authorised today to review the procedure who neither opened, recorded, corrected, adjusted nor
    supervised (ISO/IEC 17025:2017, 6.2.6 b and c, 7.7.1).
    """
    access.require(actor, Permission.REVIEW_RUNS)
    row, run = _locked(session, actor, command, RunState.REVIEWED)
    material = material_of(session, run)
    authorisation = review_authorisation(session, run, actor.person_id, on=local_date(now, run.timezone))
    check_reviewer(run, actor.person_id, involved_in(session, material), authorised=authorisation is not None)
    evaluation = _named(session, run, command)
    refuse(_problems(session, material, now), Step.REVIEW)
    row.state = RunState.REVIEWED
    return _decide(session, actor, run, DecisionKind.REVIEWED, evaluation, command.comment, authorisation, now)


def involved_in(session: Session, material: RunMaterial) -> dict[int, Involvement]:
    """Return who had a hand in a run, and how."""
    run_id = material.run.id
    return involved(
        material.run, material.readings, queries.adjustments(session, run_id), queries.exclusions(session, run_id)
    )


def review_authorisation(session: Session, run: RunFacts, person_id: int, *, on: date) -> AuthorisationFacts | None:
    """Return a person's authorisation to review the run's procedure on a day."""
    version = procedures.procedure_version_facts(session, run.procedure_version_id)
    return procedures.authorisation_for(
        session,
        person_id,
        procedure_id=version.procedure_id,
        activity=Activity.REVIEW,
        on=on,
        site_id=run.site_id,
    )


def release_authorisation(session: Session, run: RunFacts, person_id: int, *, on: date) -> AuthorisationFacts | None:
    """Return a person's authorisation to sign what the run leads to on a day."""
    verification = run.legal_regime == "verification"
    kind = SignatoryKind.VERIFICATION_CERTIFICATE if verification else SignatoryKind.CALIBRATION_CERTIFICATE
    return procedures.signatory_authorisation(session, person_id, kind=kind, on=on, site_id=run.site_id)


def release_run(session: Session, actor: Actor, command: Decide, *, now: datetime) -> DecisionFacts:
    """Release the reviewed evaluation for a certificate; the job item is done and released with its last run.

    Who: a signatory with an authorisation of that kind for the site today; who reviewed may release only where the
    site says so. Refuses another evaluation than the reviewed one, a damaged one, a path without a terminal, a
    standard found bad since, and conditions outside without a justified decision
    (ISO/IEC 17025:2017, 6.5.1, 7.2.1.7, 7.8.1.1).
    """
    access.require(actor, Permission.RELEASE_RUNS)
    row, run = _locked(session, actor, command, RunState.RELEASED)
    authorisation = release_authorisation(session, run, actor.person_id, on=local_date(now, run.timezone))
    evaluation = _named(session, run, command)
    reviewed = next(d for d in reversed(queries.decisions(session, run.id)) if d.kind == DecisionKind.REVIEWED)
    if reviewed.evaluation_digest != evaluation.digest:
        raise RuleViolation("run.other_evaluation", clause=CLAUSE_DATA)
    check_signatory(
        run,
        actor.person_id,
        reviewed.actor_id,
        authorised=authorisation is not None,
        reviewer_may_release=people.site_facts(session, run.site_id).reviewer_may_release,
    )
    material = material_of(session, run)
    refuse(_problems(session, material, now), Step.RELEASE)
    row.state = RunState.RELEASED
    session.flush()
    decision = _decide(session, actor, run, DecisionKind.RELEASED, evaluation, command.comment, authorisation, now)
    _release_item(session, actor, run, now)
    return decision


def _problems(session: Session, material: RunMaterial, now: datetime) -> tuple[Problem, ...]:
    return problems(standing(session, material, now=now, every_reading=True))


def _finish_item(session: Session, actor: Actor, run: RunFacts, now: datetime) -> None:
    """Say that the bench work on the item is done, once none of its runs is a draft."""
    if _item_stands(session, run, ItemState.IN_WORK, [RunState.DRAFT]):
        item_services.finish_item(session, actor, MoveItem(run.job_item_id or 0), now=now)


def _reopen_item(session: Session, actor: Actor, run: RunFacts, comment: str, now: datetime) -> None:
    """Take the item back to work: a run was returned."""
    if _item_stands(session, run, ItemState.DONE, []):
        item_services.reopen_item(session, actor, MoveItem(run.job_item_id or 0, normalise(comment)), now=now)


def _release_item(session: Session, actor: Actor, run: RunFacts, now: datetime) -> None:
    """Release the item with the last of its runs."""
    if _item_stands(session, run, ItemState.DONE, [RunState.DRAFT, RunState.SUBMITTED, RunState.REVIEWED]):
        item_services.release_item(session, actor, MoveItem(run.job_item_id or 0), now=now)


def _item_stands(session: Session, run: RunFacts, state: ItemState, without: list[RunState]) -> bool:
    """Return whether the run's item is in a state, and none of its runs in those given."""
    if run.job_item_id is None or jobs.job_item_facts(session, run.job_item_id).state is not state:
        return False
    count = select(func.count()).where(
        CalibrationRun.job_item_id == run.job_item_id, CalibrationRun.state.in_([str(entry) for entry in without])
    )
    return session.execute(count).scalar_one() == 0


def void_run(session: Session, actor: Actor, command: Decide, *, now: datetime) -> DecisionFacts:
    """Void a run that is not released, with the reason; everything recorded stays (ISO/IEC 17025:2017, 7.5.2)."""
    access.require(actor, Permission.RECORD_READINGS, Permission.REVIEW_RUNS)
    row, run = _locked(session, actor, command, RunState.VOIDED)
    _need_comment(command)
    evaluation = last_evaluation(session, run.id)
    row.state, row.void_reason = RunState.VOIDED, normalise(command.comment)
    return _decide(session, actor, run, DecisionKind.VOIDED, evaluation, command.comment, None, now)


def _need_comment(command: Decide) -> None:
    if not command.comment.strip():
        raise InvalidInput([FieldError("comment", "run.reason_needed")])


def _named(session: Session, run: RunFacts, command: Decide) -> EvaluationView:
    """Return the evaluation that is decided on: the newest, which must be the one that the decider saw, undamaged."""
    evaluation = last_evaluation(session, run.id)
    if evaluation is None:
        raise RuleViolation("run.no_evaluation", clause=CLAUSE_DATA)
    if command.evaluation_digest is not None and command.evaluation_digest != evaluation.digest:
        raise StaleRecord("run.evaluation_stale", seen=command.evaluation_digest[:12], present=evaluation.digest)
    written = (text_digest(canonical(evaluation.input)), text_digest(canonical(evaluation.result)))
    if written != (evaluation.input_digest, evaluation.result_digest):
        raise IntegrityFailure("evaluation.damaged", number=run.number, sequence=evaluation.sequence)
    if evaluation_digest(*written) != evaluation.digest:
        raise IntegrityFailure("evaluation.damaged", number=run.number, sequence=evaluation.sequence)
    return evaluation


def _decide(
    session: Session,
    actor: Actor,
    run: RunFacts,
    kind: DecisionKind,
    evaluation: EvaluationView | None,
    comment: str,
    authorisation: AuthorisationFacts | None,
    now: datetime,
) -> DecisionFacts:
    """Write a decision and its audit entry."""
    person = people.person_facts(session, actor.person_id)
    row = Decision(
        run_id=run.id,
        evaluation_id=None if evaluation is None else evaluation.id,
        evaluation_digest=None if evaluation is None else evaluation.digest,
        kind=kind,
        comment=normalise(comment) or None,
        actor_id=actor.person_id,
        actor_name=actor.name,
        actor_title_vi=person.title_vi,
        actor_title_en=person.title_en,
        authorisation_id=None if authorisation is None else authorisation.id,
        at=now,
    )
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        f"run.{kind}",
        ("run", run.id),
        now=now,
        site_id=run.site_id,
        before={"state": run.state},
        after={"evaluation": row.evaluation_digest, "comment": row.comment},
    )
    return queries.decisions(session, run.id)[-1]
