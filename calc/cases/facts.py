"""What a case is before it is evaluated and what comes out of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from calc.cases.tables import Table, plain
from calc.errors import CalcError
from calc.quantities import EvaluationWarning, OutputResult
from calc.validation import Validation

Load = Callable[[str], Sequence[Sequence[str]]]
"""Returns the rows of a data file by its name, column names first; raises CalcError where there is none."""

ENTRY_FIELDS: Final = frozenset({"what", "of", "value", "tol", "op", "comment"})
_NOT_ECHOED: Final = frozenset({"what", "of", "value", "tol", "op", "comment"})
_SLACK: Final = 1e-9  # of a tolerance that was itself written in decimals


class Agreement(StrEnum):
    """How a computed figure compares with the published one; `digits`: see `judge`."""

    MET = "met"
    DIGITS = "digits"
    NOT_MET = "not_met"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One `expect` entry: what is asked of which output, with its parameters, and what was published (if stated)."""

    table: Table
    what: str
    of: str | tuple[str, str] | None
    value: float | None = None
    tolerance: float = 0.0
    operator: str = "="

    @property
    def parameters(self) -> dict[str, object]:
        """The further fields of the entry, and those taken over from its case, as they stand in the file."""
        return {name: value for name, value in self.table.fields.items() if name not in _NOT_ECHOED}

    @property
    def output(self) -> str | None:
        """The one output that is asked of; refused where a pair is named."""
        if isinstance(self.of, tuple):
            raise self.table.refuse("case.wrong_type", "of", expected="text", value=repr(list(self.of)))
        return self.of

    def unknown(self) -> CalcError:
        """Return the error for a figure that this kind of case does not give."""
        return self.table.refuse("case.unknown_what", "what", value=plain(self.what))


@dataclass(frozen=True, slots=True)
class Context:
    """What an evaluation is given besides the case.

    `load` reads data files; `seed` (from 0 upward) and `trials` belong to Monte Carlo: `trials` overrides those of the
    file and adds a Monte Carlo to every case that has a model; None leaves both as the file says.
    """

    load: Load
    seed: int = 0
    trials: int | None = None


@dataclass(frozen=True, slots=True)
class MonteCarloSummary:
    """What a Monte Carlo of one output gave, and whether the law of propagation agrees with it (JCGM 101, clause 8).

    Estimate, standard uncertainty and interval ends are in the output's unit; `validation` is None where the law of
    propagation has no result.
    """

    output: str
    trials: int
    seed: int
    estimate: float
    standard_uncertainty: float
    coverage_probability: float
    interval: str
    low: float
    high: float
    validation: Validation | None


@dataclass(frozen=True, slots=True)
class Extras:
    """What a case shows besides the figures asked for: budgets, warnings, Monte Carlo summaries."""

    outputs: tuple[OutputResult, ...] = ()
    warnings: tuple[EvaluationWarning, ...] = ()
    monte_carlo: tuple[MonteCarloSummary, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what was asked, what was computed (None where `error` says why not), and how it compares."""

    entry: Expectation
    computed: float | None
    agreement: Agreement | None = None
    digits: float | None = None
    error: CalcError | None = None


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """An evaluated case: figures in the order they were asked for; `error` where the case itself is refused."""

    identifier: str
    title: str
    kind: str
    unit: str
    source: str
    figures: tuple[Figure, ...] = ()
    extras: Extras = Extras()
    error: CalcError | None = None

    @property
    def refused(self) -> bool:
        """Whether the case or one of its figures could not be computed."""
        return self.error is not None or any(figure.error is not None for figure in self.figures)


def correct_digits(computed: float, certified: float, scale: float) -> float:
    """Return the number of correct significant digits, -log10 of the relative error, at most 15.

    A certified 0 counts by the error relative to `scale`, the size of the data. Source: NIST StRD; McCullough, The
    American Statistician 52 (1998) 358.
    """
    error = abs(computed - certified)
    reference = abs(certified) or scale
    return 15.0 if error == 0.0 or reference == 0.0 else min(15.0, max(0.0, -math.log10(error / reference)))


def judge(entry: Expectation, computed: float, scale: float) -> tuple[Agreement | None, float | None]:
    """Return how a figure compares with the published one, and for regressions the digits reached.

    Within `tol` (or on the right side of a bound) is met. A tolerance finer than a double can state, 1e-12 of the
    value, belongs to extended precision: there the digits count, and at least 9 are asked for (8 would do for sets of
    higher difficulty, which the file does not mark). None where nothing was published.
    """
    if entry.value is None:
        return None, None
    value, slack = entry.value, entry.tolerance * (1.0 + _SLACK)
    if entry.operator == "<":
        return Agreement.MET if computed < value + slack else Agreement.NOT_MET, None
    if entry.operator == "<=":
        return Agreement.MET if computed <= value + slack else Agreement.NOT_MET, None
    if computed == value or abs(computed - value) <= slack:
        return Agreement.MET, None
    if 0.0 < entry.tolerance <= 1e-12 * (abs(value) or scale):
        digits = correct_digits(computed, value, scale)
        return Agreement.DIGITS if digits >= 9.0 else Agreement.NOT_MET, digits
    return Agreement.NOT_MET, None
