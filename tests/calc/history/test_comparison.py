"""Scores of a comparison."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calc.errors import InvalidQuantity
from calc.history.comparison import Assessment, en_number, z_prime_score, z_score, zeta_score


@pytest.mark.parametrize(
    ("value", "spread", "reference", "reference_spread", "score", "assessment"),
    [
        (10.0, 3.0, 6.0, 4.0, 0.8, Assessment.SATISFACTORY),
        (10.0, 0.3, 9.5, 0.4, 1.0, Assessment.SATISFACTORY),  # on the limit
        (10.0, 3.0, 16.0, 4.0, -1.2, Assessment.UNSATISFACTORY),
        (10.0, 3.0, 7.0, 0.0, 1.0, Assessment.SATISFACTORY),
    ],
)
def test_en_number(
    value: float, spread: float, reference: float, reference_spread: float, score: float, assessment: Assessment
) -> None:
    found = en_number(value, spread, reference, reference_spread)
    assert found.value == pytest.approx(score, rel=1e-12)
    assert found.assessment is assessment


def test_a_result_that_is_part_of_the_reference_value() -> None:
    # weighted mean of u = 3 and u = 4: u_ref = 2.4, r = u_ref/u, so that u_d² = u² − u_ref²
    found = en_number(10.0, 6.0, 9.0, 4.8, correlation=0.8)
    assert found.value == pytest.approx(1.0 / math.sqrt(36.0 - 23.04), rel=1e-12)
    assert en_number(10.0, 6.0, 9.0, 6.0, correlation=-1.0).value == pytest.approx(1.0 / 12.0, rel=1e-12)


@pytest.mark.parametrize(
    ("score", "assessment"),
    [
        (2.0, Assessment.SATISFACTORY),
        (-2.5, Assessment.QUESTIONABLE),
        (3.0, Assessment.UNSATISFACTORY),
        (-3.5, Assessment.UNSATISFACTORY),
    ],
)
def test_z_scores(score: float, assessment: Assessment) -> None:
    assert z_score(7.0 + 5.0 * score, 7.0, 5.0).assessment is assessment
    assert z_prime_score(7.0 + 5.0 * score, 7.0, 3.0, 4.0).assessment is assessment
    assert zeta_score(7.0 + 5.0 * score, 3.0, 7.0, 4.0).assessment is assessment
    assert zeta_score(7.0 + 5.0 * score, 3.0, 7.0, 4.0).value == pytest.approx(score)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: en_number(1.0, 0.0, 1.0, 0.0), "quantity.not_positive"),
        (lambda: en_number(1.0, 2.0, 1.0, 2.0, correlation=1.0), "quantity.not_positive"),
        (lambda: en_number(1.0, -1.0, 1.0, 2.0), "quantity.negative"),
        (lambda: en_number(1.0, 1.0, 1.0, 2.0, correlation=1.5), "quantity.out_of_range"),
        (lambda: zeta_score(math.nan, 1.0, 1.0, 2.0), "quantity.not_finite"),
        (lambda: z_score(1.0, 1.0, 0.0), "quantity.not_positive"),
        (lambda: z_prime_score(1.0, 1.0, 0.0, 1.0), "quantity.not_positive"),
        (lambda: z_score(1e308, -1e308, 1.0), "quantity.not_finite"),
    ],
)
def test_what_cannot_be_used_is_refused(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(InvalidQuantity) as refused:
        call()
    assert refused.value.code == code


@given(
    a=st.floats(-1e6, 1e6),
    b=st.floats(-1e6, 1e6),
    u=st.floats(0.001, 1e3),
    v=st.floats(0, 1e3),
    r=st.floats(-1, 0.99),
    power=st.integers(-12, 12),
)
def test_scores_change_sign_with_the_roles_and_know_no_unit(
    a: float, b: float, u: float, v: float, r: float, power: int
) -> None:
    one = en_number(a, u, b, v, correlation=r)
    assert en_number(b, v, a, u, correlation=r).value == -one.value
    scale = 2.0**power
    assert en_number(a * scale, u * scale, b * scale, v * scale, correlation=r).value == pytest.approx(
        one.value, rel=1e-12
    )
