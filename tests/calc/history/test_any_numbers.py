"""Whatever numbers decisions, risks and histories get: a typed error, or a result without NaN and infinity."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.decisions.conformity import ToleranceInterval, decide, decide_weight_class
from calc.decisions.global_risk import acceptance_limits, global_risk
from calc.decisions.priors import ArcsinePrior, GammaPrior, NormalPrior, StudentPrior, TrapezoidalPrior
from calc.decisions.risk import decision_value, guard_band_for_risk, specific_probabilities
from calc.errors import CalcError
from calc.history.comparison import en_number, z_prime_score
from calc.history.control_charts import cusum_chart, ewma_chart, individuals_chart, mean_and_s_chart
from calc.history.drift import DriftModel, fit_drift
from calc.history.drift_intervals import interval_to_limits
from calc.history.intervals import a3_interval, staircase_interval
from calc.history.key_comparison import Laboratory, reference_mean, reference_weighted_mean
from calc.history.reliability import fit_reliability
from calc.history.robust import algorithm_a
from calc.history.run_rules import nelson_signals

Numbers = list[float]


def labs(x: Numbers) -> list[Laboratory]:
    return [Laboratory(str(n), a, b) for n, (a, b) in enumerate(zip(x[:4], x[4:], strict=True))]


CALLS: dict[str, Callable[[Numbers], object]] = {
    "decide": lambda x: decide(x[0], x[1], ToleranceInterval(x[2], x[3]), guard_factor=x[4]),
    "weight": lambda x: decide_weight_class(x[0], x[1], x[2]),
    "specific": lambda x: specific_probabilities(x[0], x[1], ToleranceInterval(x[2], x[3]), abs(x[4])),
    "decision value": lambda x: decision_value(x[0], x[1], x[2]),
    "guard band": lambda x: guard_band_for_risk(x[0], x[1], ToleranceInterval(x[2], x[3])),
    "normal": lambda x: global_risk(NormalPrior(x[0], x[1]), x[2], ToleranceInterval(x[3], x[4])),
    "student": lambda x: global_risk(StudentPrior(x[0], x[1], x[5]), x[2], ToleranceInterval(x[3], x[4])),
    "gamma": lambda x: global_risk(GammaPrior(x[0], x[1]), x[2], ToleranceInterval(x[3], x[4])),
    "trapezoidal": lambda x: global_risk(TrapezoidalPrior(x[0], x[1], x[5]), x[2], ToleranceInterval(x[3], x[4])),
    "arcsine": lambda x: global_risk(ArcsinePrior(x[0], x[1]), x[2], ToleranceInterval(None, x[4])),
    "limits": lambda x: acceptance_limits(NormalPrior(x[0], x[1]), x[2], ToleranceInterval(None, x[3]), x[4]),
    "en": lambda x: en_number(x[0], x[1], x[2], x[3], correlation=x[4]),
    "z prime": lambda x: z_prime_score(x[0], x[1], x[2], x[3]),
    "robust": algorithm_a,
    "mean": lambda x: reference_mean(labs(x)),
    "weighted": lambda x: reference_weighted_mean(labs(x), largest_consistent_subset=True),
    "individuals": individuals_chart,
    "s chart": lambda x: mean_and_s_chart([x[:4], x[4:]]),
    "ewma": lambda x: ewma_chart(x, centre=x[0], standard_deviation=x[1], weight=x[2]),
    "cusum": lambda x: cusum_chart(x, target=x[0], allowance=x[1], decision_interval=x[2]),
    "nelson": lambda x: nelson_signals(x, x[0], x[1]),
    "drift": lambda x: fit_drift(x[:4], x[4:], model=DriftModel.QUADRATIC).predict(x[0]),
    "weighted drift": lambda x: fit_drift([0.0, 1.0, 2.0, 3.0], x[:4], x[4:]),
    "to limits": lambda x: interval_to_limits(fit_drift(x[:4], x[4:]), ToleranceInterval(x[0], x[1]), x[2]),
    "staircase": lambda x: staircase_interval(x[0], x[1], x[2], extension=x[3], reduction=x[4]),
    "a3": lambda x: a3_interval(20, 15, x[0], x[1], confidence=x[2]),
    "reliability": lambda x: fit_reliability(x[:2], [20, 30], [18, 20], x[2], confidence=x[3]),
}
plain = st.one_of(st.floats(), st.floats(0.0, 1.0), st.floats(-100.0, 100.0), st.sampled_from([0.0, 1.0, 2.0, 1e-60]))


def faults(value: object, path: str = "") -> list[str]:
    """Return where a result holds a NaN, or an infinity that is no degrees of freedom."""
    if isinstance(value, float):
        unbounded = math.isinf(value) and not path.endswith("degrees_of_freedom")
        return [path] if math.isnan(value) or unbounded else []
    if isinstance(value, tuple | list):
        return [fault for item in value for fault in faults(item, path)]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return [fault for name in names for fault in faults(getattr(value, name), f"{path}.{name}")]
    return []


@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=60)
@given(numbers=st.lists(plain, min_size=8, max_size=8))
def test_a_typed_error_or_finite_numbers(name: str, numbers: list[float]) -> None:
    try:
        result = CALLS[name](numbers)
    except CalcError:
        return
    assert faults(result) == []
