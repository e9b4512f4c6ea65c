"""Many points at once: the bits of every point alone, typed errors, no order of inputs that matters."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calc.batch import BatchPropagation, propagate_many
from calc.errors import CalcError, InvalidQuantity, OutsideValidity
from calc.model import CompiledModel, CoverageRule, InputDefinition, MeasurementModel, OutputDefinition, compile_model
from calc.propagation import OutputPropagation, propagate
from calc.quantities import Correlation

INF = math.inf


def compiled(*expressions: str, symbols: str = "a b c d", rule: CoverageRule | None = None) -> CompiledModel:
    outputs = tuple(OutputDefinition(f"y{index}", text, "1") for index, text in enumerate(expressions))
    inputs = tuple(InputDefinition(symbol, "1") for symbol in symbols.split())
    return compile_model(MeasurementModel(outputs, inputs, (), rule or CoverageRule()))


def bits(*numbers: float) -> bytes:
    return struct.pack(f"{len(numbers)}d", *numbers)


def of_point(result: BatchPropagation, output: int, point: int) -> bytes:
    return bits(
        result.estimates[output, point],
        result.combined_standard_uncertainties[output, point],
        *result.contributions[output, :, point],
        result.effective_degrees_of_freedom[output, point],
        result.coverage_factors[output, point],
        result.expanded_uncertainties[output, point],
    )


def of_output(one: OutputPropagation) -> bytes:
    return bits(
        one.estimate,
        one.combined_standard_uncertainty,
        *one.contributions,
        one.effective_degrees_of_freedom,
        one.coverage_factor,
        one.expanded_uncertainty,
    )


def at(rows: list[Any], point: int) -> list[float]:
    return [float(row) if np.ndim(row) == 0 else float(row[point]) for row in rows]


def check_every_point(
    model: CompiledModel, x: list[Any], u: list[Any], nu: list[Any], correlations: tuple[Correlation, ...] = ()
) -> None:
    result = propagate_many(model, x, u, nu, correlations)
    for point in range(result.estimates.shape[1]):
        alone = propagate(model, at(x, point), at(u, point), at(nu, point), correlations)
        for output, one in enumerate(alone):
            assert of_point(result, output, point) == of_output(one), (point, output)


values = st.floats(0.3, 3.0)
deviations = st.one_of(st.just(0.0), st.floats(1e-6, 0.3), st.floats(1e-160, 1e-130), st.floats(1e90, 1e120))
degrees = st.one_of(st.just(INF), st.floats(1.0, 80.0), st.integers(1, 12).map(float))
terms = st.recursive(
    st.sampled_from(["a", "b", "c", "d", "2", "0.7"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["sin", "exp", "atan", "sqrt", "log", "abs"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"min({t[0]}, {t[1]})"),
        inner.map(lambda t: f"({t})**3"),
        inner.map(lambda t: f"abs({t})**1.7"),
    ),
    max_leaves=8,
)
coefficients = st.sampled_from([0.0, 0.3, -0.4, 0.25])


def kind(draw: Any, numbers: st.SearchStrategy[float], count: int) -> Any:
    if draw(st.booleans()):
        return draw(numbers)
    return np.array(draw(st.lists(numbers, min_size=count, max_size=count)))


@given(st.data(), st.lists(terms, min_size=1, max_size=2), st.tuples(coefficients, coefficients))
def test_a_point_has_the_same_bits_alone(data: Any, expressions: list[str], r: tuple[float, float]) -> None:
    try:
        model = compiled(*expressions)
    except CalcError:
        assume(False)
    count = data.draw(st.integers(1, 5))
    x, u, nu = ([kind(data.draw, numbers, count) for _ in range(4)] for numbers in (values, deviations, degrees))
    correlations = tuple(Correlation(*pair, c) for pair, c in zip((("a", "c"), ("d", "a")), r, strict=True) if c)
    code = None
    try:
        for point in range(count):
            propagate(model, at(x, point), at(u, point), at(nu, point), correlations)
    except CalcError as refused:
        code = refused.code
    if code is None:
        check_every_point(model, x, u, nu, correlations)
    else:
        with pytest.raises(CalcError) as caught:
            propagate_many(model, x, u, nu, correlations)
        assert caught.value.code == code


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 10_000, 10_001, 20_001])
def test_blocks_and_their_rests(count: int) -> None:
    generator = np.random.default_rng(count)
    model = compiled("a*b + c/d - sqrt(a)", "exp(a - c)*d")
    x = [generator.uniform(0.5, 2.0, count) for _ in range(4)]
    u = [generator.uniform(0.01, 0.02, count) for _ in range(4)]
    nu: list[Any] = [4.0, INF, generator.uniform(1.0, 50.0, count), 9.0]
    result = propagate_many(model, x, u, nu)
    for point in {0, 1 % count, count // 2, count - 1}:
        for output, one in enumerate(propagate(model, at(x, point), at(u, point), at(nu, point))):
            assert of_point(result, output, point) == of_output(one)


def test_every_kind_of_coverage_rule() -> None:
    nu: list[Any] = [np.linspace(1.0, 70.0, 200), INF, INF, INF]
    for rule in (
        CoverageRule(),
        CoverageRule(0.99, None),
        CoverageRule(0.95, None, truncate_degrees_of_freedom=True),
        CoverageRule(0.9545, 2.0, 20.0, truncate_degrees_of_freedom=True),
    ):
        check_every_point(compiled("a + b + c + d", rule=rule), [1.0] * 4, [1.0, 0.5, 0.2, 0.1], nu)


def test_correlated_inputs_of_which_some_add_nothing() -> None:
    u = [np.array([0.1, 0.0, 0.1, 0.0]), 0.2, np.array([0.3, 0.3, 0.0, 0.0]), 0.0]
    pairs = (Correlation("a", "b", 0.5), Correlation("b", "c", -0.3), Correlation("c", "d", 0.4))
    check_every_point(compiled("a + b + c + d"), [1.0] * 4, u, [3.0, 5.0, INF, 2.0], pairs)


def test_one_dominant_input_keeps_its_degrees_of_freedom() -> None:
    nu = np.arange(1.0, 200.0)
    result = propagate_many(compiled("a + b + c + d"), [1.0] * 4, [0.3, 0.0, 0.0, 0.0], [nu, 1.0, INF, 2.0])
    assert (result.effective_degrees_of_freedom[0] >= nu).all()
    result = propagate_many(compiled("a + b + c + d"), [1.0] * 4, [0.3, np.zeros(199), 1e-9, 0.0], [nu, 1.0, 1.0, 2.0])
    assert (result.effective_degrees_of_freedom[0] >= nu * (1 - 1e-15)).all()


def test_rows_may_be_one_array() -> None:
    x, u = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.1, 0.2], [0.3, 0.4]])
    model = compiled("a*b", symbols="a b")
    result = propagate_many(model, x, u)
    assert result.contributions.shape == (1, 2, 2)
    assert np.array_equal(result.contributions[0], np.array([u[0] * x[1], u[1] * x[0]]))
    assert (result.effective_degrees_of_freedom == INF).all()
    assert result.outputs == ("y0",)
    alone = propagate_many(model, [1.0, 3.0], [0.1, 0.3])
    assert of_point(alone, 0, 0) == of_point(result, 0, 0)


def test_a_view_with_steps_is_accepted() -> None:
    model = compiled("a*b", symbols="a b")
    table = np.arange(1.0, 21.0).reshape(10, 2)
    result = propagate_many(model, table.T, [0.1, 0.2])
    assert np.array_equal(result.estimates[0], table[:, 0] * table[:, 1])


ONES = np.ones(3)
BAD: list[tuple[Any, Any, Any, str, str | None, str | None]] = [
    ([ONES], [0.1, 0.1], None, "inputs.count", None, None),
    ([ONES, 1.0], [0.1], None, "inputs.count", None, None),
    ([ONES, np.ones(4)], [0.1, 0.1], None, "inputs.shape", None, None),
    ([ONES, np.ones((3, 1))], [0.1, 0.1], None, "inputs.shape", None, None),
    ([np.ones(0), 1.0], [0.1, 0.1], None, "inputs.no_points", None, None),
    ([ONES, "x"], [0.1, 0.1], None, "quantity.not_a_number", "b", None),
    ([ONES, [1.0, math.nan, 1.0]], [0.1, 0.1], None, "quantity.not_finite", "b", "2"),
    ([ONES, [1.0, 1.0, INF]], [0.1, 0.1], None, "quantity.not_finite", "b", "3"),
    ([ONES, 1.0], [0.1, [0.1, 0.1, -0.1]], None, "quantity.negative", "b", "3"),
    ([ONES, 1.0], [0.1, [0.1, INF, 0.1]], None, "quantity.not_finite", "b", "2"),
    ([ONES, 1.0], [math.nan, 0.1], None, "quantity.not_finite", "a", "1"),
    ([ONES, 1.0], [0.1, 0.1], [[5.0, 0.9, 5.0], 5.0], "quantity.degrees_of_freedom", "a", "2"),
    ([ONES, 1.0], [0.1, 0.1], [5.0, math.nan], "quantity.degrees_of_freedom", "b", "1"),
    ([ONES, 1.0], [[0.1, 1e160, 0.1], 0.1], None, "quantity.too_large", "y0", None),
]


@pytest.mark.parametrize(("x", "u", "nu", "code", "name", "point"), BAD)
def test_bad_numbers_are_named(x: Any, u: Any, nu: Any, code: str, name: str | None, point: str | None) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        propagate_many(compiled("a + b", symbols="a b"), x, u, nu)
    assert (caught.value.code, caught.value.values.get("name")) == (code, name)
    if point is not None:
        assert caught.value.values["point"] == point


@pytest.mark.parametrize(
    ("expression", "bad", "code"),
    [
        ("1/a", 0.0, "model.division_by_zero"),
        ("log(a)", -1.0, "model.outside_domain"),
        ("sqrt(a)", 0.0, "model.not_differentiable"),
        ("atan(1/a)", 0.0, "model.division_by_zero"),
        ("exp(a)", 1e4, "model.outside_domain"),
    ],
)
def test_a_point_without_a_value_is_named(expression: str, bad: float, code: str) -> None:
    model = compiled(expression, symbols="a")
    for u in (0.1, 0.0, np.full(3, 0.1), np.zeros(3)):
        with pytest.raises(OutsideValidity) as caught:
            propagate_many(model, [np.array([1.0, 2.0, bad])], [u])
        assert (caught.value.code, caught.value.values["point"]) == (code, "3")


def test_nothing_that_contributes() -> None:
    result = propagate_many(compiled("a - a + b", symbols="a b"), [ONES, 2.0], [0.1, 0.0], [3.0, 4.0])
    assert (result.combined_standard_uncertainties == 0.0).all()
    assert (result.effective_degrees_of_freedom == INF).all()
    assert (result.expanded_uncertainties == 0.0).all()
    assert (result.coverage_factors == 2.0).all()
