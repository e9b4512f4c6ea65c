"""The other kinds of case: figures and parameters that the published cases do not ask for, against closed forms."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm, t

from tests.calc.cases.build import expect, numbers, outcome


def test_type_a() -> None:
    text = 'kind = "type_a"\nseries = [1, 2.0, 4]\n' + expect(
        'what = "mean"', 'what = "s"', 'what = "u"', 'what = "dof"', 'what = "U"; k = 3', 'what = "low"; p = 0.9',
        'what = "high"; p = 0.9', 'what = "k"; p = 0.9',
    )  # fmt: skip
    mean, s = 7 / 3, math.sqrt(7 / 3)
    u, k = s / math.sqrt(3), t.ppf(0.95, 2)
    assert numbers(text) == pytest.approx([mean, s, u, 2, 3 * u, mean - k * u, mean + k * u, k])


@pytest.mark.parametrize("header", ["y", "value", "anything"])
def test_series_from_a_file(header: str) -> None:
    text = 'kind = "type_a"\ndata_file = "d.csv"\n' + expect('what = "mean"')
    assert numbers(text, d=[[header], ["1E0"], [" 2 "], ["6"]]) == [3.0]


def test_anova_with_counts_of_groups() -> None:
    text = 'kind = "anova"\ngroup_mean = [1, 3]\ngroup_s = [1, 1]\ngroup_n = [2, 2]\n' + expect(
        'what = "ss_between"', 'what = "ms_within"', 'what = "f"', 'what = "df_within"', 'what = "s_between"'
    )
    assert numbers(text) == pytest.approx([4.0, 1.0, 4.0, 2.0, math.sqrt(1.5)])


def test_conformity() -> None:
    text = 'kind = "conformity"\ny = 1\nU = 1\nk = 2\nupper = 2\n' + expect(
        'what = "p_conform"',
        'what = "p_conform"; lower = 0',
        'what = "p_conform"; y = 2',
        'what = "false_accept_max_ppm"; guard_factor = 1',
        'what = "decision_value"; rel_u = 0.02; p = 0.95',
        'what = "decision_value"; p = 0.95',
    )
    below = norm.cdf(2.0)
    expected = [
        below,
        below - norm.cdf(-2.0),
        0.5,
        1e6 * norm.cdf(-2.0),
        2.0 / (1.0 - 0.02 * norm.ppf(0.95)),
        2 + 0.5 * norm.ppf(0.95),
    ]
    assert numbers(text) == pytest.approx(expected, rel=1e-12)


def test_global_risk_with_acceptance_limits() -> None:
    limits = 'u_m = 0.5\nlower = -2\nupper = 2\n[case.prior]\ndist = "normal"\nmean = 0\ns = 1\n'
    wide = numbers('kind = "global_risk"\n' + limits + expect('what = "consumer_risk"', 'what = "p_nonconforming"'))
    narrow = numbers(
        'kind = "global_risk"\naccept_lower = -1.5\naccept_upper = 1.5\n'
        + limits
        + expect('what = "consumer_risk"', 'what = "consumer_risk"; accept_upper = 2; accept_lower = -2')
    )
    assert wide[1] == pytest.approx(2 * norm.cdf(-2.0), rel=1e-10)
    assert narrow[0] < 0.3 * wide[0]
    assert narrow[1] == pytest.approx(wide[0], rel=1e-12)
    found = numbers(
        'kind = "global_risk"\n'
        + limits
        + expect(
            f'what = "accept_upper"; consumer_risk = {narrow[0]!r}',
            f'what = "accept_lower"; consumer_risk = {narrow[0]!r}',
        )
    )
    assert found == pytest.approx([1.5, -1.5], rel=1e-6)


def test_key_comparison_by_weighted_mean() -> None:
    labs = "".join(
        f'[[case.lab]]\nname = "{name}"\nvalue = {value}\n{spread}\n'
        for name, value, spread in (
            ("A", 1.0, "u = 0.1"),
            ("B", 1.3, "U = 0.4\nk = 2"),
            ("C", 9, "u = 1\ninclude = false"),
        )
    )
    asked = expect('what = "reference"', 'what = "u_reference"', 'what = "U_reference"', *(
        f'what = "{what}"; of = "{name}"' for name in "AC" for what in ("d", "U_d")
    ))  # fmt: skip
    w = (100.0, 25.0)
    reference, u = (w[0] * 1.0 + w[1] * 1.3) / sum(w), 1 / math.sqrt(sum(w))
    expected = [
        reference,
        u,
        2 * u,
        1 - reference,
        2 * math.sqrt(0.01 - u * u),
        9 - reference,
        2 * math.sqrt(1 + u * u),
    ]
    found = numbers('kind = "key_comparison"\nmethod = "weighted_mean"\n' + labs + asked)
    assert found == pytest.approx(expected, rel=1e-12)


def test_key_comparison_by_median() -> None:
    labs = "".join(f'[[case.lab]]\nname = "L{v}"\nvalue = {v}\nu = 0.001\n' for v in (1, 2, 3))
    found = numbers(
        'kind = "key_comparison"\nmethod = "median"\n' + labs + expect('what = "reference"', 'what = "d"; of = "L3"')
    )
    assert found == pytest.approx([2.0, 1.0], abs=1e-4)


def test_line() -> None:
    text = 'kind = "line_fit"\nmethod = "ols"\nx = [1, 2, 3]\ny = [1, 3, 4]\n' + expect(
        'what = "a"', 'what = "b"', 'what = "chi2"', 'what = "chi2_per_dof"', 'what = "s"', 'what = "dof"',
        'what = "cov_ab"', 'what = "r_ab"', 'what = "inverse"; y = 4', 'what = "predict"; x = 10',
        'what = "predict"; x = 2; ux = 1', 'what = "u_predict"; x = 2; ux = 1',
    )  # fmt: skip
    rss = 1 / 6
    cov, r = -2.0 * rss / 2.0, -2.0 / math.sqrt(14.0 / 3.0)
    expected = [
        -1 / 3,
        1.5,
        rss,
        rss,
        math.sqrt(rss),
        1,
        cov,
        r,
        (4 + 1 / 3) / 1.5,
        15 - 1 / 3,
        8 / 3,
        math.sqrt(2.25 + rss / 3),
    ]
    found = outcome(text)
    assert [figure.computed for figure in found.figures] == pytest.approx(expected, rel=1e-12)
    # the argument 10 lies beyond the points; 2,9 does not
    assert [warning.numbers["argument"] for warning in found.extras.warnings] == [10.0]


def test_line_from_a_file_and_one_uncertainty_for_all() -> None:
    text = 'kind = "line_fit"\nmethod = "gdr"\ndata_file = "d.csv"\nuy = 0.5\n' + expect('what = "b"', 'what = "u_b"')
    exact = [["x", "y", "ux"], *([str(x), str(2 * x + 1), "0.1"] for x in range(5))]
    slope, spread = numbers(text, d=exact)
    assert slope == pytest.approx(2.0, rel=1e-12)
    assert spread == pytest.approx(math.sqrt((0.25 + 4 * 0.01) / 10.0), rel=1e-9)


def test_regressions_in_the_case_itself() -> None:
    line = 'kind = "linear_regression"\ny = [1, 3, 4]\nx = [1, 2, 3]\n' + expect(
        'what = "coef:1"', 'what = "se:1"', 'what = "rss"', 'what = "dof"', 'what = "r2"'
    )
    assert numbers(line) == pytest.approx([1.5, math.sqrt(1 / 12), 1 / 6, 1.0, 1 - (1 / 6) / (14 / 3)], rel=1e-14)
    plane = (
        'kind = "linear_regression"\ny = [1, 3, 4, 4]\nt = [1, 2, 3, 4]\nw = [1, 4, 9, 16]\npredictors = ["t", "w"]\n'
    )
    assert numbers(plane + expect('what = "coef:0"', 'what = "coef:2"')) == pytest.approx([-2.0, -0.5], rel=1e-14)
    curve = 'kind = "nonlinear_regression"\ny = [1, 2, 4]\nx = [0, 1, 2]\nstart = [2, 0.5]\n'
    curve += '[case.model]\ny = "b1*exp(b2*x)"\n'
    found = numbers(curve + expect('what = "coef:0"', 'what = "coef:1"', 'what = "rsd"', 'what = "dof"'))
    assert found == pytest.approx([1.0, math.log(2.0), 0.0, 1.0], abs=1e-7)


def test_rounding() -> None:
    text = 'kind = "rounding"\n' + expect(
        'what = "rounded"; number = 2.675; decimals = 2',
        'what = "rounded"; number = "0.1201"; decimals = 2; mode = "up"',
        'what = "rounded"; number = "1250"; decimals = -2',
    )
    assert numbers(text) == [2.68, 0.13, 1300.0]


def test_welch_satterthwaite_and_factors() -> None:
    text = 'kind = "welch_satterthwaite"\nu = [3, 4]\ndof = [inf, 4]\n' + expect(
        'what = "u"', 'what = "dof"', 'what = "k"; p = 0.95', 'what = "U"; k = 2', 'what = "U"; p = 0.95'
    )
    nu = 625.0 / (256.0 / 4.0)
    k = t.ppf(0.975, math.floor(nu))
    assert numbers(text) == pytest.approx([5.0, nu, k, 10.0, 5.0 * k], rel=1e-12)
    assert numbers('kind = "t_factor"\n' + expect('what = "t"; p = 0.9; dof = 2.5')) == pytest.approx(
        [t.ppf(0.95, 2.5)]
    )
    assert numbers('kind = "sd_of_sd"\n' + expect('what = "percent"; n = 3')) == pytest.approx([52.27], abs=0.01)
