"""Adaptive Monte Carlo, its tolerance, and the validation of the law of propagation by it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from calc.adaptive import adaptive_monte_carlo, sequence_trials
from calc.errors import CalcError, InvalidQuantity, NotConverged, OutsideValidity
from calc.evaluate import evaluate
from calc.model import CoverageRule, MeasurementModel
from calc.monte_carlo import monte_carlo
from calc.quantities import ModelInputs
from calc.trials.coverage_intervals import CoverageInterval, IntervalKind
from calc.trials.numerical_tolerance import numerical_tolerance
from calc.validation import validate, validate_jointly
from tests.calc import monte_carlo_models as models
from tests.calc.monte_carlo_models import inputs_of, model_of, normal, rectangular

SHORTEST, SYMMETRIC = IntervalKind.SHORTEST, IntervalKind.SYMMETRIC


@pytest.mark.parametrize(
    ("number", "digits", "expected"),
    [
        # JCGM 101:2008, 7.9.2: examples 1 (35 mg to two digits: δ = 0.5 mg) and 2 (0.0004 g to one: 0.000 05 g)
        (0.00035, 2, 0.5e-5),
        (35.0, 2, 0.5),
        (2.0, 1, 0.5),
        (2.0, 2, 0.05),
        (0.0997, 2, 0.5e-2),
        (0.0004, 1, 0.5e-4),
        (-36.4, 2, 0.5),
        (5e-312, 1, 0.5e-312),
        (0.0, 2, 0.0),
    ],
)
def test_numerical_tolerance(number: float, digits: int, expected: float) -> None:
    assert numerical_tolerance(number, digits) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("digits", [0, 5, 1.0, True])
def test_digits(digits: int) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        numerical_tolerance(1.0, digits)
    assert caught.value.code == "monte_carlo.digits"


@pytest.mark.parametrize(
    ("probability", "expected"), [(0.95, 10_000), (0.99, 10_000), (0.9973, 40_000), (0.999, 100_000), (0.9999, 10**6)]
)
def test_sequence_trials(probability: float, expected: int) -> None:
    assert sequence_trials(probability) == expected  # at least 10^4 and 100/(1 - p), in blocks of 10^4


def test_gauge_block() -> None:
    """JCGM 101:2008, 9.5.4: two digits of u take the order of 10^6 trials and give 838 nm, 36 nm, [745, 932] nm."""
    result = adaptive_monte_carlo(
        models.GAUGE_BLOCK,
        models.GAUGE_BLOCK_INPUTS,
        seed=8,
        coverage_probability=0.99,
        digits=2,
        interval=SHORTEST,
    )
    output = result.outputs[0]
    interval = output.interval(0.99, SHORTEST)
    assert 200_000 < result.trials < 3_000_000
    assert output.estimate == pytest.approx(838.0, abs=0.5)
    assert output.standard_uncertainty == pytest.approx(36.0, abs=0.5)
    assert (interval.low, interval.high) == pytest.approx((745.0, 932.0), abs=2.5)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_bits_as_a_plain_run_of_so_many_trials(threads: int) -> None:
    found = adaptive_monte_carlo(models.WEIGHING, models.WEIGHING_INPUTS, seed=5, digits=2, threads=threads)
    alone = adaptive_monte_carlo(models.WEIGHING, models.WEIGHING_INPUTS, seed=5, digits=2)
    plain = monte_carlo(models.WEIGHING, models.WEIGHING_INPUTS, trials=found.trials, seed=5, intervals=(SYMMETRIC,))
    assert found == alone == plain
    assert found.trials >= 20_000


def test_more_digits_and_a_divisor_take_more_trials() -> None:
    trials = [
        adaptive_monte_carlo(
            models.ADDITIVE, models.ADDITIVE_NORMAL, seed=5, digits=digits, tolerance_divisor=divisor
        ).trials
        for digits, divisor in ((1, 1.0), (1, 5.0), (2, 1.0), (2, 2.0))
    ]
    assert trials == sorted(trials)
    assert trials[0] == 20_000  # the least: two sequences
    assert trials[-1] > 4 * trials[1]


def test_sequences_of_several_blocks_and_runs_that_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {"seed": 2, "coverage_probability": 0.998, "digits": 1}
    kept = adaptive_monte_carlo(models.ADDITIVE, models.ADDITIVE_NORMAL, **arguments)  # type: ignore[arg-type]
    assert kept.trials % 50_000 == 0
    monkeypatch.setattr("calc.trials.adaptive_sequences.LARGEST_STORED", 60_000)
    monkeypatch.setattr("calc.monte_carlo.LARGEST_STORED", 60_000)
    found = adaptive_monte_carlo(models.ADDITIVE, models.ADDITIVE_NORMAL, threads=2, **arguments)  # type: ignore[arg-type]
    assert found.trials == kept.trials
    assert found.outputs[0].standard_uncertainty == kept.outputs[0].standard_uncertainty
    interval, other = (result.outputs[0].interval(0.998) for result in (kept, found))
    assert other.low == pytest.approx(interval.low, abs=1e-3)


def test_several_outputs_with_a_region() -> None:
    """JCGM 102:2011, 7.8: also the largest eigenvalue of the correlation matrix and the factors are to be stable."""
    model = model_of({"P": "A + B", "Q": "A - B"}, ["A", "B"])
    inputs = inputs_of({"A": normal(1.0, 0.1), "B": normal(2.0, 0.05)})
    plain = adaptive_monte_carlo(model, inputs, seed=5, digits=2)
    joint = adaptive_monte_carlo(model, inputs, seed=5, digits=2, regions=True)
    assert joint.trials >= plain.trials
    assert joint.regions[0].ellipsoidal_factor == pytest.approx(2.4477, abs=0.02)  # JCGM 102:2011, 6.5.2
    u = math.hypot(0.1, 0.05)
    assert joint.outputs[1].standard_uncertainty == pytest.approx(u, rel=0.01)
    alone = model_of({"P": "A + B"}, ["A", "B"])
    assert adaptive_monte_carlo(alone, inputs, seed=5, digits=1, regions=True).regions == ()


def test_singular_outputs_with_a_region() -> None:
    model = model_of({"P": "A", "Q": "2*A", "R": "3"}, ["A"])
    result = adaptive_monte_carlo(model, inputs_of({"A": normal(1.0, 0.1)}), seed=5, digits=1, regions=True)
    assert result.regions[0].ellipsoidal_factor is None


def test_a_constant_is_stable_at_once() -> None:
    result = adaptive_monte_carlo(model_of({"Y": "x"}, ["x"]), inputs_of({"x": normal(2.0, 0.0)}), seed=5)
    assert (result.trials, result.outputs[0].estimate, result.outputs[0].standard_uncertainty) == (20_000, 2.0, 0.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_never_settles_is_not_called_converged(threads: int) -> None:
    """t with ν = 1 has neither mean nor standard deviation."""
    inputs = inputs_of({"x": normal(0.0, 1.0, nu=1.0)})
    with pytest.raises(NotConverged) as caught:
        adaptive_monte_carlo(
            model_of({"Y": "x"}, ["x"]), inputs, seed=1, digits=2, maximum_trials=75_000, threads=threads
        )
    assert caught.value.code == "monte_carlo.not_converged"
    assert (caught.value.values["output"], caught.value.values["count"]) == ("Y", 70_000)
    assert float(str(caught.value.values["value"])) > float(str(caught.value.values["expected"]))


def test_errors_do_not_depend_on_how_far_threads_look_ahead() -> None:
    """One trial in 20 000 has no result; the run may stop before it meets one."""
    found = set()
    for threads in (1, 2, 3):
        try:
            result = adaptive_monte_carlo(
                model_of({"Y": "x + 0*sqrt(3.9 + z)"}, ["x", "z"]),
                inputs_of({"x": normal(0.0, 1.0), "z": normal(0.0, 1.0)}),
                seed=3,
                digits=2,
                threads=threads,
            )
            found.add(("result", result.trials))
        except OutsideValidity as error:
            found.add((error.code, int(str(error.values["count"]))))
    assert len(found) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"digits": 5}, "monte_carlo.digits"),
        ({"tolerance_divisor": 0.0}, "quantity.not_positive"),
        ({"maximum_trials": 10}, "monte_carlo.trials"),
        ({"maximum_trials": 19_999}, "monte_carlo.trials"),
        ({"maximum_trials": 1e6}, "monte_carlo.trials"),
        ({"coverage_probability": 1.0}, "coverage.probability"),
        ({"seed": -1}, "evaluation.seed"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, object], code: str) -> None:
    with pytest.raises(CalcError) as caught:
        adaptive_monte_carlo(models.ADDITIVE, models.ADDITIVE_NORMAL, **{"seed": 1, **changes})  # type: ignore[arg-type]
    assert caught.value.code == code


def _with_rule(model: MeasurementModel) -> MeasurementModel:
    return replace(model, coverage=CoverageRule(0.95, None))


@pytest.mark.parametrize(
    ("model", "inputs", "kind", "valid"),
    [
        # JCGM 101:2008, tables 2 to 4, 6 and 9.4: whether the law of propagation is validated
        (models.ADDITIVE, models.ADDITIVE_NORMAL, SYMMETRIC, True),
        (models.ADDITIVE, models.ADDITIVE_RECTANGULAR, SYMMETRIC, True),
        (models.ADDITIVE, models.ADDITIVE_DOMINATED, SYMMETRIC, False),
        (models.WEIGHING, models.WEIGHING_INPUTS, SHORTEST, False),
        (models.MISMATCH, models.mismatch_inputs(0.01, 0.0), SHORTEST, False),
    ],
)
def test_validation(model: MeasurementModel, inputs: ModelInputs, kind: IntervalKind, valid: bool) -> None:
    propagated = evaluate(_with_rule(model), inputs, seed=1)
    simulated = monte_carlo(model, inputs, trials=1_000_000, seed=1, intervals=(kind,))
    (found,) = validate(propagated, simulated, digits=1 if valid else 2, kind=kind)
    assert found.valid is valid
    assert (found.point, found.output, found.coverage_probability) == ("1", model.outputs[0].name, 0.95)


def test_the_differences_of_table_6() -> None:
    """JCGM 101:2008, table 6: [1.1285, 1.3395] against [1.0834, 1.3825]: d_low = 0.0451, d_high = 0.0430, δ = 0.005."""
    propagated = evaluate(_with_rule(models.WEIGHING), models.WEIGHING_INPUTS, seed=1)
    simulated = monte_carlo(models.WEIGHING, models.WEIGHING_INPUTS, trials=1_000_000, seed=1)
    (found,) = validate(propagated, simulated, digits=1, kind=SHORTEST)
    assert (found.d_low, found.d_high) == pytest.approx((0.0451, 0.0430), abs=0.003)
    assert found.tolerance == 0.005


def test_validation_at_the_tolerance_itself() -> None:
    propagated = evaluate(_with_rule(models.ADDITIVE), models.ADDITIVE_NORMAL, seed=1)
    simulated = monte_carlo(models.ADDITIVE, models.ADDITIVE_NORMAL, trials=5_000, seed=1)
    one = propagated.outputs[0]
    low, high = one.estimate - one.expanded_uncertainty, one.estimate + one.expanded_uncertainty
    for shift, valid in ((0.49, True), (0.51, False)):
        for interval in (
            CoverageInterval(SYMMETRIC, 0.95, low - shift, high),
            CoverageInterval(SYMMETRIC, 0.95, low, high - shift),
        ):
            output = replace(simulated.outputs[0], intervals=(interval,), standard_uncertainty=2.0)
            (found,) = validate(propagated, replace(simulated, outputs=(output,)), digits=1)
            assert (found.tolerance, found.valid) == (0.5, valid)


def test_joint_validation() -> None:
    model = model_of({"P": "A + B", "Q": "A - B"}, ["A", "B"])
    inputs = inputs_of({"A": normal(1.0, 0.1), "B": normal(2.0, 0.05)}, [("A", "B", 0.5)])
    simulated = monte_carlo(model, inputs, trials=1_000_000, seed=1, coverage_probabilities=(0.95,), regions=True)
    (found,) = validate_jointly(evaluate(_with_rule(model), inputs, seed=1), simulated, digits=2)
    assert found.valid
    assert [difference.what for difference in found.differences] == [
        *("estimate", "u", "estimate", "u"),
        "largest_eigenvalue",
        "ellipsoidal_factor",
    ]
    polar = model_of({"mag": "sqrt(A**2 + B**2)", "phi": "atan2(B, A)"}, ["A", "B"])
    bent = inputs_of({"A": normal(0.001, 0.01), "B": normal(0.0, 0.01)})
    simulated = monte_carlo(polar, bent, trials=100_000, seed=1)
    (found,) = validate_jointly(evaluate(_with_rule(polar), bent, seed=1), simulated)
    assert not found.valid  # JCGM 102:2011, 9.3.3: close to the origin the law of propagation does not hold


def test_results_that_do_not_belong_together() -> None:
    propagated = evaluate(_with_rule(models.ADDITIVE), models.ADDITIVE_NORMAL, seed=1)
    other = monte_carlo(models.WEIGHING, models.WEIGHING_INPUTS, trials=5_000, seed=1)
    for compare in (validate, validate_jointly):
        with pytest.raises(InvalidQuantity) as caught:
            compare(propagated, other)
        assert caught.value.code == "record.result_shape"
    without = monte_carlo(models.ADDITIVE, models.ADDITIVE_NORMAL, trials=5_000, seed=1, coverage_probabilities=(0.9,))
    with pytest.raises(InvalidQuantity) as caught:
        validate(propagated, without)
    assert caught.value.code == "monte_carlo.no_interval"


def test_rectangular_inputs_with_regions_keep_their_box() -> None:
    model = model_of({"P": "A", "Q": "B"}, ["A", "B"])
    inputs = inputs_of({"A": rectangular(0.0, 1.0), "B": rectangular(0.0, 1.0)})
    region = monte_carlo(model, inputs, trials=100_000, seed=6, regions=True).regions[0]
    assert region.rectangular_factor == pytest.approx(math.sqrt(3.0 * 0.95), abs=0.005)
