"""EA-4/02 M, S2: from the twelve readings of the comparator to the printed result."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

from calc import type_b
from calc.evaluate import evaluate
from calc.model import InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Evaluation, MeasurementResult, ModelInputs, PointBinding
from calc.reductions import Observation, Reduction, reduce
from calc.rounding import coverage_factor_text, probability_text, report, report_deviation
from tests.calc.published.reference import DATA


@pytest.fixture
def difference() -> Reduction:
    with (DATA / "ea402_s2_readings.csv").open(encoding="utf-8", newline="") as file:
        observations = [
            Observation(Decimal(row["reading_g"]), int(row["cycle"]), int(row["position"]), row["role"])
            for row in csv.DictReader(file)
        ]
    return reduce("abba_difference", observations, "g", {"prior_standard_deviation": 0.025})


@pytest.fixture
def result(difference: Reduction) -> MeasurementResult:
    symbols = {"mS": "reference", "dmD": "drift", "dm": "difference", "dmC": "comparator", "dB": "buoyancy"}
    model = MeasurementModel(
        (OutputDefinition("mX", "mS + dmD + dm + dmC + dB", "g"),),
        tuple(InputDefinition(symbol, "g") for symbol in symbols),
    )
    quantities = (
        type_b.expanded(10000.005, 0.045, 2.0, "g").as_input("reference"),
        type_b.drift("mg", 15.0).as_input("drift"),
        difference.as_input("difference"),
        type_b.half_width(0.0, 0.010, "g").as_input("comparator"),
        type_b.half_width(0.0, 1e-6 * 10000.0, "g").as_input("buoyancy"),
    )
    return evaluate(model, ModelInputs(quantities, (), (PointBinding("10 kg", symbols),)), seed=0)


def test_differences_are_exact(difference: Reduction) -> None:
    assert [detail.value for detail in difference.details] == [0.010, 0.030, 0.020]
    assert difference.estimate.value == 0.020
    assert difference.estimate.standard_uncertainty == pytest.approx(0.01443, abs=5e-6)
    assert difference.evaluation is Evaluation.A


def test_result(result: MeasurementResult) -> None:
    output = result.output("10 kg", "mX")
    assert output.estimate == pytest.approx(10000.025, abs=0.0005)
    assert output.combined_standard_uncertainty == pytest.approx(0.0293, abs=5e-5)
    assert output.coverage_factor == 2.0
    assert output.expanded_uncertainty == pytest.approx(0.059, abs=0.0005)


def test_budget(result: MeasurementResult) -> None:
    budget = result.outputs[0].budget
    assert [line.symbol for line in budget] == ["mS", "dmD", "dm", "dmC", "dB"]
    assert [round(1000 * line.contribution, 2) for line in budget] == [22.5, 8.66, 14.43, 5.77, 5.77]
    assert sum(line.share for line in budget) == pytest.approx(1.0, rel=1e-15)


def test_printed_text(result: MeasurementResult) -> None:
    output = result.outputs[0]
    printed = report_deviation("10", "kg", output.estimate, output.expanded_uncertainty, "g", "mg")
    assert (printed.text("vi"), printed.uncertainty_text("vi")) == ("10 kg + 25 mg", "59 mg")
    assert coverage_factor_text(output.coverage_factor, "vi") == "2"
    assert probability_text(output.coverage_probability, "vi") == "95,45 %"
    absolute = report(output.estimate, output.expanded_uncertainty, output.unit)
    assert (absolute.value, absolute.expanded_uncertainty) == ("10000.025", "0.059")
