"""Standard platinum resistance thermometers at the fixed points of the ITS-90."""

from __future__ import annotations

import numpy as np
import pytest

from calc.curves.domain import Domain
from calc.curves.platinum_standard import StandardThermometer, reference_ratio
from calc.errors import CalcError

IDEAL = StandardThermometer("SPRT", "ohm", "degC", Domain(5.396, 84.4003), 25.0)
RATIOS = {
    -189.3442: 0.21585975,
    -38.8344: 0.84414211,
    0.01: 1.0,
    29.7646: 1.11813889,
    156.5985: 1.60980185,
    231.928: 1.89279768,
    419.527: 2.56891730,
    660.323: 3.37600860,
}


@pytest.mark.parametrize(("t", "ratio"), list(RATIOS.items()))
def test_fixed_points(t: float, ratio: float) -> None:
    """Preston-Thomas, Metrologia 27 (1990) 3, table 1: W_r of Ar, Hg, H2O, Ga, In, Sn, Zn and Al.

    The coefficients of tables 3 and 4 are rounded; they meet table 1 within about 1e-8.
    """
    assert reference_ratio(t + 273.15) == pytest.approx(ratio, abs=1.2e-8)
    assert IDEAL.value(25.0 * ratio) == pytest.approx(t, abs=5e-6)


def test_deviations_bring_a_calibration_back() -> None:
    """W at three fixed points gives a, b, c; the curve then returns the temperatures of the fixed points."""
    r_tpw = 25.4321
    points = {231.928: 1.892572, 419.527: 2.568454, 660.323: 3.375202}
    w = np.array(list(points.values()))
    deviations = w - np.array([RATIOS[t] for t in points])
    a, b, c = np.linalg.solve(np.vander(w - 1.0, 4)[:, 2::-1], deviations)
    sprt = StandardThermometer("SPRT", "ohm", "degC", Domain(25.4321, 85.85), r_tpw, a, b, c)
    for t, ratio in points.items():
        assert sprt.value(r_tpw * ratio) == pytest.approx(t, abs=5e-6)
        assert sprt.inverse(t).value == pytest.approx(r_tpw * ratio, rel=2e-8)
    assert sprt.value(r_tpw) == pytest.approx(0.01, abs=5e-6)


def test_uncertainty_of_the_triple_point() -> None:
    """u(R_tpw) alone: u(t) = W u(R_tpw)/R_tpw over dW/dt."""
    covariance = np.zeros((6, 6))
    covariance[0, 0] = 1e-10
    sprt = StandardThermometer(
        "SPRT", "ohm", "degC", Domain(6.0, 84.0), 25.0, coefficient_covariance=tuple(map(tuple, covariance.tolist()))
    )
    for resistance in (10.0, 25.0, 60.0):
        expected = 1e-5 * resistance / 25.0 * sprt.derivative(resistance)
        assert sprt.standard_uncertainty(resistance) == pytest.approx(expected)


def test_refused() -> None:
    for wrong in (
        {"domain": Domain(1.0, 30.0)},
        {"domain": Domain(20.0, 90.0)},
        {"argument_unit": "V"},
        {"value_unit": "K"},
        {"r_tpw": 0.0},
        {"coefficient_covariance": ((1.0,),)},
    ):
        usual = {"name": "s", "argument_unit": "ohm", "value_unit": "degC", "domain": Domain(20.0, 30.0), "r_tpw": 25.0}
        with pytest.raises(CalcError):
            StandardThermometer(**{**usual, **wrong})  # type: ignore[arg-type]
