"""Many lines at once are the lines one by one, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from calc.curves.line_batch import fit_lines
from calc.curves.straight_line import LineCovariance, fit_line
from calc.errors import CalcError


def sets(lines: int, n: int, seed: int = 7) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    u_x, u_y = generator.uniform(0.05, 0.3, (2, lines, n))
    x = np.linspace(-3.0, 40.0, n) + u_x * generator.standard_normal((lines, n))
    y = 5.0 - 0.8 * x + u_y * generator.standard_normal((lines, n))
    return {"x": x, "y": y, "u_x": u_x, "u_y": u_y}


@pytest.mark.parametrize("rule", LineCovariance)
@pytest.mark.parametrize(("lines", "n"), [(1, 20), (2, 2), (7, 3), (30, 20), (5, 200), (1100, 20)])
@pytest.mark.parametrize("joint", [False, True])
def test_same_bits_alone_and_among_others(lines: int, n: int, joint: bool, rule: LineCovariance) -> None:
    points = sets(lines, n)
    if joint:
        points["cov_xy"] = 0.4 * points["u_x"] * points["u_y"]
    fits = fit_lines(**points, x0=2.5, covariance=rule)
    for line in range(0, lines, max(1, lines // 40)):
        alone = fit_line(**{key: values[line] for key, values in points.items()}, x0=2.5, covariance=rule)
        for name in ("a", "b", "u_a", "u_b", "cov_ab", "chi_squared"):
            assert getattr(fits, name)[line] == getattr(alone, name), (line, name)
        assert fits.fit(line).solution == alone.solution
        assert fits.degrees_of_freedom == alone.degrees_of_freedom


def test_same_bits_where_the_plain_way_ends() -> None:
    """Lines of exact points, one-sided weights and extreme sizes stand among plain ones."""
    points = sets(12, 6)
    points["u_y"][3] = 0.0
    points["u_y"][5, 0] = 1e-9
    points["u_x"][7] = 0.0
    for key in points:
        points[key][9] = points[key][9] * 1e90
    fits = fit_lines(**points)
    for line in range(12):
        alone = fit_line(**{key: values[line] for key, values in points.items()})
        assert fits.fit(line).solution == alone.solution


def test_shared_rows_and_single_numbers() -> None:
    points = sets(4, 5)
    shared = fit_lines(points["x"][0], points["y"], 0.1, points["u_y"][:, :1])
    alone = fit_line(points["x"][0], points["y"][2], 0.1, float(points["u_y"][2, 0]))
    assert shared.a[2] == alone.a
    without = fit_lines(points["x"], points["y"])
    assert without.u_b[1] == fit_line(points["x"][1], points["y"][1]).u_b


def test_the_line_at_fault_is_named() -> None:
    points = sets(6, 4)
    points["x"][4] = 1.0
    with pytest.raises(CalcError) as caught:
        fit_lines(**points)
    assert (caught.value.code, caught.value.values["line"]) == ("curve.equal_arguments", 4)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("curve.too_few_points", ([[1.0], [2.0]], [[1.0], [2.0]], 0.1, 0.1)),
        ("curve.too_few_points", (np.zeros((0, 3)), np.zeros((0, 3)), 0.1, 0.1)),
        ("curve.point_count", ([1.0, 2.0, 3.0], [[1.0, 2.0], [1.0, 2.0]], 0.1, 0.1)),
        ("curve.point_count", ([1.0, 2.0, 3.0], 1.0, 0.1, 0.1)),
        ("curve.point_count", (np.ones((2, 2, 3)), np.ones((2, 3)), 0.1, 0.1)),
        ("quantity.not_a_number", ([1.0, "two"], [1.0, 2.0], 0.1, 0.1)),
    ],
)
def test_refused_arrays(code: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(CalcError) as caught:
        fit_lines(*arguments)
    assert caught.value.code == code
