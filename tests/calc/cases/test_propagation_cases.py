"""Every form of input, every method and every figure of a propagation case, against closed forms."""

from __future__ import annotations

import math

import pytest

from calc.coverage import coverage_factor
from tests.calc.cases.build import expect, numbers, outcome

TRIALS = 100_000


def _case(fields: str, *entries: str, model: str = 'y = "x"') -> str:
    return f'kind = "propagation"\n[case.model]\n{model}\n[[case.input]]\nname = "x"\n{fields}\n{expect(*entries)}'


FORMS = [
    ("value = 5; u = 0.2", 5.0, 0.2, 0.2, math.inf),
    ("value = 5; u = 0.2; dof = 7", 5.0, 0.2, 0.2, 7.0),
    ("value = 5; U = 0.5; k = 2.5", 5.0, 0.2, 0.2, math.inf),
    ("value = 5; U = 0.5; p = 0.9; dof = 4", 5.0, 0.5 / coverage_factor(4.0, 0.9), None, 4.0),
    ('value = 5; half_width = 0.3; dist = "rectangular"', 5.0, 0.3 / math.sqrt(3), None, math.inf),
    ("value = 5; half_width = 0.3", 5.0, 0.3 / math.sqrt(3), None, math.inf),
    ('value = 5; half_width = 0.3; dist = "triangular"; dof = 8', 5.0, 0.3 / math.sqrt(6), None, 8.0),
    ('value = 5; half_width = 0.3; dist = "arcsine"', 5.0, 0.3 / math.sqrt(2), None, math.inf),
    ('value = 5; half_width = 0.3; dist = "trapezoidal"; beta = 0.5', 5.0, 0.3 * math.sqrt(1.25 / 6), None, math.inf),
    ('a = 4.7; b = 5.3; d = 0.15; dist = "ctrap"', 5.0, math.sqrt(0.03 + 0.0025), None, math.inf),
    ('value = 5; a = 4.7; b = 5.3; d = 0.15; dist = "ctrap"; dof = 50', 5.0, math.sqrt(0.03 + 0.0025), None, 50.0),
    ('value = 5; half_width = 0.3; d = 0.15; dist = "ctrap"', 5.0, math.sqrt(0.03 + 0.0025), None, math.inf),
    ('value = 5; u = 0.2; dist = "t"; dof = 6', 5.0, 0.2, 0.2 * math.sqrt(1.5), 6.0),
    ('value = 5; u = 0.2; dist = "t_std"; dof = 6', 5.0, 0.2, 0.2, 6.0),
    ('value = 5; U = 0.4; k = 2; dist = "t"; dof = 6', 5.0, 0.2, 0.2 * math.sqrt(1.5), 6.0),
    ('value = 5; u = 0.2; dist = "rectangular"', 5.0, 0.2, 0.2, math.inf),
    ('value = 5; u = 0.2; dist = "trapezoidal"; beta = 0.5', 5.0, 0.2, 0.2, math.inf),
    ("value = 5; u = 0; dof = 3", 5.0, 0.0, 0.0, math.inf),
    ('value = 5; u = 5; dist = "exponential"', 5.0, 5.0, 5.0, math.inf),
    ('shape = 4; rate = 2; dist = "gamma"', 2.0, 1.0, 1.0, math.inf),
    ("series = [4, 5, 6, 5.0]", 5.0, math.sqrt(2.0 / 12.0), math.sqrt(2.0 / 12.0) * math.sqrt(3.0), 3.0),
    ('series = [4, 5, 6, 5]; dist = "normal"', 5.0, math.sqrt(2.0 / 12.0), math.sqrt(2.0 / 12.0), 3.0),
]


@pytest.mark.parametrize(("fields", "value", "u", "drawn", "dof"), FORMS, ids=[form[0] for form in FORMS])
def test_forms_of_an_input(fields: str, value: float, u: float, drawn: float | None, dof: float) -> None:
    asked = ["estimate", "u", "dof", "input:x", "u_input:x"]
    simulated = [f'what = "{what}"; method = "mcm"; trials = {TRIALS}' for what in ("estimate", "u")]
    found = numbers(_case("\n".join(fields.split("; ")), *(f'what = "{what}"' for what in asked), *simulated))
    assert found[:2] == [pytest.approx(value, rel=1e-14), pytest.approx(u, rel=1e-14)]
    assert found[2] == (math.inf if u == 0.0 else dof)
    assert found[3:5] == found[:2]
    spread = u if drawn is None else drawn
    assert found[5] == pytest.approx(value, abs=6.0 * spread / math.sqrt(TRIALS))
    # the standard deviation of t with 3 degrees of freedom itself scatters without bound
    assert found[6] == pytest.approx(spread, rel=0.5 if dof == 3.0 else 0.03)


def test_figures_of_first_order() -> None:
    text = _case(
        "value = -4\nu = 0.3\ndof = 9.7",
        *(f'what = "{what}"; p = 0.95' for what in ("k", "U", "low", "high")),
        *(f'what = "{what}"; k = 3' for what in ("U", "low", "high")),
        'what = "low"; k = 3; p = 0.95',
        'what = "rel_u"',
    )
    k = coverage_factor(9.0, 0.95)  # truncated to an integer
    assert numbers(text) == pytest.approx([k, 0.3 * k, -4 - 0.3 * k, -4 + 0.3 * k, 0.9, -4.9, -3.1, -4.9, 0.075])


def test_second_order() -> None:
    # x^2 at 0 with u: first order 0, second order sqrt(2) u^2; the estimate stays f(x)
    text = _case(
        "value = 0\nu = 0.1",
        *(f'what = "{what}"; method = "lpu2"; k = 2' for what in ("estimate", "u", "U", "low", "high")),
        'what = "u"',
        model='y = "x**2"',
    )
    u = math.sqrt(2.0) * 0.01
    assert numbers(text) == pytest.approx([0.0, u, 2 * u, -2 * u, 2 * u, 0.0])


def test_figures_of_monte_carlo() -> None:
    simulated = f'method = "mcm"; trials = {TRIALS}'
    text = _case(
        'value = 2\nhalf_width = 1\ndist = "rectangular"',
        *(f'what = "{what}"; {simulated}; p = 0.9' for what in ("low", "high", "U", "k")),
        *(f'what = "{what}"; {simulated}; p = 0.9; interval = "shortest"' for what in ("low", "high")),
        *(f'what = "{what}"; {simulated}; k = 2' for what in ("low", "high", "U")),
        f'what = "rel_u"; {simulated}',
    )
    found = numbers(text)
    u = 1.0 / math.sqrt(3.0)
    assert found[:4] == pytest.approx([1.1, 2.9, 0.9, 0.9 / u], abs=0.02)
    assert found[5] - found[4] == pytest.approx(1.8, abs=0.01)
    assert found[5] - found[4] <= found[1] - found[0] + 1e-12
    assert found[6:] == pytest.approx([2 - 2 * u, 2 + 2 * u, 2 * u, u / 2], abs=0.02)


@pytest.mark.parametrize("method", ["lpu1", "lpu2", "mcm"])
def test_correlation_of_outputs(method: str) -> None:
    text = (
        'kind = "propagation"\ncorrelation = [["a", "b", 0.5]]\n[case.model]\ns = "a + b"\nd = "a - 2*b"\n'
        '[[case.input]]\nname = "a"\nvalue = 1\nu = 1\n[[case.input]]\nname = "b"\nvalue = 2\nu = 2\n'
        + expect(
            f'what = "correlation"; of = ["s", "d"]; method = "{method}"; trials = {TRIALS}', 'what = "r_input:b,a"'
        )
    )
    # cov(s, d) = 1 - 2·4 - r·2, var(s) = 7, var(d) = 1 + 16 - 4
    expected = -8.0 / math.sqrt(7.0 * 13.0)
    found = numbers(text)
    assert found[0] == pytest.approx(expected, abs=0.01 if method == "mcm" else 1e-14)
    assert found[1] == 0.5


def test_joint_series() -> None:
    text = (
        'kind = "propagation"\njoint_series = true\n[case.model]\ny = "a - b"\n'
        '[[case.input]]\nname = "a"\nseries = [1.0, 2.0, 4.0, 3.0]\n'
        '[[case.input]]\nname = "b"\nseries = [1.1, 2.0, 4.2, 2.9]\n'
        '[[case.input]]\nname = "c"\nvalue = 1\nu = 0.1\n'
        + expect('what = "u"', 'what = "dof"', 'what = "r_input:a,b"', 'what = "r_input:a,c"', 'what = "u_input:a"')
    )
    differences = [-0.1, 0.0, -0.2, 0.1]
    mean = sum(differences) / 4
    u = math.sqrt(sum((d - mean) ** 2 for d in differences) / 12)
    found = numbers(text)
    assert found[0] == pytest.approx(u, rel=1e-12)
    assert found[1] == pytest.approx(3.0, rel=1e-12)
    assert found[2] > 0.99
    assert found[3:] == pytest.approx([0.0, math.sqrt(5.0 / 12.0)])


def test_one_run_answers_every_figure_and_the_seed_decides() -> None:
    entry = f'what = "estimate"; method = "mcm"; trials = {TRIALS}'
    text = _case("value = 0\nu = 1", entry, entry, f"{entry}; p = 0.9")
    first = numbers(text)
    assert len(set(first)) == 1
    assert numbers(text) == first
    assert numbers(text, seed=7) != first


def test_trials_of_the_command_win_and_show_monte_carlo_beside() -> None:
    found = outcome(
        _case('value = 0.1\nhalf_width = 1\ndist = "rectangular"', 'what = "u"; p = 0.9', model='y = "x**2"'),
        trials=20_000,
    )
    (summary,) = found.extras.monte_carlo
    assert (summary.trials, summary.output, summary.coverage_probability) == (20_000, "y", 0.9)
    assert summary.estimate == pytest.approx(0.01 + 1 / 3, abs=0.02)
    assert summary.validation is not None
    assert not summary.validation.valid
    assert {warning.code for warning in found.extras.warnings} >= {"propagation.second_order_matters"}


def test_a_model_without_derivative_still_gives_its_distribution() -> None:
    found = outcome(
        _case(
            "value = 0\nu = 1",
            f'what = "estimate"; method = "mcm"; trials = {TRIALS}',
            'what = "u"',
            model='y = "abs(x)"',
        )
    )
    assert found.figures[0].computed == pytest.approx(math.sqrt(2.0 / math.pi), abs=0.02)
    assert found.figures[1].error is not None
    assert found.figures[1].error.code == "model.not_differentiable"
    assert found.extras.outputs == ()
    assert found.extras.warnings[0].code == "model.not_differentiable"


def test_degrees_of_freedom_that_are_not_drawn_are_said() -> None:
    entry = f'what = "u"; method = "mcm"; trials = {TRIALS}'
    found = outcome(_case("value = 0\nu = 1\ndof = 4", entry))
    assert found.figures[0].computed == pytest.approx(1.0, abs=0.02)
    assert [warning.code for warning in found.extras.warnings] == ["case.degrees_not_drawn"]
    assert outcome(_case('value = 0\nu = 1\ndof = 4\ndist = "t"', entry)).extras.warnings == ()


def test_the_only_output_needs_no_name_and_two_do() -> None:
    two = _case("value = 1\nu = 1", 'what = "u"', 'what = "u"; of = "z"', model='y = "x"\nz = "2*x"')
    found = outcome(two)
    assert found.figures[0].error is not None
    assert found.figures[0].error.code == "case.missing_field"
    assert found.figures[1].computed == 2.0
