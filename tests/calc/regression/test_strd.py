"""Digits reached on the NIST Statistical Reference Datasets: the table, and the proof that it holds.

A digit is one of the log relative error against the certified value. Linear, univariate and variance figures are
certified to 15 digits (some to fewer), nonlinear ones to 11: the computation is limited by those, not by its own
arithmetic. A certified 0 comes out as 0. Both starting points of a nonlinear set lead to the same solution.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from calc.regression.anova import one_way
from calc.regression.linear import LinearFit, linear_regression
from calc.regression.nonlinear import NonlinearFit, nonlinear_regression
from calc.regression.polynomial import polynomial_regression
from calc.type_a import autocorrelation, experimental_standard_deviation, mean_of
from tests.calc.regression.strd import Case, columns, digits, further, groups, least, published

# data set: digits of all coefficients, standard errors, residual standard deviation, R²
LINEAR = {
    "strd-norris": (14.3, 14.6, 15.2, 15.4),
    "strd-noint1": (14.6, 15.1, 15.3, 15.6),
    "strd-noint2": (15.2, 14.8, 15.2, 15.9),
    "strd-longley": (14.6, 14.7, 15.2, 15.4),
    "strd-wampler1": (15.9, 15.9, 15.9, 15.9),
    "strd-wampler2": (15.9, 15.9, 15.9, 15.9),
    "strd-wampler3": (15.9, 14.4, 14.8, 15.4),
    "strd-wampler4": (15.9, 14.4, 14.8, 15.0),
    "Wampler5": (15.9, 14.4, 14.8, 15.0),
    "Pontius": (15.0, 14.6, 14.7, 15.9),
    "Filip": (14.2, 14.6, 15.1, 15.9),
}

# data set: digits of all coefficients, standard errors, residual sum of squares, residual standard deviation
NONLINEAR = {
    "strd-misra1a": (11.0, 10.6, 10.4, 10.6),
    "strd-danielwood": (11.1, 10.6, 11.6, 10.8),
    "strd-thurber": (10.3, 10.6, 11.1, 10.6),
}

# data set of higher difficulty or another model: digits of all coefficients, residual sum of squares
FURTHER = {
    "Misra1b": (10.9, 11.2),
    "Misra1c": (10.8, 11.0),
    "Misra1d": (12.5, 11.2),
    "BoxBOD": (11.6, 10.3),
    "MGH09": (10.4, 11.6),
    "MGH10": (10.9, 11.7),
    "MGH17": (10.7, 11.4),
    "Rat42": (11.1, 11.8),
    "Rat43": (10.9, 11.3),
    "Eckerle4": (10.4, 10.6),
    "Lanczos1": (10.5, 10.7),
    "Bennett5": (10.9, 11.0),
    "Roszman1": (10.8, 12.1),
}

# data set: digits of mean, experimental standard deviation, lag-1 autocorrelation
UNIVARIATE = {
    "strd-numacc1": (15.9, 15.9, 15.9),
    "strd-numacc2": (15.9, 15.9, 15.9),
    "strd-numacc4": (15.9, 15.9, 15.9),
    "strd-michelso": (15.9, 15.0, 15.1),
}

# data set: digits of all certified figures
VARIANCE = {"strd-sirstv": 14.4, "strd-smls01": 14.4, "strd-smls07": 14.4}

_LINEAR_CASES = published("linear_regression")
_NONLINEAR_CASES = published("nonlinear_regression")
_FURTHER_CASES = further("nonlinear")


def certified(case: Case, what: str) -> list[float]:
    """Return the certified figures of one sort, "coef" for every "coef:j", in order."""
    return [e["value"] for e in case["expect"] if e["what"].partition(":")[0] == what]


def fit_published(case: Case) -> LinearFit:
    """Fit a published linear case from its decimal text."""
    data = columns(case)
    if "degree" in case:
        return polynomial_regression(data["x"], data["y"], case["degree"], intercept=case["intercept"])
    predictors = [data[name] for name in case["predictors"]]
    return linear_regression(data["y"], predictors, intercept=case["intercept"])


def numbers(texts: list[str]) -> list[Decimal]:
    """Return decimal texts as exact numbers."""
    return [Decimal(text) for text in texts]


def test_the_table_names_every_data_set() -> None:
    assert set(LINEAR) == {*_LINEAR_CASES, *further("linear")}
    assert set(NONLINEAR) == set(_NONLINEAR_CASES)
    assert set(FURTHER) == {name for name, case in _FURTHER_CASES.items() if "published" not in case}
    assert set(UNIVARIATE) == set(published("type_a"))
    assert set(VARIANCE) == set(published("anova"))


def test_no_set_falls_below_what_is_promised() -> None:
    assert min(min(row) for row in (*LINEAR.values(), *NONLINEAR.values(), *FURTHER.values())) >= 9.0
    assert min(min(row) for row in UNIVARIATE.values()) >= 9.0
    assert min(VARIANCE.values()) >= 9.0


@pytest.mark.parametrize("name", _LINEAR_CASES)
def test_linear(name: str) -> None:
    case = _LINEAR_CASES[name]
    fit = fit_published(case)
    reached = (
        least(fit.coefficients, certified(case, "coef")),
        least(fit.standard_errors, certified(case, "se")),
        digits(fit.residual_standard_deviation, certified(case, "rsd")[0]),
        digits(fit.r_squared, certified(case, "r2")[0]),
    )
    assert all(found >= wanted for found, wanted in zip(reached, LINEAR[name], strict=True)), reached
    for expected in case["expect"]:
        what, _, index = expected["what"].partition(":")
        figures = {"coef": fit.coefficients, "se": fit.standard_errors}.get(what)
        figure = figures[int(index)] if figures else {"rsd": fit.residual_standard_deviation, "r2": fit.r_squared}[what]
        assert abs(figure - expected["value"]) <= expected["tol"], expected


@pytest.mark.parametrize("name", further("linear"))
def test_linear_of_higher_difficulty(name: str) -> None:
    case = further("linear")[name]
    fit = polynomial_regression(numbers(case["x"]), numbers(case["y"]), case["degree"])
    reached = (
        least(fit.coefficients, case["coefficients"]),
        least(fit.standard_errors, case["standard_errors"]),
        digits(fit.residual_standard_deviation, case["rsd"]),
        digits(fit.r_squared, case["r2"]),
    )
    assert all(found >= wanted for found, wanted in zip(reached, LINEAR[name], strict=True)), reached


@pytest.mark.parametrize("name", ["strd-wampler1", "strd-wampler2"])
def test_a_certified_zero_is_zero(name: str) -> None:
    fit = fit_published(_LINEAR_CASES[name])
    assert set(fit.standard_errors) == {0.0}
    assert set(fit.residuals) == {0.0}
    assert (fit.residual_standard_deviation, fit.r_squared) == (0.0, 1.0)


def fit_nonlinear(case: Case, start: list[float]) -> NonlinearFit:
    """Fit a published nonlinear case from one start."""
    data = columns(case)
    parameters = {f"b{j}": value for j, value in enumerate(start, 1)}
    return nonlinear_regression(case["model"]["y"], data["y"], {"x": data["x"]}, parameters)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("name", _NONLINEAR_CASES)
def test_nonlinear_from_both_starts(name: str, which: int) -> None:
    case = _NONLINEAR_CASES[name]
    starts = next(other["starts"] for other in _FURTHER_CASES.values() if other.get("published") == name)
    assert starts[1] == case["start"]
    fit = fit_nonlinear(case, starts[which])
    reached = (
        least(fit.coefficients, certified(case, "coef")),
        least(fit.standard_errors, certified(case, "se")),
        digits(fit.residual_sum_of_squares, certified(case, "rss")[0]),
        digits(fit.residual_standard_deviation, certified(case, "rsd")[0]),
    )
    assert all(found >= wanted for found, wanted in zip(reached, NONLINEAR[name], strict=True)), reached


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("name", FURTHER)
def test_nonlinear_of_higher_difficulty(name: str, which: int) -> None:
    case = _FURTHER_CASES[name]
    parameters = {f"b{j}": value for j, value in enumerate(case["starts"][which], 1)}
    fit = nonlinear_regression(case["model"], numbers(case["y"]), {"x": numbers(case["x"])}, parameters)
    reached = (least(fit.coefficients, case["coefficients"]), digits(fit.residual_sum_of_squares, case["rss"]))
    assert all(found >= wanted for found, wanted in zip(reached, FURTHER[name], strict=True)), reached


@pytest.mark.parametrize("name", UNIVARIATE)
def test_univariate(name: str) -> None:
    case = published("type_a")[name]
    readings = columns(case)["y"]
    computed = {
        "mean": mean_of(readings, "1").value,
        "s": experimental_standard_deviation(readings),
        "autocorrelation_1": autocorrelation(readings),
    }
    reached = tuple(digits(computed[e["what"]], e["value"]) for e in case["expect"])
    assert all(found >= wanted for found, wanted in zip(reached, UNIVARIATE[name], strict=True)), reached


@pytest.mark.parametrize("name", VARIANCE)
def test_variance(name: str) -> None:
    case = published("anova")[name]
    analysis = one_way(groups(case))
    reached = [digits(getattr(analysis, e["what"]), e["value"]) for e in case["expect"]]
    assert min(reached) >= VARIANCE[name], reached
