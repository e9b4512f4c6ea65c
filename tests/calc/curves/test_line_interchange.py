"""Lines through numbers of the package `uncertainties`."""

from __future__ import annotations

import numpy as np
import pytest
from uncertainties import ufloat

from calc.curves.line_correlated import fit_correlated_line
from calc.curves.line_interchange import coefficients_as_ufloats, fit_line_of_ufloats
from calc.curves.straight_line import fit_line
from calc.errors import InvalidQuantity

X, Y = [1.2, 1.9, 2.9, 4.0, 4.7, 5.9], [3.4, 4.4, 7.2, 8.5, 10.8, 13.5]
U_Y = [0.2, 0.2, 0.2, 0.4, 0.4, 0.4]


def test_independent_numbers() -> None:
    made = fit_line_of_ufloats([ufloat(x, 0.2) for x in X], [ufloat(y, u) for y, u in zip(Y, U_Y, strict=True)])
    plain = fit_line(X, Y, 0.2, U_Y)
    assert (made.a, made.b, made.u_a, made.cov_ab) == pytest.approx((plain.a, plain.b, plain.u_a, plain.cov_ab))


def test_a_shared_correction_and_exact_abscissas() -> None:
    shared = ufloat(0.0, 0.3)
    made = fit_line_of_ufloats(X, [ufloat(y, u) + shared for y, u in zip(Y, U_Y, strict=True)])
    plain = fit_correlated_line(X, Y, np.diag(np.square(U_Y)) + 0.09)
    assert (made.a, made.u_a, made.u_b) == pytest.approx((plain.a, plain.u_a, plain.u_b))
    alone = fit_line(X, Y, None, U_Y)
    assert made.u_a == pytest.approx(np.hypot(alone.u_a, 0.3))
    assert made.u_b == pytest.approx(alone.u_b)


def test_coefficients_go_on_together() -> None:
    fit = fit_line(X, Y, 0.2, U_Y)
    a, b = coefficients_as_ufloats(fit)
    at_3 = a + b * 3.0
    assert at_3.nominal_value == pytest.approx(fit.line.value(3.0))
    assert at_3.std_dev == pytest.approx(fit.line.standard_uncertainty(3.0))


def test_refused() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        fit_line_of_ufloats([1.0, 2.0], ["one", "two"])
    assert caught.value.code == "quantity.not_a_number"
    with pytest.raises(InvalidQuantity) as caught:
        fit_line_of_ufloats([1.0, 2.0], [1.0, 2.0])
    assert caught.value.code == "curve.exact_point"
