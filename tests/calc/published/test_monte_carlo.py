"""Propagation of distributions: results printed in JCGM 101, JCGM 102 and other published examples."""

from __future__ import annotations

import pytest

from calc.model import MeasurementModel
from calc.monte_carlo import monte_carlo
from calc.quantities import ModelInputs
from calc.trials.coverage_intervals import IntervalKind
from tests.calc import monte_carlo_models as models
from tests.calc.monte_carlo_models import inputs_of, model_of, normal, rectangular

SHORTEST, SYMMETRIC = IntervalKind.SHORTEST, IntervalKind.SYMMETRIC
ROW = tuple[str, MeasurementModel, ModelInputs, float, IntervalKind, tuple[float, ...], tuple[float, ...]]

PUBLISHED: list[ROW] = [
    # source, model, inputs, p, interval, (estimate, u, low, high) as printed, (tolerances): half the last digit and
    # the scatter of 10^6 trials
    (
        "JCGM 101:2008, 9.2.2, table 2",
        models.ADDITIVE,
        models.ADDITIVE_NORMAL,
        0.95,
        SYMMETRIC,
        (0.0, 2.0, -3.92, 3.92),
        (0.01, 0.01, 0.03, 0.03),
    ),
    (
        "JCGM 101:2008, 9.2.3, table 3",
        models.ADDITIVE,
        models.ADDITIVE_RECTANGULAR,
        0.95,
        SYMMETRIC,
        (0.0, 2.0, -3.88, 3.88),
        (0.01, 0.01, 0.03, 0.03),
    ),
    (
        "JCGM 101:2008, 9.2.4, table 4",
        models.ADDITIVE,
        models.ADDITIVE_DOMINATED,
        0.95,
        SYMMETRIC,
        (0.0, 10.1, -17.0, 17.0),
        (0.05, 0.06, 0.1, 0.1),
    ),
    (
        "JCGM 101:2008, 9.3, table 6",
        models.WEIGHING,
        models.WEIGHING_INPUTS,
        0.95,
        SHORTEST,
        (1.234, 0.0754, 1.0834, 1.3825),
        (0.0003, 0.0003, 0.003, 0.003),
    ),
    (
        "JCGM 101:2008, 9.4, x1 = 0, r = 0",
        models.MISMATCH,
        models.mismatch_inputs(0.0, 0.0),
        0.95,
        SHORTEST,
        (50e-6, 50e-6, 0.0, 150e-6),
        (0.5e-6, 0.5e-6, 1e-6, 1.5e-6),
    ),
    (
        "JCGM 101:2008, 9.4, x1 = 0.01, r = 0",
        models.MISMATCH,
        models.mismatch_inputs(0.01, 0.0),
        0.95,
        SHORTEST,
        (150e-6, 112e-6, 0.0, 367e-6),
        (0.5e-6, 0.5e-6, 1.5e-6, 3e-6),
    ),
    (
        "JCGM 101:2008, 9.4, x1 = 0.05, r = 0",
        models.MISMATCH,
        models.mismatch_inputs(0.05, 0.0),
        0.95,
        SHORTEST,
        (2551e-6, 502e-6, 1590e-6, 3543e-6),
        (2e-6, 2e-6, 12e-6, 12e-6),
    ),
    (
        "JCGM 101:2008, 9.4, x1 = 0, r = 0.9",
        models.MISMATCH,
        models.mismatch_inputs(0.0, 0.9),
        0.95,
        SHORTEST,
        (50e-6, 67e-6, 0.0, 185e-6),
        (0.5e-6, 0.5e-6, 1e-6, 2e-6),
    ),
    (
        "JCGM 101:2008, 9.5, table 11 (nm)",
        models.GAUGE_BLOCK,
        models.GAUGE_BLOCK_INPUTS,
        0.99,
        SHORTEST,
        (838.0, 36.0, 745.0, 932.0),
        (0.5, 0.5, 2.0, 2.0),
    ),
    (
        "NPL DEM-ES-011, table 9.2",
        model_of({"Y": "log(X)"}, ["X"]),
        inputs_of({"X": rectangular(0.6, 0.5)}),
        0.95,
        SHORTEST,
        (-0.665, 0.606, -1.895, 0.095),
        (0.002, 0.002, 0.005, 0.002),
    ),
    (
        "NIST TN 1900, example E3",
        model_of({"mu": "muC*(rhoB - rhoM)*tM/((rhoB - rhoC)*tC)"}, ["muC", "rhoB", "rhoM", "rhoC", "tM", "tC"]),
        inputs_of(
            {
                "muC": normal(4.63, 0.0463),
                "rhoB": normal(2217.0, 0.5),
                "rhoM": normal(1180.0, 0.5),
                "rhoC": normal(810.0, 0.5),
                "tM": normal(61.0, 6.1),
                "tC": normal(36.6, 5.49),
            }
        ),
        0.95,
        SYMMETRIC,
        (5.82, 1.11, 4.05, 8.39),
        (0.01, 0.02, 0.02, 0.03),
    ),
]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row[0])
def test_published(row: ROW) -> None:
    _, model, inputs, probability, kind, expected, tolerances = row
    result = monte_carlo(
        model, inputs, trials=1_000_000, seed=7, coverage_probabilities=(probability,), intervals=(kind,)
    )
    output = result.outputs[0]
    interval = output.interval(probability, kind)
    found = (output.estimate, output.standard_uncertainty, interval.low, interval.high)
    for name, one, other, tolerance in zip(("y", "u", "low", "high"), found, expected, tolerances, strict=True):
        assert abs(one - other) <= tolerance, name


@pytest.mark.parametrize(
    ("x1", "r", "expected"),
    [
        # JCGM 102:2011, 9.3, tables 6 and 7: estimates and standard uncertainties of modulus and phase
        (0.001, 0.0, (0.013, 0.0, 0.007, 1.744)),
        (0.001, 0.9, (0.012, -0.556, 0.008, 1.599)),
    ],
)
def test_cartesian_to_polar(x1: float, r: float, expected: tuple[float, ...]) -> None:
    model = model_of({"mag": "sqrt(X1**2 + X2**2)", "phi": "atan2(X2, X1)"}, ["X1", "X2"])
    inputs = inputs_of({"X1": normal(x1, 0.01), "X2": normal(0.0, 0.01)}, [("X1", "X2", r)] if r else [])
    magnitude, phase = monte_carlo(model, inputs, trials=1_000_000, seed=3, coverage_probabilities=()).outputs
    assert magnitude.estimate == pytest.approx(expected[0], abs=5e-4)
    assert phase.estimate == pytest.approx(expected[1], abs=6e-3)
    assert magnitude.standard_uncertainty == pytest.approx(expected[2], abs=5e-4)
    assert phase.standard_uncertainty == pytest.approx(expected[3], abs=3e-3)
