"""Cases of regression: linear in the coefficients (polynomials, several predictors) and nonlinear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from calc.cases.columns import columns_of, read_cells
from calc.cases.facts import Context, Expectation
from calc.cases.kind import Evaluated, Kind, figures
from calc.cases.tables import Number, Table, plain
from calc.regression.linear import LinearFit, linear_regression
from calc.regression.nonlinear import NonlinearFit, nonlinear_regression
from calc.regression.polynomial import polynomial_regression

_HIGHEST_DEGREE: Final = 30
_MOST_COEFFICIENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Fit(Evaluated):
    """A fitted model: coefficients counted from 0 (the intercept, where there is one) with their standard errors."""

    fit: LinearFit | NonlinearFit
    size: float

    @property
    def scale(self) -> float:
        """The largest observed value, by which a certified 0 is judged."""
        return self.size

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: NIST StRD; JCGM 100:2008, H.3."""
        name, _, index = entry.what.partition(":")
        if name in {"coef", "se"} and index:
            found = self.fit.coefficients if name == "coef" else self.fit.standard_errors
            if not (index.isascii() and index.isdigit() and int(index[:9]) < len(found)):
                raise entry.table.refuse("case.unknown_name", "what", value=plain(entry.what))
            return float(found[int(index)])
        fit = self.fit
        known = {
            "rsd": lambda: fit.residual_standard_deviation,
            "rss": lambda: fit.residual_sum_of_squares,
            "dof": lambda: float(fit.degrees_of_freedom),
        }
        if isinstance(fit, LinearFit):
            squared = fit.r_squared
            known["r2"] = lambda: squared
        return figures(entry, known)


def _size(numbers: Sequence[Number]) -> float:
    return max(abs(float(number)) for number in numbers)


def _linear(case: Table, context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    intercept = case.flag("intercept", True)
    if "predictors" in case:
        if "degree" in case:
            raise case.refuse("case.conflict", "degree", other="predictors")
        names = case.texts("predictors")
        if len(names) > _MOST_COEFFICIENTS:
            raise case.refuse("case.too_large", "predictors", limit=_MOST_COEFFICIENTS, value=len(names))
        columns = columns_of(case, context.load, ["y", *names])
        fit = linear_regression(columns["y"], [columns[name] for name in names], intercept=intercept)
        return Fit(fit, _size(columns["y"]))
    degree = case.integer("degree", 1, _HIGHEST_DEGREE, 1)
    columns = columns_of(case, context.load, ["y", "x"])
    return Fit(polynomial_regression(columns["x"], columns["y"], degree, intercept=intercept), _size(columns["y"]))


def _nonlinear(case: Table, context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    start = case.floats("start")
    if len(start) > _MOST_COEFFICIENTS:
        raise case.refuse("case.too_large", "start", limit=_MOST_COEFFICIENTS, value=len(start))
    model = case.table("model")
    model.only({"y"})
    names = _predictors(case, context)
    columns = columns_of(case, context.load, ["y", *names])
    predictors: Mapping[str, Sequence[Number]] = {name: columns[name] for name in names}
    parameters = {f"b{index}": value for index, value in enumerate(start, 1)}
    return Fit(nonlinear_regression(model.text("y"), columns["y"], predictors, parameters), _size(columns["y"]))


def _predictors(case: Table, context: Context) -> list[str]:
    """Return the names of the columns that the model may use: every one beside y."""
    if "data_file" not in case:
        return ["x"]
    return [name for name in read_cells(case, context.load) if name != "y"]


_COLUMNS: Final = frozenset({"data_file", "x", "y"})

KINDS: Final = (
    Kind("linear_regression", _COLUMNS | {"degree", "predictors", "intercept"}, frozenset(), _linear),
    Kind("nonlinear_regression", _COLUMNS | {"model", "start"}, frozenset(), _nonlinear),
)
