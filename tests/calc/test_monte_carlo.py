"""Propagation of distributions: what holds for every run; published results are in `published/`."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from calc import type_b
from calc.compiler.lookups import CurveDefinition
from calc.curves.domain import Domain
from calc.curves.straight_line import StraightLine
from calc.errors import CalcError, InvalidQuantity, OutsideValidity
from calc.evaluate import evaluate
from calc.model import InputDefinition, MeasurementModel, OutputDefinition, compile_model
from calc.monte_carlo import MonteCarloResult, RunSettings, monte_carlo, run_trials
from calc.quantities import BoundCurve, Correlation, Estimate, InputQuantity, ModelInputs, PointBinding
from calc.serialise import from_record, to_record
from calc.trials.blocks import BLOCK_TRIALS
from calc.trials.coverage_intervals import IntervalKind
from calc.trials.plan import trial_plan
from tests.calc import monte_carlo_models as models
from tests.calc.monte_carlo_models import inputs_of, model_of, normal, rectangular

SHORTEST, SYMMETRIC = IntervalKind.SHORTEST, IntervalKind.SYMMETRIC


def _small(**changes: object) -> MonteCarloResult:
    arguments = {"trials": 35_123, "seed": 11, "coverage_probabilities": (0.95, 0.99), **changes}
    return monte_carlo(models.GAUGE_BLOCK, models.GAUGE_BLOCK_INPUTS, **arguments)  # type: ignore[arg-type]


def test_same_bits_on_any_number_of_threads() -> None:
    alone = _small()
    assert [_small(threads=threads) for threads in (2, 3, 5)] == [alone] * 3
    assert _small(seed=12) != alone


def test_order_of_inputs_and_units_change_nothing() -> None:
    backward = ModelInputs(models.GAUGE_BLOCK_INPUTS.quantities[::-1], (), models.GAUGE_BLOCK_INPUTS.points)
    turned = replace(models.GAUGE_BLOCK, inputs=models.GAUGE_BLOCK.inputs[::-1])
    assert monte_carlo(turned, backward, trials=35_123, seed=11, coverage_probabilities=(0.95, 0.99)) == _small()
    quantities = tuple(
        type_b.t(50.000623, 25e-6, 18.0, "mm").as_input("Ls") if quantity.key == "Ls" else quantity
        for quantity in models.GAUGE_BLOCK_INPUTS.quantities
    )
    other = monte_carlo(
        models.GAUGE_BLOCK,
        replace(models.GAUGE_BLOCK_INPUTS, quantities=quantities),
        trials=35_123,
        seed=11,
        coverage_probabilities=(),
    ).outputs[0]
    assert other.estimate == pytest.approx(_small().outputs[0].estimate, abs=1e-6)
    assert other.standard_uncertainty == pytest.approx(_small().outputs[0].standard_uncertainty, rel=1e-6)


def test_shortest_is_never_longer_and_lies_within_the_trials() -> None:
    output = _small().outputs[0]
    for probability in (0.95, 0.99):
        shortest, symmetric = output.interval(probability, SHORTEST), output.interval(probability, SYMMETRIC)
        assert shortest.high - shortest.low <= symmetric.high - symmetric.low
    assert output.interval(0.99, SYMMETRIC).low < output.interval(0.95, SYMMETRIC).low
    with pytest.raises(InvalidQuantity) as caught:
        output.interval(0.5)
    assert caught.value.code == "monte_carlo.no_interval"


def test_linear_models_agree_with_the_law_of_propagation() -> None:
    model = model_of({"S": "2*A - 3*B + C", "D": "A - B"}, ["A", "B", "C"])
    inputs = inputs_of({"A": normal(1.0, 0.1), "B": normal(2.0, 0.2), "C": rectangular(0.0, 0.3)}, [("A", "B", -0.6)])
    propagated = evaluate(model, inputs, seed=1)
    simulated = monte_carlo(model, inputs, trials=400_000, seed=2, coverage_probabilities=())
    for one, other in zip(propagated.outputs, simulated.outputs, strict=True):
        u = one.combined_standard_uncertainty
        assert other.estimate == pytest.approx(one.estimate, abs=5.0 * u / math.sqrt(400_000))
        assert other.standard_uncertainty == pytest.approx(u, rel=5.0 / math.sqrt(800_000))
    scale = np.sqrt(np.diagonal(propagated.covariance))
    difference = (np.array(propagated.covariance) - np.array(simulated.covariance)) / np.multiply.outer(scale, scale)
    assert np.abs(difference).max() < 0.01


def test_a_quantity_is_drawn_once_for_all_symbols_and_points() -> None:
    model = MeasurementModel(
        (OutputDefinition("D", "x - y", "g"), OutputDefinition("S", "x + y", "g")),
        (InputDefinition("x", "g"), InputDefinition("y", "mg")),
    )
    quantities = tuple(InputQuantity(key, Estimate(5.0, 0.5, "g")) for key in ("a", "b"))
    points = tuple(
        PointBinding(point, {"x": x, "y": y})
        for point, x, y in (("same", "a", "a"), ("ab", "a", "b"), ("ba", "b", "a"))
    )
    result = monte_carlo(model, ModelInputs(quantities, (), points), trials=20_000, seed=1, coverage_probabilities=())
    assert result.output("same", "D").standard_uncertainty < 1e-15
    assert result.output("same", "S").standard_uncertainty == pytest.approx(1.0, rel=0.02)
    assert result.output("ab", "D").estimate == pytest.approx(-result.output("ba", "D").estimate, abs=1e-14)
    place = {(output.point, output.output): index for index, output in enumerate(result.outputs)}
    one, two = place["ab", "D"], place["ba", "D"]
    assert result.covariance[one][two] == pytest.approx(-result.covariance[one][one], rel=1e-12)


def test_covariance_of_a_run_is_symmetric_and_holds_the_variances() -> None:
    model = model_of({"P": "A*B", "Q": "A + B", "R": "B"}, ["A", "B"])
    result = monte_carlo(model, inputs_of({"A": normal(1.0, 0.1), "B": normal(2.0, 0.1)}), trials=25_000, seed=1)
    matrix = np.array(result.covariance)
    assert np.array_equal(matrix, matrix.T)
    assert np.sqrt(np.diagonal(matrix)).tolist() == [output.standard_uncertainty for output in result.outputs]


@pytest.mark.parametrize("r", [1.0, -1.0, 0.5])
@pytest.mark.parametrize("nu", [math.inf, 5.0])
def test_correlated_inputs_of_one_shape(r: float, nu: float) -> None:
    model = model_of({"S": "A + B", "D": "A - B"}, ["A", "B"])
    inputs = inputs_of({"A": normal(0.0, 1.0, nu=nu), "B": normal(0.0, 1.0, nu=nu)}, [("A", "B", r)])
    result = monte_carlo(model, inputs, trials=200_000, seed=5, coverage_probabilities=())
    spread = 1.0 if math.isinf(nu) else nu / (nu - 2.0)
    found = [output.standard_uncertainty**2 for output in result.outputs]
    assert found == pytest.approx([2.0 * (1.0 + r) * spread, 2.0 * (1.0 - r) * spread], rel=0.03, abs=1e-12)
    assert result.warnings == ()


def test_singular_correlation_matrix() -> None:
    model = model_of({"Y": "A + B - C"}, ["A", "B", "C"])
    half = math.sqrt(0.5)
    inputs = inputs_of(
        {"A": normal(0.0, 1.0), "B": normal(0.0, 1.0), "C": normal(0.0, math.sqrt(2.0))},
        [("A", "C", half), ("B", "C", half)],
    )
    output = monte_carlo(model, inputs, trials=20_000, seed=5, coverage_probabilities=()).outputs[0]
    assert output.standard_uncertainty < 1e-7  # C is A + B


@pytest.mark.parametrize("r", [0.8, -0.4, 1.0])
def test_correlated_inputs_of_other_shapes_keep_marginals_and_coefficient(r: float) -> None:
    """JCGM 101 gives no joint distribution for these: a normal copula stands in, and the result says so."""
    model = model_of({"A": "a", "B": "b", "S": "a + b"}, ["a", "b"])
    inputs = inputs_of({"a": rectangular(0.0, 1.0), "b": rectangular(5.0, 2.0)}, [("a", "b", r)])
    result = monte_carlo(model, inputs, trials=200_000, seed=5)
    a, b, s = result.outputs
    assert (a.standard_uncertainty, b.standard_uncertainty) == pytest.approx((3**-0.5, 2 * 3**-0.5), rel=0.01)
    assert (a.interval(0.95).low, a.interval(0.95).high) == pytest.approx((-0.95, 0.95), abs=0.005)
    assert result.covariance[0][1] / (a.standard_uncertainty * b.standard_uncertainty) == pytest.approx(r, abs=0.01)
    assert s.standard_uncertainty**2 == pytest.approx((1 + 4 + 4 * r) / 3, rel=0.02)
    assert [(warning.code, warning.name) for warning in result.warnings] == [("monte_carlo.copula", "a, b")]


@pytest.mark.parametrize(
    ("first", "second", "r", "code"),
    [
        (type_b.exponential(1.0, "1"), type_b.half_width(0.0, 1.0, "1"), 0.95, "correlation.unattainable"),
        (type_b.exponential(1.0, "1"), type_b.exponential(2.0, "1"), -0.9, "correlation.unattainable"),
        (type_b.standard(0.0, 1.0, "1", 2.0), type_b.half_width(0.0, 1.0, "1"), 0.5, "correlation.no_variance"),
    ],
)
def test_correlations_without_a_joint_distribution(
    first: type_b.TypeB, second: type_b.TypeB, r: float, code: str
) -> None:
    inputs = inputs_of({"a": first.as_input("a"), "b": second.as_input("b")}, [("a", "b", r)])
    with pytest.raises(InvalidQuantity) as caught:
        monte_carlo(model_of({"Y": "a + b"}, ["a", "b"]), inputs, trials=10_000, seed=1)
    assert caught.value.code == code
    assert {caught.value.values["name"], caught.value.values["other"]} == {"a", "b"}


def test_three_readings_that_dominate_give_a_wide_interval_and_a_warning() -> None:
    """ν = 2: k = 4.53 at 95.45 % and no standard deviation (JCGM 101:2008, 6.4.9.4)."""
    inputs = inputs_of({"x": normal(0.0, 1.0, nu=2.0)})
    result = monte_carlo(model_of({"Y": "x"}, ["x"]), inputs, trials=400_000, seed=2, coverage_probabilities=(0.9545,))
    interval = result.outputs[0].interval(0.9545)
    assert (interval.low, interval.high) == pytest.approx((-4.53, 4.53), abs=0.1)
    assert [(warning.code, warning.name) for warning in result.warnings] == [("monte_carlo.no_variance", "x")]
    plain = monte_carlo(
        model_of({"Y": "x"}, ["x"]), inputs, trials=100_000, seed=1, coverage_probabilities=(0.9545,), scaled_t=False
    )
    assert plain.outputs[0].interval(0.9545).high == pytest.approx(2.0, abs=0.03)


def test_coverage_region_of_two_normal_outputs() -> None:
    """JCGM 102:2011, 6.5.2: k = 2.45 for p = 0.95; a box of two independent outputs has 2.24."""
    model = model_of({"P": "A", "Q": "B", "R": "A + B"}, ["A", "B"])
    inputs = inputs_of({"A": normal(1.0, 0.1), "B": normal(2.0, 5.0)})
    two = replace(model, outputs=model.outputs[:2])
    region = monte_carlo(two, inputs, trials=200_000, seed=4, regions=True).regions[0]
    assert (region.point, region.outputs, region.coverage_probability) == ("1", ("P", "Q"), 0.95)
    assert region.ellipsoidal_factor == pytest.approx(math.sqrt(-2.0 * math.log(0.05)), abs=0.01)
    assert region.rectangular_factor == pytest.approx(2.236, abs=0.01)
    singular = monte_carlo(model, inputs, trials=50_000, seed=4, regions=True).regions[0]
    assert singular.ellipsoidal_factor is None
    assert (
        monte_carlo(replace(model, outputs=model.outputs[:1]), inputs, trials=5_000, seed=4, regions=True).regions == ()
    )


def test_long_runs_agree_with_stored_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond LARGEST_STORED results, moments keep their bits and intervals lie on a histogram's edges."""
    model = model_of({"P": "A*B", "Q": "A + B"}, ["A", "B"])
    inputs = inputs_of({"A": normal(1.0, 0.1, nu=4.0), "B": rectangular(2.0, 0.5)})
    stored = monte_carlo(model, inputs, trials=95_500, seed=9, regions=True)
    monkeypatch.setattr("calc.monte_carlo.LARGEST_STORED", 100_000)
    monkeypatch.setattr("calc.monte_carlo._SECTION_BLOCKS", 4)
    kept = monte_carlo(model, inputs, trials=95_500, seed=9, regions=True)
    assert kept == monte_carlo(model, inputs, trials=95_500, seed=9, regions=True, threads=3)
    for one, other in zip(stored.outputs, kept.outputs, strict=True):
        assert other.estimate == pytest.approx(one.estimate, rel=1e-13)
        assert other.standard_uncertainty == pytest.approx(one.standard_uncertainty, rel=1e-12)
        u = one.standard_uncertainty
        assert other.interval(0.95).low == pytest.approx(one.interval(0.95).low, abs=5e-5 * u)
        assert other.interval(0.95).high == pytest.approx(one.interval(0.95).high, abs=5e-5 * u)
        lengths = [
            result.interval(0.95, SHORTEST).high - result.interval(0.95, SHORTEST).low for result in (one, other)
        ]
        assert lengths[0] <= lengths[1] <= lengths[0] + 1e-4 * u
    region, other_region = stored.regions[0], kept.regions[0]
    assert other_region.ellipsoidal_factor == pytest.approx(region.ellipsoidal_factor, abs=1e-4)
    assert other_region.rectangular_factor == pytest.approx(region.rectangular_factor, abs=1e-4)


def test_a_plan_is_made_once_and_run_with_any_seed() -> None:
    plan = trial_plan(compile_model(models.WEIGHING), models.WEIGHING_INPUTS)
    for seed in (1, 2):
        assert run_trials(plan, 12_000, RunSettings(seed)) == monte_carlo(
            models.WEIGHING, models.WEIGHING_INPUTS, trials=12_000, seed=seed
        )


def test_constants_and_constant_outputs() -> None:
    model = model_of({"Y": "x", "Z": "2", "W": "x*c"}, ["x", "c"])
    inputs = inputs_of({"x": normal(3.0, 0.0), "c": normal(4.0, 0.1)})
    y, z, w = monte_carlo(model, inputs, trials=5_000, seed=1).outputs
    assert (y.estimate, y.standard_uncertainty, y.interval(0.95).low) == (3.0, 0.0, 3.0)
    assert (z.estimate, z.standard_uncertainty, z.interval(0.95).high) == (2.0, 0.0, 2.0)
    assert w.standard_uncertainty == pytest.approx(0.3, rel=0.05)


def test_a_look_up_into_a_curve_is_drawn_once() -> None:
    """A line 1 + 0.5 (t - 20) with u(a) = 0.03: V = 2 G(t), and its difference at two points keeps what they share."""
    line = StraightLine("line", "degC", "mV", Domain(0.0, 100.0), 20.0, 1.0, 0.5, 0.03**2, 0.0)
    model = MeasurementModel(
        (OutputDefinition("V", "2*G(t)", "mV"),),
        (InputDefinition("t", "degC"),),
        curves=(CurveDefinition("G", "degC", "mV"),),
    )
    quantities = tuple(InputQuantity(key, Estimate(value, 0.1, "degC")) for key, value in (("t1", 20.0), ("t2", 40.0)))
    points = tuple(PointBinding(key, {"t": key}, {"G": "curve"}) for key in ("t1", "t2"))
    inputs = ModelInputs(quantities, (), points, (BoundCurve("curve", line),))
    result = monte_carlo(model, inputs, trials=100_000, seed=1, coverage_probabilities=())
    propagated = evaluate(model, inputs, seed=1)
    for one, other in zip(propagated.outputs, result.outputs, strict=True):
        assert other.estimate == pytest.approx(one.estimate, abs=2e-3)
        assert other.standard_uncertainty == pytest.approx(one.combined_standard_uncertainty, rel=0.01)
    assert result.covariance[0][1] == pytest.approx((2 * 0.03) ** 2, rel=0.1)


def test_every_function_of_a_formula() -> None:
    names = ["sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "log10", "abs"]
    outputs = {f"y_{name}": f"{name}(x)" for name in names}
    outputs |= {"y_atan2": "atan2(x, 2)", "y_min": "min(x, 0.3)", "y_max": "max(x, 0.3)", "y_pow": "x**1.5 - x**-2"}
    exact = evaluate(model_of(outputs, ["x"]), inputs_of({"x": normal(0.31, 1e-9)}), seed=1)
    drawn = monte_carlo(
        model_of(outputs, ["x"]), inputs_of({"x": normal(0.31, 1e-9)}), trials=1000, seed=1, coverage_probabilities=()
    )
    for one, other in zip(exact.outputs, drawn.outputs, strict=True):
        assert other.estimate == pytest.approx(one.estimate, abs=1e-8)


def test_trials_without_a_result_are_counted_and_located() -> None:
    model = model_of({"Y": "x", "Z": "sqrt(x) + y"}, ["x", "y", "z"])
    inputs = inputs_of({"x": rectangular(0.9, 1.0), "y": normal(0.0, 1.0), "z": normal(0.0, 1.0)})
    trials = 3 * BLOCK_TRIALS + 5
    errors = []
    for threads in (1, 2):
        with pytest.raises(OutsideValidity) as caught:
            monte_carlo(model, inputs, trials=trials, seed=1, threads=threads)
        errors.append(caught.value)
    assert errors[0].code == "monte_carlo.outside_domain"
    assert errors[0].values == errors[1].values
    values = errors[0].values
    assert (values["output"], values["point"], values["trials"]) == ("Z", "1", trials)
    assert int(str(values["count"])) == pytest.approx(0.05 * trials, rel=0.1)
    low, high = (float(part) for part in str(values["region"]).split("; ")[0].removeprefix("x ").split(" … "))
    assert -0.1 <= low < -0.099
    assert -0.001 < high <= 0.0
    assert "z" not in str(values["region"])  # the output does not rest on it


@pytest.mark.parametrize(
    ("text", "code"),
    [("1/(x - x)", "monte_carlo.outside_domain"), ("exp(1000*x)", "monte_carlo.outside_domain")],
)
def test_infinite_results_are_refused(text: str, code: str) -> None:
    with pytest.raises(OutsideValidity) as caught:
        monte_carlo(model_of({"Y": text}, ["x"]), inputs_of({"x": normal(3.0, 0.1)}), trials=1000, seed=1)
    assert (caught.value.code, caught.value.values["count"]) == (code, 1000)


def test_results_beyond_the_range_of_squares_are_refused() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        monte_carlo(model_of({"Y": "exp(x)"}, ["x"]), inputs_of({"x": normal(500.0, 1.0)}), trials=1000, seed=1)
    assert caught.value.code == "quantity.too_large"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"trials": 28}, "monte_carlo.trials"),
        ({"trials": 1e6}, "monte_carlo.trials"),
        ({"trials": True}, "monte_carlo.trials"),
        ({"trials": 1, "coverage_probabilities": ()}, "monte_carlo.trials"),
        ({"seed": -1}, "evaluation.seed"),
        ({"seed": 1.0}, "evaluation.seed"),
        ({"threads": 0}, "monte_carlo.threads"),
        ({"coverage_probabilities": (1.0,)}, "coverage.probability"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(CalcError) as caught:
        _small(**changes)
    assert caught.value.code == code


def test_bad_bindings() -> None:
    model = model_of({"Y": "x"}, ["x"])
    quantity = InputQuantity("x", Estimate(1.0, 0.1, "1"))
    bad = [
        (ModelInputs((quantity,), (), ()), "inputs.no_points"),
        (ModelInputs((quantity, quantity), (), (PointBinding("1", {"x": "x"}),)), "quantity.duplicate"),
        (ModelInputs((quantity,), (), (PointBinding("1", {"x": "x"}),) * 2), "quantity.duplicate"),
        (ModelInputs((quantity,), (), (PointBinding("1", {"x": "q"}),)), "inputs.unknown_quantity"),
        (ModelInputs((quantity,), (), (PointBinding("1", {}),)), "inputs.missing_symbol"),
        (ModelInputs((quantity,), (), (PointBinding("1", {"x": "x", "z": "x"}),)), "inputs.unknown_symbol"),
        (
            ModelInputs((quantity,), (Correlation("x", "y", 0.1),), (PointBinding("1", {"x": "x"}),)),
            "inputs.unknown_quantity",
        ),
    ]
    for inputs, code in bad:
        with pytest.raises(InvalidQuantity) as caught:
            monte_carlo(model, inputs, trials=1000, seed=1)
        assert caught.value.code == code


# The peak of this program alone: getrusage would carry that of the process it was started from.
_MEMORY = """
import re
from pathlib import Path
from calc.monte_carlo import monte_carlo
from tests.calc import monte_carlo_models as models
monte_carlo(models.GAUGE_BLOCK, models.GAUGE_BLOCK_INPUTS, trials={trials}, seed=1, coverage_probabilities=(0.95,))
print(int(re.search(r"VmHWM:\\s+([0-9]+) kB", Path("/proc/self/status").read_text()).group(1)) // 1024)
"""


@pytest.mark.parametrize("trials", [10_000_000, pytest.param(100_000_000, marks=pytest.mark.long)])
def test_memory_stays_below_500_megabytes(trials: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _MEMORY.format(trials=trials)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 500


def test_a_result_becomes_a_record_and_back() -> None:
    model = model_of({"P": "A", "Q": "2*A"}, ["A"])
    result = monte_carlo(model, inputs_of({"A": normal(1.0, 0.1, nu=2.0)}), trials=1_000, seed=4, regions=True)
    assert result.regions[0].ellipsoidal_factor is None
    assert from_record(MonteCarloResult, to_record(result)) == result
