"""Cases of a straight line: y = a + b (x - x0) with the uncertainties that the method takes into account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from calc.cases.columns import columns_of, read_cells, same_length
from calc.cases.facts import Context, Expectation, Extras
from calc.cases.kind import Evaluated, Kind, figures
from calc.cases.places import named_field
from calc.cases.tables import Table
from calc.curves.domain import Domain
from calc.curves.straight_line import LineCovariance, LineFit, fit_line
from calc.errors import InvalidQuantity
from calc.quantities import Estimate, EvaluationWarning

METHODS: Final = ("ols", "wls", "gdr")
_NEEDED: Final = {"ols": (), "wls": ("uy",), "gdr": ("ux", "uy")}
_COVARIANCES: Final = {"normal": LineCovariance.NORMAL_EQUATIONS, "full": LineCovariance.FULL}
_WITHOUT_SCATTER: Final = frozenset({"a", "b", "dof", "predict", "inverse"})
"""Figures of a line through two points of unknown uncertainty."""
_REACH: Final = 1e6  # spans of the observed range to which a case may extend its line; each use gives a warning
_JUSTIFICATION: Final = "the case asks for it"


class Line(Evaluated):
    """A fitted line, used at the arguments that the figures name."""

    def __init__(self, fit: LineFit, *, through_both: bool) -> None:
        self.fit = fit
        self.through_both = through_both
        self._warnings: dict[float, EvaluationWarning] = {}

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: ISO/TS 28037:2010, 6, 7, 11 and annex E; JCGM 100:2008, H.3."""
        fit = self.fit
        if self.through_both and entry.what not in _WITHOUT_SCATTER:
            values = {"needed": 3, "count": 2, "clause": "ISO/TS 28037:2010, annex E"}
            raise InvalidQuantity("case.too_few", case=entry.table.case, field="x", **values)
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
    present = set(read_cells(case, context.load)) if "data_file" in case else set[str]()
    given = [name for name in ("ux", "uy") if name in case or name in present]
    method = case.choice("method", METHODS, "gdr" if "ux" in given else "wls" if given else "ols")
    needed = _NEEDED[method]
    for name in given:
        if name not in needed:
            case.note("case.unused", name)
    names = ["x", "y", *(name for name in needed if name in present)]
    columns = {
        name: [float(number) for number in numbers] for name, numbers in columns_of(case, context.load, names).items()
    }
    x, y = columns["x"], columns["y"]
    u = {name: columns[name] if name in columns else list(_column(case, name, len(x))) for name in needed}
    observed = Domain.of(x)
    reach = _REACH * max(observed.upper - observed.lower, abs(observed.upper), abs(observed.lower))
    domain = observed.extended(observed.lower - reach, observed.upper + reach, _JUSTIFICATION)
    covariance = _COVARIANCES[case.choice("covariance", tuple(_COVARIANCES), "normal")]
    x0 = case.number("x0", 0.0)
    exact = method == "ols" and len(x) == 2  # the line through both points; nothing is left to estimate u(y) from
    u_y = [1.0, 1.0] if exact else u.get("uy")
    try:
        fit = fit_line(x, y, u.get("ux"), u_y, x0=x0, name=case.case, domain=domain, covariance=covariance)
    except InvalidQuantity as error:
        field = named_field(error) or "x"
        raise error.with_values(case=case.case, field=field, name=field) from None
    return Line(fit, through_both=exact)


KINDS: Final = (
    Kind(
        "line_fit",
        frozenset({"method", "x", "y", "ux", "uy", "x0", "data_file", "covariance"}),
        frozenset({"x", "y", "ux", "uy"}),
        _line_fit,
    ),
)
