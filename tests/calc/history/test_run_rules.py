"""Nelson's rules: each is met by the shortest run that meets it, and not by one point less."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.errors import InvalidQuantity
from calc.history.control_charts import Rule, Signal
from calc.history.run_rules import EXPLANATIONS, NELSON, nelson_signals

RUNS = {
    Rule.NELSON_1: [3.1],
    Rule.NELSON_2: [0.5, 0.4, 0.5, 0.4, 0.5, 0.4, 0.5, 0.4, 0.5],
    Rule.NELSON_3: [-0.5, -0.3, -0.1, 0.1, 0.3, 0.5],
    Rule.NELSON_4: [0.3, -0.3] * 7,
    Rule.NELSON_5: [2.1, 0.0, 2.1],
    Rule.NELSON_6: [1.5, 1.2, 0.0, 1.4, 1.1],
    Rule.NELSON_7: [0.5, 0.2, -0.5, -0.6, 0.4] * 3,
    Rule.NELSON_8: [1.5, -1.5, -1.2, 1.5, 1.2, -1.5, -1.1, 1.5],
}


@pytest.mark.parametrize("rule", NELSON)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_shortest_run(rule: Rule, sign: float) -> None:
    run = RUNS[rule]
    found = nelson_signals([7.0 + 2.0 * sign * z for z in run], 7.0, 2.0)
    assert found == (Signal(rule, len(run) - 1, len(run)),)
    assert nelson_signals([sign * z for z in run[1:]], 0.0, 1.0, [rule]) == ()
    assert nelson_signals([sign * z for z in run], 0.0, 1.0, [other for other in NELSON if other != rule]) == ()


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (Rule.NELSON_1, [3.0]),
        (Rule.NELSON_2, [0.5] * 8 + [0.0]),
        (Rule.NELSON_3, [-0.5, -0.3, -0.1, 0.1, 0.1, 0.5]),
        (Rule.NELSON_4, [0.3, -0.3] * 6 + [0.3, 0.3]),
        (Rule.NELSON_5, [2.1, 0.0, -2.1]),
        (Rule.NELSON_5, [2.1, 2.1, 0.0]),
        (Rule.NELSON_6, [1.5, 1.2, 1.3, 1.4, 0.5]),
        (Rule.NELSON_7, [0.5] * 14 + [1.1]),
        (Rule.NELSON_8, [1.5] * 8),
    ],
)
def test_runs_that_just_fail(rule: Rule, broken: list[float]) -> None:
    signals = nelson_signals(broken, 0.0, 1.0, [rule])
    assert [signal for signal in signals if signal.index == len(broken) - 1] == []


def test_a_longer_run_signals_at_each_further_point() -> None:
    found = nelson_signals([0.5] * 11, 0.0, 1.0, [Rule.NELSON_2])
    assert [signal.index for signal in found] == [8, 9, 10]


def test_every_rule_is_explained() -> None:
    assert set(EXPLANATIONS) == set(Rule)


def test_false_alarms_of_the_first_rule() -> None:
    values = np.random.default_rng(3).normal(size=200_000).tolist()
    found = nelson_signals(values, 0.0, 1.0, [Rule.NELSON_1])
    assert len(found) / 200_000 == pytest.approx(0.0027, abs=0.0005)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: nelson_signals([1.0], 0.0, 0.0), "quantity.not_positive"),
        (lambda: nelson_signals([math.nan], 0.0, 1.0), "quantity.not_finite"),
        (lambda: nelson_signals([1.0], math.inf, 1.0), "quantity.not_finite"),
        (lambda: nelson_signals([1.0], 0.0, 1.0, [Rule.ABOVE_LIMIT]), "quantity.parameter_unknown"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert refused.value.code == code


@given(st.lists(st.floats(-4, 4), max_size=40), st.integers(-9, 9))
def test_mirrored_and_rescaled(values: list[float], power: int) -> None:
    found = nelson_signals(values, 0.0, 1.0)
    assert nelson_signals([-value for value in values], 0.0, 1.0) == found
    assert nelson_signals([value * 2.0**power for value in values], 0.0, 2.0**power) == found
