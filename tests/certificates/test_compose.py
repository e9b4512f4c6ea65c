"""From a released run to content: every number as reported, every rule of the head, what was left out is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from calc.decisions.conformity import Statement
from certificates import check, sentences
from certificates.compose import compose
from certificates.content import CertificateContent, HeadNumberKind, Language, ResultRow, SignatoryRole
from certificates.facts import CertificateSources
from certificates.head import accreditation_number, head_numbers
from certificates.page import notes, print_runs
from certificates.sources import gather
from certificates.workflow import check_runs
from lims.calibrations.facts import (
    AdjustmentFacts,
    ExclusionFacts,
    ExclusionKind,
    JustificationFacts,
    ReleasedRun,
    RunPurpose,
    RunState,
    ScopeAssignment,
)
from lims.core.errors import RuleViolation
from lims.jobs.facts import AgreedSpecification, DecisionRule, PurposeOfUse, RuleKind, SpecificationKind
from standards.calibration_facts import TerminalKind
from tests.factories import calibrations
from tests.factories.calibrations import NOW
from tests.factories.certificates import make_row
from tests.standards.plain import terminal as end

ISSUED_ON = date(NOW.year, NOW.month, NOW.day)


@pytest.fixture
def sources(session: Session) -> CertificateSources:
    """Everything of a released weighing, with a number."""
    bench = calibrations.make_bench(session)
    run = calibrations.released_run(session, bench)
    return replace(gather(session, [run.id], ISSUED_ON), number="HC-TM-2026-00001")


def _with_run(sources: CertificateSources, **changes: Any) -> CertificateSources:
    return replace(sources, runs=(replace(sources.runs[0], **changes),))


def _facts(sources: CertificateSources, **changes: Any) -> CertificateSources:
    return _with_run(sources, run=replace(sources.runs[0].run, **changes))


def test_a_released_weighing_is_complete(sources: CertificateSources) -> None:
    content = compose(sources)
    assert check.missing(content) == ()
    row = content.rows()[0]
    assert (row.nominal, row.nominal_unit, row.value, row.unit) == ("10", "kg", "25", "mg")
    assert (row.expanded_uncertainty, row.coverage_factor, row.coverage_probability) == ("59", "2", "0.9545")
    assert content.language is Language.VIETNAMESE_ENGLISH
    assert content.customer == content.addressee
    assert {standard.role for standard in content.standards} == {"reference", "influence"}
    assert all(standard.traceability is not None for standard in content.standards)
    assert [person.role for person in content.signatories] == list(SignatoryRole)
    assert content.runs[0].evaluation_digest == sources.runs[0].evaluation_digest


def test_composing_twice_gives_the_same(sources: CertificateSources) -> None:
    assert compose(sources) == compose(sources)


def test_a_broken_chain_is_missing_by_clause(sources: CertificateSources) -> None:
    broken = {key: replace(chain, breaks=(object(),)) for key, chain in sources.chains.items()}  # type: ignore[arg-type]  # any break will do
    problems = check.missing(compose(replace(sources, chains=broken)))
    assert {problem.clause for problem in problems} == {"7.8.4.1 c"}
    assert {problem.code for problem in problems} == {"missing.terminal"}


def test_group_2_is_told_that_this_is_no_verification(sources: CertificateSources) -> None:
    assert compose(sources).statements.verification is None
    items = {key: replace(item, purpose_of_use=PurposeOfUse.GROUP_2) for key, item in sources.items.items()}
    assert compose(replace(sources, items=items)).statements.verification == sentences.NOT_VERIFICATION


def _assigned(run: ReleasedRun, kind: str, number: str = "VILAS 0000", in_scope: bool = True) -> ReleasedRun:
    line: Mapping[str, Any] = {"kind": kind, "body_number": number}
    scope = tuple(ScopeAssignment(result.section, result.point, line) for result in run.results)
    results = tuple(replace(result, in_scope=in_scope) for result in run.results)
    return replace(run, run=replace(run.run, scope=scope), results=results)


def test_the_accreditation_stands_only_where_a_line_is_in_scope(sources: CertificateSources) -> None:
    site = replace(sources.site, registration_number="ĐK 000", designation_number="N000", accreditation_number=None)
    run = sources.runs[0]
    inside, outside = _assigned(run, "accreditation"), replace(run, run=replace(run.run, scope=()))
    assert accreditation_number(site, [inside]) == "VILAS 0000"
    assert accreditation_number(site, [outside]) is None
    assert accreditation_number(site, [inside, outside]) == "VILAS 0000", "rows outside are marked"
    assert accreditation_number(site, [_assigned(run, "accreditation", in_scope=False)]) is None
    assert accreditation_number(site, [_assigned(run, "registration")]) is None
    assert accreditation_number(site, [inside, _assigned(run, "accreditation", "VILAS 1111")]) is None
    assert accreditation_number(site, [replace(inside, results=())]) is None


def test_each_row_outside_the_scope_is_marked_where_others_are_within(sources: CertificateSources) -> None:
    """Row by row: no mark on a paper all within or all outside, one at each row outside on a mixed one."""
    run = _assigned(sources.runs[0], "accreditation")
    first = run.results[0]
    other = replace(first, point="other", point_vi="điểm khác", point_en="other point")
    mixed = replace(run, results=(first, other))
    inside = compose(replace(sources, runs=(run,)))
    content = compose(replace(sources, runs=(mixed,)))
    outside = compose(replace(sources, runs=(replace(run, run=replace(run.run, scope=())),)))
    assert (inside.statements.scope, outside.statements.scope) == (None, None)
    assert content.statements.scope == sentences.outside_scope("VILAS 0000")
    assert content.statements.scope in notes(content)
    (table,) = content.runs[0].results
    assert [row.in_scope for row in table.rows] == [True, False]
    assert _points(content) == [first.point_vi, "điểm khác *"]
    assert not any("*" in point for point in [*_points(inside), *_points(outside)])


def _points(content: CertificateContent) -> list[str]:
    (printed,) = print_runs(content)
    return [row.point.vi for table in printed.tables for group in table.groups for row in group]


def test_a_calibration_certificate_carries_registration_and_never_designation(sources: CertificateSources) -> None:
    site = replace(sources.site, registration_number="ĐK 000", designation_number="N000", accreditation_number=None)
    assert [item.kind for item in head_numbers(site, sources.runs)] == [HeadNumberKind.REGISTRATION]
    both = head_numbers(site, [_assigned(sources.runs[0], "accreditation")])
    assert [item.number for item in both] == ["ĐK 000", "VILAS 0000"]
    assert head_numbers(replace(site, registration_number=None), sources.runs) == ()


def test_conformity_is_stated_with_limits_and_rule(session: Session) -> None:
    specification = AgreedSpecification(
        SpecificationKind.CLASS, lower=Decimal(-500), upper=Decimal(500), unit="mg", accuracy_class="M1"
    )
    rule = DecisionRule(RuleKind.OIML_R111, "OIML R 111-1:2004, 5.3", agreed_on=date(2026, 2, 1))
    bench = calibrations.make_bench(session, specification=specification, rule=rule)
    run = calibrations.released_run(session, bench)
    content = compose(replace(gather(session, [run.id], ISSUED_ON), number="HC-1"))
    assert check.missing(content) == ()
    row, record = content.rows()[0], content.runs[0]
    assert (row.decision, row.lower_limit, row.upper_limit, row.limit_unit) == ("pass", "-500", "500", "mg")
    assert record.specification is not None
    assert record.specification.vi == "Cấp chính xác M1: ±500 mg"
    assert record.decision_rule is not None
    assert "OIML R 111-1:2004, 5.3" in record.decision_rule.vi
    assert "01/02/2026" in record.decision_rule.vi
    assert "1 February 2026" in record.decision_rule.english


def test_an_excluded_reading_and_a_deviation_are_said(sources: CertificateSources) -> None:
    result = sources.runs[0].results[0]

    def exclusion(kind: ExclusionKind, number: int, reading_id: int | None) -> ExclusionFacts:
        return ExclusionFacts(
            number, kind, reading_id, result.section, result.point, "as_found", "Rung động", 1, "A", "B",
            NOW + timedelta(minutes=number),
        )  # fmt: skip

    said = JustificationFacts(1, "deviation", "x", "Dùng ba chu kỳ", "Three cycles", True, 1, "A", NOW)
    silent = replace(said, id=2, text_vi="Nội bộ", on_certificate=False)
    changed = _with_run(
        sources,
        justifications=(said, silent),
        exclusions=(
            exclusion(ExclusionKind.EXCLUDED, 1, 11),
            exclusion(ExclusionKind.EXCLUDED, 2, 12),
            exclusion(ExclusionKind.RESTORED, 3, 12),
            exclusion(ExclusionKind.NOT_MEASURABLE, 4, 13),
            exclusion(ExclusionKind.NOT_MEASURABLE, 5, 14),
            exclusion(ExclusionKind.WITHDRAWN, 6, 15),
        ),
    )
    deviations = compose(changed).runs[0].deviations
    assert deviations[0].vi == "Dùng ba chu kỳ"
    assert len(deviations) == 3
    assert "loại 1 số chỉ" in deviations[1].vi
    assert "Rung động" in deviations[1].english
    assert "2 số chỉ không đo được" in deviations[2].vi
    assert "2 indication(s) could not be measured" in deviations[2].english


def test_a_point_not_measurable_has_its_row_with_the_reason(sources: CertificateSources) -> None:
    entry = ExclusionFacts(
        1, ExclusionKind.NOT_MEASURABLE, None, "weighing", "20kg", "as_found", "Hỏng", 1, "A", "B", NOW
    )  # fmt: skip
    rows = compose(_with_run(sources, exclusions=(entry,))).rows()
    assert [row.value is None for row in rows] == [False, True]
    assert rows[1].remark is not None
    assert rows[1].remark.vi == "Không đo được: Hỏng"


def test_before_and_after_an_adjustment_both_stand(sources: CertificateSources) -> None:
    after = tuple(replace(result, phase="as_left", reported_value="5") for result in sources.runs[0].results)
    adjusted = AdjustmentFacts(1, "adjustment", "Thêm khối lượng", "Mass added", "Khách", NOW, "", "12", 1, "A", NOW)
    changed = _with_run(sources, results=(*sources.runs[0].results, *after), adjustments=(adjusted,))
    content = compose(changed)
    assert [table.phase for table in content.runs[0].results] == ["as_found", "as_left"]
    said = content.runs[0].adjustment
    assert said is not None
    assert said.vi.endswith("Thêm khối lượng. Niêm phong mới: 12.")
    assert said.english.endswith("Mass added. Seals applied: 12.")
    assert check.missing(content) == ()
    alone = compose(_with_run(sources, results=after, adjustments=(adjusted,)))
    assert [problem.code for problem in check.missing(alone)] == ["missing.as_found"]


def test_work_elsewhere_names_the_place(sources: CertificateSources) -> None:
    items = {key: replace(item, location_address="Kho 3, xã Thử 2") for key, item in sources.items.items()}
    changed = replace(_facts(sources, location_kind="on_site", room=""), items=items)
    place = compose(changed).runs[0].location
    assert "Kho 3, xã Thử 2" in place.description.vi
    assert "customer's premises" in place.description.english


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": RunState.REVIEWED}, "run_not_released"),
        ({"state": RunState.VOIDED}, "run_not_released"),
        ({"purpose": RunPurpose.TRAINING}, "purpose_not_issuable"),
        ({"purpose": RunPurpose.CHECK}, "purpose_not_issuable"),
        ({"purpose": RunPurpose.COMPARISON}, "purpose_not_issuable"),
        ({"purpose": RunPurpose.REPLICATE}, "purpose_not_issuable"),
        ({"purpose": RunPurpose.VALIDATION}, "purpose_not_issuable"),
        ({"purpose": RunPurpose.COMPLAINT_REPEAT}, "purpose_not_issuable"),
        ({"job_item_id": None}, "run_without_job"),
        ({"legal_regime": "verification"}, "other_regime"),
    ],
)
def test_runs_that_may_not_stand_on_a_certificate(
    sources: CertificateSources, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(RuleViolation, match=code):
        check_runs(_facts(sources, **changes).runs, sources.items)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"job_id": 4711}, "several_jobs"),
        ({"addressee_id": 4711}, "several_addressees"),
        ({"certificate_language": "en"}, "several_languages"),
    ],
)
def test_items_that_do_not_go_together(sources: CertificateSources, changes: dict[str, Any], code: str) -> None:
    item = next(iter(sources.items.values()))
    items = {item.id: item, 99_999: replace(item, id=99_999, **changes)}
    with pytest.raises(RuleViolation, match=code):
        check_runs(sources.runs, items)


def test_the_statement_of_uncertainty_says_where_k_comes_from() -> None:
    plain = sentences.uncertainty([make_row()])
    assert "k = 2" in plain.vi
    assert "p = 95,45 %" in plain.vi
    assert "p = 95.45 %" in plain.english
    rows: list[ResultRow] = [make_row(), make_row(coverage_factor="2.13")]
    student = sentences.uncertainty(rows)
    assert "phân bố t" in student.vi
    assert "t-distribution" in student.english
    mixed = sentences.uncertainty([make_row(), make_row(coverage_probability="0.99", coverage_factor="2.58")])
    assert "p ghi trong bảng" in mixed.vi


def test_a_reference_outside_the_si_is_not_called_si() -> None:
    other = replace(end(1), kind=TerminalKind.NON_SI_REFERENCE, evidence="thang độ cứng Mẫu", evidence_reference=None)
    assert sentences.traceability([end(1)]) == sentences.SI_TRACEABILITY
    said = sentences.traceability([end(1), other])
    assert said.vi.startswith(sentences.OTHER_TRACEABILITY.vi)
    assert said.vi.endswith("kết thúc tại: Quy chiếu ngoài SI: thang độ cứng Mẫu.")
    assert sentences.traceability_of([]) is None


@pytest.mark.parametrize(
    ("kind", "vi", "en"),
    [
        (TerminalKind.OUTSIDE_NMI, "ILAC-P10, 3a) ngày 02/01/2026", "ILAC-P10, 3a) on 2 January 2026"),
        (TerminalKind.OUTSIDE_LABORATORY, "ILAC-P10, 3b) ngày 02/01/2026", "ILAC-P10, 3b) on 2 January 2026"),
    ],
)
def test_an_end_outside_the_arrangements_is_stated_with_the_day_of_its_evaluation(
    kind: TerminalKind, vi: str, en: str
) -> None:
    outside = replace(end(1), kind=kind, evaluated_by="KT-01", evaluated_on=date(2026, 1, 2))
    of_standard = sentences.traceability_of([outside])
    whole = sentences.traceability([outside])
    assert of_standard is not None
    assert of_standard.vi.endswith(f"{vi}: APMP.M.M-1")
    assert of_standard.english.endswith(f"{en}: APMP.M.M-1")
    assert whole.vi.startswith(sentences.SI_TRACEABILITY.vi)
    assert of_standard.vi in whole.vi


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (Decimal("-0.5"), Decimal("0.5"), "±0,5 mg"),
        (Decimal("-0.2"), Decimal("0.5"), "−0,2 … 0,5 mg"),
        (None, Decimal("0.5"), "≤ 0,5 mg"),
        (Decimal("-0.5"), None, "≥ −0,5 mg"),
        (None, None, ""),
    ],
)
def test_limits_in_words(lower: Decimal | None, upper: Decimal | None, words: str) -> None:
    agreed = AgreedSpecification(SpecificationKind.LIMITS, lower=lower, upper=upper, unit="mg")
    assert sentences.limits_text(agreed, "vi") == words


@pytest.mark.parametrize("kind", [kind for kind in RuleKind if kind is not RuleKind.NONE])
def test_every_rule_has_words_in_both_languages(kind: RuleKind) -> None:
    words = sentences.decision_rule(DecisionRule(kind, guard_factor=Decimal("0.5")))
    assert words is not None
    assert words.vi != words.english
    assert sentences.decision_rule(DecisionRule()) is None


@pytest.mark.parametrize(
    ("factor", "statement", "words"),
    [
        ("-1", Statement.BINARY, "by more than U"),
        ("0.83", Statement.NON_BINARY, "conditional fail beyond the limits by at most 0.83·U"),
    ],
)
def test_a_guard_band_is_told_with_its_answers(factor: str, statement: Statement, words: str) -> None:
    said = sentences.decision_rule(
        DecisionRule(RuleKind.GUARD_BAND_U, guard_factor=Decimal(factor), statement=statement)
    )
    assert said is not None
    assert words in said.english
