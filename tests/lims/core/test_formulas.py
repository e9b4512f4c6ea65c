"""Formulas as people read them: decimal mark, real signs, unit, in either language."""

from __future__ import annotations

import pytest

from lims.core import reader
from lims.core.formulas import formula, symbols

CASES = [
    ("0.02 + 0.003 * x", "g", "(0,02 + 0,003 × x) g", "(0.02 + 0.003 × x) g"),
    ("1.5", "kPa", "1,5 kPa", "1.5 kPa"),
    ("0.0002*x", "MPa", "(0,0002 × x) MPa", "(0.0002 × x) MPa"),
    ("0.01 - -0.5e-3 * x**2", "delta_degC", "(0,01 − −0,0005 × x²) °C", "(0.01 − −0.0005 × x²) °C"),
    ("max(0.1, 0.2/x)", "1", "max(0,1; 0,2 / x)", "max(0.1, 0.2 / x)"),
    ("12345 * sqrt(x) * 10**-6", "um", "(12 345 × √(x) × 10⁻⁶) µm", "(12 345 × √(x) × 10⁻⁶) µm"),
]


@pytest.mark.parametrize(("expression", "unit", "vietnamese", "english"), CASES, ids=[case[0] for case in CASES])
def test_a_formula_is_written_as_each_language_writes_it(
    expression: str, unit: str, vietnamese: str, english: str
) -> None:
    try:
        for language, expected in (("vi", vietnamese), ("en", english)):
            reader.speak(language)
            assert formula(expression, unit).replace("\u2009", " ") == expected
    finally:
        reader.speak("en")


def test_no_formula_is_written_as_nothing() -> None:
    assert formula(None, "g") == formula("", "g") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("p_X + dp_X", "p<sub>X</sub> + dp<sub>X</sub>"),
        ("m_1<2", "m<sub>1</sub>&lt;2"),
        ("0,02 + 3 × x", "0,02 + 3 × x"),
    ],
    ids=["indices", "escaped", "without"],
)
def test_what_follows_an_underscore_stands_below_the_line(text: str, shown: str) -> None:
    assert symbols(text) == shown
