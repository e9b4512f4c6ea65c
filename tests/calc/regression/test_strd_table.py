"""The table of digits reached on the NIST StRD sets, in the description of the published cases, is what is reached."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from calc.regression.nonlinear import nonlinear_regression
from calc.regression.polynomial import polynomial_regression
from tests.calc.published.reference import DATA, outcomes
from tests.calc.regression.strd import digits, further

MOST = 15.0


def _published() -> Iterator[tuple[str, float]]:
    """Yield every set of strd.toml with the digits of its worst figure."""
    for outcome in outcomes(DATA / "strd.toml"):
        reached = []
        for figure in outcome.figures:
            assert figure.computed is not None, outcome.identifier
            assert figure.entry.value is not None, outcome.identifier
            reached.append(digits(figure.computed, figure.entry.value))
        yield outcome.identifier.removeprefix("strd-"), min(reached)


def _further() -> Iterator[tuple[str, float]]:
    """Yield the further sets, most of higher difficulty; nonlinear ones by the worse of both starts."""
    for name, case in further("linear").items():
        x, y = ([Decimal(text) for text in case[column]] for column in ("x", "y"))
        fit = polynomial_regression(x, y, case["degree"])
        pairs = [*zip(fit.coefficients, case["coefficients"], strict=True)]
        pairs += zip(fit.standard_errors, case["standard_errors"], strict=True)
        pairs += [(fit.residual_standard_deviation, case["rsd"]), (fit.r_squared, case["r2"])]
        yield name.lower(), min(digits(one, other) for one, other in pairs)
    for name, case in further("nonlinear").items():
        if "published" in case:
            continue
        x, y = ([Decimal(text) for text in case[column]] for column in ("x", "y"))
        reached = []
        for start in case["starts"]:
            parameters = {f"b{index}": value for index, value in enumerate(start, 1)}
            found = nonlinear_regression(case["model"], y, {"x": x}, parameters)
            reached += [digits(*pair) for pair in zip(found.coefficients, case["coefficients"], strict=True)]
            reached.append(digits(found.residual_sum_of_squares, case["rss"]))
        yield name.lower(), min(reached)


def _stated() -> dict[str, float]:
    """Return the table as it stands: set and digits in the first two columns of its rows."""
    text = (DATA / "README.md").read_text(encoding="utf-8").partition("## Digits reached")[2]
    rows = [line.strip("|").split("|") for line in text.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return {row[0].strip(): float(row[1]) for row in rows[2:]}


def test_the_table_states_the_digits_reached() -> None:
    reached = {name: math.floor(2.0 * min(MOST, worst)) / 2.0 for name, worst in (*_published(), *_further())}
    assert _stated() == reached
    assert min(reached.values()) >= 9.0
