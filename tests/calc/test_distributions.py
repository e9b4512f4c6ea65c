"""The distributions of JCGM 101, table 1: moments and quantiles against theory, draws against the distribution."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import SFC64, Generator
from scipy import integrate, stats

from calc import type_b
from calc.distributions import Marginal, assigned
from calc.errors import InvalidQuantity
from calc.quantities import Distribution, Estimate, InputQuantity
from calc.trials.sampling import Scratch, draw

TRIALS = 200_000
SCIPY = {
    # distribution: marginal, the same one of scipy
    "normal": (Marginal(Distribution.NORMAL, 3.0, 0.5), stats.norm(3.0, 0.5)),
    "t1": (Marginal(Distribution.T, -1.0, 2.0, 1.0), stats.t(1.0, -1.0, 2.0)),
    "t2": (Marginal(Distribution.T, -1.0, 2.0, 2.0), stats.t(2.0, -1.0, 2.0)),
    "t4.5": (Marginal(Distribution.T, 5.0, 2.0, 4.5), stats.t(4.5, 5.0, 2.0)),
    "t1000": (Marginal(Distribution.T, 5.0, 2.0, 1000.0), stats.t(1000.0, 5.0, 2.0)),
    "rectangular": (Marginal(Distribution.RECTANGULAR, 1.0, 0.25), stats.uniform(0.75, 0.5)),
    "triangular": (Marginal(Distribution.TRIANGULAR, 1.0, 0.25), stats.triang(0.5, 0.75, 0.5)),
    "trapezoidal": (Marginal(Distribution.TRAPEZOIDAL, 0.0, 2.0, 0.4), stats.trapezoid(0.3, 0.7, -2.0, 4.0)),
    "arcsine": (Marginal(Distribution.ARCSINE, 1.0, 0.25), stats.arcsine(0.75, 0.5)),
    "exponential": (Marginal(Distribution.EXPONENTIAL, 0.0, 0.3), stats.expon(0.0, 0.3)),
    "gamma": (Marginal(Distribution.GAMMA, 0.0, 2.0, 7.0), stats.gamma(7.0, 0.0, 2.0)),
    "gamma_small": (Marginal(Distribution.GAMMA, 0.0, 1.0, 0.5), stats.gamma(0.5)),
}
INNER = np.array([1e-9, 1e-4, 0.02, 0.2, 0.35, 0.5, 0.65, 0.9, 0.99, 0.9999])


def _drawn(marginal: Marginal, seed: int = 20, trials: int = TRIALS) -> np.ndarray:
    out = np.empty(trials)
    draw(marginal, Generator(SFC64(seed)), out, Scratch.of(trials))
    return out


@pytest.mark.parametrize("name", SCIPY)
def test_quantiles(name: str) -> None:
    marginal, known = SCIPY[name]
    assert marginal.quantile(INNER) == pytest.approx(known.ppf(INNER), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", SCIPY)
def test_draws_follow_the_distribution(name: str) -> None:
    marginal, known = SCIPY[name]
    assert stats.kstest(_drawn(marginal), known.cdf).pvalue > 1e-3


@pytest.mark.parametrize("name", [name for name in SCIPY if name not in {"t1", "t2"}])
def test_moments(name: str) -> None:
    marginal, known = SCIPY[name]
    assert marginal.mean == pytest.approx(known.mean(), rel=1e-12, abs=1e-12)
    assert marginal.standard_deviation == pytest.approx(known.std(), rel=1e-12)


def test_t_with_two_degrees_of_freedom_has_no_standard_deviation() -> None:
    assert SCIPY["t2"][0].standard_deviation == math.inf


@pytest.mark.parametrize("trials", [1, 2, 7])
def test_normal_draws_of_odd_number(trials: int) -> None:
    assert len(set(_drawn(SCIPY["normal"][0], trials=trials).tolist())) == trials


def test_normal_draws_are_independent_of_their_pairs() -> None:
    """Both halves come from the same radius and angle."""
    drawn = _drawn(Marginal(Distribution.NORMAL, 0.0, 1.0))
    first, second = drawn[: TRIALS // 2], drawn[TRIALS // 2 :]
    for one, two in ((first, second), (np.abs(first), np.abs(second)), (first**2, second)):
        assert abs(np.corrcoef(one, two)[0, 1]) < 4.5 / math.sqrt(TRIALS / 2)


def _curvilinear_density(x: float, w: float, d: float) -> float:
    """JCGM 101:2008, 6.4.3.1, formula for the density about 0."""
    if abs(x) > w + d:
        return 0.0
    return math.log((w + d) / max(abs(x), w - d)) / (4.0 * d)


@pytest.mark.parametrize(("w", "d"), [(1.0, 0.1), (0.05, 0.025), (2.0, 2.0), (1.0, 1e-6)])
def test_curvilinear_trapezoid(w: float, d: float) -> None:
    marginal = Marginal(Distribution.CURVILINEAR_TRAPEZOID, 0.0, w, d / w)
    assert marginal.standard_deviation == pytest.approx(math.sqrt((2 * w) ** 2 / 12 + d * d / 9), rel=1e-12)
    for p in (0.001, 0.2, 0.5, 0.8, 0.97, 0.9999):
        end = float(marginal.quantile(np.array([p]))[0])
        corners = sorted({-w - d, d - w, 0.0, w - d, end} & {x for x in (-w - d, d - w, 0.0, w - d, end) if x <= end})
        mass = sum(integrate.quad(_curvilinear_density, a, b, args=(w, d))[0] for a, b in itertools.pairwise(corners))
        assert mass == pytest.approx(p, abs=1e-8)
    drawn = _drawn(marginal)
    assert np.abs(drawn).max() <= w + d
    grid = marginal.quantile(np.linspace(0.01, 0.99, 99))
    expected = np.linspace(0.01, 0.99, 99)
    found = np.searchsorted(np.sort(drawn), grid) / TRIALS
    assert np.abs(found - expected).max() < 1.95 / math.sqrt(TRIALS)  # Kolmogorov's bound for 0.001


def test_curvilinear_trapezoid_with_exact_limits_is_rectangular() -> None:
    marginal = Marginal(Distribution.CURVILINEAR_TRAPEZOID, 1.0, 2.0, 0.0)
    assert marginal.quantile(INNER) == pytest.approx(Marginal(Distribution.RECTANGULAR, 1.0, 2.0).quantile(INNER))


STATED: dict[str, tuple[type_b.TypeB, Distribution, float, float]] = {
    # stated, kind drawn from, its mean and standard deviation
    "standard": (type_b.standard(2.0, 0.5, "g"), Distribution.NORMAL, 2.0, 0.5),
    "certificate": (type_b.expanded(2.0, 0.5, 2.0, "g"), Distribution.NORMAL, 2.0, 0.25),
    "certificate_dof": (type_b.expanded(2.0, 0.5, 2.0, "g", 10.0), Distribution.T, 2.0, 0.25 * math.sqrt(10 / 8)),
    "half_width": (type_b.half_width(2.0, 0.5, "g"), Distribution.RECTANGULAR, 2.0, 0.5 / math.sqrt(3)),
    "limits": (type_b.limits(1.0, 4.0, "g"), Distribution.RECTANGULAR, 2.5, 1.5 / math.sqrt(3)),
    "triangular": (
        type_b.limits(1.0, 4.0, "g", Distribution.TRIANGULAR),
        Distribution.TRIANGULAR,
        2.5,
        1.5 / math.sqrt(6),
    ),
    "trapezoidal": (
        type_b.half_width(2.0, 0.5, "g", Distribution.TRAPEZOIDAL, beta=0.5),
        Distribution.TRAPEZOIDAL,
        2.0,
        0.5 * math.sqrt(1.25 / 6),
    ),
    "arcsine": (type_b.half_width(0.0, 0.5, "K", Distribution.ARCSINE), Distribution.ARCSINE, 0.0, 0.5 / math.sqrt(2)),
    "curvilinear": (
        type_b.curvilinear_trapezoid(0.0, 0.05, 0.025, "K"),
        Distribution.CURVILINEAR_TRAPEZOID,
        0.0,
        math.sqrt(0.05**2 / 3 + 0.025**2 / 9),
    ),
    "t": (type_b.t(1.0, 0.2, 5.0, "mm"), Distribution.T, 1.0, 0.2 * math.sqrt(5 / 3)),
    "t_deviation": (
        type_b.t(1.0, 0.2, 5.0, "mm", stated=type_b.TScale.STANDARD_DEVIATION),
        Distribution.T,
        1.0,
        0.2,
    ),
    "t_infinite": (type_b.t(1.0, 0.2, math.inf, "mm"), Distribution.NORMAL, 1.0, 0.2),
    "exponential": (type_b.exponential(3.0, "g"), Distribution.EXPONENTIAL, 3.0, 3.0),
    "gamma": (type_b.gamma(4.0, 0.5, "g"), Distribution.GAMMA, 2.0, 1.0),
    "counts": (type_b.counts(8), Distribution.GAMMA, 9.0, 3.0),
    "drift": (type_b.drift("mg", 15.0, 5.0), Distribution.RECTANGULAR, 5.0, 15 / math.sqrt(3)),
}


@pytest.mark.parametrize("name", STATED)
def test_what_is_stated_is_what_is_drawn(name: str) -> None:
    stated, kind, mean, deviation = STATED[name]
    marginal = assigned(stated.as_input("x"))
    assert marginal.kind is kind
    assert marginal.mean == pytest.approx(mean, rel=1e-12)
    assert marginal.standard_deviation == pytest.approx(deviation, rel=1e-12)


def test_a_small_sample_is_t_unless_normal_is_chosen() -> None:
    quantity = InputQuantity("x", Estimate(1.0, 0.1, "g", 4.0))
    assert assigned(quantity) == Marginal(Distribution.T, 1.0, 0.1, 4.0)
    assert assigned(quantity, scaled_t=False) == Marginal(Distribution.NORMAL, 1.0, 0.1)


def test_parameters_left_out_follow_from_the_standard_uncertainty() -> None:
    u = 0.3
    found = {
        kind: assigned(InputQuantity("x", Estimate(2.0, u, "g"), kind)).scale
        for kind in (Distribution.RECTANGULAR, Distribution.TRIANGULAR, Distribution.ARCSINE)
    }
    assert found == pytest.approx(
        {
            Distribution.RECTANGULAR: u * math.sqrt(3),
            Distribution.TRIANGULAR: u * math.sqrt(6),
            Distribution.ARCSINE: u * math.sqrt(2),
        }
    )
    gamma = assigned(InputQuantity("x", Estimate(2.0, 0.5, "g"), Distribution.GAMMA))
    assert (gamma.shape, gamma.scale) == (16.0, 0.125)


def test_units() -> None:
    marginal = assigned(type_b.half_width(20.0, 0.5, "degC").as_input("t")).in_unit("degC", "degF", "t")
    assert (marginal.location, marginal.scale) == (68.0, 0.9)
    gamma = assigned(type_b.counts(3, "g").as_input("m")).in_unit("g", "mg", "m")
    assert (gamma.mean, gamma.standard_deviation) == (4000.0, 2000.0)
    with pytest.raises(InvalidQuantity) as caught:
        assigned(type_b.standard(1.0, 0.1, "g").as_input("m")).in_unit("g", "mm", "m")
    assert (caught.value.code, caught.value.values["name"]) == ("unit.incompatible", "m")
    with pytest.raises(InvalidQuantity) as caught:
        assigned(type_b.standard(1.0, 0.1, "degC").as_input("t")).in_unit("degC", "delta_degC", "t")
    assert caught.value.code == "unit.point_and_difference"


def _quantity(kind: Distribution, value: float = 1.0, u: float = 0.1, **parameters: float) -> InputQuantity:
    return InputQuantity("x", Estimate(value, u, "g"), kind, parameters=parameters)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: _quantity(Distribution.RECTANGULAR, half_width=0.5), "quantity.parameter_mismatch"),
        (lambda: _quantity(Distribution.RECTANGULAR, half_width=-0.5), "quantity.negative"),
        (lambda: _quantity(Distribution.RECTANGULAR, beta=0.5), "quantity.parameter_unknown"),
        (lambda: _quantity(Distribution.NORMAL, half_width=0.5), "quantity.parameter_unknown"),
        (lambda: _quantity(Distribution.TRAPEZOIDAL), "quantity.parameter_missing"),
        (lambda: _quantity(Distribution.TRAPEZOIDAL, beta=1.5), "quantity.out_of_range"),
        (lambda: _quantity(Distribution.CURVILINEAR_TRAPEZOID, half_width=0.1), "quantity.parameter_missing"),
        (lambda: _quantity(Distribution.CURVILINEAR_TRAPEZOID, inexactness=0.1), "quantity.parameter_missing"),
        (
            lambda: _quantity(Distribution.CURVILINEAR_TRAPEZOID, half_width=0.1, inexactness=0.2),
            "quantity.out_of_range",
        ),
        (lambda: _quantity(Distribution.EXPONENTIAL, value=-1.0), "quantity.not_positive"),
        (lambda: _quantity(Distribution.EXPONENTIAL), "quantity.parameter_mismatch"),
        (lambda: _quantity(Distribution.GAMMA, value=0.0), "quantity.not_positive"),
        (lambda: _quantity(Distribution.GAMMA, shape=3.0, scale=1.0), "quantity.parameter_mismatch"),
        (lambda: _quantity(Distribution.T, scale=-1.0), "quantity.negative"),
    ],
)
def test_refusals(make: Callable[[], InputQuantity], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        assigned(make())
    assert (caught.value.code, caught.value.values["name"]) == (code, "x")
