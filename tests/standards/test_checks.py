"""Checks between calibrations: plans, verdicts by the rule that decides, entries put right, the last good evidence."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lims.core.errors import Forbidden, InvalidInput, NotFound, RuleViolation, StaleRecord
from standards import check_queries, check_services
from standards.check_commands import EndChart, EndPlan, PlanCheck, RecordCheck, SetUpChart
from standards.check_facts import ChartKind, CheckFacts, CheckPlanFacts, CheckRule, EvidenceKind
from standards.facts import DueState, StandardFacts
from standards.queries import instrument_facts
from tests.factories import standards as make
from tests.standards.acting import NOW, actions, refused

FIRST = datetime(2026, 1, 20, 2, 0, tzinfo=UTC)


def plan_of(session: Session, standard: StandardFacts, **overrides: Any) -> CheckPlanFacts:
    """A plan: the weight against another, ± 5 mg, every three months."""
    values: dict[str, Any] = {
        "name": "10 kg so với KL-06",
        "against": "Cân so sánh ABBA với KL-06",
        "unit": "mg",
        "limits_reason": "Một phần mười sai số cho phép",
        "valid_from": date(2026, 1, 16),
        "lower_limit": Decimal(-5),
        "upper_limit": Decimal(5),
        "interval_months": 3,
    }
    command = PlanCheck(standard.id, **{**values, **overrides})
    return check_services.plan_check(session, make.recorder(standard.laboratory_id), command, now=FIRST)


def check_of(session: Session, standard: StandardFacts, plan: CheckPlanFacts, typed: str, **rest: Any) -> CheckFacts:
    """A check of a plan, as typed."""
    values: dict[str, Any] = {"at": FIRST, **rest}
    command = RecordCheck(plan.id, typed, Decimal(typed.replace(",", ".")), **values)
    return check_services.record_check(session, make.recorder(standard.laboratory_id), command, now=NOW)


def test_a_check_is_judged_by_the_fixed_limits(session: Session) -> None:
    standard = make.make_standard(session)
    plan = plan_of(session, standard)
    on_the_limit = check_of(session, standard, plan, "5,0")
    beyond = check_of(session, standard, plan, "-5,1", at=FIRST + timedelta(days=1))
    assert (on_the_limit.passed, on_the_limit.rule, on_the_limit.typed) == (True, CheckRule.FIXED_LIMITS, "5,0")
    assert (beyond.passed, beyond.rule) == (False, CheckRule.FIXED_LIMITS)
    assert {"check_plan.made", "check.recorded"} <= set(actions(session))


def test_the_limits_of_a_chart_decide_once_its_baseline_stands(session: Session) -> None:
    """Baseline 1, 2, 1, 2 mg: mean 1.5, moving range 1, σ = 1/1.128 = 0.8862; limits 1.5 ± 2.6587 mg."""
    standard = make.make_standard(session)
    plan = plan_of(session, standard, chart_limits=True)
    chart_of(session, standard, plan, baseline=4)
    for day, typed in enumerate(("1", "2", "1", "2")):
        found = check_of(session, standard, plan, typed, at=FIRST + timedelta(days=day))
        assert found.rule is CheckRule.FIXED_LIMITS
    inside = check_of(session, standard, plan, "4,15", at=FIRST + timedelta(days=5))
    outside = check_of(session, standard, plan, "4,16", at=FIRST + timedelta(days=6))
    assert inside.upper_limit is not None
    assert float(inside.upper_limit) == pytest.approx(1.5 + 3 / 1.1283792, abs=1e-6)
    assert (inside.passed, inside.rule) == (True, CheckRule.CHART_LIMITS)
    assert (outside.passed, outside.rule) == (False, CheckRule.CHART_LIMITS)


def chart_of(session: Session, standard: StandardFacts, plan: CheckPlanFacts, **overrides: Any) -> int:
    """A Shewhart chart of a plan."""
    values: dict[str, Any] = {
        "kind": ChartKind.SHEWHART,
        "name": "10 kg",
        "reason": "Theo dõi độ ổn định",
        "valid_from": plan.valid_from,
    }
    command = SetUpChart(plan.id, **{**values, **overrides})
    return check_services.set_up_chart(session, make.recorder(standard.laboratory_id), command, now=FIRST).id


def test_an_average_fails_on_a_small_lasting_shift_that_no_single_check_shows(session: Session) -> None:
    """EWMA, λ = 0.2, L = 3, centre 0, σ = 1: each check lies at 1.8σ; a Shewhart chart passes them all."""
    standard = make.make_standard(session)
    plan = plan_of(session, standard, chart_limits=True)
    chart_of(session, standard, plan, kind=ChartKind.EWMA, centre=Decimal(0), sigma=Decimal(1))
    passed = [check_of(session, standard, plan, "1.8", at=FIRST + timedelta(days=day)).passed for day in range(6)]
    z = [1.8 * (1 - 0.8**t) for t in range(1, 7)]
    limits = [3 * (0.2 / 1.8 * (1 - 0.8 ** (2 * t))) ** 0.5 for t in range(1, 7)]
    assert passed == [value <= limit for value, limit in zip(z, limits, strict=True)]
    assert False in passed
    assert True in passed


def test_a_wrong_entry_is_replaced_once_and_stays(session: Session) -> None:
    standard = make.make_standard(session)
    plan = plan_of(session, standard)
    wrong = check_of(session, standard, plan, "50")
    right = check_of(session, standard, plan, "5.0", replaces_id=wrong.id, reason="Gõ nhầm dấu phẩy")
    assert right.passed
    assert [check.replaced_by for check in check_queries.checks_of_plan(session, plan.id)] == [right.id, None]
    with pytest.raises(StaleRecord):
        check_of(session, standard, plan, "4", replaces_id=wrong.id, reason="Lần nữa")
    with pytest.raises(InvalidInput) as error:
        check_of(session, standard, plan, "4", replaces_id=right.id)
    assert refused(error) == {"reason": "field.missing"}


def test_the_same_value_of_the_same_time_is_recorded_once(session: Session) -> None:
    standard = make.make_standard(session)
    plan = plan_of(session, standard)
    check_of(session, standard, plan, "1")
    with pytest.raises(InvalidInput) as error:
        check_of(session, standard, plan, "1,0")
    assert refused(error) == {"value": "check.recorded_already"}
    check_of(session, standard, plan, "1.1")
    assert len(check_queries.checks_of_plan(session, plan.id)) == 2


def test_what_a_check_refuses(session: Session) -> None:
    standard = make.make_standard(session)
    plan = plan_of(session, standard)
    for at, code in (
        (NOW + timedelta(minutes=1), "check.in_future"),
        (datetime(2026, 1, 15, 2, 0, tzinfo=UTC), "check.outside_plan"),
    ):
        with pytest.raises(InvalidInput) as error:
            check_of(session, standard, plan, "1", at=at)
        assert refused(error) == {"at": code}
    stranger = make.recorder(make.make_own_site(session).organisation_id)
    command = RecordCheck(plan.id, "1", Decimal(1), FIRST)
    with pytest.raises(NotFound):
        check_services.record_check(session, stranger, command, now=NOW)
    with pytest.raises(Forbidden):
        check_services.record_check(session, make._actor(1, "Ai đó", set(), standard.laboratory_id), command, now=NOW)


def test_what_a_plan_refuses(session: Session) -> None:
    standard = make.make_standard(session)
    other = make.make_standard(session)
    elsewhere = instrument_facts(session, other.instrument_id).ranges()[0].range.id
    cases: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"lower_limit": None, "upper_limit": None}, {"lower_limit": "check.no_limits"}),
        ({"lower_limit": Decimal(6)}, {"upper_limit": "entry.limits_reversed"}),
        ({"limits_reason": " "}, {"limits_reason": "field.missing"}),
        ({"range_id": elsewhere}, {"range_id": "entry.range_of_another"}),
        ({"interval_months": 0}, {"interval_months": "field.below"}),
        ({"against_standard_id": standard.id}, {"against_standard_id": "check.against_itself"}),
        ({"unit": "giáp"}, {"unit": "unit.unknown"}),
    ]
    for changes, expected in cases:
        with pytest.raises(InvalidInput) as error:
            plan_of(session, standard, **changes)
        assert refused(error) == expected
    own = instrument_facts(session, standard.instrument_id).ranges()[0].range.id
    with pytest.raises(InvalidInput) as error:
        plan_of(session, standard, range_id=own, unit="kPa")
    assert refused(error) == {"unit": "unit.incompatible"}


def test_what_a_chart_refuses(session: Session) -> None:
    standard = make.make_standard(session)
    plan = plan_of(session, standard)
    cases: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({}, {"baseline": "chart.no_baseline"}),
        ({"baseline": 3}, {"baseline": "chart.baseline"}),
        ({"centre": Decimal(0)}, {"sigma": "chart.both_or_none"}),
        ({"centre": Decimal(0), "sigma": Decimal(0)}, {"sigma": "entry.not_positive"}),
        ({"centre": Decimal(0), "sigma": Decimal(1), "baseline": 8}, {"baseline": "chart.baseline_or_fixed"}),
        ({"baseline": 8, "rules": ("nelson_9",)}, {"rules": "field.not_a_choice"}),
        ({"baseline": 8, "weight": Decimal("1.1")}, {"weight": "chart.weight"}),
        ({"baseline": 8, "width": Decimal(7)}, {"width": "chart.width"}),
    ]
    for changes, expected in cases:
        with pytest.raises(InvalidInput) as error:
            chart_of(session, standard, plan, **changes)
        assert refused(error) == expected


def test_an_ended_plan_takes_its_charts_along_and_no_more_checks(session: Session) -> None:
    standard = make.make_standard(session)
    plan = plan_of(session, standard)
    chart_id = chart_of(session, standard, plan, baseline=4)
    actor = make.recorder(standard.laboratory_id)
    check_services.end_plan(session, actor, EndPlan(plan.id, date(2026, 2, 1), "Phương pháp mới"), now=NOW)
    assert check_queries.chart_facts(session, chart_id).valid_to == date(2026, 2, 1)
    with pytest.raises(RuleViolation) as error:
        check_of(session, standard, plan, "1")
    assert error.value.code == "check_plan.ended"
    with pytest.raises(RuleViolation):
        check_services.end_chart(session, actor, EndChart(chart_id, date(2026, 2, 1)), now=NOW)
    assert check_queries.plan_lines(session, standard, NOW)[0].due is DueState.NOT_NEEDED


def test_the_last_good_evidence_is_the_latest_calibration_or_passing_check(session: Session) -> None:
    standard = make.make_standard(session)
    ranges = instrument_facts(session, standard.instrument_id).ranges()
    range_id = ranges[0].range.id
    assert check_queries.last_good_evidence(session, standard.id, range_id, NOW) is None
    calibration = make.make_calibration(session, standard)
    plan = plan_of(session, standard, range_id=range_id)
    good = check_of(session, standard, plan, "1")
    check_of(session, standard, plan, "9", at=FIRST + timedelta(days=2))
    wrong = check_of(session, standard, plan, "2", at=FIRST + timedelta(days=3))
    check_of(session, standard, plan, "8", at=FIRST + timedelta(days=3), replaces_id=wrong.id, reason="Nhầm dòng")

    def found(before: datetime) -> tuple[EvidenceKind, int] | None:
        evidence = check_queries.last_good_evidence(session, standard.id, range_id, before)
        return None if evidence is None else (evidence.kind, evidence.id)

    assert found(NOW) == (EvidenceKind.CHECK, good.id)
    assert found(FIRST) == (EvidenceKind.CALIBRATION, calibration.id)
    assert found(make.ACCEPTED_AT) is None
    other = make.make_standard(session)
    assert check_queries.last_good_evidence(session, other.id, None, NOW) is None


def test_a_plan_falls_due_from_its_last_check_on(session: Session) -> None:
    standard = make.make_standard(session)
    plan = plan_of(session, standard)
    first = check_queries.plan_lines(session, standard, NOW)[0]
    assert (first.due_on, first.due, first.last) == (date(2026, 1, 16), DueState.OVERDUE, None)
    check_of(session, standard, plan, "1")
    line = check_queries.plan_lines(session, standard, NOW)[0]
    assert (line.due_on, line.due, line.count) == (date(2026, 4, 20), DueState.IN_DATE, 1)
