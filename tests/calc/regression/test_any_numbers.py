"""Whatever numbers come in: a finite result or a typed error, never a NaN, a warning or another exception."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calc.errors import CalcError
from calc.regression.anova import one_way
from calc.regression.linear import linear_regression
from calc.regression.nonlinear import nonlinear_regression
from calc.regression.polynomial import Criterion, polynomial_regression, select_polynomial
from calc.type_a import covariance_of_means, mean_of_series, median_of, pooled_deviation_of_runs

numbers = st.one_of(
    st.integers(-3, 3),
    st.floats(),
    st.floats(-10, 10),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(-100, 100, places=3),
)
Series = Sequence[float | Decimal]
rows = st.integers(0, 7).flatmap(
    lambda count: st.tuples(*(st.lists(numbers, min_size=count, max_size=count) for _ in range(3)))
)


def floats(result: object) -> Iterator[float]:
    """Yield every float of a result."""
    if isinstance(result, float):
        yield result
    elif isinstance(result, tuple):
        for item in result:
            yield from floats(item)
    elif dataclasses.is_dataclass(result):
        for field in dataclasses.fields(result):
            yield from floats(getattr(result, field.name))


KINDS: dict[str, Callable[[Series, Series, Series], object]] = {
    "linear": lambda x, y, u: linear_regression(y, [x, u]),
    "weighted": lambda x, y, u: linear_regression(y, [x], standard_uncertainties=u),
    "origin": lambda x, y, u: linear_regression(y, [x], intercept=False),
    "polynomial": lambda x, y, u: polynomial_regression(x, y, 2),
    "selection": lambda x, y, u: select_polynomial(x, y, 3, criterion=Criterion.F_TEST),
    "nonlinear": lambda x, y, u: nonlinear_regression("b1*exp(b2*x)", y, {"x": x}, {"b1": 1.0, "b2": 0.1}),
    "variance": lambda x, y, u: one_way([x, y, u]),
    "series": lambda x, y, u: mean_of_series(x, "V"),
    "median": lambda x, y, u: median_of(x, "V"),
    "pooled": lambda x, y, u: pooled_deviation_of_runs([x, y]),
    "covariance": lambda x, y, u: covariance_of_means([x, y, u]),
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(columns=rows)
def test_a_finite_result_or_a_typed_error(kind: str, columns: tuple[Series, Series, Series]) -> None:
    try:
        result = KINDS[kind](*columns)
    except CalcError:
        return
    assert not any(math.isnan(number) for number in floats(result))
    assert not any(math.isinf(number) for number in floats(result))
