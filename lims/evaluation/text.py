"""The outcome of `lims evaluate` for a reader: results, budgets, figures beside what was published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from calc.cases.facts import Agreement, CaseOutcome, Figure, MonteCarloSummary
from calc.errors import CalcError
from calc.quantities import BudgetLine, EvaluationWarning, OutputResult
from calc.reporting import significant
from calc.rounding import coverage_factor_text, probability_text, round_to_decimals
from lims import messages
from lims.core import reader
from lims.core.messages import known_codes, label
from lims.evaluation.messages import LABELS

_FIGURE_DIGITS: Final = 10
_BUDGET_DIGITS: Final = 6
_GAP: Final = "  "


def printable(text: object) -> str:
    """Return text without what would move a terminal's cursor or change its colours."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(text))


def words_of(error: CalcError) -> str:
    """Return what a calculation refuses: the field and the input or output, the rule, its clause in parentheses."""
    values = {name: printable(value) for name, value in error.values.items()}
    expected = f"evaluate.expected.{values.get('expected')}"
    if expected in LABELS:
        values["expected"] = label(expected)
    words = messages.words(error.code, values)
    for name in ("output", "name", "field"):
        named = values.get(name, "")
        if named and not re.search(rf"(?<![\w.-]){re.escape(named)}(?![\w-])", words):
            words = f"{named}: {words}"
    return f"{words} ({error.clause})" if error.clause else words


def lines_of(outcome: CaseOutcome) -> Iterator[str]:
    """Return one case as lines."""
    yield printable(f"{outcome.identifier}: {outcome.title}" if outcome.title else outcome.identifier)
    about = [text for text in (outcome.source, outcome.kind, outcome.unit) if text]
    yield f"  {printable(' · '.join(about))}"
    for output in outcome.extras.outputs:
        yield f"  {_result(output)}"
    for output in outcome.extras.outputs:
        if output.budget:
            yield from _budget(output, several=len(outcome.extras.outputs) > 1)
    for summary in outcome.extras.monte_carlo:
        yield from (f"  {line}" for line in _monte_carlo(summary))
    if outcome.figures:
        yield from _table([_headings("figure", "computed", "published", "verdict"), *map(_figure, outcome.figures)])
    for warning in outcome.extras.warnings:
        yield f"  {messages.words('evaluate.warning', {'words': _warning(warning)})}"
    yield ""


def _shown(number: float, digits: int = _BUDGET_DIGITS) -> str:
    return significant(number, digits, reader.spoken())


def _headings(*names: str) -> list[str]:
    return [label(f"evaluate.{name}") for name in names]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return rows with columns aligned: the first to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"    {_GAP.join(cells)}".rstrip()


def _result(output: OutputResult) -> str:
    language = reader.spoken()
    values = {
        "output": printable(output.output),
        "estimate": _shown(output.estimate, _FIGURE_DIGITS),
        "u": _shown(output.combined_standard_uncertainty),
        "nu": _shown(output.effective_degrees_of_freedom, 4),
        "k": coverage_factor_text(output.coverage_factor, language),
        "probability": probability_text(output.coverage_probability, language),
        "expanded": _shown(output.expanded_uncertainty),
    }
    return messages.words("evaluate.result", values)


def _budget(output: OutputResult, *, several: bool) -> Iterator[str]:
    rows = [[*_headings("quantity", "estimate"), "u", *_headings("distribution"), "ν", "c", "c·u", *_headings("share")]]
    if several:
        yield f"  {printable(output.output)}"
    rows.extend(_budget_row(line) for line in output.budget)
    yield from _table(rows)


def _budget_row(line: BudgetLine) -> list[str]:
    return [
        printable(line.key),
        _shown(line.estimate, _FIGURE_DIGITS),
        _shown(line.standard_uncertainty),
        label(line.distribution),
        _shown(line.degrees_of_freedom, 4),
        _shown(line.sensitivity_coefficient),
        _shown(line.contribution),
        f"{_shown(float(round_to_decimals(100.0 * line.share, 1)))} %",
    ]


def _monte_carlo(summary: MonteCarloSummary) -> Iterator[str]:
    language = reader.spoken()
    values = {
        "output": printable(summary.output),
        "trials": _shown(float(summary.trials), 12),
        "estimate": _shown(summary.estimate, _FIGURE_DIGITS),
        "u": _shown(summary.standard_uncertainty),
        "probability": probability_text(summary.coverage_probability, language),
        "interval": label(f"evaluate.{summary.interval}"),
        "low": _shown(summary.low),
        "high": _shown(summary.high),
    }
    yield messages.words("evaluate.monte_carlo", values)
    compared = summary.validation
    if compared is not None:
        numbers = {"low": compared.d_low, "high": compared.d_high, "tolerance": compared.tolerance}
        shown = {name: _shown(number, 3) for name, number in numbers.items()}
        yield messages.words("evaluate.validated" if compared.valid else "evaluate.not_validated", shown)


def _figure(figure: Figure) -> list[str]:
    entry = figure.entry
    published = ""
    if entry.value is not None:
        sign = "" if entry.operator == "=" else f"{entry.operator} "
        published = sign + _shown(entry.value, 15)
    computed = "" if figure.computed is None else _shown(figure.computed, _FIGURE_DIGITS)
    return [name_of(figure), computed, published, _verdict(figure)]


def name_of(figure: Figure) -> str:
    """Return what is asked, with its parameters: "U(l), p = 0.99"."""
    entry = figure.entry
    if not entry.what:
        return printable(entry.table.path)
    of = ", ".join(entry.of) if isinstance(entry.of, tuple) else entry.of
    asked = f"{entry.what}({of})" if of else entry.what
    parameters = [f"{name} = {_parameter(value)}" for name, value in entry.parameters.items() if name != "trials"]
    return printable(", ".join([asked, *parameters]))


def _parameter(value: object) -> str:
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        number = float(value)
        return str(value) if number != number else _shown(number, 6)
    return str(value)[:40]


def _verdict(figure: Figure) -> str:
    if figure.error is not None:
        return label("evaluate.not_computed")
    if figure.agreement is None:
        return ""
    if figure.agreement is Agreement.DIGITS and figure.digits is not None:
        return f"{label('evaluate.digits')}: {_shown(figure.digits, 3)}"
    return label(f"evaluate.{figure.agreement.value}")


def _warning(warning: EvaluationWarning) -> str:
    values: Mapping[str, object] = {"name": printable(warning.name), "output": warning.output, "code": warning.code}
    code = f"evaluation_warning.{warning.code}"
    if code in known_codes():
        return messages.words(code, values)
    if warning.code in known_codes():
        return messages.words(warning.code, {**values, **warning.numbers, "point": warning.point, "text": ""})
    return f"{warning.code} {printable(warning.name)}".strip()
