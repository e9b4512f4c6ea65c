"""From an input record to its result: the published example, scope, rules, several standards, what is left out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from lims.calibrations.evaluation import canonical, evaluate_record
from lims.calibrations.results import derived_of, results_of
from lims.jobs.facts import AgreedSpecification, DecisionRule, RuleKind, SpecificationKind
from tests.lims.calibrations.records import reading, reference, s2_record
from tests.lims.calibrations.sheets import S2_READINGS


def only_row(record: dict[str, Any]) -> dict[str, Any]:
    """Return the only row of an evaluation without failures."""
    result = evaluate_record(record)
    assert result["failures"] == []
    (row,) = result["rows"]
    return dict(row)


def scope(cmc: str, probability: str = "0.9545") -> list[dict[str, Any]]:
    """Return a frozen scope with one line of a constant CMC in mg."""
    line = {
        "id": 1,
        "scope_version_id": 1,
        "kind": "accreditation",
        "version": "1",
        "body_number": "VILAS 0000",
        "valid_from": "2026-01-01",
        "valid_to": None,
        "site_id": 1,
        "position": 1,
        "quantity": "mass",
        "instrument_kind": "weight",
        "title_vi": "Quả cân",
        "title_en": "Weights",
        "lower": "1",
        "upper": "20000",
        "unit": "g",
        "parameter": "",
        "method": "HC-KL-01",
        "cmc_expression": cmc,
        "cmc_unit": "mg",
        "coverage_probability": probability,
        "on_site": False,
    }
    return [{"section": "weighing", "point": "10kg", "line": line}]


def judged(lower: str | None, upper: str | None, kind: RuleKind, factor: str | None = None) -> dict[str, Any]:
    """Return an agreed specification in mg and a decision rule, as a record holds them."""
    specification = AgreedSpecification(
        SpecificationKind.LIMITS,
        "giới hạn",
        lower=None if lower is None else Decimal(lower),
        upper=None if upper is None else Decimal(upper),
        unit="mg",
    )
    rule = DecisionRule(kind, guard_factor=None if factor is None else Decimal(factor))
    return {"specification": json.loads(specification.to_json()), "decision_rule": json.loads(rule.to_json())}


def test_the_published_weight_comes_out() -> None:
    row = only_row(s2_record())
    assert float(row["estimate"]) == pytest.approx(10000.025, abs=0.0005)
    assert float(row["combined_standard_uncertainty"]) == pytest.approx(0.0293, abs=0.00005)
    assert float(row["expanded_uncertainty"]) == pytest.approx(0.059, abs=0.0005)
    assert row["coverage_factor"] == "2.0"
    assert row["reported"] == {
        "form": "nominal_plus_deviation",
        "nominal": "10",
        "nominal_unit": "kg",
        "value": "25",
        "unit": "mg",
        "expanded_uncertainty": "59",
        "decimals": 0,
        "coverage_factor": "2",
        "error": "25",
    }
    assert not row["in_scope"]


def test_the_same_record_gives_the_same_bits() -> None:
    first, again = (canonical(evaluate_record(s2_record())) for _ in range(2))
    assert first == again
    assert first == canonical(evaluate_record(json.loads(canonical(s2_record()))))


def test_rows_carry_titles_budget_and_the_cycle_differences() -> None:
    record = s2_record()
    result = evaluate_record(record)
    (row,) = results_of(record, result)
    assert [line.symbol for line in row.budget] == ["m_S", "dm_D", "dm", "dm_C", "dB"]
    assert sum(line.share for line in row.budget) == pytest.approx(1.0)
    assert row.budget[0].title_vi == "Khối lượng của quả cân chuẩn"
    assert row.budget[0].origin == "KL-05"
    (derived,) = derived_of(result)
    assert [float(value) for _label, _cycle, value in derived.details] == pytest.approx([0.01, 0.03, 0.02])


def test_a_cmc_above_u_is_reported_and_marks_the_row() -> None:
    row = only_row(s2_record(scope=scope("70")))
    assert row["in_scope"]
    assert float(row["cmc"]) == pytest.approx(0.070)
    assert row["reported"]["expanded_uncertainty"] == "70"
    assert float(row["expanded_uncertainty"]) == pytest.approx(0.0586, abs=0.0005)


def test_a_cmc_below_u_leaves_u_and_another_probability_is_converted() -> None:
    assert only_row(s2_record(scope=scope("30")))["reported"]["expanded_uncertainty"] == "59"
    row = only_row(s2_record(scope=scope("70", "0.95")))
    assert float(row["cmc"]) == pytest.approx(0.070 * 2.0 / 1.95996, rel=1e-4)


@pytest.mark.parametrize(
    ("lower", "upper", "kind", "factor", "verdict"),
    [
        ("-160", "160", RuleKind.SIMPLE_ACCEPTANCE, None, "pass"),
        ("-20", "20", RuleKind.SIMPLE_ACCEPTANCE, None, "fail"),
        ("-80", "80", RuleKind.GUARD_BAND_U, None, "fail"),
        ("-90", "90", RuleKind.GUARD_BAND_U, None, "pass"),
        ("-60", "60", RuleKind.GUARD_BAND_U, "0.5", "pass"),
        ("-500", "500", RuleKind.OIML_R111, None, "pass"),
        ("-160", "160", RuleKind.OIML_R111, None, "fail"),
    ],
)
def test_conformity_is_judged_on_the_deviation(
    lower: str, upper: str, kind: RuleKind, factor: str | None, verdict: str
) -> None:
    row = only_row(s2_record(**judged(lower, upper, kind, factor)))
    assert row["conformity"]["verdict"] == verdict
    assert row["conformity"]["tolerance_upper"] == repr(float(Decimal(upper) / 1000))


@pytest.mark.parametrize(("limit", "verdict"), [("90", "pass"), ("80", "conditional_pass"), ("20", "conditional_fail")])
def test_four_answers(limit: str, verdict: str) -> None:
    """The deviation is 25 mg and U is 59 mg."""
    agreed = judged(f"-{limit}", limit, RuleKind.GUARD_BAND_U)
    agreed["decision_rule"]["statement"] = "non_binary"
    assert only_row(s2_record(**agreed))["conformity"]["verdict"] == verdict


def test_a_negative_guard_band_refuses_only_what_is_certainly_outside() -> None:
    assert only_row(s2_record(**judged("-20", "20", RuleKind.GUARD_BAND_U, "-1")))["conformity"]["verdict"] == "pass"


def test_conformity_uses_the_reported_uncertainty() -> None:
    agreed = judged("-90", "90", RuleKind.GUARD_BAND_U)
    assert only_row(s2_record(**agreed))["conformity"]["verdict"] == "pass"
    assert only_row(s2_record(**agreed, scope=scope("70")))["conformity"]["verdict"] == "fail"


def test_without_a_specification_nothing_is_stated() -> None:
    assert only_row(s2_record())["conformity"] is None


def stacked(coefficient: str) -> dict[str, Any]:
    """Return a record in which two weights of 5 kg stand for the reference."""
    one = reference(value="5000.002", expanded_uncertainty="0.022", content_id=1, digest="a" * 64)
    other = reference(value="5000.003", expanded_uncertainty="0.023", content_id=2, digest="b" * 64)
    pairs = [{"first": 1, "second": 2, "coefficient": coefficient, "origin": "one_set"}]
    return s2_record(references=[one, other], correlations=pairs)


def test_stacked_weights_of_one_set_are_summed_with_full_correlation() -> None:
    row = only_row(stacked("1"))
    assert float(row["estimate"]) == pytest.approx(10000.025)
    alone = only_row(s2_record())
    drift = 2 * 0.015 / 3**0.5  # two drifts of 15 mg, fully correlated
    square = float(alone["combined_standard_uncertainty"]) ** 2 - (0.015 / 3**0.5) ** 2 + drift**2
    assert float(row["combined_standard_uncertainty"]) == pytest.approx(square**0.5, rel=1e-9)


def test_weights_of_different_calibrations_are_independent() -> None:
    together = float(only_row(stacked("1"))["combined_standard_uncertainty"])
    apart = float(only_row(stacked("0"))["combined_standard_uncertainty"])
    assert apart < together
    record = stacked("1")
    (row,) = results_of(record, evaluate_record(record))
    assert [line.symbol for line in row.budget].count("m_S") == 2


def test_an_excluded_reading_takes_its_cycle_out() -> None:
    record = s2_record()
    record["readings"][0]["excluded"] = "excluded"
    result = evaluate_record(record)
    (derived,) = derived_of(result)
    assert derived.count == 2
    assert float(derived.estimate) == pytest.approx(0.025)


def test_a_unit_of_entry_is_converted_exactly() -> None:
    record = s2_record()
    for entry in record["readings"]:
        entry["value"], entry["unit"] = str(Decimal(entry["value"]) * 1000), "mg"
    assert only_row(record)["estimate"] == only_row(s2_record())["estimate"]


def test_what_is_missing_is_told_of_the_point_and_nothing_else_fails() -> None:
    record = s2_record(readings=[reading(1, *S2_READINGS[0])])
    result = evaluate_record(record)
    assert result["rows"] == []
    assert result["failures"][0]["code"] == "reduction.incomplete_cycle"
    assert result["failures"][0]["point"] == "10kg"
    assert evaluate_record(s2_record(references=[]))["failures"][0]["code"] == "evaluation.no_reference"
    undrifted = s2_record(references=[reference(drift=None)])
    assert evaluate_record(undrifted)["failures"][0]["code"] == "evaluation.no_drift"


def test_a_point_left_out_has_no_row() -> None:
    out = [{"section": "weighing", "point": "10kg", "phase": "as_found", "kind": "not_measurable"}]
    result = evaluate_record(s2_record(left_out=out))
    assert result["rows"] == []
    assert result["failures"] == []


def test_points_that_share_a_standard_are_correlated() -> None:
    point = {"code": "10kg", "nominal": "10000", "unit": "g", "title_vi": "10 kg", "title_en": ""}
    second = point | {"code": "again", "title_vi": "10 kg, lần 2"}
    readings = s2_record()["readings"]
    readings += [entry | {"id": entry["id"] + 100, "point": "again"} for entry in readings]
    record = s2_record(
        points=[{"section": "weighing", "points": [point, second]}],
        readings=readings,
        references=[reference(), reference(point="again")],
    )
    result = evaluate_record(record)
    assert len(result["rows"]) == 2
    covariance = float(result["sections"][0]["measurement"]["covariance"][0][1])
    shared = 0.0225**2 + 0.015**2 / 3 + 2 * 0.010**2 / 3  # everything but the weighing itself
    assert covariance == pytest.approx(shared, rel=1e-9)


def test_a_dominant_rectangular_input_is_warned_of_by_its_title() -> None:
    record = s2_record()
    section = record["procedure"]["definition"]["sections"][0]
    entry = next(item for item in section["inputs"] if item["symbol"] == "dm_C")
    entry["half_width"] = "1.0"
    (row,) = results_of(record, evaluate_record(record))
    (warning,) = row.warnings
    assert warning.code == "coverage.dominant_distribution"
    assert warning.title_vi == entry["title_vi"]
    assert results_of(s2_record(), evaluate_record(s2_record()))[0].warnings == ()
