"""Quantities refuse what is not a number with a unit, and meet the package uncertainties."""

from __future__ import annotations

import math
import pickle
from decimal import Decimal

import pytest
import uncertainties

from calc import errors
from calc.errors import CalcError, InvalidQuantity
from calc.quantities import Distribution, Estimate, InputQuantity


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((math.nan, 0.1, "g"), "quantity.not_finite"),
        ((math.inf, 0.1, "g"), "quantity.not_finite"),
        (("one", 0.1, "g"), "quantity.not_a_number"),
        ((True, 0.1, "g"), "quantity.not_a_number"),
        ((None, 0.1, "g"), "quantity.not_a_number"),
        ((10**400, 0.1, "g"), "quantity.not_a_number"),
        ((1.0, -0.1, "g"), "quantity.negative"),
        ((1.0, math.nan, "g"), "quantity.not_finite"),
        ((1.0, 0.1, ""), "unit.missing"),
        ((1.0, 0.1, None), "unit.missing"),
        ((1.0, 0.1, "g", 0.0), "quantity.degrees_of_freedom"),
        ((1.0, 0.1, "g", -3.0), "quantity.degrees_of_freedom"),
        ((1.0, 0.1, "g", math.nan), "quantity.degrees_of_freedom"),
        ((1.0, 0.1, "g", "many"), "quantity.degrees_of_freedom"),
    ],
)
def test_estimate_refuses(arguments: tuple[object, ...], code: str) -> None:
    with pytest.raises(InvalidQuantity) as caught:
        Estimate(*arguments)  # type: ignore[arg-type]  # what is refused
    assert caught.value.code == code


def test_estimate_takes_exact_numbers() -> None:
    estimate = Estimate(Decimal("10000.005"), 0, "g")  # type: ignore[arg-type]  # any number is welcome
    assert (estimate.value, type(estimate.standard_uncertainty)) == (10000.005, float)
    assert estimate.degrees_of_freedom == math.inf


def test_ufloat_goes_in_and_out() -> None:
    estimate = Estimate.from_ufloat(uncertainties.ufloat(1.5, 0.2), "g", 7)
    assert estimate == Estimate(1.5, 0.2, "g", 7.0)
    number = estimate.to_ufloat("x")
    assert (number.nominal_value, number.std_dev, number.tag) == (1.5, 0.2, "x")
    derived = 2 * uncertainties.ufloat(1.0, 0.1)
    assert Estimate.from_ufloat(derived, "g").standard_uncertainty == pytest.approx(0.2)
    with pytest.raises(InvalidQuantity):
        Estimate.from_ufloat(1.5, "g")


def test_input_quantity() -> None:
    with pytest.raises(InvalidQuantity) as caught:
        InputQuantity(" ", Estimate(1.0, 0.1, "g"))
    assert caught.value.code == "quantity.unnamed"
    with pytest.raises(InvalidQuantity) as caught:
        InputQuantity("x", Estimate(1.0, 0.1, "g"), parameters={"half_width": math.nan})
    assert caught.value.values["name"] == "x"


def test_distributions_of_table_1() -> None:
    assert len(Distribution) == 10
    assert Distribution("curvilinear_trapezoid") is Distribution.CURVILINEAR_TRAPEZOID


def test_errors_keep_code_values_and_clause() -> None:
    error = InvalidQuantity("quantity.negative", name="x", field="u", value=-1.0)
    assert str(error) == "x: u must not be negative, not -1.0"
    named = error.with_values(name="reference mass")
    assert (type(named), named.code, str(named)) == (
        InvalidQuantity,
        "quantity.negative",
        "reference mass: u must not be negative, not -1.0",
    )
    other = CalcError("coverage.probability", value=2, clause="house rule 7")
    again = pickle.loads(pickle.dumps(other))  # noqa: S301  (own bytes)
    assert (again.code, again.values, again.clause) == (other.code, other.values, "house rule 7")
    assert isinstance(error, ValueError)


def test_every_clause_belongs_to_a_code() -> None:
    assert set(errors.CLAUSES) <= set(errors.ENGLISH)
