"""The law of propagation of uncertainty, first order, with correlations and the covariance of all outputs.

`propagate` is the law at one point for numbers in the model's own units; `calc.batch` gives the same bits for many
points, `calc.evaluate` the documented result of a procedure.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calc.combination import Pair, complete, groups_of
from calc.compiler.kernel import Kernel, kernel_of, plain_structure
from calc.correlations import require_positive_semidefinite
from calc.coverage import chosen_coverage_factor
from calc.errors import InvalidQuantity
from calc.model import CompiledModel
from calc.quantities import Correlation, degrees_of_freedom, finite, not_negative

Pairs = Mapping[tuple[str, str], float]


def correlation_pairs(keys: Sequence[str], correlations: Sequence[Correlation]) -> dict[tuple[str, str], float]:
    """Return the non-zero correlation coefficients by ordered pair of keys, each pair once, in the order of `keys`.

    Raises InvalidQuantity for an unknown key, a pair given twice, or coefficients that contradict each other: the
    matrix has to be positive semi-definite (JCGM 101:2008, 6.4.8.1).
    """
    if not correlations:
        return {}
    place = {key: index for index, key in enumerate(keys)}
    pairs: dict[tuple[str, str], float] = {}
    for correlation in correlations:
        for key in (correlation.first, correlation.second):
            if key not in place:
                raise InvalidQuantity("inputs.unknown_quantity", name=key)
        first, second = sorted((correlation.first, correlation.second), key=place.__getitem__)
        if first == second:
            continue
        if (first, second) in pairs:
            raise InvalidQuantity("correlation.duplicate", name=first, other=second)
        pairs[first, second] = correlation.coefficient
    kept = {pair: r for pair, r in pairs.items() if r != 0.0}
    _check_positive_semidefinite(kept, place)
    return dict(sorted(kept.items(), key=lambda item: (place[item[0][0]], place[item[0][1]])))


def _check_positive_semidefinite(pairs: Pairs, place: Mapping[str, int]) -> None:
    """Check the matrix group by group: what no correlation holds together cannot contradict itself."""
    names = sorted({key for pair in pairs for key in pair}, key=place.__getitem__)
    groups = groups_of(names, pairs)
    home = {name: number for number, group in enumerate(groups) for name in group}
    inside: list[list[tuple[str, str]]] = [[] for _ in groups]
    for pair in pairs:
        inside[home[pair[0]]].append(pair)
    for group, own in zip(groups, inside, strict=True):
        if len(group) > 2:  # two quantities with |r| <= 1 never contradict each other
            index = {name: i for i, name in enumerate(group)}
            matrix = np.eye(len(group))
            for first, second in own:
                matrix[index[first], index[second]] = matrix[index[second], index[first]] = pairs[first, second]
            require_positive_semidefinite(group, matrix)


@dataclass(frozen=True, slots=True)
class OutputPropagation:
    """The propagation for one output at one point, in the output's unit.

    `sensitivity_coefficients` c_i (output unit per input unit) and `contributions` c_i u_i, signed: (n_inputs,) in the
    model's order. Source: JCGM 100:2008, 5.1.2, 5.2.2, 6.2, G.4.
    """

    output: str
    estimate: float
    combined_standard_uncertainty: float
    sensitivity_coefficients: tuple[float, ...]
    contributions: tuple[float, ...]
    effective_degrees_of_freedom: float
    coverage_factor: float
    expanded_uncertainty: float


def propagate(
    compiled: CompiledModel,
    estimates: Sequence[float],
    standard_uncertainties: Sequence[float],
    degrees_of_freedom: Sequence[float] | None = None,
    correlations: Sequence[Correlation] = (),
    *,
    point: str = "1",
) -> tuple[OutputPropagation, ...]:
    """Return the propagation of uncertainty through a compiled model at one point, for every output in its order.

    Parameters
    ----------
    compiled : the model
    estimates, standard_uncertainties : (n_inputs,) in the order and units of `compiled.symbols`
    degrees_of_freedom : (n_inputs,), each at least 1 or infinite; all infinite where None
    correlations : of inputs named by symbol
    point : names the point in errors

    Raises InvalidQuantity (numbers, correlations) and OutsideValidity (no value or derivative at the estimates), each
    with the input's or output's name. Source: JCGM 100:2008, 5.1.2, 5.2.2, 6.2, G.4.
    """
    kernel, coefficients = kernel_and_coefficients(compiled, correlations)
    values, deviations, degrees = _numbers(compiled, estimates, standard_uncertainties, degrees_of_freedom)
    rule = compiled.model.coverage
    results = []
    for name, found in zip(
        compiled.program.outputs, kernel.propagate(values, deviations, degrees, coefficients, point), strict=True
    ):
        u, nu = found.standard_uncertainty, found.degrees_of_freedom
        k = chosen_coverage_factor(nu, rule)
        results.append(
            OutputPropagation(
                name, found.estimate, u, found.sensitivity_coefficients, found.contributions, nu, k, k * u
            )
        )
    return tuple(results)


def kernel_and_coefficients(
    compiled: CompiledModel, correlations: Sequence[Correlation]
) -> tuple[Kernel, tuple[float, ...]]:
    """Return the code for inputs correlated like this, and the coefficients in the order in which it takes them."""
    if not correlations:
        kernel: Kernel | None = compiled.program.kernels.get(())
        return kernel or kernel_of_pairs(compiled, ()), ()
    pairs, coefficients = _numbered(compiled.symbols, tuple(correlations))
    return kernel_of_pairs(compiled, pairs), coefficients


def kernel_of_pairs(compiled: CompiledModel, pairs: tuple[Pair, ...]) -> Kernel:
    """Return the code in which every symbol has a quantity of its own."""
    program = compiled.program
    kernel: Kernel | None = program.kernels.get(pairs)
    if kernel is None:
        kernel = program.kernels[pairs] = kernel_of(program, plain_structure(len(program.symbols), pairs))
    return kernel


@functools.lru_cache(maxsize=256)
def _numbered(
    symbols: tuple[str, ...], correlations: tuple[Correlation, ...]
) -> tuple[tuple[Pair, ...], tuple[float, ...]]:
    """Return correlations by place: pairs of places, and the coefficients."""
    pairs = correlation_pairs(symbols, correlations)
    place = {symbol: index for index, symbol in enumerate(symbols)}
    numbered = tuple((place[one], place[two], complete(r)) for (one, two), r in pairs.items())
    return numbered, tuple(pairs.values())


def _numbers(
    compiled: CompiledModel,
    estimates: Sequence[float],
    standard_uncertainties: Sequence[float],
    freedom: Sequence[float] | None,
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Return the three rows as floats, looked at as a whole first: one by one only where that raises a doubt."""
    try:
        values, deviations = tuple(map(float, estimates)), tuple(map(float, standard_uncertainties))
        degrees = (math.inf,) * len(values) if freedom is None else tuple(map(float, freedom))
    except (TypeError, ValueError, OverflowError):
        return _checked(compiled, estimates, standard_uncertainties, freedom)
    usual = (
        len(values) == len(deviations) == len(degrees) == len(compiled.program.symbols)
        and math.isfinite(sum(values) + sum(deviations))
        and min(deviations, default=0.0) >= 0.0
        and min(degrees, default=1.0) >= 1.0
        and not math.isnan(sum(degrees))
    )
    return (values, deviations, degrees) if usual else _checked(compiled, estimates, standard_uncertainties, freedom)


def _checked(
    compiled: CompiledModel,
    estimates: Sequence[float],
    standard_uncertainties: Sequence[float],
    freedom: Sequence[float] | None,
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Return the three rows as floats; raises InvalidQuantity naming the first input at fault."""
    symbols = compiled.symbols
    rows = (estimates, standard_uncertainties, [math.inf] * len(symbols) if freedom is None else freedom)
    for row in rows:
        if len(row) != len(symbols):
            raise InvalidQuantity("inputs.count", expected=len(symbols), count=len(row))
    values = tuple(finite(x, name, "value") for x, name in zip(estimates, symbols, strict=True))
    named = zip(standard_uncertainties, symbols, strict=True)
    deviations = tuple(not_negative(u, name, "standard_uncertainty") for u, name in named)
    return values, deviations, tuple(degrees_of_freedom(nu, name) for nu, name in zip(rows[2], symbols, strict=True))


def output_covariance(
    keys: Sequence[Sequence[str]], contributions: Sequence[Sequence[float]], variances: Sequence[float], pairs: Pairs
) -> list[list[float]]:
    """Return the covariance matrix of the outputs, shape (n_outputs, n_outputs).

    `contributions`: for every output its c_i u_i, `keys` the input quantities they come from. The diagonal holds
    `variances` themselves. Outputs that share a quantity, or rest on correlated ones, are correlated; quantities are
    added in the order of their keys. Source: JCGM 102:2011, 6.2.1.3 (U_y = C U_x C^T).
    """
    if len(variances) == 1:
        return [list(variances)]
    columns: dict[str, tuple[list[int], list[float]]] = {}
    for output, (names, parts) in enumerate(zip(keys, contributions, strict=True)):
        for key, part in zip(names, parts, strict=True):
            rows, numbers = columns.setdefault(key, ([], []))
            rows.append(output)
            numbers.append(part)
    matrix = np.zeros((len(variances), len(variances)))
    for key in sorted(columns):
        rows, numbers = columns[key]
        if len(rows) > 1:  # what belongs to one output alone is in its variance
            matrix[np.ix_(rows, rows)] += np.multiply.outer(numbers, numbers)
    for first, second in sorted(tuple(sorted(pair)) for pair in pairs):
        if first in columns and second in columns:
            r = pairs[first, second] if (first, second) in pairs else pairs[second, first]
            _add_correlated(matrix, r, columns[first], columns[second])
    np.fill_diagonal(matrix, variances)
    found: list[list[float]] = matrix.tolist()
    return found


def _add_correlated(
    matrix: NDArray[np.float64], r: float, one: tuple[list[int], list[float]], two: tuple[list[int], list[float]]
) -> None:
    """Add what two correlated quantities contribute, the same above and below the diagonal."""
    rows = sorted({*one[0], *two[0]})
    if len(rows) == 1:
        return  # both in one output alone: they are in its variance
    place = {row: index for index, row in enumerate(rows)}
    columns = np.zeros((2, len(rows)))
    for column, (outputs, numbers) in zip(columns, (one, two), strict=True):
        column[[place[output] for output in outputs]] = numbers
    product = r * np.multiply.outer(columns[0], columns[1])
    matrix[np.ix_(rows, rows)] += product + product.T
