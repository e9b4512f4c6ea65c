"""Platinum thermometers by IEC 60751 and thermistors by Steinhart and Hart, against published tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from calc.curves.domain import Domain
from calc.curves.thermistor import Thermistor, fit_thermistor
from calc.curves.thermometry import PlatinumThermometer, fit_platinum
from calc.errors import CalcError, OutsideValidity

PT100 = PlatinumThermometer("Pt100", "degC", "ohm", Domain(-200.0, 850.0), 100.0)


@pytest.mark.parametrize(
    ("t", "r"),
    [
        (-200.0, 18.52),
        (-150.0, 39.72),
        (-100.0, 60.26),
        (-50.0, 80.31),
        (0.0, 100.0),
        (50.0, 119.40),
        (100.0, 138.51),
        (250.0, 194.10),
        (400.0, 247.09),
        (600.0, 313.71),
        (850.0, 390.48),
    ],
)
def test_table_of_the_standard(t: float, r: float) -> None:
    """IEC 60751, table 1: R in Ω for R0 = 100 Ω; the printed resistance gives t back within half its last digit."""
    assert PT100.value(t) == pytest.approx(r, abs=5.01e-3)
    assert PT100.inverse(PT100.value(t)).value == pytest.approx(t, rel=1e-13, abs=1e-12)


def test_values_to_four_decimals() -> None:
    """The equation of IEC 60751, 4.2, in numbers."""
    figures = {-100.0: 60.2558, 100.0: 138.5055, 850.0: 390.4811}
    for t, r in figures.items():
        assert PT100.value(t) == pytest.approx(r, abs=5.01e-5)
    assert PT100.derivative(0.0) == pytest.approx(0.39083, rel=1e-12)


def test_uncertainty_of_certified_coefficients() -> None:
    """u(R0) alone moves every resistance in proportion; with u(A) and their covariance by the quadratic form."""
    covariance = np.zeros((4, 4))
    covariance[0, 0] = 0.01**2
    only = PlatinumThermometer(
        "p", "degC", "ohm", Domain(-100.0, 200.0), 100.0, coefficient_covariance=rows(covariance)
    )
    assert only.standard_uncertainty(100.0) == pytest.approx(0.01 * 1.385055, rel=1e-12)
    assert only.standard_uncertainty(-100.0) == pytest.approx(0.01 * 0.602558, rel=1e-5)
    covariance[1, 1], covariance[0, 1], covariance[1, 0] = 1e-14, -4e-10, -4e-10
    both = PlatinumThermometer(
        "p", "degC", "ohm", Domain(-100.0, 200.0), 100.0, coefficient_covariance=rows(covariance)
    )
    variance = (0.01 * 1.385055) ** 2 + (1e-7 * 1e4) ** 2 - 2.0 * 4e-10 * 1.385055 * 1e4
    assert both.standard_uncertainty(100.0) ** 2 == pytest.approx(variance, rel=1e-10)


def rows(matrix: Any) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in np.asarray(matrix).tolist())


def test_fit_gives_back_the_thermometer() -> None:
    true = PlatinumThermometer("p", "degC", "ohm", Domain(-100.0, 250.0), 100.02, 3.9083e-3, -5.79e-7, -4.3e-12)
    t = np.array([-90.0, -60.0, -30.0, 0.0, 50.0, 100.0, 150.0, 232.0])
    fit = fit_platinum(t, true.value(t), 0.01, 0.001, free=("r0", "a", "b", "c"))
    found = fit.curve
    assert (found.r0, found.a, found.b) == pytest.approx((100.02, 3.9083e-3, -5.79e-7), rel=1e-9)
    assert found.c == pytest.approx(-4.3e-12, rel=1e-7)
    assert fit.fit.chi_squared == pytest.approx(0.0, abs=1e-15)
    assert (fit.fit.degrees_of_freedom, found.domain.lower) == (4, -90.0)


def test_fitted_uncertainty_agrees_with_simulation() -> None:
    """600 simulated calibrations: standard deviations of R(t) between the points, and the mean of χ²."""
    generator = np.random.default_rng(60751)
    t = np.array([-40.0, 0.0, 50.0, 100.0, 150.0])
    u_t, u_r = 0.02, 0.004
    at = np.array([-20.0, 75.0, 150.0])
    resistances, chi_squared = [], []
    for _ in range(600):
        noisy = t + u_t * generator.standard_normal(5)
        noisy_r = PT100.value(t) + u_r * generator.standard_normal(5)
        domain = Domain(-41.0, 151.0)
        made = fit_platinum(noisy, noisy_r, u_t, u_r, domain=domain)
        resistances.append(made.curve.value(at))
        chi_squared.append(made.fit.chi_squared)
    stated = fit_platinum(t, PT100.value(t), u_t, u_r).curve.standard_uncertainty(at)
    assert np.std(resistances, axis=0) == pytest.approx(stated, rel=0.1)
    assert np.mean(chi_squared) == pytest.approx(2.0, rel=0.15)


def test_unknown_uncertainty_of_the_resistances() -> None:
    t = [0.0, 50.0, 100.0, 150.0, 200.0]
    r = PT100.value(np.array(t)) + 0.003 * np.array([1.0, -1.0, 1.0, -1.0, 1.0])
    made = fit_platinum(t, r)
    assert made.curve.degrees_of_freedom(10.0) == 2.0
    peer = np.polyfit(t, r, 2, cov=True)
    assert made.fit.coefficients.tolist() == pytest.approx(peer[0][::-1].tolist(), rel=1e-9)
    assert np.sqrt(np.diag(made.fit.covariance)).tolist() == pytest.approx(np.sqrt(np.diag(peer[1]))[::-1].tolist())


def test_only_r0_is_fitted() -> None:
    made = fit_platinum([0.01], [100.05], 0.002, 0.0005, free=("r0",))
    assert made.curve.r0 == pytest.approx(100.05 / (1.0 + 3.9083e-3 * 0.01), rel=1e-9)
    assert made.curve.a == 3.9083e-3
    assert made.curve.standard_uncertainty(0.01) == pytest.approx(np.hypot(0.0005, 0.002 * 0.3910), rel=1e-3)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("curve.too_few_points", {"temperatures": [0.0, 100.0], "resistances": [100.0, 138.5]}),
        ("curve.equal_arguments", {"free": ("r0", "a", "b", "c")}),
        ("curve.method", {"free": ("a", "b")}),
        ("curve.method", {"free": ("r0", "z")}),
        ("curve.exact_point", {"u_t": 0.0, "u_r": 0.0}),
        ("quantity.negative", {"u_r": -1.0}),
        ("quantity.not_finite", {"u_r": float("nan")}),
    ],
)
def test_refused_calibrations(code: str, arguments: dict[str, Any]) -> None:
    points: dict[str, Any] = {
        "temperatures": [0.0, 50.0, 100.0, 150.0],
        "resistances": [100.0, 119.4, 138.5, 157.3],
        "u_t": 0.01,
        "u_r": 0.01,
    }
    with pytest.raises(CalcError) as caught:
        fit_platinum(**{**points, **arguments})
    assert caught.value.code == code


def test_thermistor_table() -> None:
    """Campbell Scientific, 109SS manual, table C-1: coefficients and resistances of the 10K3MCD1 bead, t to 0.01 °C."""
    bead = Thermistor(
        "10K3MCD1",
        "ohm",
        "degC",
        Domain(400.0, 400_000.0),
        (1.129241e-3, 2.341077e-4, 0.0, 8.775468e-8),
        ((0.0,) * 4,) * 4,
    )
    table = {336103.2: -40.0, 176804.8: -30.0, 97006.9: -20.0, 55303.9: -10.0, 32650.9: 0.0, 31030.8: 1.0}
    for resistance, t in table.items():
        assert bead.value(resistance) == pytest.approx(t, abs=0.005)
        assert bead.inverse(t).value == pytest.approx(resistance, rel=3e-4)
    kelvins = Thermistor("k", "ohm", "K", bead.domain, bead.coefficients, bead.coefficient_covariance)
    assert kelvins.value(32650.9) == pytest.approx(bead.value(32650.9) + 273.15, rel=1e-15)
    assert kelvins.derivative(5000.0) == bead.derivative(5000.0)


def test_thermistor_through_three_points() -> None:
    """ILX Lightwave LDT-5525 manual, table A.1: fitted at 0, 25 and 50 °C, others within 0.01 °C."""
    made = fit_thermistor([32128.0, 9814.0, 3542.0], [0.0, 25.0, 50.0], 0.0, 0.005)
    for resistance, t in {32128.0: 0.0, 9814.0: 25.0, 3542.0: 50.0}.items():
        assert made.curve.value(resistance) == pytest.approx(t, abs=1e-9)
        assert made.curve.standard_uncertainty(resistance) == pytest.approx(0.005, rel=1e-9)
    for resistance, t in {19549.0: 10.0, 12262.0: 20.0, 7908.0: 30.0}.items():
        assert made.curve.value(resistance) == pytest.approx(t, abs=0.01)
    assert made.curve.coefficients[2] == 0.0


def test_thermistor_with_the_square_and_uncertain_resistances() -> None:
    resistances = np.array([32128.0, 19549.0, 12262.0, 9814.0, 7908.0, 3542.0])
    t = [0.0, 10.0, 20.0, 25.0, 30.0, 50.0]
    made = fit_thermistor(resistances, t, 2.0, 0.003, square=True)
    assert made.curve.coefficients[2] != 0.0
    assert (made.fit.degrees_of_freedom, made.curve.degrees_of_freedom(9000.0)) == (2, np.inf)
    surer = fit_thermistor(resistances, t, 0.0, 0.003, square=True)
    assert made.curve.standard_uncertainty(9000.0) > surer.curve.standard_uncertainty(9000.0)
    estimated = fit_thermistor(resistances, t)
    assert estimated.curve.degrees_of_freedom(9000.0) == 3.0


def test_refused_thermistors() -> None:
    with pytest.raises(CalcError) as caught:
        fit_thermistor([1e4, 5e3], [25.0, 40.0], 0.0, 0.01)
    assert caught.value.code == "curve.too_few_points"
    with pytest.raises(CalcError) as caught:
        fit_thermistor([1e4, -5e3, 2e3], [25.0, 40.0, 60.0], 0.0, 0.01)
    assert caught.value.code == "quantity.not_positive"
    with pytest.raises(CalcError) as caught:
        fit_thermistor([1e4, 5e3, 2e3], [25.0, 40.0, 60.0], 0.0, 0.01, value_unit="degF")
    assert caught.value.code == "unit.incompatible"
    below = Thermistor("t", "ohm", "K", Domain(1.0, 1e6), (1e-3, -1e-3, 0.0, 0.0), ((0.0,) * 4,) * 4)
    with pytest.raises(OutsideValidity):
        below.value(1e5)


def test_resistances_beyond_the_thermometer() -> None:
    warm = PlatinumThermometer("p", "degC", "ohm", Domain(0.0, 100.0), 100.0)
    for resistance in (99.0, 139.0):
        with pytest.raises(OutsideValidity) as caught:
            warm.inverse(resistance)
        assert caught.value.code == "curve.no_solution"
    assert warm.inverse(100.0).value == 0.0
    odd = PlatinumThermometer("p", "degC", "ohm", Domain(-100.0, 5000.0), 100.0)
    assert odd.turning_points() == pytest.approx((3.9083e-3 / (2.0 * 5.775e-7),))
    with pytest.raises(OutsideValidity) as caught:
        odd.inverse(700.0)
    assert caught.value.code == "curve.several_solutions"
