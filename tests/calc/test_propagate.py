"""The law at one point: published figures, one kernel with `evaluate`, no order that matters, refusals by name."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.batch import propagate_many
from calc.errors import InvalidQuantity, OutsideValidity
from calc.evaluate import evaluate
from calc.model import CompiledModel, CoverageRule, InputDefinition, MeasurementModel, OutputDefinition, compile_model
from calc.propagation import OutputPropagation, propagate
from calc.quantities import Correlation
from tests.bench import gauge_block

INF = math.inf


def compiled(expression: str, symbols: str, rule: CoverageRule | None = None) -> CompiledModel:
    inputs = tuple(InputDefinition(symbol, "1") for symbol in symbols.split())
    return compile_model(
        MeasurementModel((OutputDefinition("y", expression, "1"),), inputs, (), rule or CoverageRule())
    )


def one(
    expression: str,
    symbols: str,
    x: list[float],
    u: list[float],
    nu: list[float] | None = None,
    correlations: tuple[Correlation, ...] = (),
) -> OutputPropagation:
    return propagate(compiled(expression, symbols), x, u, nu, correlations)[0]


def test_gauge_block_of_the_gum() -> None:
    model = compile_model(gauge_block.MODEL)
    (found,) = propagate(
        model, gauge_block.ESTIMATES, gauge_block.STANDARD_UNCERTAINTIES, gauge_block.DEGREES_OF_FREEDOM
    )
    assert found.estimate == pytest.approx(50_000_838.0, abs=0.5)  # JCGM 100:2008, H.1.7
    assert found.combined_standard_uncertainty == pytest.approx(32.0, abs=0.5)  # H.1.4
    assert math.floor(found.effective_degrees_of_freedom) == 16  # H.1.6
    assert found.coverage_factor == pytest.approx(2.92, abs=0.02)  # t_99(16), H.1.6
    by_symbol = dict(zip(model.symbols, found.contributions, strict=True))
    for symbol, nanometres in {"lS": 25.0, "d": 5.8, "d1": 3.9, "d2": 6.7, "dalpha": 2.9, "dtheta": -16.6}.items():
        assert by_symbol[symbol] == pytest.approx(nanometres, abs=0.05)  # H.1.3 and table H.1, sign of c_i


def test_evaluation_has_the_same_bits() -> None:
    model = compile_model(gauge_block.MODEL)
    (found,) = propagate(
        model, gauge_block.ESTIMATES, gauge_block.STANDARD_UNCERTAINTIES, gauge_block.DEGREES_OF_FREEDOM
    )
    output = evaluate(gauge_block.MODEL, gauge_block.INPUTS, seed=0).outputs[0]
    assert output.estimate == found.estimate
    assert output.combined_standard_uncertainty == found.combined_standard_uncertainty
    assert output.effective_degrees_of_freedom == found.effective_degrees_of_freedom
    assert output.expanded_uncertainty == found.expanded_uncertainty
    assert tuple(line.contribution for line in output.budget) == found.contributions


sizes = st.floats(0.01, 3.0)


@given(st.lists(st.tuples(sizes, sizes, st.floats(1.0, 60.0)), min_size=5, max_size=5), st.randoms())
def test_no_order_of_inputs_changes_a_bit(rows: list[tuple[float, float, float]], shuffler: random.Random) -> None:
    symbols = list("abcde")
    numbers = dict(zip(symbols, rows, strict=True))
    correlations = [Correlation("a", "c", 0.5), Correlation("e", "c", -0.25), Correlation("b", "d", 1.0)]
    found = []
    for _ in range(2):
        model = compiled("a*b - c/d + exp(-e)*a + c*e", " ".join(symbols))
        x, u, nu = zip(*(numbers[symbol] for symbol in symbols), strict=True)
        (alone,) = propagate(model, x, u, nu, correlations)
        batch = propagate_many(model, np.array([x, x]).T.copy(), u, nu, correlations)
        by_symbol = dict(zip(symbols, alone.contributions, strict=True))
        figures = [alone.estimate, alone.combined_standard_uncertainty, alone.effective_degrees_of_freedom]
        assert batch.combined_standard_uncertainties[0, 1] == alone.combined_standard_uncertainty
        assert batch.effective_degrees_of_freedom[0, 1] == alone.effective_degrees_of_freedom
        found.append((figures, by_symbol))
        shuffler.shuffle(symbols)
        turned = [(pair.first, pair.second)[:: shuffler.choice((1, -1))] for pair in correlations]
        correlations = [
            Correlation(first, second, pair.coefficient)
            for (first, second), pair in zip(turned, correlations, strict=True)
        ]
        shuffler.shuffle(correlations)
    assert found[0] == found[1]


@given(
    st.lists(sizes, min_size=3, max_size=3),
    st.floats(-0.45, 0.9).filter(bool),
    st.lists(st.floats(1.0, 60.0), min_size=3),
)
def test_a_group_counts_as_one_component(u: list[float], r: float, nu: list[float]) -> None:
    pairs = (Correlation("a", "b", r), Correlation("b", "c", r), Correlation("a", "c", r))
    found = one("a + b + c + d", "a b c d", [0.0] * 4, [*u, 0.5], [*nu[:3], 7.0], pairs)
    matrix = np.full((3, 3), r) + (1.0 - r) * np.eye(3)
    spread = np.array(u)
    rooted = spread * np.array(nu[:3]) ** -0.25
    variance = float(spread @ matrix @ spread)
    group = (variance / float(rooted @ matrix @ rooted)) ** 2
    group = min(max(group, min(nu[:3])), max(nu[:3]))
    expected = (variance + 0.25) ** 2 / (variance**2 / group + 0.5**4 / 7.0)
    assert found.combined_standard_uncertainty == pytest.approx(math.sqrt(variance + 0.25), rel=1e-12)
    assert found.effective_degrees_of_freedom == pytest.approx(expected, rel=1e-9)


def test_complete_correlation_adds_like_one_quantity() -> None:
    pairs = (Correlation("a", "b", 1.0), Correlation("b", "c", -1.0), Correlation("a", "c", -1.0))
    zero = one("a + b + c", "a b c", [1.0] * 3, [0.1, 0.2, 0.1 + 0.2], [4.0] * 3, pairs)
    assert (zero.combined_standard_uncertainty, zero.effective_degrees_of_freedom) == (0.0, INF)
    double = one("a + b", "a b", [1.0] * 2, [0.1, 0.1], [4.0] * 2, pairs[:1])
    assert double.combined_standard_uncertainty == 0.2
    assert double.effective_degrees_of_freedom == pytest.approx(4.0, rel=1e-14)


def test_three_readings_that_dominate_never_give_two() -> None:
    found = one("x + z", "x z", [1.0, 0.0], [0.1, 1e-5], [2.0, INF])
    assert round(found.coverage_factor, 2) == 4.53
    assert found.expanded_uncertainty == found.coverage_factor * found.combined_standard_uncertainty


@pytest.mark.parametrize("scale", [1e-150, 1e-100, 1e100, 1e150])
def test_scale_of_uncertainties(scale: float) -> None:
    found = one("a + b", "a b", [0.0, 0.0], [3.0 * scale, 4.0 * scale], [5.0, 9.0])
    assert found.combined_standard_uncertainty == pytest.approx(5.0 * scale, rel=1e-14)
    assert found.effective_degrees_of_freedom == pytest.approx(625 / (81 / 5 + 256 / 9), rel=1e-12)


def test_numbers_of_other_kinds_are_read() -> None:
    expected = one("a*b", "a b", [2.0, 3.0], [0.1, 0.2], [4.0, INF])
    arrays: Any = (np.array([2, 3]), np.array([0.1, 0.2]), np.array([4.0, INF]))
    assert propagate(compiled("a*b", "a b"), *arrays)[0] == expected


BAD: list[tuple[list[Any], list[Any], list[Any] | None, str, str | None]] = [
    ([1.0], [0.1, 0.1], None, "inputs.count", None),
    ([1.0, 1.0], [0.1, 0.1, 0.1], None, "inputs.count", None),
    ([1.0, math.nan], [0.1, 0.1], None, "quantity.not_finite", "b"),
    ([INF, -INF], [0.1, 0.1], None, "quantity.not_finite", "a"),
    ([1.0, 1.0], [0.1, -0.1], None, "quantity.negative", "b"),
    ([1.0, 1.0], [INF, 0.1], None, "quantity.not_finite", "a"),
    ([1.0, 1.0], [0.1, math.nan], None, "quantity.not_finite", "b"),
    ([1.0, 1.0], [0.1, 0.1], [5.0, 0.5], "quantity.degrees_of_freedom", "b"),
    ([1.0, 1.0], [0.1, 0.1], [5.0, math.nan], "quantity.degrees_of_freedom", "b"),
    ([1.0, 1.0], [0.1, 0.1], [-INF, 5.0], "quantity.degrees_of_freedom", "a"),
    ([1.0, "x"], [0.1, 0.1], None, "quantity.not_a_number", "b"),
    ([1.0, None], [0.1, 0.1], None, "quantity.not_a_number", "b"),
    ([1.0, 1.0], [0.1, 1e200], None, "quantity.too_large", "y"),
]


@pytest.mark.parametrize(("x", "u", "nu", "code", "name"), BAD)
def test_bad_numbers_are_named(x: list[Any], u: list[Any], nu: list[Any] | None, code: str, name: str | None) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        propagate(compiled("a + b", "a b"), x, u, nu)
    assert (caught.value.code, caught.value.values.get("name")) == (code, name)


def test_large_numbers_whose_sum_overflows_are_fine() -> None:
    found = one("a/b", "a b", [1.5e308, 1.5e308], [1e290, 1e290])
    assert found.estimate == 1.0


def test_refused_correlations_and_points() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        one("a", "a", [1.0], [0.1], None, (Correlation("a", "z", 0.5),))
    assert caught.value.values["name"] == "z"
    with pytest.raises(OutsideValidity) as outside:
        propagate(compiled("1/a", "a"), [0.0], [0.1], point="10 V")
    assert outside.value.values["point"] == "10 V"
