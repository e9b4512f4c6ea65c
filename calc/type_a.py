"""Type A evaluation: repeated indications, prior (pooled) deviations, correlated series and joint observations.

Sums are exact: every reading counts as the decimal number it was typed as, so neither the order of the readings nor a
large common part (10000.005 g) costs a digit. Grouped readings (days, positions) are `calc.regression.anova`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from scipy.special import ndtri

from calc.errors import InvalidQuantity
from calc.exact_numbers import Column, Number, exact_readings, nearest, root
from calc.quantities import Estimate, degrees_of_freedom, finite, not_negative
from calc.units import exact

Reading = float | Decimal
_MEDIAN = Fraction(1858, 1000)
_SERIES_FROM = 100


@dataclass(frozen=True, slots=True)
class PooledDeviation:
    """An experimental standard deviation known beforehand, with its degrees of freedom (infinite if taken as known)."""

    standard_deviation: float
    degrees_of_freedom: float = math.inf

    def __post_init__(self) -> None:
        name = "pooled standard deviation"
        object.__setattr__(
            self, "standard_deviation", not_negative(self.standard_deviation, name, "standard_deviation")
        )
        object.__setattr__(self, "degrees_of_freedom", degrees_of_freedom(self.degrees_of_freedom, name))


def experimental_standard_deviation(readings: Sequence[Number]) -> float:
    """Return s of n readings (n at least 2), in their unit. Source: JCGM 100:2008, 4.2.2."""
    column = Column.of(exact_readings(readings, 2))
    return root(column.squares_about_mean() / (len(readings) - 1))


def estimate_of(numbers: Sequence[Fraction], unit: str, prior: PooledDeviation | None = None) -> Estimate:
    """Return the mean of exact values with its standard uncertainty: from `prior` where given, else from their scatter.

    The common ground of `mean_of` and `mean_with_prior`, for values that are themselves computed exactly.
    """
    count, column = len(numbers), Column.of(numbers)
    needed = 2 if prior is None else 1
    if count < needed:
        raise InvalidQuantity("quantity.too_few_readings", name="readings", count=count, needed=needed)
    mean = nearest(column.mean(), "mean")
    if prior is not None:
        return Estimate(mean, root(exact(prior.standard_deviation) ** 2 / count), unit, prior.degrees_of_freedom)
    return Estimate(mean, root(column.squares_about_mean() / (count * (count - 1))), unit, count - 1.0)


def mean_of(readings: Sequence[Number], unit: str) -> Estimate:
    """Return the mean of n readings (n at least 2) with s/sqrt(n) and n - 1 degrees of freedom, in `unit`.

    Raises InvalidQuantity for a single reading or one that is not finite. Source: JCGM 100:2008, 4.2.1 to 4.2.3.
    """
    return estimate_of(exact_readings(readings, 2), unit)


def mean_with_prior(readings: Sequence[Number], unit: str, prior: PooledDeviation) -> Estimate:
    """Return the mean of n readings (n at least 1) with s_p/sqrt(n) and the degrees of freedom of s_p, in `unit`.

    Source: JCGM 100:2008, 4.2.4; EA-4/02 M:2022, 3.2.2.
    """
    return estimate_of(exact_readings(readings, 1), unit, prior)


def pooled_standard_deviation(deviations: Sequence[tuple[float, float]]) -> PooledDeviation:
    """Return sqrt(Σ ν_i s_i² / Σ ν_i) with Σ ν_i degrees of freedom, from pairs (s_i, ν_i) in one unit.

    Degrees of freedom must be finite here. Source: JCGM 100:2008, 4.2.4 and H.3.6.
    """
    name = "pooled standard deviation"
    if not deviations:
        raise InvalidQuantity("quantity.too_few_readings", name=name, count=0, needed=1)
    total, degrees = Fraction(0), Fraction(0)
    for s, nu in deviations:
        checked = degrees_of_freedom(nu, name)
        if math.isinf(checked):
            raise InvalidQuantity("quantity.not_finite", name=name, field="degrees_of_freedom", value=nu)
        total += exact(not_negative(s, name, "standard_deviation")) ** 2 * exact(checked)
        degrees += exact(checked)
    return PooledDeviation(root(total / degrees), float(degrees))


def pooled_deviation_of_runs(runs: Sequence[Sequence[Number]]) -> PooledDeviation:
    """Return the pooled standard deviation of several runs of readings about their own means, with Σ (n_i - 1).

    Every run needs two readings or more; a stable process is presumed (check s_i on a chart).
    Source: JCGM 100:2008, 4.2.4 and H.5.2.2.
    """
    name = "pooled standard deviation"
    if not runs:
        raise InvalidQuantity("quantity.too_few_readings", name=name, count=0, needed=2)
    columns = [Column.of(exact_readings(run, 2, f"run {position}")) for position, run in enumerate(runs, 1)]
    squares = sum((column.squares_about_mean() for column in columns), Fraction(0))
    degrees = sum(len(column.numerators) - 1 for column in columns)
    return PooledDeviation(root(squares / degrees), float(degrees))


def relative_deviation_of_s(count: int) -> float:
    """Return σ(s)/E(s), the relative scatter of the experimental standard deviation of `count` normal readings.

    A fraction (0.24 for 10 readings); exactly sqrt(1/c4² - 1), c4 = sqrt(2/ν) Γ((ν+1)/2)/Γ(ν/2), ν = count - 1.
    Raises InvalidQuantity for fewer than two readings. Source: JCGM 100:2008, E.4.3 and table E.1.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise InvalidQuantity("quantity.too_few_readings", name="readings", count=count, needed=2)
    nu = count - 1.0
    if nu < _SERIES_FROM:
        logarithm = math.lgamma(0.5 * (nu + 1.0)) - math.lgamma(0.5 * nu) - 0.5 * math.log(0.5 * nu)
    else:  # the same difference by Stirling's series, where the functions themselves would leave few digits
        logarithm = -1.0 / (4.0 * nu) + 1.0 / (24.0 * nu**3) - 1.0 / (20.0 * nu**5)
    return math.sqrt(math.expm1(-2.0 * logarithm))


def median_of(readings: Sequence[Number], unit: str) -> Estimate:
    """Return the median of n readings (n at least 2), for series with outliers that cannot be explained.

    Its standard uncertainty is 1.858 MAD/sqrt(n - 1), MAD the median of the absolute deviations from the median, with
    n - 1 degrees of freedom. Source: J. W. Müller, J. Res. NIST 105 (2000), 551–555.
    """
    numbers = exact_readings(readings, 2)
    middle = statistics.median(numbers)
    deviation = statistics.median(abs(number - middle) for number in numbers)
    variance = (_MEDIAN * deviation) ** 2 / (len(numbers) - 1)
    return Estimate(nearest(middle, "median"), root(variance), unit, len(numbers) - 1.0)


def _autocorrelations(readings: Sequence[Number], lags: Sequence[int]) -> list[float]:
    column = Column.of(exact_readings(readings, 2))
    count, total = len(column.numerators), sum(column.numerators)
    deviations = [count * number - total for number in column.numerators]
    squares = sum(deviation * deviation for deviation in deviations)
    if squares == 0:
        return [0.0] * len(lags)
    return [
        float(Fraction(sum(a * b for a, b in zip(deviations, deviations[lag:], strict=False)), squares)) for lag in lags
    ]


def autocorrelation(readings: Sequence[Number], lag: int = 1) -> float:
    """Return the autocorrelation coefficient r of readings in their order of time, `lag` from 1 to n - 1.

    Products of deviations `lag` apart over the squares of all; 0 for readings that do not scatter.
    Source: Box and Jenkins, Time Series Analysis (1976), 2.1.5; NIST/SEMATECH e-Handbook, 1.3.5.12.
    """
    if isinstance(lag, bool) or not isinstance(lag, int) or not 1 <= lag < max(len(readings), 2):
        raise InvalidQuantity(
            "quantity.out_of_range", name="autocorrelation", field="lag", lower=1, upper=len(readings) - 1, value=lag
        )
    return _autocorrelations(readings, [lag])[0]


@dataclass(frozen=True, slots=True)
class SeriesMean:
    """The mean of readings in order of time, with what their lag-1 autocorrelation says.

    `correlated`: |r_1| is beyond `limit`, so that s/sqrt(n) does not hold. `effective_count`, at most n, is the number
    of independent readings that would give the mean as well.
    """

    estimate: Estimate
    autocorrelation: float
    limit: float
    correlated: bool
    effective_count: float


def mean_of_series(readings: Sequence[Number], unit: str, *, level: float = 0.05, corrected: bool = True) -> SeriesMean:
    """Return the mean of n readings in order of time (n at least 2), `corrected` for their autocorrelation or not.

    Parameters
    ----------
    level : probability, strictly between 0 and 1, of flagging independent readings; limit z(1 - level/2)/sqrt(n)
    corrected : where flagged, u = s/sqrt(n_eff) with n_eff - 1 (at least 1) degrees of freedom, else s/sqrt(n)

    n_eff = n/(1 + 2 Σ (1 - k/n) r_k) over the lags before the first, within n/4, that is not beyond Bartlett's limit;
    it is kept between 1 and n, so that a correction never makes the uncertainty smaller.
    Source: JCGM 100:2008, 4.2.7; N. F. Zhang, Metrologia 43 (2006), S276–S281.
    """
    if not 0.0 < finite(level, "series", "level") < 1.0:
        raise InvalidQuantity("quantity.out_of_range", name="series", field="level", lower=0, upper=1, value=level)
    plain = mean_of(readings, unit)
    count = len(readings)
    quantile = float(ndtri(1.0 - 0.5 * level))
    limit = quantile / math.sqrt(count)
    found = _autocorrelations(readings, range(1, max(count // 4, 1) + 1))
    correlated = abs(found[0]) > limit
    total, squares = 0.0, 0.0
    for lag, r in enumerate(found, 1):
        if abs(r) <= quantile * math.sqrt((1.0 + 2.0 * squares) / count):
            break
        total += (1.0 - lag / count) * r
        squares += r * r
    inflation = max(1.0 + 2.0 * total, 1.0)
    effective = max(count / inflation, 1.0)
    if not (correlated and corrected) or inflation == 1.0:
        return SeriesMean(plain, found[0], limit, correlated, effective)
    u = plain.standard_uncertainty * math.sqrt(count / effective)
    estimate = Estimate(plain.value, u, unit, max(effective - 1.0, 1.0))
    return SeriesMean(estimate, found[0], limit, correlated, effective)


def _joint(series: Sequence[Sequence[Number]]) -> list[Column]:
    lengths = [len(one) for one in series]
    if len(set(lengths)) > 1:
        raise InvalidQuantity(
            "quantity.too_few_readings", name="joint observations", count=min(lengths), needed=max(lengths)
        )
    return [Column.of(exact_readings(one, 2, f"series {position}")) for position, one in enumerate(series, 1)]


def covariance_of_means(series: Sequence[Sequence[Number]]) -> tuple[tuple[float, ...], ...]:
    """Return the covariance matrix of k means from n joint observations, (k, k), in unit of row times unit of column.

    `series`: (k, n), n at least 2, simultaneous or in the same order. Raises InvalidQuantity for unequal lengths.
    Source: JCGM 100:2008, 5.2.3, equation (17).
    """
    columns = _joint(series)
    count = len(series[0]) if series else 2
    factor = Fraction(1, count * (count - 1))
    return tuple(
        tuple(nearest(one.products_about_mean(other) * factor, "covariance") for other in columns) for one in columns
    )


def correlation_of_means(first: Sequence[Number], second: Sequence[Number]) -> float:
    """Return the correlation coefficient of two means from n jointly observed pairs (n at least 2), dimensionless.

    0 where one of the series does not scatter. Raises InvalidQuantity for series of different length.
    Source: JCGM 100:2008, 5.2.3, equations (14) and (17).
    """
    x, y = _joint([first, second])
    shared, spread = x.products_about_mean(y), x.squares_about_mean() * y.squares_about_mean()
    if spread == 0:
        return 0.0
    size = min(root(shared * shared / spread), 1.0)
    return size if shared >= 0 else -size
