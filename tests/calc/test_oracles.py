"""Random models and the same models in GTC (Measurement Standards Laboratory of New Zealand), a peer of the engine."""

from __future__ import annotations

import math
from itertools import combinations
from random import Random
from typing import Any

import GTC
import pytest

from calc.errors import CalcError
from calc.evaluate import evaluate
from calc.expression import parse
from calc.model import InputDefinition, MeasurementModel, OutputDefinition
from calc.quantities import Correlation, Estimate, InputQuantity, MeasurementResult, ModelInputs, PointBinding
from tests.calc.random_models import FUNCTIONS, evaluated, random_formula

SYMBOLS = ("a", "b", "c", "d")
MODELS = 500
THEIRS = {name: getattr(GTC, name) for name in FUNCTIONS}


def ours(
    formulas: tuple[str, ...], estimates: dict[str, tuple[float, float, float]], correlations: tuple[Correlation, ...]
) -> MeasurementResult:
    """Evaluate formulas of inputs given by value, standard uncertainty and degrees of freedom."""
    model = MeasurementModel(
        tuple(OutputDefinition(f"out{place}", text, "1") for place, text in enumerate(formulas)),
        tuple(InputDefinition(symbol, "1") for symbol in estimates),
    )
    quantities = tuple(InputQuantity(key, Estimate(x, u, "1", nu)) for key, (x, u, nu) in estimates.items())
    point = PointBinding("1", {symbol: symbol for symbol in estimates})
    return evaluate(model, ModelInputs(quantities, correlations, (point,)), seed=0)


def draw_inputs(random: Random, *, one_nu: float | None = None) -> dict[str, tuple[float, float, float]]:
    return {
        symbol: (
            random.uniform(0.3, 1.8),
            10.0 ** random.uniform(-6.0, -1.0),
            random.choice([math.inf, 1.0, 2.5, 4.0, 9.0, 50.0]) if one_nu is None else one_nu,
        )
        for symbol in SYMBOLS
    }


def usable(result: MeasurementResult) -> bool:
    """Whether the numbers are so large or so well balanced that two correct engines would differ by rounding."""
    for output in result.outputs:
        parts = [abs(line.contribution) for line in output.budget]
        if not 1e-9 < output.combined_standard_uncertainty < 1e4 or abs(output.estimate) > 1e6:
            return False
        if max(abs(line.sensitivity_coefficient) for line in output.budget) > 1e5:
            return False
        if output.combined_standard_uncertainty < 1e-3 * max(parts):
            return False
    return True


def coefficients(random: Random) -> dict[tuple[str, str], float]:
    """Return a correlation coefficient for every pair of inputs; they do not contradict each other."""
    loading = {symbol: random.choice([-1.0, 1.0]) * random.uniform(0.1, 0.95) for symbol in SYMBOLS}
    return {(one, two): loading[one] * loading[two] for one, two in combinations(SYMBOLS, 2)}


def drawn(random: Random, correlate: str) -> tuple[MeasurementResult, list[Any]]:
    """Return the result of one random model of two outputs, and the two uncertain numbers that GTC makes of it."""
    while True:
        formulas = (random_formula(random, SYMBOLS), random_formula(random, SYMBOLS))
        nu = random.choice([3.0, 7.0]) if correlate == "joint" else math.inf if correlate == "given" else None
        estimates = draw_inputs(random, one_nu=nu)
        r = coefficients(random) if correlate else {}
        try:
            result = ours(formulas, estimates, tuple(Correlation(*pair, value) for pair, value in r.items()))
        except CalcError:
            continue
        if not usable(result):
            continue
        if correlate == "joint":
            values, uncertainties, _ = zip(*estimates.values(), strict=True)
            numbers = dict(zip(estimates, GTC.multiple_ureal(values, uncertainties, nu), strict=True))
        else:
            numbers = {key: GTC.ureal(*numbers, independent=not correlate) for key, numbers in estimates.items()}
        for (first, second), value in r.items():
            GTC.set_correlation(value, numbers[first], numbers[second])
        return result, [evaluated(parse(text, "out"), numbers, THEIRS) + 0.0 * numbers["a"] for text in formulas]


def same_degrees_of_freedom(one: float, two: float) -> bool:
    return (min(one, two) > 1e6) if max(one, two) > 1e6 else math.isclose(one, two, rel_tol=1e-8)


@pytest.mark.parametrize("correlate", ["", "given", "joint"], ids=["independent", "given", "joint"])
def test_random_models_agree_with_gtc(correlate: str) -> None:
    """Value, standard uncertainty, degrees of freedom, components and covariance.

    Correlated inputs with finite degrees of freedom are compared where both engines follow the same rule: all of one
    joint set of observations, so with equal degrees of freedom (Willink, Metrologia 44 (2007) 340–349).
    """
    random = Random(f"gtc {correlate}")
    for _ in range(MODELS if not correlate else MODELS // 2):
        result, theirs = drawn(random, correlate)
        for output, number in zip(result.outputs, theirs, strict=True):
            u = output.combined_standard_uncertainty
            assert math.isclose(output.estimate, GTC.value(number), rel_tol=1e-9, abs_tol=1e-9 * u)
            assert math.isclose(u, GTC.uncertainty(number), rel_tol=1e-9)
            assert same_degrees_of_freedom(output.effective_degrees_of_freedom, GTC.dof(number))
        one, two = result.outputs
        covariance = GTC.get_covariance(*theirs)
        scale = one.combined_standard_uncertainty * two.combined_standard_uncertainty
        assert math.isclose(result.covariance[0][1], covariance, rel_tol=1e-9, abs_tol=1e-9 * scale)
