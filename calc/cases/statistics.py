"""Cases of statistics on one set of numbers: Type A, analysis of variance, degrees of freedom, t, rounding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from calc.cases.columns import as_numbers, column, read_cells, same_length, series_of
from calc.cases.facts import Context, Expectation
from calc.cases.kind import Evaluated, Kind, figures
from calc.cases.tables import LARGEST_EXPONENT, Number, Table, shortened
from calc.coverage import chosen_coverage_factor, coverage_factor, effective_degrees_of_freedom
from calc.model import CoverageRule
from calc.quantities import Estimate
from calc.regression.anova import OneWayAnalysis, one_way, one_way_from_summaries
from calc.rounding import RoundingMode, round_to_decimals
from calc.type_a import autocorrelation, experimental_standard_deviation, mean_of, relative_deviation_of_s

_MOST_OBSERVATIONS: Final = 10**9
_ANALYSED: Final = frozenset(
    {"ss_between", "ss_within", "ms_between", "ms_within", "f", "r2", "df_between", "df_within", "mean"}
    | {"s_within", "s_a", "s_between", "s_of_means", "u_mean_between", "u_mean_pooled"}
)


def truncated_rule(probability: float, truncated: bool = True) -> CoverageRule:
    """Return the rule of the reference data: k = t(p, ν) with ν truncated to an integer (JCGM 100:2008, G.4.1)."""
    return CoverageRule(probability, None, truncate_degrees_of_freedom=truncated)


def stated_rule(table: Table) -> CoverageRule:
    """Return the rule that an entry states by `p` and `truncate_dof`."""
    return truncated_rule(table.between("p", 0.0, 1.0), table.flag("truncate_dof", True))


@dataclass(frozen=True, slots=True)
class TypeA(Evaluated):
    """Repeated observations of one quantity."""

    series: tuple[Number, ...]
    mean: Estimate

    @property
    def scale(self) -> float:
        """The size of the data."""
        return max(abs(float(number)) for number in self.series)

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: JCGM 100:2008, 4.2 and, for the interval, G.3."""
        estimate = self.mean
        return figures(
            entry,
            {
                "mean": lambda: estimate.value,
                "s": lambda: experimental_standard_deviation(_readings(self.series)),
                "u": lambda: estimate.standard_uncertainty,
                "dof": lambda: estimate.degrees_of_freedom,
                "autocorrelation_1": lambda: autocorrelation(_readings(self.series)),
                "k": lambda: self._factor(entry),
                "U": lambda: self._factor(entry) * estimate.standard_uncertainty,
                "low": lambda: estimate.value - self._factor(entry) * estimate.standard_uncertainty,
                "high": lambda: estimate.value + self._factor(entry) * estimate.standard_uncertainty,
            },
        )

    def _factor(self, entry: Expectation) -> float:
        if "k" in entry.table:
            return entry.table.number("k")
        return coverage_factor(self.mean.degrees_of_freedom, entry.table.between("p", 0.0, 1.0))


def _readings(series: Sequence[Number]) -> list[float | Decimal]:
    return [number if isinstance(number, Decimal) else Decimal(number) for number in series]


def _type_a(case: Table, context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    series = series_of(case, context.load)
    return TypeA(series, mean_of(_readings(series), "1"))


@dataclass(frozen=True, slots=True)
class Analysis(Evaluated):
    """A one-way analysis of variance."""

    analysis: OneWayAnalysis

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: JCGM 100:2008, H.5."""
        if entry.what not in _ANALYSED:
            raise entry.unknown()
        found: float | None = getattr(self.analysis, entry.what)
        if found is None:  # F where no group scatters within
            raise entry.table.refuse("case.relative_to_zero", "what")
        return found


def _anova(case: Table, context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    if "data_file" in case:
        cells = read_cells(case, context.load)
        values = as_numbers(case, "value", column(case, "value", cells))
        groups: dict[str, list[Number]] = {}
        for group, value in zip(column(case, "group", cells), values, strict=True):
            groups.setdefault(group, []).append(value)
        return Analysis(one_way(list(groups.values())))
    means, deviations = case.numbers("group_mean", 2), case.numbers("group_s", 2)
    if isinstance(case.given("group_n"), list):
        items = case.numbers("group_n", 2)
        same_length(case, {"group_mean": len(means), "group_s": len(deviations), "group_n": len(items)})
        for number in items:
            if number != int(number) or not 1 <= number <= _MOST_OBSERVATIONS:
                raise case.refuse("case.wrong_type", "group_n", expected="whole number", value=shortened(number))
        counts = [int(number) for number in items]
    else:
        counts = [case.integer("group_n", 1, _MOST_OBSERVATIONS)] * len(means)
    same_length(case, {"group_mean": len(means), "group_s": len(deviations)})
    return Analysis(one_way_from_summaries(means, deviations, counts))


@dataclass(frozen=True, slots=True)
class Components(Evaluated):
    """Uncertainty components of one quantity with their degrees of freedom, independent of each other."""

    combined: float
    degrees_of_freedom: float

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: JCGM 100:2008, G.4.1."""
        return figures(
            entry,
            {
                "u": lambda: self.combined,
                "dof": lambda: self.degrees_of_freedom,
                "k": lambda: self._factor(entry),
                "U": lambda: (entry.table.number("k") if "k" in entry.table else self._factor(entry)) * self.combined,
            },
        )

    def _factor(self, entry: Expectation) -> float:
        return chosen_coverage_factor(self.degrees_of_freedom, stated_rule(entry.table))


def _welch_satterthwaite(case: Table, _context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    components = case.floats("u")
    items = case.list("dof")
    same_length(case, {"u": len(components), "dof": len(items)})
    names = [f"dof[{index}]" for index in range(1, len(items) + 1)]
    given = Table(dict(zip(names, items, strict=True)), case.case, case.path)
    degrees = {name: given.degrees_of_freedom(name) for name in names}
    contributions = dict(zip(names, components, strict=True))
    for index, u in enumerate(components, 1):
        if u < 0.0:
            raise case.refuse("case.out_of_range", f"u[{index}]", lower=0, upper="1e308", value=shortened(u))
    combined, largest = math.hypot(*components), max(components)
    if not math.isfinite(combined):
        raise case.refuse("case.too_large", "u", limit="1e308", value=shortened(largest))
    # relative to the largest, so that neither fourth powers of small numbers vanish nor those of large ones overflow
    relative = {name: u / largest if largest else 0.0 for name, u in contributions.items()}
    variance = math.hypot(*relative.values()) ** 2
    return Components(combined, effective_degrees_of_freedom(relative, degrees, {}, variance))


class StudentFactors(Evaluated):
    """Factors of Student's t."""

    def compute(self, entry: Expectation) -> float:
        """Return t(p, ν), two-sided. Source: JCGM 100:2008, table G.2."""
        table = entry.table
        return figures(entry, {"t": lambda: coverage_factor(table.degrees_of_freedom(), table.between("p", 0.0, 1.0))})


class RelativeDeviations(Evaluated):
    """How well an experimental standard deviation is known."""

    def compute(self, entry: Expectation) -> float:
        """Return σ[s(q̄)]/σ(q̄) of n observations in per cent. Source: JCGM 100:2008, table E.1."""
        table = entry.table
        return figures(
            entry, {"percent": lambda: 100.0 * relative_deviation_of_s(table.integer("n", 2, _MOST_OBSERVATIONS))}
        )


class Roundings(Evaluated):
    """Numbers rounded to a number of decimals."""

    def compute(self, entry: Expectation) -> float:
        """Return `number` with `decimals` places. Source: JCGM 100:2008, 7.2.6."""
        return figures(entry, {"rounded": lambda: self._rounded(entry.table)})

    @staticmethod
    def _rounded(table: Table) -> float:
        given = table.given("number")
        if isinstance(given, str):
            try:
                number = Decimal(given.strip())
            except InvalidOperation:
                number = Decimal("NaN")
            if not number.is_finite() or (number and abs(number.adjusted()) > LARGEST_EXPONENT):
                raise table.refuse("case.wrong_type", "number", expected="number", value=shortened(given))
        else:
            number = Decimal(table.exact("number"))
        mode = RoundingMode(table.choice("mode", [str(one.value) for one in RoundingMode], "nearest"))
        return float(round_to_decimals(number, table.integer("decimals", -300, 300), mode))


KINDS: Final = (
    Kind("type_a", frozenset({"series", "data_file"}), frozenset({"p", "k"}), _type_a),
    Kind("anova", frozenset({"data_file", "group_mean", "group_s", "group_n"}), frozenset(), _anova),
    Kind("welch_satterthwaite", frozenset({"u", "dof"}), frozenset({"p", "k", "truncate_dof"}), _welch_satterthwaite),
    Kind("t_factor", frozenset(), frozenset({"p", "dof"}), lambda *_: StudentFactors()),
    Kind("sd_of_sd", frozenset(), frozenset({"n"}), lambda *_: RelativeDeviations()),
    Kind("rounding", frozenset(), frozenset({"number", "decimals", "mode"}), lambda *_: Roundings()),
)
