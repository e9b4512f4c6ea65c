"""The law of propagation beside `uncertainties`, GTC and whole-array numpy: GUM H.1 with nine inputs."""

from __future__ import annotations

import math
from collections.abc import Callable

import GTC
import numpy as np
from numpy.typing import NDArray
from uncertainties import ufloat

from calc.batch import BatchPropagation, propagate_many
from calc.coverage import coverage_factors
from calc.model import compile_model
from calc.propagation import OutputPropagation, propagate
from tests.bench import gauge_block
from tests.bench.harness import Row

Array = NDArray[np.float64]
N_POINTS = 10_000
_LOOPED = 200  # points of a loop that stands for 10 000: its time per point does not depend on their number
_COMPILED = compile_model(gauge_block.MODEL)
_DEGREES = gauge_block.DEGREES_OF_FREEDOM


def _points() -> tuple[Array, Array]:
    """Return estimates and standard uncertainties, each (9, n_points), around those of the example."""
    generator = np.random.default_rng(20261121)
    x = np.array(gauge_block.ESTIMATES)[:, np.newaxis]
    u = np.array(gauge_block.STANDARD_UNCERTAINTIES)[:, np.newaxis]
    shape = (len(gauge_block.SYMBOLS), N_POINTS)
    return x + u * generator.normal(size=shape), u * generator.uniform(0.8, 1.25, shape)


_X, _U = _points()
_COLUMNS = list(zip(_X.T.tolist(), _U.T.tolist(), strict=True))


def _one() -> tuple[OutputPropagation, ...]:
    return propagate(_COMPILED, gauge_block.ESTIMATES, gauge_block.STANDARD_UNCERTAINTIES, _DEGREES)


def _many() -> BatchPropagation:
    return propagate_many(_COMPILED, _X, _U, _DEGREES)


def _with_uncertainties(x: list[float], u: list[float]) -> tuple[float, float]:
    """Return y and u(y): no components, no degrees of freedom, no k."""
    ls, d, d1, d2, da, theta, cycle, a, dt = map(ufloat, x, u)
    y = ls + d + d1 + d2 - ls * (da * (theta + cycle) + a * dt)
    return y.nominal_value, y.std_dev


def _with_gtc(x: list[float], u: list[float]) -> tuple[float, float, float, float, list[float]]:
    """Return y, u(y), ν_eff, k and the components."""
    inputs = [GTC.ureal(*item) for item in zip(x, u, _DEGREES, strict=True)]
    ls, d, d1, d2, da, theta, cycle, a, dt = inputs
    y = ls + d + d1 + d2 - ls * (da * (theta + cycle) + a * dt)
    k = GTC.rp.k_factor(y.df, 100.0 * gauge_block.P)
    return y.x, y.u, y.df, k, [GTC.component(y, item) for item in inputs]


def _with_numpy() -> tuple[Array, Array, Array, Array, Array, Array]:
    """Return y, u(y), components (9, n_points), ν_eff, k and U, with derivatives by hand and the same k."""
    ls, d, d1, d2, da, theta, cycle, a, dt = _X
    temperature = theta + cycle
    expansion = da * temperature + a * dt
    y = ls + d + d1 + d2 - ls * expansion
    components = np.empty_like(_U)
    np.multiply(1.0 - expansion, _U[0], out=components[0])
    components[1:4] = _U[1:4]
    np.multiply(-ls * temperature, _U[4], out=components[4])
    np.multiply(-ls * da, _U[5:7], out=components[5:7])
    np.multiply(-ls * dt, _U[7], out=components[7])
    np.multiply(-ls * a, _U[8], out=components[8])
    squares = np.square(components)
    variance = squares.sum(axis=0)
    weighted = np.zeros(N_POINTS)
    for row, nu in zip(squares, _DEGREES, strict=True):
        if math.isfinite(nu):
            weighted += row * row / nu
    freedom = variance * variance / weighted
    u = np.sqrt(variance)
    k = coverage_factors(freedom, gauge_block.P)
    return y, u, components, freedom, k, k * u


def _looped(function: Callable[[list[float], list[float]], object]) -> list[object]:
    return [function(x, u) for x, u in _COLUMNS[:_LOOPED]]


def _close(ours: object, other: object) -> None:
    assert np.allclose(np.asarray(ours), np.asarray(other), rtol=1e-9, atol=1e-9)


def _same_one(ours: tuple[OutputPropagation, ...], other: tuple[float, ...]) -> None:
    one = ours[0]
    numbers = [one.estimate, one.combined_standard_uncertainty, one.effective_degrees_of_freedom, one.coverage_factor]
    _close(numbers[: min(len(other), 4)], other[:4])
    if len(other) > 4:
        _close(np.abs(one.contributions), np.abs(other[4]))


def _same_loop(ours: BatchPropagation, other: list[tuple[float, ...]]) -> None:
    for point, one in enumerate(other):
        numbers = [
            ours.estimates[0, point],
            ours.combined_standard_uncertainties[0, point],
            ours.effective_degrees_of_freedom[0, point],
            ours.coverage_factors[0, point],
        ]
        _close(numbers[: min(len(one), 4)], one[:4])
        if len(one) > 4:
            _close(np.abs(ours.contributions[0, :, point]), np.abs(one[4]))


def _same_arrays(ours: BatchPropagation, other: tuple[Array, ...]) -> None:
    y, u, components, freedom, k, expanded = other
    _close(ours.estimates[0], y)
    _close(ours.combined_standard_uncertainties[0], u)
    _close(ours.contributions[0], components)
    _close(ours.effective_degrees_of_freedom[0], freedom)
    _close(ours.coverage_factors[0], k)
    _close(ours.expanded_uncertainties[0], expanded)


def rows() -> list[Row]:
    """Return the rows for one point and for 10 000."""
    x, u = list(gauge_block.ESTIMATES), list(gauge_block.STANDARD_UNCERTAINTIES)
    one, many = "propagation, one point", f"propagation, {N_POINTS} points"
    loops = {"ours_count": N_POINTS, "other_count": _LOOPED}
    return [
        Row(f"{one}: uncertainties (y and u alone)", _one, lambda: _with_uncertainties(x, u), 0.5, _same_one),
        Row(f"{one}: GTC", _one, lambda: _with_gtc(x, u), 0.25, _same_one),
        Row(f"{many}: uncertainties in a loop", _many, lambda: _looped(_with_uncertainties), 0.01, _same_loop, **loops),
        Row(f"{many}: GTC in a loop", _many, lambda: _looped(_with_gtc), 0.005, _same_loop, **loops),
        Row(f"{many}: numpy by hand, same k", _many, _with_numpy, 1.5, _same_arrays),
    ]
