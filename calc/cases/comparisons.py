"""Cases that compare laboratories or follow an instrument: robust means, key comparisons, calibration intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from calc.cases.columns import series_of
from calc.cases.facts import Context, Expectation
from calc.cases.kind import Evaluated, Kind, figures
from calc.cases.places import named_field
from calc.cases.tables import Table, plain
from calc.errors import InvalidQuantity
from calc.history.intervals import ReviewedInterval, a3_interval
from calc.history.key_comparison import (
    KeyComparison,
    Laboratory,
    reference_mean,
    reference_median,
    reference_weighted_mean,
)
from calc.history.robust import RobustFactors, RobustResult, algorithm_a

_FACTORS: Final = {"iso13528": RobustFactors.STANDARD, "exact": RobustFactors.CONSISTENT}
_MEDIAN_TRIALS: Final = 1_000_000
_MOST_CALIBRATIONS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Robust(Evaluated):
    """Robust mean and standard deviation by algorithm A, with the factors as printed (1.483, 1.134) or exact."""

    result: RobustResult

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: ISO 13528:2022, C.3."""
        return figures(
            entry,
            {
                "robust_mean": lambda: self.result.mean,
                "robust_s": lambda: self.result.standard_deviation,
                "u": lambda: self.result.standard_uncertainty,
            },
        )


def _robust(case: Table, context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    factors = _FACTORS[case.choice("factors", tuple(_FACTORS), "iso13528")]
    return Robust(algorithm_a([float(number) for number in series_of(case, context.load)], factors))


@dataclass(frozen=True, slots=True)
class Comparison(Evaluated):
    """A key comparison with its reference value."""

    comparison: KeyComparison
    names: tuple[str, ...]

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: Cox, Metrologia 39 (2002) 589, procedures A and B."""
        found = self.comparison
        return figures(
            entry,
            {
                "reference": lambda: found.reference,
                "u_reference": lambda: found.standard_uncertainty,
                "U_reference": lambda: found.expanded_uncertainty,
                "d": lambda: found.degree_of_equivalence(self._laboratory(entry)).difference,
                "U_d": lambda: found.degree_of_equivalence(self._laboratory(entry)).expanded_uncertainty,
            },
        )

    def _laboratory(self, entry: Expectation) -> str:
        name = entry.output
        if name is None:
            raise entry.table.refuse("case.missing_field", "of")
        if name not in self.names:
            raise entry.table.refuse("case.unknown_name", "of", value=plain(name))
        return name


_LABORATORY: Final = frozenset({"name", "value", "U", "k", "u", "include"})


def _laboratory(table: Table) -> Laboratory:
    table.only(_LABORATORY)
    if "U" in table:
        if "k" not in table:
            table.note("case.factor_assumed", "k")
        k = table.number("k", 2.0)
        if k <= 0.0:
            raise table.refuse("case.out_of_range", "k", lower=0, upper="1e308", value=k)
        u = table.number("U") / k
    else:
        u = table.number("u")
    name, value, included = table.text("name"), table.number("value"), table.flag("include", True)
    try:
        return Laboratory(name, value, u, included)
    except InvalidQuantity as error:
        stated = "U" if named_field(error) == "u" and "U" in table else named_field(error)
        raise error.with_values(case=table.case, field=table.place(stated)) from None


def _key_comparison(case: Table, context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    laboratories: list[Laboratory] = []
    for table in case.tables("lab"):
        laboratory = _laboratory(table)
        if any(other.name == laboratory.name for other in laboratories):
            raise table.refuse("case.duplicate", "name", value=plain(laboratory.name))
        laboratories.append(laboratory)
    method = case.choice("method", ("mean", "weighted_mean", "median"), "mean")
    if method == "mean":
        comparison = reference_mean(laboratories)
    elif method == "weighted_mean":
        comparison = reference_weighted_mean(laboratories)
    else:
        comparison = reference_median(laboratories, seed=context.seed, trials=context.trials or _MEDIAN_TRIALS)
    return Comparison(comparison, tuple(laboratory.name for laboratory in laboratories))


@dataclass(frozen=True, slots=True)
class Interval(Evaluated):
    """A calibration interval adjusted by what was found at past calibrations."""

    result: ReviewedInterval

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: NCSLI RP-1, method A3."""
        return figures(
            entry,
            {
                "interval": lambda: self.result.interval,
                "rejection": lambda: self.result.rejection,
                "reliability_low": lambda: self.result.reliability_low,
                "reliability_high": lambda: self.result.reliability_high,
            },
        )


def _calibration_interval(case: Table, _context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    count = case.integer("calibrations", 1, _MOST_CALIBRATIONS)
    result = a3_interval(
        count,
        case.integer("in_tolerance", 0, count),
        case.between("target", 0.0, 1.0),
        case.number("interval"),
        confidence=case.between("confidence", 0.0, 1.0) if "confidence" in case else 0.5,
        may_extend=case.flag("may_extend", False),
    )
    return Interval(result)


KINDS: Final = (
    Kind("robust_mean", frozenset({"series", "data_file", "factors"}), frozenset(), _robust),
    Kind("key_comparison", frozenset({"method", "lab"}), frozenset(), _key_comparison),
    Kind(
        "calibration_interval",
        frozenset({"calibrations", "in_tolerance", "target", "interval", "confidence", "may_extend"}),
        frozenset(),
        _calibration_interval,
    ),
)
