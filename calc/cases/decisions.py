"""Cases of conformity: specific risks of one measured value, global risks of a process that is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from calc.cases.facts import Context, Expectation
from calc.cases.kind import Evaluated, Kind, figures
from calc.cases.tables import Table
from calc.decisions.conformity import ToleranceInterval
from calc.decisions.global_risk import acceptance_limits, global_risk
from calc.decisions.priors import GammaPrior, NormalPrior, normal_prior_from_conformance
from calc.decisions.risk import (
    Risk,
    conformance_probability,
    decision_value,
    greatest_false_accept,
    guard_band_for_risk,
)


def _tolerance(table: Table) -> ToleranceInterval:
    return ToleranceInterval(table.optional("lower"), table.optional("upper"))


@dataclass(frozen=True, slots=True)
class Decision(Evaluated):
    """One measured value, or a rule, and the risks that go with it. An entry's own parameters win over the case's."""

    case: Table

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: JCGM 106:2012, 7 and 8; ILAC-G8:09/2019, table 1."""
        table = entry.table.over(self.case)
        return figures(
            entry,
            {
                "p_conform": lambda: self._conformance(table),
                "false_accept_max_ppm": lambda: self._greatest_false_accept(table),
                "decision_value": lambda: self._decision_value(table),
            },
        )

    @staticmethod
    def _conformance(table: Table) -> float:
        u = standard_uncertainty(table)
        return conformance_probability(table.number("y"), u, _tolerance(table), table.degrees_of_freedom())

    @staticmethod
    def _greatest_false_accept(table: Table) -> float:
        factor, k = table.number("guard_factor"), table.number("k", 2.0)
        return 1e6 * greatest_false_accept(factor, k, table.degrees_of_freedom()).probability

    @staticmethod
    def _decision_value(table: Table) -> float:
        """Return the indication from which the limit is exceeded; u is relative to the indication, or constant."""
        probability, degrees = table.between("p", 0.0, 1.0), table.degrees_of_freedom()
        if "rel_u" in table:
            return decision_value(table.number("upper"), table.number("rel_u"), probability, degrees)
        if "upper" in table:
            upper = table.number("upper")
            beyond = ToleranceInterval(None, upper)
            return upper - guard_band_for_risk(probability, standard_uncertainty(table), beyond, degrees)
        lower = table.number("lower")
        beyond = ToleranceInterval(lower, None)
        return lower + guard_band_for_risk(probability, standard_uncertainty(table), beyond, degrees)


def standard_uncertainty(table: Table) -> float:
    """Return u as given, or U/k."""
    if "u" in table and "U" in table:
        raise table.refuse("case.conflict", "u", other="U")
    if "U" in table:
        k = table.number("k")
        if k <= 0.0:
            raise table.refuse("case.out_of_range", "k", lower=0, upper="1e308", value=k)
        return table.number("U") / k
    return table.number("u")


def _prior(table: Table) -> tuple[NormalPrior | GammaPrior, float]:
    """Return the state of knowledge about the item before it is measured, and its standard deviation."""
    kind = table.choice("dist", ("normal", "gamma", "normal_itp"))
    table.only({"dist", *{"normal": ("mean", "s"), "gamma": ("shape", "rate"), "normal_itp": ("itp",)}[kind]})
    if kind == "gamma":
        gamma = GammaPrior(table.number("shape"), table.number("rate"))
        return gamma, math.sqrt(gamma.shape) / gamma.rate
    if kind == "normal":
        normal = NormalPrior(table.number("mean", 0.0), table.number("s"))
    else:
        normal = normal_prior_from_conformance(table.between("itp", 0.0, 1.0))
    return normal, normal.standard_deviation


@dataclass(frozen=True, slots=True)
class Process(Evaluated):
    """Items drawn from a process, measured with a known standard uncertainty, accepted within limits."""

    prior: NormalPrior | GammaPrior
    measurement_standard_uncertainty: float
    tolerance: ToleranceInterval
    case: Table

    def compute(self, entry: Expectation) -> float:
        """Return one figure. Source: JCGM 106:2012, 9.5."""
        if entry.what in {"accept_upper", "accept_lower"}:
            return self._limit(entry)
        table = entry.table.over(self.case)
        lower = table.optional("accept_lower") if "accept_lower" in table else self.tolerance.lower
        upper = table.optional("accept_upper") if "accept_upper" in table else self.tolerance.upper
        risk = global_risk(
            self.prior, self.measurement_standard_uncertainty, self.tolerance, ToleranceInterval(lower, upper)
        )
        return figures(
            entry,
            {
                "p_nonconforming": lambda: risk.nonconforming.probability,
                "consumer_risk": lambda: risk.consumer.probability,
                "consumer_risk_conditional": lambda: self._conditional(entry, risk.consumer_conditional),
                "producer_risk": lambda: risk.producer.probability,
                "producer_risk_conditional": lambda: self._conditional(entry, risk.producer_conditional),
            },
        )

    @staticmethod
    def _conditional(entry: Expectation, risk: Risk | None) -> float:
        if risk is None:  # nothing is accepted, or nothing rejected
            raise entry.table.refuse("case.relative_to_zero", "what")
        return risk.probability

    def _limit(self, entry: Expectation) -> float:
        """Return the acceptance limit that meets a consumer's risk."""
        wanted = entry.table.between("consumer_risk", 0.0, 1.0)
        limits = acceptance_limits(self.prior, self.measurement_standard_uncertainty, self.tolerance, wanted)
        found = limits.upper if entry.what == "accept_upper" else limits.lower
        if found is None:
            raise entry.table.refuse("case.unknown_name", "what", value=entry.what)
        return found


def _global_risk(case: Table, _context: Context, _entries: Sequence[Expectation]) -> Evaluated:
    prior, deviation = _prior(case.table("prior"))
    if "u_m_over_prior_s" in case:
        if "u_m" in case:
            raise case.refuse("case.conflict", "u_m", other="u_m_over_prior_s")
        u = case.number("u_m_over_prior_s") * deviation
    else:
        u = case.number("u_m")
    return Process(prior, u, _tolerance(case), case)


_LIMITS: Final = frozenset({"lower", "upper"})

KINDS: Final = (
    Kind(
        "conformity",
        _LIMITS | {"y", "u", "U", "k", "dof", "guard_factor", "rel_u", "p"},
        _LIMITS | {"y", "u", "U", "k", "dof", "guard_factor", "rel_u", "p"},
        lambda case, _context, _entries: Decision(case),
    ),
    Kind(
        "global_risk",
        _LIMITS | {"prior", "u_m", "u_m_over_prior_s", "accept_lower", "accept_upper"},
        frozenset({"consumer_risk", "accept_lower", "accept_upper"}),
        _global_risk,
    ),
)
