"""From a case to its figures: the one entry for whoever reads cases from files.

A case is a mapping as TOML gives it (parse numbers as Decimal, so that they count as written). What was published
(`value`, `tol`, `op`) is compared with the figures afterwards and never enters a calculation. The form is that of the
reference data under tests/calc/published/data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from calc.cases import comparisons, decisions, lines, propagation, regressions, statistics
from calc.cases.facts import ENTRY_FIELDS, CaseOutcome, Context, Expectation, Figure, judge
from calc.cases.inputs import POINT
from calc.cases.kind import Evaluated, Kind
from calc.cases.places import placed
from calc.cases.tables import Table, is_number, shortened
from calc.errors import CalcError, InvalidQuantity, NotConverged
from calc.quantities import EvaluationWarning

KINDS: Final = {
    kind.name: kind
    for kind in (
        *propagation.KINDS,
        *lines.KINDS,
        *regressions.KINDS,
        *statistics.KINDS,
        *decisions.KINDS,
        *comparisons.KINDS,
    )
}
_COMMON: Final = frozenset({"kind", "expect"})
_OPERATORS: Final = ("=", "<", "<=")
MOST_FIGURES: Final = 10_000


def evaluate_case(case: Table, context: Context) -> CaseOutcome:
    """Return the figures of a case in the order they are asked for.

    What is wrong with the case, or with one of its figures, is part of the outcome: an error of the core that names
    case and field. Nothing else is raised.
    """
    case = replace(case, notes=list(case.notes))
    return _with_notes(_outcome_of(case, context), case)


def _with_notes(outcome: CaseOutcome, case: Table) -> CaseOutcome:
    """Return an outcome whose warnings also say what was noted of the case's fields."""
    noted = tuple(EvaluationWarning(code, POINT, "", name, {}) for code, name in case.notes)
    extras = outcome.extras
    return replace(outcome, extras=replace(extras, warnings=(*extras.warnings, *noted))) if noted else outcome


def _outcome_of(case: Table, context: Context) -> CaseOutcome:
    outcome = CaseOutcome(
        case.case,
        _described(case, "title"),
        _described(case, "kind"),
        _described(case, "unit"),
        _described(case, "source"),
    )
    try:
        with np.errstate(all="raise", under="ignore"):
            kind = _kind_of(case)
            entries = _entries(case, kind)
            outcome = replace(outcome, figures=tuple(Figure(entry, None, error=refusal) for entry, refusal in entries))
            case.only(kind.fields | kind.parameters | _columns(case, kind), _COMMON)
            evaluated = kind.take_in(case, context, [entry for entry, _ in entries])
            outcome = replace(outcome, figures=tuple(_figure(entry, refusal, evaluated) for entry, refusal in entries))
            return replace(outcome, extras=evaluated.extras())
    except CalcError as error:
        return _refused(outcome, placed(error, case))
    except ArithmeticError as error:
        return _refused(outcome, _too_large(case, error))


def _columns(case: Table, kind: Kind) -> frozenset[str]:
    """Return the fields that hold columns under names of the case's own choice."""
    names = case.fields.get("predictors") if "predictors" in kind.fields else None
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def _refused(outcome: CaseOutcome, error: CalcError) -> CaseOutcome:
    """Return an outcome with what is wrong with the case; figures that were not reached carry it too."""
    figures = (
        replace(figure, error=error) if figure.computed is None and figure.error is None else figure
        for figure in outcome.figures
    )
    return replace(outcome, figures=tuple(figures), error=error)


def _described(case: Table, name: str) -> str:
    value = case.fields.get(name, "")
    return value if isinstance(value, str) else ""


def _kind_of(case: Table) -> Kind:
    name = case.text("kind")
    if name not in KINDS:
        raise case.refuse("case.unknown_kind", "kind", value=name[:60], allowed=", ".join(KINDS))
    return KINDS[name]


def _entries(case: Table, kind: Kind) -> list[tuple[Expectation, CalcError | None]]:
    """Return the `expect` entries, each with what is wrong with it."""
    if "expect" not in case or not case.list("expect"):
        return []
    if len(case.list("expect")) > MOST_FIGURES:
        raise case.refuse("case.too_large", "expect", limit=MOST_FIGURES, value=len(case.list("expect")))
    return [_entry(table, case, kind) for table in case.tables("expect")]


def _entry(own: Table, case: Table, kind: Kind) -> tuple[Expectation, CalcError | None]:
    """Return an entry with what it takes over from its case: every parameter that it does not state itself."""
    table = own.over(case, kind.parameters - kind.fields)
    what, of = table.fields.get("what"), table.fields.get("of")
    bare = Expectation(table, what if isinstance(what, str) else "", of if isinstance(of, str) else None)
    try:
        own.only(kind.parameters, ENTRY_FIELDS)
        what, pair = table.text("what"), _asked_of(table)
        value, tolerance, operator = _published(table)
        return Expectation(table, what, pair, value, tolerance, operator), None
    except CalcError as error:
        return bare, error


def _asked_of(table: Table) -> str | tuple[str, str] | None:
    of = table.fields.get("of")
    if of is None:
        return None
    if isinstance(of, list):
        names = [name for name in of if isinstance(name, str) and name.strip()]
        if len(names) != 2 or len(of) != 2:
            raise table.refuse("case.wrong_type", "of", expected="pair of names", value=shortened(of))
        return names[0], names[1]
    return table.text("of")


def _published(table: Table) -> tuple[float | None, float, str]:
    """Return the published value, its tolerance and its operator; no value where any of them is of no use.

    They never enter a calculation, so nothing that they hold keeps a figure from being computed.
    """
    value, tolerance = _number(table.fields.get("value")), _number(table.fields.get("tol", 0))
    operator = table.fields.get("op", "=")
    if value is None or tolerance is None or tolerance < 0.0 or math.isinf(tolerance) or operator not in _OPERATORS:
        return None, 0.0, "="
    return value, tolerance, str(operator)


def _number(value: object) -> float | None:
    """Return a number as a float, None where it is none or beyond the range of floats."""
    if not is_number(value):
        return None
    try:
        number = float(value)
    except (ArithmeticError, ValueError):
        return None
    beyond = math.isinf(number) and abs(value) != math.inf
    return None if beyond or math.isnan(number) else number


def _figure(entry: Expectation, refusal: CalcError | None, evaluated: Evaluated) -> Figure:
    if refusal is not None:
        return Figure(entry, None, error=refusal)
    try:
        computed = float(evaluated.compute(entry))
        if computed != computed:
            raise NotConverged("case.no_number", case=entry.table.case, field=entry.table.place("what"))
    except CalcError as error:
        return Figure(entry, None, error=placed(error, entry.table))
    except ArithmeticError as error:
        return Figure(entry, None, error=_too_large(entry.table, error))
    agreement, digits = judge(entry, computed, evaluated.scale)
    return Figure(entry, computed, agreement, digits)


def _too_large(table: Table, error: ArithmeticError) -> InvalidQuantity:
    """Return the refusal of numbers so far apart that a formula leaves the range of floats."""
    field = "what" if table.path else "kind"
    return table.refuse("case.too_large", field, limit="1e308", value=type(error).__name__)


def evaluate_cases(cases: Sequence[Table], context: Context) -> tuple[CaseOutcome, ...]:
    """Return the outcome of every case, in order."""
    return tuple(evaluate_case(case, context) for case in cases)
