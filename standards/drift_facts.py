"""What the history of a standard's calibrations shows: values found over time, the line through them, the forecast."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Found:
    """A value as a certificate gives it, as the series counts it (mostly the deviation from nominal), with U and k."""

    value: Decimal
    expanded_uncertainty: Decimal | None
    coverage_factor: Decimal | None

    @property
    def standard_uncertainty(self) -> float | None:
        """U/k, or None where the certificate does not give both."""
        if not self.expanded_uncertainty or not self.coverage_factor:
            return None
        return float(self.expanded_uncertainty) / float(self.coverage_factor)


@dataclass(frozen=True, slots=True)
class Occasion:
    """One calibration in a series: as found and as left, which differ where something was adjusted."""

    calibration_id: int
    certificate_number: str
    on: date
    found: Found
    left: Found

    @property
    def step(self) -> Decimal:
        """By how much an adjustment moved the value; 0 without one."""
        return self.left.value - self.found.value


@dataclass(frozen=True, slots=True)
class Series:
    """The history of one value of a standard: a weight, a point of a curve, a coefficient.

    `at` is its nominal value or point; `deviation` says whether the values are deviations from it. `limit` is how far
    they may lie from 0 in the series' unit, where that was decided.
    """

    code: str
    range_id: int
    identifier: str
    quantity: str
    unit: str
    at: Decimal | None
    at_unit: str
    name: str | None
    deviation: bool
    occasions: tuple[Occasion, ...]
    limit: Decimal | None = None
    limit_basis: str | None = None


@dataclass(frozen=True, slots=True)
class DriftLine:
    """The line through a series, in years since its first occasion and the series' unit.

    The values of one phase after another are joined: `shift` is the sum of all steps of adjustments, already in
    `level`, the line's value at the last occasion. `observed`: the scatter is that of the values about the line, else
    it is what the certificates state. The forecast's U holds for the coverage probability 0.9545.
    """

    slope: float
    slope_uncertainty: float
    level: float
    shift: float
    significant: bool | None
    probability: float | None
    observed: bool
    forecast_on: date
    forecast: float
    forecast_uncertainty: float
    band: tuple[tuple[float, float, float], ...]
    segments: tuple[tuple[tuple[float, float], ...], ...]
    birge_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """A series with its line; without one, `problem` says why in a code."""

    series: Series
    line: DriftLine | None
    problem: str | None = None

    @property
    def share(self) -> float | None:
        """What share of its limit the forecast takes up with its uncertainty; None without line or limit."""
        if self.line is None or not self.series.limit:
            return None
        return (abs(self.line.forecast) + self.line.forecast_uncertainty) / float(self.series.limit)
