"""The outcome of `lims evaluate` as one JSON document. Infinity is the text "inf"; there is no NaN in a result."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from calc.cases.facts import CaseOutcome, Figure, MonteCarloSummary
from calc.errors import CalcError
from calc.quantities import BudgetLine, EvaluationWarning, OutputResult

Words = Callable[[CalcError], str]


def as_document(outcomes: Iterable[CaseOutcome], words: Words, trials: int | None = None) -> str:
    """Return all cases as one document, in order.

    `words` says what is wrong in the reader's language; `trials` are those that were run in place of the file's.
    """
    cases = [_case(outcome, words, trials) for outcome in outcomes]
    return json.dumps({"cases": cases}, ensure_ascii=False, allow_nan=False)


def _case(outcome: CaseOutcome, words: Words, trials: int | None) -> dict[str, object]:
    extras = outcome.extras
    document: dict[str, object] = {
        "id": outcome.identifier,
        "kind": outcome.kind,
        "results": [_figure(figure, words, trials) for figure in outcome.figures],
        "budget": [_line(output, line) for output in extras.outputs for line in output.budget],
        "warnings": [_warning(warning) for warning in extras.warnings],
    }
    if extras.monte_carlo:
        document["monte_carlo"] = [_summary(summary) for summary in extras.monte_carlo]
    if outcome.error is not None:
        document["error"] = _error(outcome.error, words)
    return document


def _figure(figure: Figure, words: Words, trials: int | None) -> dict[str, object]:
    entry = figure.entry
    document: dict[str, object] = {"what": entry.what, "of": _plain(entry.of), "computed": _plain(figure.computed)}
    document.update((name, _plain(value)) for name, value in entry.parameters.items() if name not in document)
    if trials is not None and "trials" in document:
        document["trials"] = trials
    if figure.error is not None:
        document["error"] = _error(figure.error, words)
    return document


def _error(error: CalcError, words: Words) -> dict[str, object]:
    values = {name: _plain(value) for name, value in error.values.items()}
    return {"code": error.code, "message": words(error), "clause": error.clause, "values": values}


def _line(output: OutputResult, line: BudgetLine) -> dict[str, object]:
    return {
        "output": output.output,
        "input": line.key,
        "estimate": _plain(line.estimate),
        "standard_uncertainty": _plain(line.standard_uncertainty),
        "distribution": str(line.distribution.value),
        "evaluation": str(line.evaluation.value),
        "degrees_of_freedom": _plain(line.degrees_of_freedom),
        "sensitivity_coefficient": _plain(line.sensitivity_coefficient),
        "contribution": _plain(line.contribution),
        "share": _plain(line.share),
    }


def _warning(warning: EvaluationWarning) -> dict[str, object]:
    numbers = {name: _plain(number) for name, number in warning.numbers.items()}
    return {"code": warning.code, "output": warning.output, "name": warning.name, "numbers": numbers}


def _summary(summary: MonteCarloSummary) -> dict[str, object]:
    compared = summary.validation
    validation: dict[str, object] | None = None
    if compared is not None:
        validation = {
            "tolerance": _plain(compared.tolerance),
            "difference_low": _plain(compared.d_low),
            "difference_high": _plain(compared.d_high),
            "valid": compared.valid,
        }
    return {
        "output": summary.output,
        "trials": summary.trials,
        "seed": summary.seed,
        "estimate": _plain(summary.estimate),
        "u": _plain(summary.standard_uncertainty),
        "p": _plain(summary.coverage_probability),
        "interval": summary.interval,
        "low": _plain(summary.low),
        "high": _plain(summary.high),
        "validation": validation,
    }


def _plain(value: object) -> object:
    """Return a value as JSON has it: numbers in full, infinity and whatever JSON does not know as text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)
