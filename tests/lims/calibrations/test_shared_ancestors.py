"""Standards that share a calibration above them: r = shared variance / (u1·u2), computed here by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from lims.calibrations.evaluation import evaluate_record
from lims.calibrations.results import results_of
from lims.calibrations.shared_ancestors import Behind, Made, shared_correlations
from standards.calibration_facts import CalibrationFacts, CalibrationSource, ContentFacts, ContentKind, PointFacts
from tests.lims.calibrations.records import reference, s2_record
from tests.standards.plain import calibration, weight

TWO, FIVE, TEN = "2", "5", "10"


def held(calibration_id: int, *contents: ContentFacts, **changes: Any) -> CalibrationFacts:
    """A calibration that says something of some artefacts."""
    return replace(calibration(calibration_id, calibration_id), contents=contents, **changes)


def element(calibration_id: int, u: str, nominal: str = "10000") -> ContentFacts:
    """Content 10·id: a weight of 10 kg with U = 2u, in g."""
    return weight(
        id=calibration_id * 10,
        calibration_id=calibration_id,
        nominal=Decimal(nominal),
        expanded_uncertainty=2 * Decimal(u),
        expanded_uncertainty_unit="g",
    )


def asked(calibration_id: int, u: str, **changes: Any) -> dict[str, Any]:
    """What a run asked of such a calibration; the digest is the calibration's number, 64 times."""
    values = {
        "calibration_id": calibration_id,
        "content_id": calibration_id * 10,
        "standard": f"KL-{calibration_id:02d}",
        "expanded_uncertainty": str(2 * Decimal(u)),
        "digest": str(calibration_id) * 64,
    }
    return reference(**{**values, **changes})


def made_here(calibration_id: int, u: str, *contributions: tuple[int, str, str], sign: int = 1) -> Made:
    """A weight calibrated here: for each calibration above its number, its u and its contribution, in g.

    With sign -1 its certificate prints an error, and the certified value is the nominal value less that.
    """
    definition = s2_record()["procedure"]["definition"]
    report = "nominal_plus_deviation"
    if sign < 0:
        definition["sections"][0]["outputs"][0]["error"] = "value"
        report = "value"
    record = s2_record(references=[asked(key, u_above) for key, u_above, _ in contributions])
    record["procedure"]["definition"] = definition
    line = {"symbol": "m_S", "origin": "", "unit": "g"}
    budget = [
        {**line, "key": f"reference/{str(key) * 64}", "standard_uncertainty": u_above, "contribution": part}
        for key, u_above, part in contributions
    ]
    budget.append({**line, "key": "weighing/dm", "standard_uncertainty": "1", "contribution": "1"})
    output = definition["sections"][0]["outputs"][0]["name"]
    place = {"point": "10kg|as_found", "output": output, "budget": budget}
    row = {"section": "weighing", "point": "10kg", "phase": "as_found", "output": output, "quantity": "mass"}
    result = {
        "rows": [{**row, "unit": "g", "reported": {"form": report}}],
        "sections": [{"code": "weighing", "measurement": {"outputs": [place]}}],
    }
    facts = held(calibration_id, element(calibration_id, u), source=CalibrationSource.IN_HOUSE, run_id=calibration_id)
    return Made(facts, Behind(record, result))


def outside(calibration_id: int, u: str) -> Made:
    return Made(held(calibration_id, element(calibration_id, u)))


def coefficients(record: dict[str, Any], *made: Made) -> dict[tuple[str, str], float]:
    found = shared_correlations(record, {one.calibration.id: one for one in made})
    return {(entry["first"][0], entry["second"][0]): float(entry["coefficient"]) for entry in found}


def both(first: int, u_first: str, second: int, u_second: str) -> dict[str, Any]:
    """A run that uses two weights of 10 kg."""
    return s2_record(references=[asked(first, u_first), asked(second, u_second)])


def test_two_weights_compared_with_the_same_one() -> None:
    # u(R) = 0.05 g goes fully into both: r = 0.05² / (0.13 · 0.25) = 0.0025 / 0.0325 = 0.076923
    made = (outside(1, "0.05"), made_here(2, "0.13", (1, "0.05", "0.05")), made_here(3, "0.25", (1, "0.05", "0.05")))
    assert coefficients(both(2, "0.13", 3, "0.25"), *made) == {("2", "3"): pytest.approx(0.0769230769, rel=1e-9)}
    (entry,) = shared_correlations(both(2, "0.13", 3, "0.25"), {one.calibration.id: one for one in made})
    assert (entry["origin"], entry["ancestors"]) == ("shared_ancestor", ["KL-01 V1"])


def test_opposite_sensitivities_give_a_negative_coefficient() -> None:
    made = (outside(1, "0.05"), made_here(2, "0.13", (1, "0.05", "0.05")), made_here(3, "0.25", (1, "0.05", "-0.05")))
    assert coefficients(both(2, "0.13", 3, "0.25"), *made) == {("2", "3"): pytest.approx(-0.0769230769, rel=1e-9)}


def test_a_certified_value_is_the_indication_less_its_error() -> None:
    # The error falls as the standard's value rises; the value certified rises with it.
    made = (
        outside(1, "0.05"),
        made_here(2, "0.13", (1, "0.05", "0.05")),
        made_here(3, "0.25", (1, "0.05", "-0.05"), sign=-1),
    )
    assert coefficients(both(2, "0.13", 3, "0.25"), *made) == {("2", "3"): pytest.approx(0.0769230769, rel=1e-9)}


def test_through_a_standard_in_between() -> None:
    # 4 rests on 2 by 0.8·u(2) = 0.08 g, 2 on 1 by 0.05 of its 0.1 g: 4 owes 0.08 · 0.05 / 0.1 = 0.04 g to 1.
    # 3 owes 0.05 g to 1: r = 0.04 · 0.05 / (0.2 · 0.25) = 0.002 / 0.05 = 0.04
    made = (
        outside(1, "0.05"),
        made_here(2, "0.1", (1, "0.05", "0.05")),
        made_here(3, "0.25", (1, "0.05", "0.05")),
        made_here(4, "0.2", (2, "0.1", "0.08")),
    )
    assert coefficients(both(3, "0.25", 4, "0.2"), *made) == {("3", "4"): pytest.approx(0.04, rel=1e-9)}


def test_a_standard_beside_the_one_it_was_calibrated_with() -> None:
    # Of 2 everything that comes from 1 is shared: r = 0.05 · 0.05 / (0.05 · 0.13) = 0.384615
    made = (outside(1, "0.05"), made_here(2, "0.13", (1, "0.05", "0.05")))
    assert coefficients(both(1, "0.05", 2, "0.13"), *made) == {("1", "2"): pytest.approx(0.3846153846, rel=1e-9)}


def test_what_came_from_two_ancestors_adds_up() -> None:
    # 0.03 · 0.02 + 0.04 · 0.06 = 0.0006 + 0.0024 = 0.003; r = 0.003 / (0.1 · 0.2) = 0.15
    made = (
        outside(1, "0.05"),
        outside(5, "0.05"),
        made_here(2, "0.1", (1, "0.05", "0.03"), (5, "0.05", "0.04")),
        made_here(3, "0.2", (1, "0.05", "0.02"), (5, "0.05", "0.06")),
    )
    assert coefficients(both(2, "0.1", 3, "0.2"), *made) == {("2", "3"): pytest.approx(0.15, rel=1e-9)}


def test_where_the_chain_does_not_hold_the_shared_part_nothing_is_said() -> None:
    assert coefficients(both(1, "0.05", 2, "0.13"), outside(1, "0.05"), outside(2, "0.13")) == {}
    unknown = Made(held(2, element(2, "0.13"), source=CalibrationSource.IN_HOUSE, run_id=2))
    made = (outside(1, "0.05"), unknown, made_here(3, "0.25", (1, "0.05", "0.05")))
    assert coefficients(both(2, "0.13", 3, "0.25"), *made) == {}


def test_a_statement_rounded_below_its_parts_does_not_exceed_one() -> None:
    made = (outside(1, "0.05"), made_here(2, "0.049", (1, "0.05", "0.05")), made_here(3, "0.05", (1, "0.05", "0.05")))
    assert coefficients(both(2, "0.049", 3, "0.05"), *made) == {("2", "3"): pytest.approx(1.0, rel=1e-12)}


def test_two_points_of_a_formula_are_ancestors_each_for_itself() -> None:
    formula = replace(element(1, "0.05"), kind=ContentKind.EXPRESSION, nominal=None, value=None, argument_unit="g")
    balance = Made(held(1, formula))
    made = (balance, made_here(2, "0.13", (1, "0.05", "0.05")), made_here(3, "0.25", (1, "0.05", "0.05")))
    assert coefficients(both(2, "0.13", 3, "0.25"), *made) == {("2", "3"): pytest.approx(0.0769230769, rel=1e-9)}
    elsewhere = made_here(3, "0.25", (1, "0.05", "0.05"))
    assert elsewhere.behind is not None
    for point in elsewhere.behind.input["procedure"]["definition"]["sections"][0]["points"]:
        point["nominal"] = "20"
    assert coefficients(both(2, "0.13", 3, "0.25"), *made[:2], elsewhere) == {}


def test_between_two_points_each_of_them_counts_by_its_share() -> None:
    curve = replace(
        element(2, "0.13"),
        kind=ContentKind.CURVE,
        nominal=None,
        value=None,
        argument_unit="g",
        interpolation="linear",
        points=(
            PointFacts(1, Decimal(0), argument=Decimal(0)),
            PointFacts(2, Decimal(40000), argument=Decimal(40000)),
        ),
    )
    holder = made_here(2, "0.13", (1, "0.05", "0.05"))
    here = replace(holder, calibration=replace(holder.calibration, contents=(curve,)))
    # At 10 kg a quarter of the way: the certified point 40 kg was found in no row, the point 0 neither.
    assert coefficients(both(1, "0.05", 2, "0.13"), outside(1, "0.05"), here) == {}
    near = replace(curve, points=(replace(curve.points[0], argument=Decimal(9000)), curve.points[1]))
    nearer = replace(near, points=(*near.points, PointFacts(3, Decimal(10000), argument=Decimal(10000))))
    exact = replace(holder, calibration=replace(holder.calibration, contents=(nearer,)))
    assert coefficients(both(1, "0.05", 2, "0.13"), outside(1, "0.05"), exact) == {
        ("1", "2"): pytest.approx(0.3846153846, rel=1e-9)
    }


# What the evaluation makes of it.


def stacked(**changes: Any) -> dict[str, Any]:
    """Two weights of 5 kg from different calibrations stand for the reference, u = 0.03 g and 0.04 g, no drift."""
    nothing = {"half_width": "0", "unit": "mg", "distribution": "rectangular"}
    first = asked(2, "0.03", value="5000.002", drift=nothing)
    second = asked(3, "0.04", value="5000.003", drift=nothing)
    return s2_record(references=[first, second], **changes)


def variance(record: dict[str, Any]) -> float:
    result = evaluate_record(record)
    assert result["failures"] == []
    return float(result["rows"][0]["combined_standard_uncertainty"]) ** 2


def test_the_shared_part_enters_the_sum_of_standards() -> None:
    shared = [{"first": "2" * 64, "second": "3" * 64, "coefficient": "0.5", "origin": "shared_ancestor"}]
    added = variance(stacked(shared=[{**shared[0], "ancestors": ["KL-01 V1"]}])) - variance(stacked())
    assert added == pytest.approx(2 * 0.5 * 0.03 * 0.04, rel=1e-9)


def test_a_record_without_shared_parts_is_read_as_before() -> None:
    plain = stacked()
    assert "shared" not in plain
    assert evaluate_record(plain) == evaluate_record(stacked(shared=[]))


def test_the_budget_says_which_standards_are_correlated_and_why() -> None:
    record = stacked(
        shared=[
            {
                "first": "2" * 64,
                "second": "3" * 64,
                "coefficient": "0.5",
                "origin": "shared_ancestor",
                "ancestors": ["KL-01 V1"],
            }
        ]
    )
    (row,) = results_of(record, evaluate_record(record))
    (pair,) = row.correlations
    assert (pair.coefficient, pair.origin, pair.by) == ("0.5", "shared_ancestor", ("KL-01 V1",))
    assert (pair.first.split()[-1], pair.second.split()[-1]) == ("KL-02", "KL-03")


def stated(coefficient: str, **changes: Any) -> dict[str, Any]:
    """The example, its procedure stating how two of its inputs correlate."""
    record = s2_record(**changes)
    section = record["procedure"]["definition"]["sections"][0]
    section["correlations"] = [
        {"first": "m_S", "second": "dm_D", "coefficient": coefficient, "reason": "cùng một lần hiệu chuẩn"}
    ]
    return record


def test_what_the_chain_does_not_hold_the_procedure_states() -> None:
    u_drift = 0.015 / math.sqrt(3)
    added = variance(stated("0.4")) - variance(s2_record())
    assert added == pytest.approx(2 * 0.4 * 0.0225 * u_drift, rel=1e-9)
    record = stated("0.4")
    (row,) = results_of(record, evaluate_record(record))
    assert [(pair.coefficient, pair.origin, pair.by) for pair in row.correlations] == [
        ("0.4", "procedure", ("cùng một lần hiệu chuẩn",))
    ]
