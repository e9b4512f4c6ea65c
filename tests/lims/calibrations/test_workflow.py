"""The rules of a run on plain values: its states, who may decide, what keeps it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import pytest

from lims.calibrations.facts import (
    Address,
    AdjustmentFacts,
    ConditionRange,
    ExclusionFacts,
    Involvement,
    JustificationFacts,
    ReadingFacts,
    RunFacts,
    RunPersonFacts,
    RunPurpose,
    RunState,
)
from lims.calibrations.workflow import (
    MissingCells,
    SlotNeed,
    Standing,
    Step,
    UseFault,
    blocking,
    check_editable,
    check_reviewer,
    check_signatory,
    check_transition,
    involved,
    problems,
    refuse,
)
from lims.core.errors import Forbidden, RuleViolation
from lims.jobs.facts import AgreedSpecification, DecisionRule

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
RUN = RunFacts(
    id=1,
    token="t",
    number="R26-TM-00001",
    site_id=1,
    timezone="Asia/Ho_Chi_Minh",
    purpose=RunPurpose.CUSTOMER,
    state=RunState.DRAFT,
    instrument_id=1,
    job_item_id=1,
    procedure_version_id=1,
    legal_regime="calibration",
    location_kind="laboratory",
    room="",
    agreed_specification=AgreedSpecification(),
    decision_rule=DecisionRule(),
    points=None,
    scope=(),
    opened_at=AT,
    opened_by_id=10,
    opened_by_name="Kỹ Thuật Viên",
    started_at=None,
    ended_at=None,
    void_reason="",
    row_version=1,
    people=(RunPersonFacts(10, "Kỹ Thuật Viên", "perform", AT), RunPersonFacts(14, "Giám Sát", "supervise", AT)),
)
READING = ReadingFacts(
    id=1,
    address=Address("weighing", "10kg"),
    text="0.010",
    unit="g",
    value=Decimal("0.010"),
    observer_id=11,
    observer_name="Người Đọc",
    observed_at=AT,
    writer_id=10,
    writer_name="Kỹ Thuật Viên",
    entered_at=AT,
    source="typed",
)
TEMPERATURE = ConditionRange(
    "temperature", "degC", "Nhiệt độ", "Temperature", Decimal("20.1"), Decimal("20.3"), Decimal(18), Decimal(22)
)
_S = RunState
ALLOWED = {
    (_S.DRAFT, _S.SUBMITTED),
    (_S.DRAFT, _S.VOIDED),
    (_S.SUBMITTED, _S.REVIEWED),
    (_S.SUBMITTED, _S.DRAFT),
    (_S.SUBMITTED, _S.VOIDED),
    (_S.REVIEWED, _S.RELEASED),
    (_S.REVIEWED, _S.DRAFT),
    (_S.REVIEWED, _S.VOIDED),
}


@pytest.mark.parametrize(("before", "after"), list(product(RunState, RunState)))
def test_only_the_steps_of_the_table_are_allowed(before: RunState, after: RunState) -> None:
    run = replace(RUN, state=before)
    if (before, after) in ALLOWED:
        check_transition(run, after)
        return
    with pytest.raises(RuleViolation) as error:
        check_transition(run, after)
    assert error.value.code == "run.transition"
    assert error.value.clause


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.DRAFT])
def test_only_a_draft_takes_records(state: RunState) -> None:
    check_editable(RUN)
    with pytest.raises(RuleViolation) as error:
        check_editable(replace(RUN, state=state))
    assert error.value.code == "run.not_a_draft"


def test_everybody_with_a_hand_in_a_run_is_known() -> None:
    correction = replace(READING, id=2, supersedes_id=1, writer_id=12, observer_id=12)
    adjustment = AdjustmentFacts(1, "adjustment", "x", "", "khách", AT, "", "", 13, "Thợ", AT)
    exclusion = ExclusionFacts(1, "excluded", 1, "weighing", "10kg", "as_found", "rung", 15, "Người Loại", "", AT)
    assert involved(RUN, [READING, correction], [adjustment], [exclusion]) == {
        10: Involvement.RECORDED,
        11: Involvement.RECORDED,
        12: Involvement.CORRECTED,
        13: Involvement.ADJUSTED,
        14: Involvement.SUPERVISE,
        15: Involvement.EXCLUDED,
    }


def test_who_opened_it_is_known_before_anything_was_read() -> None:
    assert involved(replace(RUN, people=()), []) == {10: Involvement.OPENED}


@pytest.mark.parametrize("person", [10, 11, 12, 13, 14])
def test_a_hand_in_the_run_bars_from_its_review_even_with_authorisation(person: int) -> None:
    hands = dict.fromkeys(range(10, 15), Involvement.RECORDED)
    with pytest.raises(RuleViolation) as error:
        check_reviewer(RUN, person, hands, authorised=True)
    assert error.value.code == "run.own_review"


def test_a_stranger_reviews_with_authorisation_only() -> None:
    check_reviewer(RUN, 99, {10: Involvement.OPENED}, authorised=True)
    with pytest.raises(Forbidden):
        check_reviewer(RUN, 99, {10: Involvement.OPENED}, authorised=False)


@pytest.mark.parametrize(
    ("person", "reviewer", "authorised", "may_both", "code"),
    [
        (1, 2, True, False, None),
        (1, 1, True, True, None),
        (1, 1, True, False, "run.reviewer_releases"),
        (1, 2, False, False, "run.signatory_not_authorised"),
        (1, 1, False, True, "run.signatory_not_authorised"),
    ],
)
def test_who_may_release(person: int, reviewer: int, authorised: bool, may_both: bool, code: str | None) -> None:
    if code is None:
        check_signatory(RUN, person, reviewer, authorised=authorised, reviewer_may_release=may_both)
        return
    with pytest.raises((RuleViolation, Forbidden)) as error:
        check_signatory(RUN, person, reviewer, authorised=authorised, reviewer_may_release=may_both)
    assert error.value.code == code


@pytest.mark.parametrize("purpose", list(RunPurpose))
def test_two_purposes_may_be_issued(purpose: RunPurpose) -> None:
    run = replace(RUN, purpose=purpose)
    found = blocking(problems(Standing(run)), Step.RELEASE)
    if purpose in {RunPurpose.CUSTOMER, RunPurpose.OWN_STANDARD}:
        assert found == ()
        return
    assert [problem.code for problem in found] == ["run.purpose_not_issuable"]
    assert blocking(found, Step.REVIEW) == ()
    with pytest.raises(RuleViolation):
        check_signatory(run, 1, 2, authorised=True, reviewer_may_release=False)


def test_what_keeps_a_run_back_is_one_list_with_the_place_of_each_cure() -> None:
    standing = Standing(
        RUN,
        slots=[SlotNeed("reference", "Quả cân", "Weight", 1, 4, 0), SlotNeed("barometer", "Áp kế", "", 0, 1, 2)],
        missing=[MissingCells("weighing", "Cân", "Weighing", 9, "weighing|10kg|1||1|standard|as_found")],
        use_faults=[
            UseFault(7, "KL-05", "use.expired", False, None, {"valid_until": date(2026, 2, 28)}),
            UseFault(8, "KL-06", "use.untraceable", True),
        ],
        conditions=[replace(TEMPERATURE, maximum=Decimal("25.8"))],
        missing_conditions=[TEMPERATURE],
        unauthorised=["Người Mới"],
        evaluation_code="reduction.incomplete_cycle",
    )
    found = problems(standing)
    assert [(p.code, p.anchor, p.blocks) for p in found] == [
        ("run.equipment_missing", "slot-reference", Step.SUBMIT),
        ("run.equipment_too_many", "slot-barometer", Step.SUBMIT),
        ("run.equipment_not_usable", "use-7", Step.SUBMIT),
        ("run.equipment_not_usable", "use-8", Step.RELEASE),
        ("run.condition_missing", "condition-temperature", Step.SUBMIT),
        ("run.condition_outside", "justify", Step.RELEASE),
        ("run.readings_missing", "field-weighing|10kg|1||1|standard|as_found", Step.SUBMIT),
        ("run.performer_not_authorised", "people", Step.SUBMIT),
    ]
    assert all(problem.clause for problem in found)
    assert len(blocking(found, Step.SUBMIT)) == 6
    with pytest.raises(RuleViolation) as error:
        refuse(found, Step.SUBMIT)
    assert error.value.values["count"] == 6


def test_a_calculation_that_fails_is_told_when_nothing_else_is_missing() -> None:
    (problem,) = problems(Standing(RUN, evaluation_code="evaluation.no_drift", evaluation_values={"standard": "KL-05"}))
    assert (problem.code, problem.detail) == ("run.evaluation_fails", "evaluation.no_drift")


@pytest.mark.parametrize(
    ("minimum", "maximum", "inside"),
    [("18", "22", True), ("17.9", "20", False), ("20", "22.1", False), ("20", "20", True)],
)
def test_a_condition_outside_is_held_unless_justified(minimum: str, maximum: str, inside: bool) -> None:
    condition = replace(TEMPERATURE, minimum=Decimal(minimum), maximum=Decimal(maximum))
    assert condition.inside is inside
    found = problems(Standing(RUN, conditions=[condition]))
    assert [problem.code for problem in found] == ([] if inside else ["run.condition_outside"])
    decision = JustificationFacts(1, "condition_outside", "temperature", "Không đáng kể", "", True, 1, "PT", AT)
    assert problems(Standing(RUN, conditions=[condition], justifications=[decision])) == ()
    other = replace(decision, subject="pressure")
    assert bool(problems(Standing(RUN, conditions=[condition], justifications=[other]))) is not inside
