"""Every first-order figure of the carried documents is met within half its last printed digit (or as its file says)."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from calc import type_a
from calc.coverage import coverage_factor
from calc.evaluate import evaluate
from calc.model import CoverageRule, InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Estimate, InputQuantity, ModelInputs, PointBinding
from calc.rounding import RoundingMode, round_to_decimals
from tests.calc.published.cases import DISTRIBUTIONS, Case, cases, computed, expectations

PROPAGATION = [
    entry
    for entry in expectations("propagation")
    if all(item.get("dist", "normal") in DISTRIBUTIONS for item in entry[1]["input"])
]


def within(number: float, expected: Case) -> bool:
    return abs(number - float(expected["value"])) <= float(expected["tol"]) * (1 + 1e-9)


@pytest.mark.parametrize(("case", "expected"), [e[1:] for e in PROPAGATION], ids=[e[0] for e in PROPAGATION])
def test_published_figure(case: Case, expected: Case) -> None:
    number = computed(case, expected)
    assert within(number, expected), (number, expected)


def test_no_case_was_lost() -> None:
    assert len(PROPAGATION) == 58
    assert {"ea402-s2", "ea402-s3", "ea402-s4", "ea402-s9", "gum-h1", "gum-h2", "gum-5.2.2-correlated"} <= {
        case["id"] for _, case, _ in PROPAGATION
    }


FACTORS = expectations("t_factor")


@pytest.mark.parametrize("expected", [e[2] for e in FACTORS], ids=[e[0] for e in FACTORS])
def test_table_g2(expected: Case) -> None:
    factor = coverage_factor(float(expected["dof"]), float(expected["p"]))
    assert within(factor, expected), factor


def _welch(case: Case, expected: Case) -> dict[str, float]:
    quantities = tuple(
        InputQuantity(f"x{i}", Estimate(0.0, u, "1", nu))
        for i, (u, nu) in enumerate(zip(case["u"], case["dof"], strict=True))
    )
    symbols = [quantity.key for quantity in quantities]
    model = MeasurementModel(
        (OutputDefinition("y", " + ".join(symbols), "1"),),
        tuple(InputDefinition(symbol, "1") for symbol in symbols),
        (),
        CoverageRule(float(expected.get("p", 0.95)), None, truncate_degrees_of_freedom=True),
    )
    point = PointBinding("1", {symbol: symbol for symbol in symbols})
    output = evaluate(model, ModelInputs(quantities, (), (point,)), seed=0).outputs[0]
    return {
        "u": output.combined_standard_uncertainty,
        "dof": output.effective_degrees_of_freedom,
        "k": output.coverage_factor,
        "U": output.expanded_uncertainty,
    }


WELCH = expectations("welch_satterthwaite")


@pytest.mark.parametrize(("case", "expected"), [e[1:] for e in WELCH], ids=[e[0] for e in WELCH])
def test_welch_satterthwaite(case: Case, expected: Case) -> None:
    assert within(_welch(case, expected)[expected["what"]], expected)


TYPE_A = expectations("type_a")


@pytest.mark.parametrize(("case", "expected"), [e[1:] for e in TYPE_A], ids=[e[0] for e in TYPE_A])
def test_type_a(case: Case, expected: Case) -> None:
    mean = type_a.mean_of(case["series"], case["unit"])
    numbers: dict[str, float] = {
        "mean": mean.value,
        "s": type_a.experimental_standard_deviation(case["series"]),
        "u": mean.standard_uncertainty,
        "dof": mean.degrees_of_freedom,
    }
    assert within(numbers[expected["what"]], expected)


@pytest.mark.parametrize("expected", [e for case in cases("rounding") for e in case["expect"]])
def test_rounding(expected: dict[str, Any]) -> None:
    mode = RoundingMode(expected.get("mode", "nearest"))
    text = round_to_decimals(Decimal(expected["number"]), expected["decimals"], mode)
    assert Decimal(text) == Decimal(repr(expected["value"]))


def test_three_readings_that_dominate_never_give_two() -> None:
    quantity = InputQuantity("x", type_a.mean_of([1.0, 2.0, 4.0], "1"))
    model = MeasurementModel((OutputDefinition("y", "x", "1"),), (InputDefinition("x", "1"),))
    output = evaluate(model, ModelInputs((quantity,), (), (PointBinding("1", {"x": "x"}),)), seed=0).outputs[0]
    closed_form = 0.9545 * math.sqrt(2.0 / (1.0 - 0.9545**2))  # Student's t with two degrees of freedom
    assert output.coverage_factor == pytest.approx(closed_form, rel=1e-13)
    assert round(output.coverage_factor, 2) == 4.53
