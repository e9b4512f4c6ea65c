"""Runs through their services, on both databases: the whole way, and each refusal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.calibrations import queries
from lims.calibrations.commands import (
    ChangeRun,
    ChooseEquipment,
    Decide,
    OpenRun,
    WithdrawEquipment,
)
from lims.calibrations.decision_services import release_run, return_run, review_run, submit_run, void_run
from lims.calibrations.evaluations import last_evaluation, material_of, preview
from lims.calibrations.facts import RunPurpose, RunState
from lims.calibrations.models import EvaluationResult
from lims.calibrations.released import released_runs
from lims.calibrations.services import change_run, choose_equipment, open_run, withdraw_equipment
from lims.core.errors import Forbidden, InvalidInput, LimsError, NotFound, RuleViolation, StaleRecord
from lims.jobs import queries as jobs
from lims.jobs.facts import ItemState
from lims.people.facts import Role
from lims.procedures.facts import Activity
from standards.commands import ChangeStandardState
from standards.facts import StandardState
from standards.services import change_standard_state
from tests.factories import procedures, standards
from tests.factories.calibrations import (
    NOW,
    authorise,
    authorise_signatory,
    equip,
    make_actor,
    make_bench,
    make_run,
    measured_run,
    read_all,
    released_run,
    reviewed_run,
    submitted_run,
)


def code_of(error: pytest.ExceptionInfo[LimsError]) -> str:
    """Return the code of what was refused (of the first field, for input)."""
    found = error.value
    return found.fields[0].code if isinstance(found, InvalidInput) else found.code


def test_the_whole_way_gives_the_published_result(session: Session) -> None:
    bench = make_bench(session)
    run = released_run(session, bench)
    (released,) = released_runs(session, [run.id])
    (row,) = released.results
    assert (row.nominal, row.nominal_unit, row.reported_value, row.reported_unit) == ("10", "kg", "25", "mg")
    assert (row.reported_expanded_uncertainty, row.reported_coverage_factor) == ("59", "2")
    assert float(row.estimate) == pytest.approx(10000.025, abs=0.0005)
    assert float(row.combined_standard_uncertainty) == pytest.approx(0.0293, abs=0.00005)
    assert [person.name for person in released.performed] == ["Kỹ Thuật Viên"]
    assert (released.reviewed.name, released.released.name) == ("Phụ Trách Kỹ Thuật", "Giám Đốc")
    assert released.released.title_en == "Title"
    assert released.started_on == released.ended_on == date(2026, 3, 2)
    assert [use.slot for use in released.equipment] == ["reference", "thermo_hygrometer"]
    assert [str(entry.maximum) for entry in released.conditions[:2]] == ["20.3", "51"]
    assert released.evaluation_digest == released.evaluation.digest
    assert jobs.job_item_facts(session, bench.item.id).state is ItemState.RELEASED


def test_opening_takes_the_item_to_work_and_freezes_what_was_agreed(session: Session) -> None:
    bench = make_bench(session)
    procedures.make_scope(session, site_id=bench.site.id)
    run = make_run(session, bench)
    assert run.state is RunState.DRAFT
    assert run.number.startswith("R26-")
    assert jobs.job_item_facts(session, bench.item.id).state is ItemState.IN_WORK
    assert [(entry.section, entry.point) for entry in run.scope] == [("weighing", "10kg")]


def test_a_preview_is_what_a_submission_stores(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    facts = queries.run_facts(session, bench.technician, run.id)
    seen, _gathered = preview(session, material_of(session, facts), now=NOW)
    stored = submit_run(session, bench.technician, Decide(run.id), now=NOW + timedelta(hours=3))
    assert (seen.input_digest, seen.result_digest) == (stored.input_digest, stored.result_digest)
    assert seen.results == stored.results
    rows = session.execute(select(EvaluationResult).where(EvaluationResult.evaluation_id == stored.id)).scalars()
    assert [(row.reported_value, row.reported_expanded_uncertainty) for row in rows] == [("25", "59")]


def test_a_technician_without_authorisation_today_opens_nothing(session: Session) -> None:
    bench = make_bench(session)
    stranger = make_actor(session, bench.site, Role.TECHNICIAN, "Người Mới")
    with pytest.raises(Forbidden) as error:
        open_run(session, stranger, OpenRun(job_item_id=bench.item.id), now=NOW)
    assert code_of(error) == "run.not_authorised"
    assert error.value.clause == "ISO/IEC 17025:2017, 6.2.6"


def test_an_authorisation_that_ran_out_stops_the_next_reading(session: Session) -> None:
    bench = make_bench(session)
    late = make_actor(session, bench.site, Role.TECHNICIAN, "Hết Hạn")
    procedures.make_authorisation(
        session, person_id=late.person_id, procedure_id=bench.version.procedure_id, valid_to=date(2026, 3, 1)
    )
    with pytest.raises(Forbidden):
        open_run(session, late, OpenRun(job_item_id=bench.item.id), now=NOW)
    assert open_run(session, late, OpenRun(job_item_id=bench.item.id), now=NOW - timedelta(days=1)).id


def test_an_item_that_is_not_here_or_has_no_procedure_is_refused(session: Session) -> None:
    bench = make_bench(session)
    released_run(session, bench)
    with pytest.raises(RuleViolation) as error:
        open_run(session, bench.technician, OpenRun(job_item_id=bench.item.id), now=NOW)
    assert code_of(error) == "run.item_state"
    with pytest.raises(InvalidInput):
        open_run(session, bench.technician, OpenRun(), now=NOW)


def test_another_laboratory_knows_nothing_of_a_run(session: Session) -> None:
    bench = make_bench(session)
    other = make_bench(session)
    run = make_run(session, bench)
    with pytest.raises(NotFound):
        queries.run_facts(session, other.technician, run.id)
    with pytest.raises(NotFound):
        submit_run(session, other.technician, Decide(run.id), now=NOW)


def test_an_expired_standard_is_refused_by_name(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    old = standards.make_standard(session, bench.site)
    expired = standards.make_calibration(session, old, valid_until=date(2026, 2, 28))
    with pytest.raises(RuleViolation) as error:
        choose_equipment(session, bench.technician, ChooseEquipment(run.id, "reference", old.id, expired.id), now=NOW)
    assert code_of(error) == "use.expired"
    assert error.value.values["standard"] == old.code


def quarantine(session: Session, bench_standard_id: int, laboratory_id: int, at: object) -> None:
    """Put a standard into quarantine."""
    command = ChangeStandardState(bench_standard_id, StandardState.QUARANTINED, reason="Bị rơi")
    change_standard_state(session, standards.recorder(laboratory_id), command, now=at)  # type: ignore[arg-type]


def test_a_quarantined_standard_is_refused_when_chosen_and_when_submitted(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    quarantine(session, bench.standard.id, bench.site.organisation_id, NOW + timedelta(minutes=5))
    with pytest.raises(RuleViolation) as error:
        choose_equipment(
            session,
            bench.technician,
            ChooseEquipment(run.id, "reference", bench.standard.id, bench.calibration.id, point="10kg"),
            now=NOW + timedelta(minutes=6),
        )
    assert code_of(error) == "use.quarantined"
    submit_run(session, bench.technician, Decide(run.id), now=NOW + timedelta(minutes=7))
    review_run(session, bench.reviewer, Decide(run.id), now=NOW + timedelta(minutes=8))
    with pytest.raises(RuleViolation) as error:
        release_run(session, bench.signatory, Decide(run.id), now=NOW + timedelta(minutes=9))
    assert code_of(error) == "use.quarantined"


def test_a_standard_without_a_terminal_is_refused(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    loose = standards.make_standard(session, bench.site)
    calibration = standards.make_calibration(session, loose, terminals=(), accepted=False)
    with pytest.raises(RuleViolation) as error:
        choose_equipment(
            session, bench.technician, ChooseEquipment(run.id, "reference", loose.id, calibration.id), now=NOW
        )
    assert {"use.not_yet_accepted", "use.untraceable"} & set(error.value.values["codes"])  # type: ignore[call-overload]


def test_a_standard_of_another_site_or_twice_is_refused(session: Session) -> None:
    bench, other = make_bench(session), make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    with pytest.raises(RuleViolation) as error:
        choose_equipment(
            session,
            bench.technician,
            ChooseEquipment(run.id, "reference", other.standard.id, other.calibration.id),
            now=NOW,
        )
    assert code_of(error) == "run.other_site"
    with pytest.raises(RuleViolation) as error:
        choose_equipment(
            session,
            bench.technician,
            ChooseEquipment(run.id, "reference", bench.standard.id, bench.calibration.id),
            now=NOW,
        )
    assert code_of(error) == "run.equipment_twice"


def test_withdrawn_equipment_needs_a_reason_and_stays_in_the_record(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    use = queries.equipment(session, run.id)[0]
    with pytest.raises(InvalidInput):
        withdraw_equipment(session, bench.technician, WithdrawEquipment(use.id, " "), now=NOW)
    withdraw_equipment(session, bench.technician, WithdrawEquipment(use.id, "Chọn nhầm"), now=NOW)
    assert [u.slot for u in queries.equipment(session, run.id)] == ["thermo_hygrometer"]
    (first, _second) = queries.equipment(session, run.id, withdrawn=True)
    assert first.withdrawn_reason == "Chọn nhầm"


def test_an_incomplete_run_is_not_submitted_and_says_why(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    with pytest.raises(RuleViolation) as error:
        submit_run(session, bench.technician, Decide(run.id), now=NOW)
    codes = [problem.code for problem in error.value.values["problems"]]  # type: ignore[attr-defined]
    assert codes == [
        "run.equipment_missing",
        "run.equipment_missing",
        "run.condition_missing",
        "run.condition_missing",
        "run.readings_missing",
    ]
    assert last_evaluation(session, run.id) is None


def test_nobody_reviews_what_they_had_a_hand_in(session: Session) -> None:
    bench = make_bench(session)
    run = submitted_run(session, bench)
    hand = make_actor(session, bench.site, Role.TECHNICAL_MANAGER, bench.technician.name)
    own = type(hand)(
        bench.technician.person_id,
        bench.technician.name,
        hand.permissions,
        hand.organisation_ids,
        hand.laboratory_id,
        hand.site_ids,
    )
    procedures.make_authorisation(
        session, person_id=own.person_id, activity=Activity.REVIEW, procedure_id=bench.version.procedure_id
    )
    with pytest.raises(RuleViolation) as error:
        review_run(session, own, Decide(run.id), now=NOW)
    assert code_of(error) == "run.own_review"
    assert queries.run_facts(session, bench.reviewer, run.id).state is RunState.SUBMITTED


def test_a_reviewer_needs_the_authorisation_for_that_procedure(session: Session) -> None:
    bench = make_bench(session)
    run = submitted_run(session, bench)
    other = make_actor(session, bench.site, Role.TECHNICAL_MANAGER, "Người Khác")
    with pytest.raises(Forbidden) as error:
        review_run(session, other, Decide(run.id), now=NOW)
    assert code_of(error) == "run.reviewer_not_authorised"
    with pytest.raises(Forbidden):
        review_run(session, bench.colleague, Decide(run.id), now=NOW)


def test_a_signatory_needs_an_authorisation_and_is_not_the_reviewer(session: Session) -> None:
    bench = make_bench(session)
    run = submitted_run(session, bench)
    authorise(session, bench.signatory, bench.version, Activity.REVIEW)
    review_run(session, bench.signatory, Decide(run.id), now=NOW)
    with pytest.raises(RuleViolation) as error:
        release_run(session, bench.signatory, Decide(run.id), now=NOW)
    assert code_of(error) == "run.reviewer_releases"
    deputy = make_actor(session, bench.site, Role.SIGNATORY, "Phó Giám Đốc")
    with pytest.raises(Forbidden) as refused:
        release_run(session, deputy, Decide(run.id), now=NOW)
    assert code_of(refused) == "run.signatory_not_authorised"
    authorise_signatory(session, deputy)
    release_run(session, deputy, Decide(run.id), now=NOW)


def test_the_site_may_let_the_reviewer_release(session: Session) -> None:
    bench = make_bench(session)
    bench.site.reviewer_may_release = True
    run = submitted_run(session, bench)
    authorise(session, bench.signatory, bench.version, Activity.REVIEW)
    review_run(session, bench.signatory, Decide(run.id), now=NOW)
    release_run(session, bench.signatory, Decide(run.id), now=NOW)
    assert queries.run_facts(session, bench.signatory, run.id).state is RunState.RELEASED


def test_a_returned_run_is_a_draft_again_and_gets_a_new_evaluation(session: Session) -> None:
    bench = make_bench(session)
    run = submitted_run(session, bench)
    with pytest.raises(InvalidInput):
        return_run(session, bench.reviewer, Decide(run.id), now=NOW)
    return_run(session, bench.reviewer, Decide(run.id, comment="Kiểm tra chu trình 2"), now=NOW)
    assert queries.run_facts(session, bench.reviewer, run.id).state is RunState.DRAFT
    assert jobs.job_item_facts(session, bench.item.id).state is ItemState.IN_WORK
    again = submit_run(session, bench.technician, Decide(run.id), now=NOW)
    assert again.sequence == 2
    assert [d.kind for d in queries.decisions(session, run.id)] == ["submitted", "returned", "submitted"]


def test_a_decision_names_the_evaluation_that_was_seen(session: Session) -> None:
    bench = make_bench(session)
    run = submitted_run(session, bench)
    with pytest.raises(StaleRecord) as error:
        review_run(session, bench.reviewer, Decide(run.id, evaluation_digest="0" * 64), now=NOW)
    assert code_of(error) == "run.evaluation_stale"
    seen = last_evaluation(session, run.id)
    assert seen is not None
    decision = review_run(session, bench.reviewer, Decide(run.id, evaluation_digest=seen.digest), now=NOW)
    assert decision.evaluation_digest == seen.digest


def test_forbidden_steps_are_refused(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    for step, actor in ((review_run, bench.reviewer), (release_run, bench.signatory)):
        with pytest.raises(RuleViolation) as error:
            step(session, actor, Decide(run.id), now=NOW)
        assert code_of(error) == "run.transition"
    submit_run(session, bench.technician, Decide(run.id), now=NOW)
    with pytest.raises(RuleViolation) as error:
        equip(session, bench, run)
    assert code_of(error) == "run.not_a_draft"
    with pytest.raises(RuleViolation) as error:
        read_all(session, bench, run)
    assert code_of(error) == "run.not_a_draft"


def test_a_released_run_is_not_voided_a_draft_is_with_a_reason(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    with pytest.raises(InvalidInput):
        void_run(session, bench.technician, Decide(run.id), now=NOW)
    void_run(session, bench.technician, Decide(run.id, comment="Cân hỏng"), now=NOW)
    assert queries.run_facts(session, bench.technician, run.id).void_reason == "Cân hỏng"
    other = make_bench(session)
    released = released_run(session, other)
    with pytest.raises(RuleViolation):
        void_run(session, other.technician, Decide(released.id, comment="Không được"), now=NOW)


def test_two_people_edit_the_header(session: Session) -> None:
    bench = make_bench(session)
    run = make_run(session, bench)
    change_run(session, bench.technician, ChangeRun(run.id, run.row_version, "P.102"), now=NOW)
    with pytest.raises(StaleRecord) as error:
        change_run(session, bench.colleague, ChangeRun(run.id, run.row_version, "P.103"), now=NOW)
    assert error.value.values["typed"] == "P.103"
    assert error.value.values["present"] == "P.102"


def test_only_two_purposes_reach_a_certificate(session: Session) -> None:
    bench = make_bench(session)
    run = open_run(session, bench.technician, OpenRun(RunPurpose.TRAINING, job_item_id=bench.item.id), now=NOW)
    equip(session, bench, run)
    read_all(session, bench, run)
    submit_run(session, bench.technician, Decide(run.id), now=NOW)
    review_run(session, bench.reviewer, Decide(run.id), now=NOW)
    with pytest.raises(RuleViolation) as error:
        release_run(session, bench.signatory, Decide(run.id), now=NOW)
    assert code_of(error) == "run.purpose_not_issuable"
    with pytest.raises(RuleViolation):
        released_runs(session, [run.id])


def test_only_released_runs_are_handed_to_a_certificate(session: Session) -> None:
    run = reviewed_run(session, make_bench(session))
    with pytest.raises(RuleViolation) as error:
        released_runs(session, [run.id])
    assert code_of(error) == "run.not_released"


def test_only_who_is_authorised_to_supervise_can_be_named_supervisor(session: Session) -> None:
    """Anybody else, a customer or nobody at all would be printed with a run that they have no part in."""
    bench = make_bench(session)
    for person_id in (bench.reviewer.person_id, bench.colleague.person_id, 10**9):
        with pytest.raises(InvalidInput) as error:
            command = OpenRun(job_item_id=bench.item.id, supervisor_id=person_id)
            open_run(session, bench.technician, command, now=NOW)
        assert error.value.fields[0].field == "supervisor_id"
    authorise(session, bench.reviewer, bench.version, Activity.SUPERVISE)
    run = open_run(
        session,
        bench.technician,
        OpenRun(RunPurpose.CUSTOMER, bench.item.id, supervisor_id=bench.reviewer.person_id),
        now=NOW,
    )
    assert bench.reviewer.person_id in {person.person_id for person in run.people}


def test_a_decision_on_a_header_seen_in_another_version_is_stale(session: Session) -> None:
    bench = make_bench(session)
    run = measured_run(session, bench)
    seen = queries.run_facts(session, bench.technician, run.id).row_version
    change_run(session, bench.colleague, ChangeRun(run.id, seen, "P.102"), now=NOW)
    with pytest.raises(StaleRecord) as error:
        submit_run(session, bench.technician, Decide(run.id, seen_row_version=seen), now=NOW)
    assert error.value.code == "run.stale"
    submit_run(session, bench.technician, Decide(run.id, seen_row_version=seen + 1), now=NOW)


def test_a_standard_that_was_away_between_first_and_last_reading_is_refused(session: Session) -> None:
    """Its validity is looked at for every reading: good at the first and the last is not enough."""
    bench = make_bench(session)
    run = make_run(session, bench)
    equip(session, bench, run)
    away, back = NOW + timedelta(minutes=10), NOW + timedelta(minutes=20)
    recorder = standards.recorder(bench.site.organisation_id)
    for state, at in ((StandardState.OUT, away), (StandardState.RETURNED, back), (StandardState.AVAILABLE, back)):
        change_standard_state(
            session, recorder, ChangeStandardState(bench.standard.id, state, reason="Cho mượn"), now=at
        )
    end = NOW + timedelta(minutes=30)
    read_all(session, bench, run, now=end, observed=[NOW, NOW + timedelta(minutes=15)])
    with pytest.raises(RuleViolation) as error:
        submit_run(session, bench.technician, Decide(run.id), now=end)
    assert error.value.code == "use.out"
