"""The way of an item, by plain values."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from calc.decisions.conformity import Statement
from lims.core.errors import RuleViolation
from lims.jobs.facts import (
    AgreedPoints,
    AgreedSpecification,
    DecisionRule,
    ItemState,
    JobFacts,
    JobItemFacts,
    JobState,
    LegalRegime,
    LocationKind,
    PurposeOfUse,
    RuleKind,
    SpecificationKind,
    points_from_json,
    points_to_json,
)
from lims.jobs.messages import LABELS
from lims.jobs.workflow import (
    JobAction,
    check_agreement,
    check_start,
    check_step,
    job_state,
    missing_for_review,
    next_action,
    possible_steps,
)
from lims.procedures.definition_facts import MeasuringPoint

_S = ItemState
_LIMITS = AgreedSpecification(SpecificationKind.LIMITS, lower=Decimal("-0.5"), upper=Decimal("0.50"), unit="g")
_RULE = DecisionRule(RuleKind.GUARD_BAND_U, "ILAC-G8:09/2019", Decimal("1.0"), date(2026, 3, 2))


def _item(state: ItemState = _S.RECEIVED, **changes: object) -> JobItemFacts:
    item = JobItemFacts(
        id=1,
        token="t",
        job_id=1,
        job_number="PYC26-TM-00001",
        site_id=1,
        customer_id=2,
        position=1,
        instrument_id=3,
        procedure_version_id=4,
        ordering_party_id=2,
        addressee_id=2,
        parties_reason="",
        place_of_use="",
        location_kind=LocationKind.LABORATORY,
        location_address="",
        agreed_specification=AgreedSpecification(),
        decision_rule=DecisionRule(),
        points=(),
        adjust=False,
        recommend_next_date=False,
        certificate_language="vi-en",
        purpose_of_use=PurposeOfUse.GROUP_1,
        legal_regime=LegalRegime.CALIBRATION,
        condition_on_receipt="",
        condition_on_receipt_en="",
        accessories="",
        received_on=date(2026, 3, 1),
        promised_on=None,
        state=state,
        hold_reason=None,
        subcontractor_id=None,
        contract_reviewed=True,
        row_version=1,
    )
    return dataclasses.replace(item, **changes)  # type: ignore[arg-type]  # the test names real fields


def _job(reviewed: bool = True) -> JobFacts:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return JobFacts(
        1,
        "t",
        "PYC26-TM-00001",
        1,
        2,
        None,
        "",
        at.date(),
        None,
        "",
        at if reviewed else None,
        "",
        JobState.EMPTY,
        at,
        1,
    )


_ALLOWED = {
    "expected": "received attended cancelled",
    "received": "in_work subcontracted not_calibratable cancelled",
    "attended": "in_work not_calibratable cancelled",
    "in_work": "on_hold done subcontracted not_calibratable cancelled",
    "on_hold": "in_work subcontracted not_calibratable cancelled",
    "done": "in_work released",
    "subcontracted": "released not_calibratable cancelled",
    "released": "handed_back",
    "not_calibratable": "handed_back",
    "cancelled": "handed_back",
    "handed_back": "",
}


@pytest.mark.parametrize(("start", "to"), list(product(ItemState, ItemState)))
def test_step_is_taken_or_refused_by_the_table(start: ItemState, to: ItemState) -> None:
    item = _item(start)
    if to.value in _ALLOWED[start.value].split():
        check_step(item, to, "vì khách yêu cầu")
        assert to in possible_steps(item)
        return
    with pytest.raises(RuleViolation) as refused:
        check_step(item, to, "vì khách yêu cầu")
    assert refused.value.code == "item.step_refused"


@pytest.mark.parametrize(
    ("start", "to"),
    [
        (_S.IN_WORK, _S.ON_HOLD),
        (_S.RECEIVED, _S.SUBCONTRACTED),
        (_S.RECEIVED, _S.NOT_CALIBRATABLE),
        (_S.EXPECTED, _S.CANCELLED),
        (_S.DONE, _S.IN_WORK),
    ],
)
def test_step_without_its_reason_is_refused(start: ItemState, to: ItemState) -> None:
    with pytest.raises(RuleViolation) as refused:
        check_step(_item(start), to, "  ")
    assert refused.value.code == "item.reason_missing"


def test_cancelled_item_that_never_came_is_not_handed_back() -> None:
    item = _item(_S.CANCELLED, received_on=None)
    assert possible_steps(item) == frozenset()
    with pytest.raises(RuleViolation):
        check_step(item, _S.HANDED_BACK)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"contract_reviewed": False}, "item.contract_not_reviewed"),
        ({"procedure_version_id": None}, "item.no_procedure"),
    ],
)
def test_work_starts_only_on_a_reviewed_contract_with_a_procedure(changes: dict[str, Any], code: str) -> None:
    check_start(_item())
    with pytest.raises(RuleViolation) as refused:
        check_start(_item(**changes))
    assert (refused.value.code, refused.value.clause) == (code, "ISO/IEC 17025:2017, 7.1.1")


@pytest.mark.parametrize(
    ("specification", "rule", "code"),
    [
        (AgreedSpecification(), _RULE, "item.rule_without_specification"),
        (_LIMITS, DecisionRule(), "item.no_decision_rule"),
        (dataclasses.replace(_LIMITS, lower=None, upper=None), _RULE, "item.specification_without_limits"),
        (dataclasses.replace(_LIMITS, lower=Decimal(1)), _RULE, "item.limits_crossed"),
        (dataclasses.replace(_LIMITS, kind=SpecificationKind.CLASS), _RULE, "item.class_missing"),
        (_LIMITS, dataclasses.replace(_RULE, guard_factor=Decimal("-1.1")), "item.guard_factor"),
        (
            _LIMITS,
            dataclasses.replace(_RULE, kind=RuleKind.SIMPLE_ACCEPTANCE, statement=Statement.NON_BINARY),
            "item.four_answers_need_guard_band",
        ),
        (
            _LIMITS,
            dataclasses.replace(_RULE, guard_factor=Decimal(0), statement=Statement.NON_BINARY),
            "item.four_answers_need_guard_band",
        ),
    ],
)
def test_agreement_that_decides_nothing_is_refused(
    specification: AgreedSpecification, rule: DecisionRule, code: str
) -> None:
    check_agreement(_LIMITS, _RULE)
    check_agreement(AgreedSpecification(), DecisionRule())
    with pytest.raises(RuleViolation) as refused:
        check_agreement(specification, rule)
    assert (refused.value.code, refused.value.clause) == (code, "ISO/IEC 17025:2017, 7.1.3")


def test_specification_rule_and_points_survive_their_json_exactly() -> None:
    assert AgreedSpecification.from_json(_LIMITS.to_json()) == _LIMITS
    assert '"upper":"0.50"' in _LIMITS.to_json()
    assert DecisionRule.from_json(_RULE.to_json()) == _RULE
    points = (AgreedPoints("weighing", (MeasuringPoint("5kg", Decimal("5000.0"), "g", "5 kg"),)),)
    assert points_from_json(points_to_json(points)) == points
    assert points_to_json(()) is None
    assert points_from_json(None) == ()


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], JobState.EMPTY),
        ([_S.EXPECTED], JobState.EXPECTED),
        ([_S.EXPECTED, _S.RECEIVED], JobState.RECEIVED),
        ([_S.RECEIVED, _S.IN_WORK], JobState.IN_WORK),
        ([_S.EXPECTED, _S.ON_HOLD], JobState.IN_WORK),
        ([_S.ON_HOLD, _S.RELEASED], JobState.ON_HOLD),
        ([_S.DONE, _S.RELEASED], JobState.IN_WORK),
        ([_S.RELEASED, _S.HANDED_BACK], JobState.READY),
        ([_S.HANDED_BACK, _S.CANCELLED], JobState.CLOSED),
        ([_S.CANCELLED, _S.CANCELLED], JobState.CANCELLED),
    ],
)
def test_state_of_a_job_follows_from_its_items(states: list[ItemState], expected: JobState) -> None:
    assert job_state(states) is expected


@pytest.mark.parametrize(
    ("items", "reviewed", "expected"),
    [
        ([], True, JobAction.ADD_ITEM),
        ([_item(_S.EXPECTED), _item(_S.IN_WORK)], True, JobAction.RECEIVE),
        ([_item(_S.RECEIVED)], False, JobAction.REVIEW_CONTRACT),
        ([_item(_S.RECEIVED)], True, JobAction.WORK),
        ([_item(_S.ON_HOLD)], True, JobAction.RESUME),
        ([_item(_S.RELEASED)], True, JobAction.HAND_BACK),
        ([_item(_S.CANCELLED)], True, JobAction.HAND_BACK),
        ([_item(_S.CANCELLED, received_on=None)], True, JobAction.NONE),
        ([_item(_S.HANDED_BACK)], True, JobAction.NONE),
    ],
)
def test_one_next_action(items: list[JobItemFacts], reviewed: bool, expected: JobAction) -> None:
    assert next_action(_job(reviewed), items) is expected


def test_review_needs_items_and_their_procedures() -> None:
    assert missing_for_review([]) == [(0, "job.no_items")]
    assert missing_for_review([_item(procedure_version_id=None)]) == [(1, "item.no_procedure")]
    assert missing_for_review([_item(), _item(_S.CANCELLED, procedure_version_id=None)]) == []


def test_every_state_has_words() -> None:
    codes = [f"item_state.{one.value}" for one in ItemState] + [f"job_state.{one.value}" for one in JobState]
    assert set(codes) <= set(LABELS)
