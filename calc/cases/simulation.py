"""The propagation of distributions in a case: one Monte Carlo answers every figure of the same number of trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from calc.cases.facts import Context, Expectation, MonteCarloSummary
from calc.cases.inputs import POINT, Inputs
from calc.cases.kind import figures
from calc.cases.tables import Table
from calc.errors import CalcError
from calc.monte_carlo import MonteCarloOutput, MonteCarloResult, monte_carlo
from calc.quantities import EvaluationWarning, MeasurementResult
from calc.trials.coverage_intervals import CoverageInterval, IntervalKind
from calc.validation import validate

PARAMETERS: Final = frozenset({"trials", "interval", "p"})
DEFAULT_TRIALS: Final = 1_000_000  # JCGM 101:2008, 7.2.3: as a rule 95 % intervals to one or two digits
MOST_TRIALS: Final = 100_000_000
DEFAULT_PROBABILITY: Final = 0.9545
_INTERVALS: Final = tuple(str(kind.value) for kind in IntervalKind)


class Simulation:
    """Monte Carlo of a case, run when a figure first needs it."""

    def __init__(self, inputs: Inputs, context: Context, entries: Sequence[Expectation]) -> None:
        self.inputs = inputs
        self.context = context
        self.entries = entries
        self._results: dict[int, MonteCarloResult] = {}

    @property
    def warnings(self) -> tuple[EvaluationWarning, ...]:
        """What the reviewer should know about the runs there were."""
        found = [warning for result in self._results.values() for warning in result.warnings]
        if self._results:
            names = self.inputs.normal_by_default
            found.extend(EvaluationWarning("case.degrees_not_drawn", POINT, "", name, {}) for name in names)
        return tuple(warning for index, warning in enumerate(found) if warning not in found[:index])

    def run(self, table: Table) -> MonteCarloResult:
        """Return the run with the number of trials of an entry, or of the command where it names one."""
        return self._run(self.context.trials or table.integer("trials", 2, MOST_TRIALS, DEFAULT_TRIALS))

    def _run(self, trials: int) -> MonteCarloResult:
        if trials not in self._results:
            self._results[trials] = monte_carlo(
                self.inputs.model,
                self.inputs.inputs,
                trials=trials,
                seed=self.context.seed,
                coverage_probabilities=self._probabilities(),
                scaled_t=False,
            )
        return self._results[trials]

    def _probabilities(self) -> tuple[float, ...]:
        """Return every probability that the case asks about, so that one run answers all."""
        asked = {p for p in map(_probability, self.entries) if p is not None}
        return tuple(sorted(asked | {stated_probability(self.entries)}))

    def figure(self, entry: Expectation, name: str) -> float:
        """Return one figure of output `name`. Source: JCGM 101:2008, 7.6 and 7.7."""
        table = entry.table
        output = self.run(table).output(POINT, name)
        y, u = output.estimate, output.standard_uncertainty

        def interval() -> CoverageInterval:
            kind = IntervalKind(table.choice("interval", _INTERVALS, "symmetric"))
            return output.interval(table.between("p", 0.0, 1.0), kind)

        def expanded() -> float:
            return table.number("k") * u if _only_factor(table) else 0.5 * (interval().high - interval().low)

        def ratio(part: Callable[[], float], whole: float) -> float:
            if whole == 0.0:
                raise table.refuse("case.relative_to_zero", "what")
            return part() / abs(whole)

        if entry.what == "dof":
            raise table.refuse("case.method", "what", value="dof", method="mcm")
        return figures(
            entry,
            {
                "estimate": lambda: y,
                "u": lambda: u,
                "rel_u": lambda: ratio(lambda: u, y),
                "k": lambda: ratio(expanded, u),
                "U": expanded,
                "low": lambda: y - expanded() if _only_factor(table) else interval().low,
                "high": lambda: y + expanded() if _only_factor(table) else interval().high,
            },
        )

    def summaries(self, propagated: MeasurementResult | None) -> tuple[MonteCarloSummary, ...]:
        """Return Monte Carlo beside the law of propagation with the comparison of JCGM 101:2008, clause 8.

        The interval is the first that the case asks about, else symmetric, for the case's probability. Where there is
        no first-order result there is nothing to compare with.
        """
        simulated = self._run(self.context.trials or DEFAULT_TRIALS)
        asked = [entry.table.fields.get("interval") for entry in self.entries]
        kind = next((IntervalKind(str(one)) for one in asked if one in _INTERVALS), IntervalKind.SYMMETRIC)
        found = []
        for definition in self.inputs.model.outputs:
            output = simulated.output(POINT, definition.name)
            found.append(self._summary(output, simulated, propagated, kind))
        return tuple(found)

    def _summary(
        self,
        output: MonteCarloOutput,
        simulated: MonteCarloResult,
        propagated: MeasurementResult | None,
        kind: IntervalKind,
    ) -> MonteCarloSummary:
        interval = output.interval(stated_probability(self.entries), kind)
        compared = () if propagated is None else validate(propagated, simulated, kind=kind)
        validation = next((one for one in compared if one.output == output.output), None)
        return MonteCarloSummary(
            output=output.output,
            trials=simulated.trials,
            seed=simulated.seed,
            estimate=output.estimate,
            standard_uncertainty=output.standard_uncertainty,
            coverage_probability=interval.coverage_probability,
            interval=str(kind.value),
            low=interval.low,
            high=interval.high,
            validation=validation,
        )


def stated_probability(entries: Sequence[Expectation]) -> float:
    """Return the coverage probability of a case's statements: the first that it asks about, else 0.9545."""
    return next((p for p in map(_probability, entries) if p is not None), DEFAULT_PROBABILITY)


def _only_factor(table: Table) -> bool:
    """Return whether an entry gives a factor k and no probability."""
    return "k" in table and "p" not in table


def _probability(entry: Expectation) -> float | None:
    """Return the probability that an entry asks about; a wrong one is refused where its figure is computed."""
    try:
        return entry.table.between("p", 0.0, 1.0) if "p" in entry.table else None
    except CalcError:
        return None
