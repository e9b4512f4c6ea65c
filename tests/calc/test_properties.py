"""What holds for any model: exact derivatives, linear models as simulated, nothing depends on how it is put."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.coverage import coverage_factor, effective_degrees_of_freedom
from calc.errors import CalcError
from calc.evaluate import evaluate
from calc.expression import parse
from calc.model import (
    ConstantDefinition,
    CoverageRule,
    InputDefinition,
    MeasurementModel,
    OutputDefinition,
    compile_model,
)
from calc.quantities import Correlation, Estimate, InputQuantity, MeasurementResult, ModelInputs, PointBinding
from tests.calc.random_models import FUNCTIONS, evaluated, random_formula

SYMBOLS = ("x", "y", "z")
COMPLEX = {name: getattr(cmath, name) for name in FUNCTIONS}
STEP = 1e-150


def plain_model(symbols: Sequence[str], *formulas: str) -> MeasurementModel:
    outputs = tuple(OutputDefinition(f"out{place}", text, "1") for place, text in enumerate(formulas))
    return MeasurementModel(outputs, tuple(InputDefinition(symbol, "1") for symbol in symbols))


def plain_result(
    formulas: Sequence[str], estimates: dict[str, Estimate], correlations: Sequence[Correlation] = ()
) -> MeasurementResult:
    quantities = tuple(InputQuantity(key, estimate) for key, estimate in estimates.items())
    point = PointBinding("1", {key: key for key in estimates})
    model = plain_model(tuple(estimates), *formulas)
    return evaluate(model, ModelInputs(quantities, tuple(correlations), (point,)), seed=0)


def _complex_step(formula: str, values: Sequence[float]) -> tuple[float, list[float]] | None:
    """Return value and derivatives by the complex step, or None where Python's complex numbers give none."""
    tree, slopes, value = parse(formula, "out"), [], 0.0
    for place in range(len(values)):
        numbers = {
            symbol: complex(number, STEP if place == at else 0.0)
            for at, (symbol, number) in enumerate(zip(SYMBOLS, values, strict=True))
        }
        try:
            made = complex(evaluated(tree, numbers, COMPLEX))
        except (ArithmeticError, ValueError):
            return None
        value = made.real
        slopes.append(made.imag / STEP)
    return value, slopes


@settings(max_examples=300)
@given(st.randoms(use_true_random=False), st.tuples(*[st.floats(0.3, 1.8)] * 3))
def test_derivatives_of_random_models_agree_with_the_complex_step(
    random: Random, values: tuple[float, float, float]
) -> None:
    formula = random_formula(random, SYMBOLS)
    try:
        linear = compile_model(plain_model(SYMBOLS, formula)).program.linearise(values)
    except CalcError:
        return
    stepped = _complex_step(formula, values)
    if stepped is None or max(map(abs, (*linear.values, *linear.derivatives[0]))) > 1e6:
        return
    scale = max(map(abs, (1.0, *linear.derivatives[0])))
    assert linear.values[0] == pytest.approx(stepped[0], rel=1e-9, abs=1e-9)
    assert linear.derivatives[0] == pytest.approx(stepped[1], rel=1e-8, abs=1e-8 * scale)


@st.composite
def linear_cases(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return weights (2, n), estimates (n,), standard uncertainties (n,) and a correlation matrix (n, n)."""
    count = draw(st.integers(2, 5))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    root = generator.normal(size=(count, count))
    matrix = root @ root.T
    scale = np.sqrt(np.diagonal(matrix))
    r = matrix / np.multiply.outer(scale, scale) if draw(st.booleans()) else np.eye(count)
    weights = generator.uniform(-3.0, 3.0, (2, count)).round(3)
    return weights, generator.normal(size=count), generator.uniform(0.01, 2.0, count), r


@settings(max_examples=25)
@given(linear_cases())
def test_linear_models_agree_with_simulation(case: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> None:
    weights, estimates, u, r = case
    names = [f"q{place}" for place in range(len(u))]
    formulas = [" + ".join(f"({w!r})*{name}" for w, name in zip(row.tolist(), names, strict=True)) for row in weights]
    quantities = {
        name: Estimate(value, deviation, "1")
        for name, value, deviation in zip(names, estimates.tolist(), u.tolist(), strict=True)
    }
    correlations = [
        Correlation(names[i], names[j], max(-1.0, min(1.0, float(r[i, j]))))
        for i in range(len(u))
        for j in range(i)
        if r[i, j] != 0.0
    ]
    result = plain_result(formulas, quantities, correlations)
    trials = 100_000
    generator = np.random.default_rng(11)
    drawn = generator.multivariate_normal(estimates, r * np.multiply.outer(u, u), trials) @ weights.T
    simulated = np.cov(drawn.T)
    deviations = [output.combined_standard_uncertainty for output in result.outputs]
    for place, output in enumerate(result.outputs):
        assert abs(output.estimate - drawn[:, place].mean()) < 5.5 * deviations[place] / math.sqrt(trials)
        assert math.sqrt(simulated[place, place]) == pytest.approx(deviations[place], rel=5.5 / math.sqrt(2 * trials))
    whole = deviations[0] * deviations[1]
    assert abs(simulated[0, 1] - result.covariance[0][1]) < 5.5 * math.sqrt(2.0 / trials) * whole


LENGTH = "l*(1 + alpha*(t - t0)) - d"


def length_result(
    units: dict[str, str], numbers: dict[str, tuple[float, float]], given_in: dict[str, str]
) -> list[float]:
    """Return estimate, u, ν and U in mm of a length, its symbols in `units` and its quantities given in `given_in`."""
    model = MeasurementModel(
        (OutputDefinition("out", LENGTH, "mm"),),
        tuple(InputDefinition(symbol, unit) for symbol, unit in units.items()),
        (ConstantDefinition("t0", 20.0, "degC"),),
    )
    quantities = tuple(
        InputQuantity(key, Estimate(value, u, given_in[key], 7.0)) for key, (value, u) in numbers.items()
    )
    point = PointBinding("1", {key: key for key in numbers})
    correlations = (Correlation("l", "d", 0.25),)
    output = evaluate(model, ModelInputs(quantities, correlations, (point,)), seed=0).outputs[0]
    return [
        output.estimate,
        output.combined_standard_uncertainty,
        output.effective_degrees_of_freedom,
        output.expanded_uncertainty,
    ]


UNITS = {"l": "mm", "alpha": "1/K", "t": "degC", "d": "mm"}


@given(
    st.integers(1, 10**9),
    st.integers(1, 10**6),
    st.integers(-(10**6), 10**6),
    st.sampled_from([("m", -3), ("um", 3), ("nm", 6), ("km", -6), ("cm", -1)]),
)
def test_the_unit_in_which_an_input_is_given_changes_nothing(l: int, u: int, d: int, unit: tuple[str, int]) -> None:  # noqa: E741
    """Powers of ten: the same decimal number in another unit gives the same bits."""
    decimals = {"l": (Decimal(l).scaleb(-5), Decimal(u).scaleb(-7)), "d": (Decimal(d).scaleb(-4), Decimal("0.003"))}
    others = {"alpha": (11.5e-6, 1e-6), "t": (20.7, 0.1)}
    in_mm = {key: (float(value), float(deviation)) for key, (value, deviation) in decimals.items()}
    scaled = {
        key: (float(value.scaleb(unit[1])), float(deviation.scaleb(unit[1])))
        for key, (value, deviation) in decimals.items()
    }
    plain = length_result(UNITS, {**others, **in_mm}, UNITS)
    assert length_result(UNITS, {**others, **scaled}, {**UNITS, "l": unit[0], "d": unit[0]}) == plain


@given(st.floats(1.0, 1e4), st.floats(1e-6, 1.0), st.sampled_from(["m", "um", "inch", "ft", "km", "nm", "yd"]))
def test_the_unit_in_which_a_symbol_is_declared_changes_nothing(l: float, u: float, unit: str) -> None:  # noqa: E741
    numbers = {"l": (l, u), "alpha": (11.5e-6, 1e-6), "t": (20.7, 0.1), "d": (0.5 * l, 0.5 * u)}
    plain = length_result(UNITS, numbers, UNITS)
    for units in ({**UNITS, "l": unit}, {**UNITS, "d": unit}, {**UNITS, "l": unit, "alpha": "1/degF"}):
        assert length_result(units, numbers, UNITS) == pytest.approx(plain, rel=4e-15)


@given(st.permutations(range(4)), st.permutations(range(4)), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_the_order_of_inputs_changes_nothing(first: list[int], second: list[int], r: float, s: float) -> None:
    keys = ["l", "alpha", "t", "d"]
    numbers = {
        "l": Estimate(100.0, 0.01, "mm", 5.0),
        "alpha": Estimate(11.5e-6, 1e-6, "1/K"),
        "t": Estimate(20.7, 0.1, "degC", 3.0),
        "d": Estimate(0.1, 0.02, "mm"),
    }

    def result(declared: Sequence[str], listed: Sequence[str]) -> MeasurementResult:
        model = MeasurementModel(
            (OutputDefinition("out", LENGTH, "mm"), OutputDefinition("two", "l - d", "mm")),
            tuple(InputDefinition(key, UNITS[key]) for key in declared),
            (ConstantDefinition("t0", 20.0, "degC"),),
        )
        quantities = tuple(InputQuantity(key, numbers[key]) for key in listed)
        correlations = (Correlation("l", "d", r), Correlation("d", "alpha", s), Correlation("t", "l", 0.3))
        point = PointBinding("1", {key: key for key in listed})
        return evaluate(model, ModelInputs(quantities, correlations, (point,)), seed=0)

    plain, other = result(keys, keys), result([keys[i] for i in first], [keys[i] for i in second])
    for one, two in zip(plain.outputs, other.outputs, strict=True):
        assert one.estimate == two.estimate
        assert one.combined_standard_uncertainty == pytest.approx(two.combined_standard_uncertainty, rel=1e-13)
        assert one.effective_degrees_of_freedom == pytest.approx(two.effective_degrees_of_freedom, rel=1e-12)
        assert one.expanded_uncertainty == pytest.approx(two.expanded_uncertainty, rel=1e-12)
        shares = {line.key: line.share for line in two.budget}
        assert {line.key: line.share for line in one.budget} == pytest.approx(shares, rel=1e-12, abs=1e-14)
    assert np.allclose(plain.covariance, other.covariance, rtol=1e-12, atol=0.0)


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e6), st.floats(1.0, 200.0), st.floats(-1.0, 1.0))
def test_x_plus_x_is_twice_x_and_x_minus_x_is_nothing(x: float, u: float, nu: float, r: float) -> None:
    estimate = Estimate(x, u, "1", nu)
    twice, double, nothing = plain_result(["x + x", "2*x", "x - x"], {"x": estimate}).outputs
    for name in ("estimate", "combined_standard_uncertainty", "effective_degrees_of_freedom", "expanded_uncertainty"):
        assert getattr(twice, name) == getattr(double, name)
    assert twice.effective_degrees_of_freedom == pytest.approx(nu, rel=1e-12)
    assert (nothing.estimate, nothing.combined_standard_uncertainty, nothing.expanded_uncertainty) == (0.0, 0.0, 0.0)
    pair = {"x": estimate, "y": estimate}
    across = plain_result(["x + y", "x - y"], pair, [Correlation("x", "y", 1.0)])
    assert across.outputs[0].combined_standard_uncertainty == twice.combined_standard_uncertainty
    assert across.outputs[0].effective_degrees_of_freedom == pytest.approx(nu, rel=1e-12)
    assert across.outputs[1].combined_standard_uncertainty == 0.0
    linked = plain_result(["x + y + x"], pair, [Correlation("x", "y", r)]).outputs[0]
    if r != 0.0:
        assert linked.effective_degrees_of_freedom == pytest.approx(nu, rel=1e-9)


COVERAGE = [
    ((1.0,), (4,)),
    ((1.0, 1.0), (9, 9)),
    ((1.0, -2.0), (6, 12)),
    ((1.0, 0.5, 0.25), (10, 10, 10)),
    ((3.0, 1.0, 1.0, 1.0), (9, 8, 8, 8)),
]


@pytest.mark.parametrize(("weights", "counts"), COVERAGE, ids=range(len(COVERAGE)))
def test_intervals_cover_what_they_claim(weights: tuple[float, ...], counts: tuple[int, ...]) -> None:
    """Means of normal readings in a linear model: t(p, ν_eff) u covers the true value in 95.45 ± 0.5 % of all runs.

    Welch–Satterthwaite is itself approximate: where one mean of five readings contributes three times as much as each
    of several others, the same simulation gives 94.9 %.
    """
    runs, p = 20_000, 0.9545
    generator = np.random.default_rng(3)
    errors = np.zeros(runs)
    contributions = np.zeros((runs, len(weights)))
    for place, (weight, count) in enumerate(zip(weights, counts, strict=True)):
        readings = generator.normal(size=(runs, count))
        errors += weight * readings.mean(axis=1)
        contributions[:, place] = weight * readings.std(axis=1, ddof=1) / math.sqrt(count)
    names = [f"q{place}" for place in range(len(weights))]
    degrees = dict(zip(names, (count - 1.0 for count in counts), strict=True))
    covered = 0
    for error, row in zip(errors.tolist(), contributions.tolist(), strict=True):
        variance = math.fsum(a * a for a in row)
        nu = effective_degrees_of_freedom(dict(zip(names, row, strict=True)), degrees, {}, variance)
        covered += abs(error) <= coverage_factor(nu, p) * math.sqrt(variance)
    assert covered / runs == pytest.approx(p, abs=0.005)


def test_the_interval_of_the_engine_is_the_one_that_was_simulated() -> None:
    model = MeasurementModel(
        (OutputDefinition("out", "a - 2*b", "1"),),
        (InputDefinition("a", "1"), InputDefinition("b", "1")),
        (),
        CoverageRule(0.9545, None),
    )
    quantities = (InputQuantity("a", Estimate(0.0, 0.3, "1", 5.0)), InputQuantity("b", Estimate(0.0, 0.2, "1", 11.0)))
    point = PointBinding("1", {"a": "a", "b": "b"})
    output = evaluate(model, ModelInputs(quantities, (), (point,)), seed=0).outputs[0]
    nu = effective_degrees_of_freedom({"a": 0.3, "b": -0.4}, {"a": 5.0, "b": 11.0}, {}, 0.25)
    assert output.expanded_uncertainty == pytest.approx(coverage_factor(nu, 0.9545) * 0.5, rel=1e-12)
