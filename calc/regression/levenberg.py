"""The way from a start to the neighbourhood of a least-squares solution, in double precision.

Levenberg's and Marquardt's damped steps with Moré's scaling and Nielsen's damping, each by orthogonal factors. Where
the model is linear in some of its parameters they can be projected out (Golub and Pereyra; Kaufman): what remains has
fewer dimensions and far fewer traps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Evaluate = Callable[[Array], tuple[Array, Array] | None]
"""Parameters (p,) to weighted residuals (n,), response minus model, and weighted slopes of the model (n, p)."""

_MAXIMUM_STEPS = 4000
_SETTLED = 1e-13
_FIRST_DAMPING = 1e-3
_SMALLEST_DAMPING = 1e-20  # keeps the factors regular where the slopes depend on each other
_LARGEST_DAMPING = 1e40


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a search ended: parameters (p,), the sum of squared residuals, steps taken, and whether it settled."""

    parameters: Array
    squares: float
    steps: int
    settled: bool


def search(evaluate: Evaluate, start: Array, linear: tuple[int, ...]) -> Arrival | None:
    """Return where damped steps from `start` lead, or None where that leaves the range of doubles.

    `linear`: positions of parameters to project out, may be empty.
    """
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
            return _searched(evaluate, start, linear)
    except (ArithmeticError, np.linalg.LinAlgError):
        return None


def _searched(evaluate: Evaluate, start: Array, linear: tuple[int, ...]) -> Arrival | None:
    free = np.array([j for j in range(len(start)) if j not in linear], dtype=int)
    state = _projected(evaluate, start.copy(), list(linear))
    if state is None:
        return None
    scales = np.zeros(len(free))
    damping, growth = _FIRST_DAMPING, 2.0
    for step_number in range(1, _MAXIMUM_STEPS + 1):
        parameters, residuals, slopes = state
        squares = float(residuals @ residuals)
        norms = np.sqrt((slopes * slopes).sum(axis=0))
        scales = np.maximum(scales, np.where(norms > 0.0, norms, 1.0))
        step = _damped(slopes / scales, residuals, damping)
        change = np.zeros_like(parameters)
        change[free] = step / scales
        trial = _projected(evaluate, parameters + change, list(linear))
        predicted = float(step @ (damping * step + (slopes / scales).T @ residuals))
        gained = squares - float(trial[1] @ trial[1]) if trial is not None else -1.0
        small = bool((np.abs(change) <= _SETTLED * np.abs(parameters)).all())
        if trial is not None and gained > 0.0 and gained > 1e-4 * predicted:
            state = trial
            ratio = gained / predicted if predicted > 0.0 else 1.0
            damping = max(damping * max(1.0 / 3.0, 1.0 - (2.0 * ratio - 1.0) ** 3), _SMALLEST_DAMPING)
            growth = 2.0
            if small:
                return Arrival(trial[0], squares - gained, step_number, True)
            continue
        if small or damping > _LARGEST_DAMPING or not squares:
            return Arrival(parameters, squares, step_number, small or not squares)
        damping *= growth
        growth *= 2.0
    return Arrival(state[0], float(state[1] @ state[1]), _MAXIMUM_STEPS, False)


def _damped(slopes: Array, residuals: Array, damping: float) -> Array:
    """Return s that makes |J s - r|² + damping |s|² smallest, by orthogonal factors."""
    size = slopes.shape[1]
    above = np.vstack([slopes, np.sqrt(damping) * np.eye(size)])
    q, r = np.linalg.qr(above)
    right = q[: len(residuals)].T @ residuals
    solution: Array = np.linalg.solve(r, right)
    return solution


def _projected(evaluate: Evaluate, parameters: Array, linear: list[int]) -> tuple[Array, Array, Array] | None:
    """Return parameters with the linear ones at their best, the residuals, and the slopes left to the others."""
    found = evaluate(parameters)
    if found is None or not linear:
        return None if found is None else (parameters, *found)
    residuals, slopes = found
    best = np.linalg.lstsq(slopes[:, linear], residuals, rcond=None)[0]
    moved = parameters.copy()
    moved[linear] += best
    found = evaluate(moved)
    if found is None:
        return None
    residuals, slopes = found
    q, _ = np.linalg.qr(slopes[:, linear])
    others = np.delete(slopes, linear, axis=1)
    return moved, residuals, others - q @ (q.T @ others)
