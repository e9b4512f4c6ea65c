"""What a case states once holds for all its figures; rules on which sources differ are selected by name."""

from __future__ import annotations

import math

import pytest

from calc.coverage import coverage_factor
from tests.calc.cases.build import expect, numbers, outcome

SQUARE = '[case.model]\ny = "x**2"\n[[case.input]]\nname = "x"\nvalue = 0\nu = 1\n'
LINE = '[case.model]\ny = "x"\n[[case.input]]\nname = "x"\nvalue = 1\nu = 2\ndof = 7.8\n'
OBSERVED = "x = [1.2, 1.9, 2.9, 4.0]\ny = [3.4, 4.4, 7.2, 8.5]\nux = 0.2\nuy = 0.4\n"


def test_a_method_stated_once() -> None:
    text = 'kind = "propagation"\nmethod = "mcm"\ntrials = 100000\np = 0.95\n' + SQUARE
    u, high, first = numbers(text + expect('what = "u"', 'what = "high"', 'what = "u"; method = "lpu1"'))
    assert u == pytest.approx(math.sqrt(2.0), abs=0.05)
    assert high == pytest.approx(5.02, abs=0.1)  # the 97.5 % quantile of χ² with one degree of freedom
    assert first == 0.0


def test_p_or_k_stated_once() -> None:
    entries = expect('what = "U"', 'what = "U"; k = 3', 'what = "U"; p = 0.99')
    at_95, at_3, at_99 = numbers('kind = "propagation"\np = 0.95\n' + LINE + entries)
    assert at_95 == pytest.approx(2.0 * coverage_factor(7.0, 0.95))
    assert at_3 == 6.0
    assert at_99 == pytest.approx(2.0 * coverage_factor(7.0, 0.99))
    with_k = numbers('kind = "propagation"\nk = 2\n' + LINE + expect('what = "U"', 'what = "U"; p = 0.99'))
    assert with_k == [4.0, at_99]


@pytest.mark.parametrize(
    ("case", "what", "figure"),
    [
        ('kind = "t_factor"\np = 0.95\ndof = 10', "t", 2.228138852),
        ('kind = "sd_of_sd"\nn = 10', "percent", 23.9),
        ('kind = "rounding"\nnumber = 10.47\ndecimals = 1', "rounded", 10.5),
        ('kind = "rounding"\nnumber = 10.41\ndecimals = 1\nmode = "up"', "rounded", 10.5),
        ('kind = "type_a"\nseries = [1, 2, 3]\np = 0.95', "U", 4.302652730 / math.sqrt(3.0)),
        ('kind = "welch_satterthwaite"\nu = [2]\ndof = [10]\nk = 2', "U", 4.0),
    ],
)
def test_other_kinds_take_parameters_from_the_case(case: str, what: str, figure: float) -> None:
    (computed,) = numbers(f"{case}\n" + expect(f'what = "{what}"'))
    assert computed == pytest.approx(figure, rel=5e-3 if what == "percent" else 1e-9)


def test_the_size_of_the_components_does_not_matter() -> None:
    for size in ("1e-100", "1", "1e200"):
        text = f'kind = "welch_satterthwaite"\nu = [{size}, {size}]\ndof = [4, 9]\n' + expect('what = "dof"')
        assert numbers(text) == pytest.approx([4.0 / (1.0 / 4.0 + 1.0 / 9.0)])


def test_degrees_of_freedom_truncated_or_not() -> None:
    text = (
        'kind = "propagation"\n' + LINE + expect('what = "k"; p = 0.95', 'what = "k"; p = 0.95; truncate_dof = false')
    )
    truncated, exact = numbers(text)
    assert truncated == pytest.approx(coverage_factor(7.0, 0.95))
    assert exact == pytest.approx(coverage_factor(7.8, 0.95))


def test_covariance_of_a_line() -> None:
    normal, full = (
        numbers(f'kind = "line_fit"\ncovariance = "{rule}"\n' + OBSERVED + expect('what = "u_a"'))
        for rule in ("normal", "full")
    )
    assert normal == numbers('kind = "line_fit"\nmethod = "gdr"\n' + OBSERVED + expect('what = "u_a"'))
    assert full != normal


def test_factors_of_algorithm_a() -> None:
    text = 'kind = "robust_mean"\nseries = [1, 2, 3, 4, 100]\n'
    printed, exact = (
        numbers(f'{text}factors = "{one}"\n' + expect('what = "robust_s"'))[0] for one in ("iso13528", "exact")
    )
    assert printed == numbers(text + expect('what = "robust_s"'))[0]
    assert 0.0 < abs(printed - exact) < 0.01 * printed


def test_an_interval_kept_or_extended() -> None:
    text = 'kind = "calibration_interval"\ncalibrations = 100\nin_tolerance = 100\ntarget = 0.9\ninterval = 12\n'
    assert numbers(text + expect('what = "interval"')) == [12.0]
    assert numbers(text + "may_extend = true\n" + expect('what = "interval"'))[0] > 12.0


def test_a_line_without_a_method_takes_what_is_known() -> None:
    for given, method in (("", "ols"), ("uy = 0.4\n", "wls"), ("ux = 0.2\nuy = 0.4\n", "gdr")):
        text = 'kind = "line_fit"\nx = [1, 2, 3]\ny = [1, 2, 3.1]\n' + given
        entry = expect('what = "u_b"')
        assert numbers(text + entry) == numbers(f'{text}method = "{method}"\n' + entry)


def test_uncertainties_that_the_method_does_not_use_are_noted() -> None:
    found = outcome(
        'kind = "line_fit"\nmethod = "ols"\nx = [1, 2, 3]\ny = [1, 2, 3.1]\nuy = 0.1\n' + expect('what = "b"')
    )
    assert [figure.computed for figure in found.figures] == pytest.approx([1.05])
    assert [(one.code, one.name) for one in found.extras.warnings] == [("case.unused", "uy")]


def test_a_line_through_two_points() -> None:
    text = 'kind = "line_fit"\nmethod = "ols"\nx = [1, 2]\ny = [1, 3]\n'
    figures = outcome(text + expect('what = "a"', 'what = "b"', 'what = "u_a"')).figures
    assert [figure.computed for figure in figures] == [pytest.approx(-1.0), pytest.approx(2.0), None]
    assert figures[2].error is not None
    assert figures[2].error.code == "case.too_few"


def test_a_laboratory_without_k() -> None:
    laboratories = "".join(f'[[case.lab]]\nname = "{name}"\nvalue = 1\nU = 2\n' for name in "AB")
    found = outcome(
        'kind = "key_comparison"\nmethod = "weighted_mean"\n' + laboratories + expect('what = "u_reference"')
    )
    assert [figure.computed for figure in found.figures] == pytest.approx([math.sqrt(0.5)])
    assert [one.name for one in found.extras.warnings] == ["lab[1].k", "lab[2].k"]


def test_limits_without_any_distance_are_a_constant() -> None:
    text = (
        'kind = "propagation"\n[case.model]\ny = "x"\n[[case.input]]\nname = "x"\ndist = "ctrap"\na = 1\nb = 1\nd = 0\n'
    )
    assert numbers(text + expect('what = "estimate"', 'what = "u"')) == [1.0, 0.0]


def test_outputs_that_are_no_symbols_keep_their_names() -> None:
    text = (
        'kind = "propagation"\n[case.model]\n"m-x" = "2*x"\n"1/Y" = "1/x"\n"độ ẩm" = "3*x"\nx = "4*x"\n'
        '[[case.input]]\nname = "x"\nvalue = 2\nu = 0.1\n'
    )
    entries = expect(
        *(f'what = "estimate"; of = "{name}"' for name in ("m-x", "1/Y", "độ ẩm", "x")),
        'what = "correlation"; of = ["m-x", "1/Y"]',
        'what = "correlation"; of = ["x", "x"]',
    )
    found = outcome(text + entries, trials=10_000)
    assert [figure.computed for figure in found.figures] == pytest.approx([4.0, 0.5, 6.0, 8.0, -1.0, 1.0])
    assert [output.output for output in found.extras.outputs] == ["m-x", "1/Y", "độ ẩm", "x"]
    assert [summary.output for summary in found.extras.monte_carlo] == ["m-x", "1/Y", "độ ẩm", "x"]


def test_an_error_of_a_named_output_names_it() -> None:
    text = 'kind = "propagation"\n[case.model]\n"m-x" = "2*z"\n[[case.input]]\nname = "x"\nvalue = 2\nu = 0.1\n'
    error = outcome(text).error
    assert error is not None
    assert (error.values["output"], error.values["field"]) == ("m-x", "model.m-x")


def test_an_output_that_follows_from_another() -> None:
    """Power from voltage and current by way of the resistance: P = V·I, so u² = (I·u(V))² + (V·u(I))²."""
    text = (
        'kind = "propagation"\n[case.model]\nR = "V/I"\nP = "R*I**2"\n'
        '[[case.input]]\nname = "V"\nvalue = 5\nu = 0.1\n[[case.input]]\nname = "I"\nvalue = 2\nu = 0.1\n'
    )
    estimate, u = numbers(text + expect('what = "estimate"; of = "P"', 'what = "u"; of = "P"'))
    assert estimate == pytest.approx(10.0)
    assert u == pytest.approx(0.53852, abs=5e-6)
