"""Cases of a straight line: y = a + b (x - x0) with the uncertainties that the method takes into account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from calc.cases.columns import columns_of, read_cells, same_length
from calc.cases.facts import Context, Expectation, Extras
from calc.cases.kind import Evaluated, Kind, figures
from calc.cases.tables import Table
from calc.curves.domain import Domain
from calc.curves.straight_line import LineFit, fit_line
from calc.quantities import Estimate, EvaluationWarning

METHODS: Final = ("ols", "wls", "gdr")
_NEEDED: Final = {"ols": (), "wls": ("uy",), "gdr": ("ux", "uy")}
_REACH: Final = 1e6  # spans of the observed range to which a case may extend its line; each use gives a warning
_JUSTIFICATION: Final = "the case asks for it"


class Line(Evaluated):
    """A fitted line, used at the arguments that the figures name."""

    def __init__(self, fit: LineFit) -> None:
        self.fit = fit
        self._warnings: dict[float, EvaluationWarning] = {}

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: ISO/TS 28037:2010, 6, 7, 11 and annex E; JCGM 100:2008, H.3."""
        fit = self.fit
        return figures(
            entry,
            {
                "a": lambda: fit.a,
                "b": lambda: fit.b,
                "u_a": lambda: fit.u_a,
                "u_b": lambda: fit.u_b,
                "cov_ab": lambda: fit.cov_ab,
                "r_ab": lambda: fit.r_ab,
                "chi2": lambda: fit.chi_squared,
                "chi2_per_dof": lambda: self._chi_squared_per_degree(entry),
                "s": lambda: fit.s,
                "dof": lambda: float(fit.degrees_of_freedom),
                "predict": lambda: self._predicted(entry.table).value,
                "u_predict": lambda: self._predicted(entry.table).standard_uncertainty,
                "inverse": lambda: self._inverse(entry.table).value,
                "u_inverse": lambda: self._inverse(entry.table).standard_uncertainty,
            },
        )

    def _chi_squared_per_degree(self, entry: Expectation) -> float:
        if self.fit.degrees_of_freedom < 1:
            raise entry.table.refuse("case.too_few", "what", needed=3, count=2)
        return self.fit.chi_squared / self.fit.degrees_of_freedom

    def _predicted(self, table: Table) -> Estimate:
        x = table.number("x")
        self._note(x)
        return self.fit.line.predict(x, table.number("ux", 0.0))

    def _inverse(self, table: Table) -> Estimate:
        found = self.fit.line.inverse(table.number("y"), table.number("uy", 0.0))
        self._note(found.value)
        return found

    def _note(self, x: float) -> None:
        """Remember that the line was used beyond the observations."""
        for note in self.fit.line.domain.notes(x, "line"):
            self._warnings[x] = EvaluationWarning(note.code, "1", "", note.name, note.numbers)

    def extras(self) -> Extras:
        """Return a warning for every use beyond the observed range."""
        return Extras(warnings=tuple(self._warnings.values()))


def _column(case: Table, name: str, count: int) -> tuple[float, ...]:
    """Return standard uncertainties: a list, or one number that holds for every point."""
    if isinstance(case.given(name), list):
        numbers = case.floats(name)
        same_length(case, {"x": count, name: len(numbers)})
        return numbers
    return (case.number(name),) * count


def _line_fit(case: Table, context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    method = case.choice("method", METHODS)
    needed = _NEEDED[method]
    for name in ("ux", "uy"):
        if name in case and name not in needed:
            raise case.refuse("case.conflict", name, other=f"method = {method}")
    names = ["x", "y"]
    if "data_file" in case:
        present = read_cells(case, context.load)
        names += [name for name in needed if name in present]
    columns = {
        name: [float(number) for number in numbers] for name, numbers in columns_of(case, context.load, names).items()
    }
    x, y = columns["x"], columns["y"]
    u = {name: columns[name] if name in columns else list(_column(case, name, len(x))) for name in needed}
    observed = Domain.of(x)
    reach = _REACH * max(observed.upper - observed.lower, abs(observed.upper), abs(observed.lower))
    domain = observed.extended(observed.lower - reach, observed.upper + reach, _JUSTIFICATION)
    fit = fit_line(x, y, u.get("ux"), u.get("uy"), x0=case.number("x0", 0.0), name=case.case, domain=domain)
    return Line(fit)


KINDS: Final = (
    Kind(
        "line_fit",
        frozenset({"method", "x", "y", "ux", "uy", "x0", "data_file"}),
        frozenset({"x", "y", "ux", "uy"}),
        _line_fit,
    ),
)
