"""Cases of propagation: the law of propagation of first and second order, and of distributions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from calc.cases.facts import Context, Expectation, Extras
from calc.cases.inputs import POINT, Inputs, read_inputs
from calc.cases.kind import Evaluated, Kind, figures
from calc.cases.simulation import PARAMETERS, Simulation, stated_probability
from calc.cases.statistics import stated_rule, truncated_rule
from calc.cases.tables import Table, plain, shortened
from calc.coverage import chosen_coverage_factor
from calc.errors import CalcError
from calc.evaluate import evaluate
from calc.model import compile_model
from calc.quantities import EvaluationWarning, MeasurementResult, OutputResult
from calc.second_order import SecondOrderResult, second_order_of

METHODS: Final = ("lpu1", "lpu2", "mcm")


class Propagation(Evaluated):
    """A propagation case; every method runs once, when a figure first asks for it."""

    def __init__(self, inputs: Inputs, context: Context, entries: Sequence[Expectation]) -> None:
        self.inputs = inputs
        self.context = context
        self.simulation = Simulation(inputs, context, entries)

    @cached_property
    def result(self) -> MeasurementResult:
        """The law of propagation, first order. Source: JCGM 100:2008, 5.1.2 and 5.2.2."""
        return evaluate(self.inputs.model, self.inputs.inputs, seed=self.context.seed)

    @cached_property
    def second(self) -> SecondOrderResult:
        """The law of propagation with second-order terms. Source: JCGM 100:2008, 5.1.2, note."""
        return second_order_of(self.inputs.model, self.inputs.inputs)

    def compute(self, entry: Expectation) -> float:
        """Return one figure by the method that the entry names."""
        try:
            return self._computed(entry)
        except CalcError as error:
            raise _as_given(error, self.inputs) from None

    def _computed(self, entry: Expectation) -> float:
        what, _, names = entry.what.partition(":")
        if what in {"input", "u_input", "r_input"} and names:
            return self._of_inputs(entry, what, names)
        method = entry.table.choice("method", METHODS, "lpu1")
        if what == "correlation":
            return self._correlation(entry, method)
        name = self._name(entry, entry.output)
        if method == "mcm":
            return self.simulation.figure(entry, name)
        output = self.result.output(POINT, name)
        if method == "lpu1":
            return _figure(entry, output, output.combined_standard_uncertainty)
        return _figure(entry, output, self.second.output(POINT, name).standard_uncertainty)

    def _of_inputs(self, entry: Expectation, what: str, names: str) -> float:
        """Return estimate, standard uncertainty or correlation coefficient of inputs."""
        keys = [name.strip() for name in names.split(",")]
        found = [quantity for key in keys if (quantity := self.inputs.quantity(key)) is not None]
        if len(keys) != len(found) or len(keys) != (2 if what == "r_input" else 1):
            raise entry.table.refuse("case.unknown_name", "what", value=plain(names))
        if what == "input":
            return found[0].estimate.value
        if what == "u_input":
            return found[0].estimate.standard_uncertainty
        if keys[0] == keys[1]:
            return 1.0
        given = self.inputs.inputs.correlations
        return next((one.coefficient for one in given if {one.first, one.second} == set(keys)), 0.0)

    def _name(self, entry: Expectation, asked: str | None) -> str:
        """Return the output that is asked of: it may be left out where there is only one."""
        symbols = list(self.inputs.given_names)
        if asked is None:
            if len(symbols) > 1:
                raise entry.table.refuse("case.missing_field", "of")
            return symbols[0]
        symbol = self.inputs.symbol(asked)
        if symbol is None:
            raise entry.table.refuse("case.unknown_name", "of", value=plain(asked))
        return symbol

    def _correlation(self, entry: Expectation, method: str) -> float:
        """Return the correlation coefficient of two outputs. Source: JCGM 102:2011, 6.2."""
        if not isinstance(entry.of, tuple):
            expected = "list of two names"
            raise entry.table.refuse("case.wrong_type", "of", expected=expected, value=shortened(entry.of))
        names = [output.name for output in self.inputs.model.outputs]
        i, j = (names.index(self._name(entry, name)) for name in entry.of)
        if method == "mcm":
            covariance = self.simulation.run(entry.table).covariance
        else:
            covariance = self.second.covariances[POINT] if method == "lpu2" else self.result.covariance
        spread = math.sqrt(covariance[i][i]) * math.sqrt(covariance[j][j])
        if spread == 0.0:
            raise entry.table.refuse("case.relative_to_zero", "what")
        return max(-1.0, min(1.0, covariance[i][j] / spread))

    def extras(self) -> Extras:
        """Return the budgets of first order, the warnings, and the Monte Carlo that was asked for beside the file.

        Where first order has no result (no derivative at the estimate) the figures by other methods still stand; a
        warning with the error's code says so.
        """
        warnings: list[EvaluationWarning] = []
        outputs: tuple[OutputResult, ...] = ()
        try:
            outputs = tuple(self._named(output) for output in self.result.outputs)
            warnings.extend(self.result.warnings)
        except CalcError as error:
            warnings.append(EvaluationWarning(error.code, POINT, str(error.values.get("output", "")), "", {}))
        result = self.result if outputs else None
        try:
            summaries = () if self.context.trials is None else self.simulation.summaries(result)
        except CalcError as error:
            raise _as_given(error, self.inputs) from None
        warnings.extend(self.simulation.warnings)
        given = self.inputs.given_names
        named = tuple(replace(one, output=given.get(one.output, one.output)) for one in warnings)
        summaries = tuple(replace(one, output=given.get(one.output, one.output)) for one in summaries)
        return Extras(outputs, named, summaries)

    def _named(self, output: OutputResult) -> OutputResult:
        """Return a result under the name that the case gives the output."""
        return replace(output, output=self.inputs.given_names.get(output.output, output.output))


def _as_given(error: CalcError, inputs: Inputs) -> CalcError:
    """Return an error with the output under the name that the case gives it."""
    symbols = {
        key: inputs.given_names[value]
        for key in ("output", "name")
        if isinstance(value := error.values.get(key), str) and value in inputs.given_names
    }
    return error.with_values(**symbols) if symbols else error


def _figure(entry: Expectation, output: OutputResult, u: float) -> float:
    """Return one figure of the law of propagation.

    The effective degrees of freedom are those of first order, for which the Welch–Satterthwaite formula is stated; k
    at `p` takes them truncated to an integer (JCGM 100:2008, G.4.1) unless `truncate_dof` is false.
    A `k` that the entry gives is taken as it is.
    """
    table, y = entry.table, output.estimate

    def factor() -> float:
        return chosen_coverage_factor(output.effective_degrees_of_freedom, stated_rule(table))

    def expanded() -> float:
        return (table.number("k") if "k" in table else factor()) * u

    return figures(
        entry,
        {
            "estimate": lambda: y,
            "u": lambda: u,
            "rel_u": lambda: _relative(entry, u, y),
            "dof": lambda: output.effective_degrees_of_freedom,
            "k": factor,
            "U": expanded,
            "low": lambda: y - expanded(),
            "high": lambda: y + expanded(),
        },
    )


def _relative(entry: Expectation, part: float, whole: float) -> float:
    """Return `part` relative to the size of `whole`; refused where that is 0."""
    if whole == 0.0:
        raise entry.table.refuse("case.relative_to_zero", "what")
    return part / abs(whole)


def _propagation(case: Table, context: Context, entries: Sequence[Expectation]) -> Evaluated:
    truncated = case.flag("truncate_dof", True)
    inputs = read_inputs(case, truncated_rule(stated_probability(entries), truncated))
    try:
        compile_model(inputs.model)  # a model at fault refuses the case, not each of its figures
    except CalcError as error:
        raise _as_given(error, inputs) from None
    return Propagation(inputs, context, entries)


KINDS: Final = (
    Kind(
        "propagation",
        frozenset({"model", "input", "correlation", "joint_series"}),
        PARAMETERS | {"method", "k", "truncate_dof"},
        _propagation,
    ),
)
