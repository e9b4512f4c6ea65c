"""Monte Carlo beside bare numpy, MetroloPy and suncal; adaptive Monte Carlo beside the plain run it ends up as.

The gauge block with the distributions of JCGM 101:2008, table 10: four t, two curvilinear trapezoids, one arcsine, one
rectangular, one normal; 10^6 trials and a 99 % interval. Model and inputs are in the table's units, lengths in nm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import metrolopy
import numpy as np
from numpy.random import SFC64, Generator, SeedSequence
from suncal import Model

from calc.adaptive import adaptive_monte_carlo
from calc.monte_carlo import MonteCarloResult, monte_carlo
from calc.quantities import Distribution, Estimate, InputQuantity, ModelInputs
from calc.trials.coverage_intervals import IntervalKind
from tests.bench import gauge_block
from tests.bench.harness import Row

TRIALS = 1_000_000
_BLOCK = 10_000
_ROUNDS = 9
_MANY_ROUNDS = 41  # two sides that differ by a few per cent
_LIMIT_RATIO = 0.05
"""How far, in units of u, two runs of 10^6 trials may lie apart at the ends of a 99 % interval: six deviations."""

Answer = tuple[float, float, float, float]


def _curvilinear(quantity: InputQuantity, half_width: float, inexactness: float) -> InputQuantity:
    estimate = quantity.estimate
    u = math.sqrt(half_width**2 / 3.0 + inexactness**2 / 9.0)
    return InputQuantity(
        quantity.key,
        Estimate(estimate.value, u, estimate.unit),
        Distribution.CURVILINEAR_TRAPEZOID,
        parameters={"half_width": half_width, "inexactness": inexactness},
    )


def _inputs() -> ModelInputs:
    wider = {"dalpha": (1e-6, 1e-7), "dtheta": (0.05, 0.025)}
    quantities = tuple(
        _curvilinear(quantity, *wider[quantity.key]) if quantity.key in wider else quantity
        for quantity in gauge_block.INPUTS.quantities
    )
    return ModelInputs(quantities, (), gauge_block.INPUTS.points)


INPUTS = _inputs()
_T = {
    q.key: (q.estimate.value, q.estimate.standard_uncertainty, q.estimate.degrees_of_freedom)
    for q in INPUTS.quantities
    if q.distribution is Distribution.T
}


def _ours() -> Answer:
    return _answer(_plain(TRIALS))


def _ours_shortest() -> Answer:
    return _answer(_plain(TRIALS, IntervalKind.SHORTEST))


def _answer(result: MonteCarloResult) -> Answer:
    output = result.outputs[0]
    return output.estimate, output.standard_uncertainty, output.intervals[0].low, output.intervals[0].high


def _bare_curvilinear(generator: Generator, half_width: float, inexactness: float, room: np.ndarray) -> np.ndarray:
    width, place = room
    generator.random(out=width)
    generator.random(out=place)
    width *= 2.0 * inexactness
    width += half_width - inexactness
    place *= 2.0
    place -= 1.0
    width *= place
    return width


def _bare_block(generator: Generator, room: np.ndarray, out: np.ndarray) -> None:
    """Draw and evaluate one block, in place wherever numpy can."""
    count = len(out)
    length = generator.standard_t(_T["lS"][2], count)
    length *= _T["lS"][1]
    length += _T["lS"][0]
    np.copyto(out, length)
    for name in ("d", "d1", "d2"):
        value, scale, nu = _T[name]
        part = generator.standard_t(nu, count)
        part *= scale
        part += value
        out += part
    warmth = generator.standard_normal(count)
    warmth *= 0.2
    warmth += -0.1
    cycle = generator.random(count)
    cycle *= 2.0 * math.pi
    np.sin(cycle, out=cycle)
    cycle *= 0.5
    warmth += cycle
    warmth *= _bare_curvilinear(generator, 1e-6, 1e-7, room)
    expansion = generator.random(count)
    expansion *= 4e-6
    expansion += 9.5e-6
    expansion *= _bare_curvilinear(generator, 0.05, 0.025, room)
    warmth += expansion
    warmth *= length
    out -= warmth


def _bare() -> Answer:
    values = np.empty(TRIALS)
    room = np.empty((2, _BLOCK))
    for block in range(TRIALS // _BLOCK):
        generator = Generator(SFC64(SeedSequence(1, spawn_key=(block,))))
        _bare_block(generator, room, values[block * _BLOCK : (block + 1) * _BLOCK])
    estimate, u = float(values.mean()), float(values.std(ddof=1))
    low = round(TRIALS * (1.0 - gauge_block.P) / 2.0)
    high = TRIALS - low
    values.partition(low - 1)
    rest = values[low:]
    rest.partition(high - low - 1)
    return estimate, u, float(values[low - 1]), float(values[high - 1])


def _metrolopy() -> Callable[[], Answer]:
    x = {name: metrolopy.gummy(metrolopy.TDist(*_T[name])) for name in _T}
    x["theta"] = metrolopy.gummy(metrolopy.NormalDist(-0.1, 0.2))
    x["cycle"] = metrolopy.gummy(metrolopy.ArcSinDist(center=0.0, half_width=0.5))
    x["alphaS"] = metrolopy.gummy(metrolopy.UniformDist(center=11.5e-6, half_width=2e-6))
    x["dalpha"] = metrolopy.gummy(metrolopy.CurvlinearTrapDist(center=0.0, half_width=1e-6, limit_half_range=1e-7))
    x["dtheta"] = metrolopy.gummy(metrolopy.CurvlinearTrapDist(center=0.0, half_width=0.05, limit_half_range=0.025))
    warm = x["dalpha"] * (x["theta"] + x["cycle"]) + x["alphaS"] * x["dtheta"]
    y = x["lS"] + x["d"] + x["d1"] + x["d2"] - x["lS"] * warm
    y.p = gauge_block.P
    y.cimethod = "shortest"

    def run() -> Answer:
        y.sim(n=TRIALS)
        low, high = y.cisim
        return float(y.xsim), float(y.usim), float(low), float(high)

    return run


def _suncal() -> Callable[[], Answer]:
    model = Model(f"l = {gauge_block.EXPRESSION}")
    for name, (value, scale, nu) in _T.items():
        model.var(name).measure(value).typeb(dist="t", scale=scale, df=nu)
    model.var("theta").measure(-0.1).typeb(dist="normal", std=0.2)
    model.var("cycle").measure(0.0).typeb(dist="arcsine", a=0.5)
    model.var("alphaS").measure(11.5e-6).typeb(dist="uniform", a=2e-6)
    model.var("dalpha").measure(0.0).typeb(dist="curvtrap", a=1e-6, d=1e-7)
    model.var("dtheta").measure(0.0).typeb(dist="curvtrap", a=0.05, d=0.025)

    def run() -> Answer:
        result = model.monte_carlo(samples=TRIALS)
        low, high = result.expand("l", conf=gauge_block.P)[:2]
        return float(result.expected["l"]), float(result.uncertainty["l"]), float(low), float(high)

    return run


def _adaptive() -> MonteCarloResult:
    return adaptive_monte_carlo(gauge_block.MODEL, INPUTS, seed=1, coverage_probability=gauge_block.P, digits=2)


def _plain(trials: int, kind: IntervalKind = IntervalKind.SYMMETRIC) -> MonteCarloResult:
    return monte_carlo(
        gauge_block.MODEL,
        INPUTS,
        trials=trials,
        seed=1,
        coverage_probabilities=(gauge_block.P,),
        intervals=(kind,),
    )


def _close(ours: Answer, other: Answer) -> None:
    u = ours[1]
    assert abs(ours[0] - other[0]) < 0.01 * u, (ours, other)
    assert abs(ours[1] - other[1]) < 0.01 * u, (ours, other)
    assert abs(ours[2] - other[2]) < _LIMIT_RATIO * u, (ours, other)
    assert abs(ours[3] - other[3]) < _LIMIT_RATIO * u, (ours, other)


def _close_shortest(ours: Answer, other: Answer) -> None:
    """The length of the shortest interval is as stable as an end of the symmetric one; where it lies is not."""
    u = ours[1]
    assert abs(ours[0] - other[0]) < 0.01 * u, (ours, other)
    assert abs(ours[1] - other[1]) < 0.01 * u, (ours, other)
    assert abs((ours[3] - ours[2]) - (other[3] - other[2])) < _LIMIT_RATIO * u, (ours, other)
    assert abs(ours[2] - other[2]) < 10.0 * _LIMIT_RATIO * u, (ours, other)


def _same(ours: Any, other: Any) -> None:
    assert ours == other


def rows() -> list[Row]:
    """Return the rows of Monte Carlo."""
    trials = _adaptive().trials
    return [
        Row("Monte Carlo, 10^6 trials / bare numpy in blocks", _ours, _bare, 1.1, _close, rounds=_ROUNDS),
        Row("Monte Carlo, 10^6 trials / MetroloPy", _ours_shortest, _metrolopy(), 0.7, _close_shortest, rounds=5),
        Row("Monte Carlo, 10^6 trials / suncal", _ours, _suncal(), 0.55, _close, rounds=5),
        Row(
            "adaptive Monte Carlo, 2 digits / plain",
            _adaptive,
            lambda: _plain(trials),
            1.15,
            _same,
            rounds=_MANY_ROUNDS,
        ),
    ]
