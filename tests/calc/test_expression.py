"""Formulas: what is understood, what is refused, and that nothing but a CalcError ever comes out."""

from __future__ import annotations

import contextlib
import math
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calc.errors import CLAUSES, ENGLISH, CalcError, InvalidModel, OutsideValidity
from calc.expression import ARRAY_FUNCTIONS, FUNCTIONS, MAXIMUM_LENGTH, parse, to_text
from calc.model import ConstantDefinition, InputDefinition, MeasurementModel, OutputDefinition, compile_model

SYMBOLS = ("x", "y", "z")


def value_of(text: str, x: float = 2.0, y: float = 3.0, z: float = 5.0) -> float:
    inputs = tuple(InputDefinition(symbol, "1") for symbol in SYMBOLS)
    model = MeasurementModel((OutputDefinition("out", text, "1"),), inputs)
    return compile_model(model).program.linearise((x, y, z)).values[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2*3 - 4/2", 5.0),
        ("-x**2", -4.0),
        ("(-x)**2", 4.0),
        ("2**-1", 0.5),
        ("x**y**2", 512.0),
        ("x - y - z", -6.0),
        ("x/y/z", 2.0 / 3.0 / 5.0),
        ("--x + +y", 5.0),
        ("sqrt(x*x) + abs(-y)", 5.0),
        ("min(x, y, z) + max(x, y, z)", 7.0),
        ("atan2(0, x)", 0.0),
        ("cos(pi)", -1.0),
        ("atan2(-0, -1) + atan2(0, -1)", 0.0),
        ("log(exp(x)) + log10(100)", 4.0),
        ("1.5e1 + .5 + 2.", 17.5),
        ("1_000 + 1E3 + 1e-3 + 2_5.2_5", 2025.251),
        ("1_0e1_0 - 10e10", 0.0),
        ("007 + 00 + 08.5", 15.5),  # Python refuses 007, which once was octal; here it can only be 7
        ("x**1000/x**990", 1024.0),
        ("x**-1000*x**1000", 1.0),
        (" x\n + y ", 5.0),
    ],
)
def test_value(text: str, expected: float) -> None:
    assert value_of(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "model.empty"),
        ("   ", "model.empty"),
        ("x +", "model.unexpected_end"),
        ("x y", "model.syntax"),
        ("2x", "model.syntax"),
        ("x^2", "model.syntax"),
        ("x // y", "model.syntax"),
        ("x % y", "model.syntax"),
        ("x if y else z", "model.syntax"),
        ("x.real", "model.syntax"),
        ("x.__class__", "model.syntax"),
        ("__class__", "model.unknown_name"),
        ("__builtins__ + x", "model.unknown_name"),
        ("__import__(x)", "model.unknown_function"),
        ("_", "model.unknown_name"),
        ("__import__('os')", "model.syntax"),
        ("lambda: x", "model.syntax"),
        ("[x for x in y]", "model.syntax"),
        ("'x'", "model.syntax"),
        ('f"{x}"', "model.syntax"),
        ("x[0]", "model.index"),
        ("x[1]", "model.index"),
        ("x[1", "model.unexpected_end"),
        ("x[]", "model.syntax"),
        ("x[y]", "model.syntax"),
        ("x[1.0]", "model.syntax"),
        ("x[-1]", "model.syntax"),
        ("x[1:2]", "model.syntax"),
        ("x[99999]", "model.syntax"),
        ("x[1][1]", "model.syntax"),
        ("sum(x)", "model.no_array"),
        ("mean(2)", "model.no_array"),
        ("dot(x, y)", "model.no_array"),
        ("sum(x, y)", "model.argument_count"),
        ("dot(x)", "model.argument_count"),
        ("sum", "model.unknown_name"),
        ("x == y", "model.syntax"),
        ("x := 1", "model.syntax"),
        ("x; y", "model.syntax"),
        ("x\x00", "model.syntax"),
        ("1__0", "model.syntax"),
        ("1_", "model.syntax"),
        ("_1", "model.unknown_name"),
        ("1_.5", "model.syntax"),
        ("1._5", "model.syntax"),
        ("1e_5", "model.syntax"),
        ("1e", "model.syntax"),
        ("2é", "model.syntax"),
        ("２", "model.syntax"),
        ("x²", "model.syntax"),
        ("a\u200bb", "model.syntax"),
        ("0x10", "model.syntax"),
        ("1j", "model.syntax"),
        ("(x", "model.unexpected_end"),
        ("x)", "model.syntax"),
        ("sin", "model.unknown_name"),
        ("sin x", "model.syntax"),
        ("sin()", "model.syntax"),
        ("sin(x, y)", "model.argument_count"),
        ("atan2(x)", "model.argument_count"),
        ("eval(x)", "model.unknown_function"),
        ("x(y)", "model.unknown_function"),
        ("w + 1", "model.unknown_name"),
        ("True", "model.unknown_name"),
        ("1e999", "model.number"),
        ("x**1001", "model.exponent"),
        ("x**-1000.5", "model.exponent"),
        ("9**9**9**9", "model.exponent"),
        ("(" * 60 + "x" + ")" * 60, "model.too_deep"),
        ("-" * 100 + "x", "model.too_deep"),
        ("x**" * 41 + "x", "model.too_deep"),
        ("sqrt(" * 41 + "x" + ")" * 41, "model.too_deep"),
        ("+".join(["x"] * 2501), "model.too_large"),
        ("*".join(["x"] * 2501), "model.too_large"),
        ("x" * (MAXIMUM_LENGTH + 1), "model.too_long"),
    ],
)
def test_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        value_of(text)
    assert caught.value.code == code
    assert caught.value.values["output"] == "out"
    assert caught.value.clause
    assert str(caught.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x/(y - 3)", "model.division_by_zero"),
        ("log(x - 2)", "model.outside_domain"),
        ("sqrt(-x)", "model.outside_domain"),
        ("exp(1000*x)", "model.outside_domain"),
        ("(x*y)**1000", "model.outside_domain"),
        ("(x*y)**-1000*0 + (x/1e9)**-1000", "model.division_by_zero"),
        ("(0 - x)**0.5", "model.outside_domain"),
        ("1e300*1e300*x", "model.outside_domain"),
        ("1/0", "model.division_by_zero"),
        ("sqrt(x - 2)", "model.not_differentiable"),
        ("abs(x - 2)", "model.not_differentiable"),
        ("min(x, y - 1)", "model.not_differentiable"),
        ("asin(x - 1)", "model.not_differentiable"),
    ],
)
def test_no_value_at_the_estimate(text: str, code: str) -> None:
    with pytest.raises(OutsideValidity) as caught:
        value_of(text)
    assert caught.value.code == code
    assert caught.value.values["output"] == "out"
    assert caught.value.clause is not None


trees = st.recursive(
    st.sampled_from([*SYMBOLS, "1", "2.5", "pi", "0"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", " - ", "*", "/", "**"]), inner).map(
            lambda parts: f"({parts[0]}){parts[1]}({parts[2]})"
        ),
        inner.map(lambda text: f"-({text})"),
        st.tuples(st.sampled_from(["sqrt", "sin", "exp", "log", "abs", "atan"]), inner).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
    ),
    max_leaves=12,
)


@given(trees)
def test_text_of_a_tree_parses_to_the_same_tree(text: str) -> None:
    tree = parse(text, "out")
    assert parse(to_text(tree), "out") == tree


@settings(max_examples=400)
@given(
    st.one_of(
        st.text(max_size=60),
        trees,
        st.text(alphabet="xyz019.e+-*/(), \t_^%&|!=<>[]{}'\"\\lambdsincoqrtp", max_size=80),
        st.lists(
            st.sampled_from(["x", "y", "(", ")", "**", "*", "/", "+", "-", ",", "sqrt", "min", "pi", "1e9", "64", "0"]),
            max_size=60,
        ).map(" ".join),
    )
)
@example("x**64**64**64")
@example("((((x**64)**64)**64)**64)**64")
@example("().__class__.__bases__[0].__subclasses__()")
def test_nothing_but_a_calc_error_comes_out(text: str) -> None:
    started = time.monotonic()
    with contextlib.suppress(CalcError):
        assert math.isfinite(value_of(text))
    assert time.monotonic() - started < 5.0


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("(((((p**64)**64)**64)**64)**64)**64", "(p**64)**64"),
        ("((((g**64)**64)**64)**64)/g", "(g**64)**64"),
        ("r**64*r**64*r**64*r**64", None),
    ],
)
def test_powers_of_units_end(text: str, part: str | None) -> None:
    inputs = (InputDefinition("p", "%"), InputDefinition("g", "g"), InputDefinition("r", "km"))
    with pytest.raises(InvalidModel) as caught:
        compile_model(MeasurementModel((OutputDefinition("out", text, "1"),), inputs))
    if part is not None:  # refused at once, not after numbers of millions of digits
        assert caught.value.code == "model.unit_scale"
        assert caught.value.values["text"] == part


@pytest.mark.parametrize(
    "name", ["", "1x", "x y", "x.y", "x²", "x\u200b", "\u0301x", "٣", "x" * 65, "ﬃ" * 22, "\ud800"]
)
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(InvalidModel) as caught:
        compile_model(MeasurementModel((OutputDefinition("out", "1", "1"),), (InputDefinition(name, "1"),)))
    assert caught.value.code == "model.name"


@pytest.mark.parametrize("name", ["pi", "ｐｉ"])
def test_pi_is_reserved(name: str) -> None:
    for model in (
        MeasurementModel((OutputDefinition("out", "1", "1"),), (InputDefinition(name, "1"),)),
        MeasurementModel((OutputDefinition("out", "1", "1"),), (), (ConstantDefinition(name, 3.0, "1"),)),
        MeasurementModel((OutputDefinition(name, "1", "1"),), ()),
    ):
        with pytest.raises(InvalidModel) as caught:
            compile_model(model)
        assert (caught.value.code, caught.value.values["name"]) == ("model.reserved", name)


@pytest.mark.parametrize(
    "name",
    [
        "é",
        "độ",
        "do\u0323\u0302",
        "_x",
        "_",
        "__class__",
        "__builtins__",
        "ϑ",
        "µ",
        "温度",
        "lambda",
        "None",
        "x٣",
        "v1",
        *FUNCTIONS,
        *ARRAY_FUNCTIONS,
        "eval",
        "print",
    ],
)
def test_names(name: str) -> None:
    model = MeasurementModel((OutputDefinition("out", f"2*{name} - {name}*1", "1"),), (InputDefinition(name, "1"),))
    assert compile_model(model).program.linearise((3.0,)).values == (3.0,)
    assert compile_model(model).symbols == (name,)


@pytest.mark.parametrize(
    ("declared", "written"), [("µ", "μ"), ("μ", "µ"), ("độ", "đo\u0323\u0302"), ("x", "ｘ"), ("ﬁ", "fi")]
)
def test_names_are_read_in_their_normal_form(declared: str, written: str) -> None:
    model = MeasurementModel((OutputDefinition("out", f"{written} + 1", "1"),), (InputDefinition(declared, "1"),))
    assert compile_model(model).program.linearise((3.0,)).values == (4.0,)
    twice = MeasurementModel(model.outputs, (InputDefinition(declared, "1"), InputDefinition(written, "1")))
    with pytest.raises(InvalidModel) as caught:
        compile_model(twice)
    assert caught.value.code == "model.duplicate"


def test_a_function_is_told_by_its_parenthesis() -> None:
    inputs = (InputDefinition("min", "1"), InputDefinition("abs", "1"))
    model = MeasurementModel((OutputDefinition("max", "min(min, abs) - abs(abs)*min", "1"),), inputs)
    assert compile_model(model).program.linearise((2.0, -3.0)).values == (-9.0,)


@pytest.mark.parametrize("sign", [" + ", "*", " - ", "/"])
def test_long_sums_and_products_are_not_nested(sign: str) -> None:
    names = [f"x{n}" for n in range(1, 2001)]
    text = sign.join(names)
    tree = parse(text, "out")
    assert to_text(tree) == text.replace("*", " * ").replace("/", " / ")
    assert tree == parse(text, "out")
    assert hash(tree) == hash(parse(text, "out"))
    assert tree != parse(text.replace("x2000", "x1999"), "out")
    assert "x2000" in repr(tree)
    inputs = tuple(InputDefinition(name, "1") for name in names)
    compiled = compile_model(MeasurementModel((OutputDefinition("out", text, "1"),), inputs))
    expected = {" + ": 2000.0, " - ": -1998.0, "*": 1.0, "/": 1.0}[sign]
    assert compiled.program.linearise([1.0] * 2000).values == (expected,)


def test_a_power_of_a_hundred() -> None:
    model = MeasurementModel((OutputDefinition("out", "(x/10)**100", "1"),), (InputDefinition("x", "1"),))
    linear = compile_model(model).program.linearise((11.0,))
    assert linear.values[0] == pytest.approx(1.1**100, rel=1e-13)
    assert linear.derivatives[0][0] == pytest.approx(10.0 * 1.1**99, rel=1e-13)


def test_every_error_of_a_model_says_where_and_why() -> None:
    for code in (code for code in ENGLISH if code.startswith("model.")):
        assert code in CLAUSES, code
        assert code == "model.no_outputs" or "{output}" in ENGLISH[code] or "{name}" in ENGLISH[code]


def test_a_name_stands_for_one_thing() -> None:
    inputs = (InputDefinition("x", "1"),)
    outputs = (OutputDefinition("out", "x", "1"),)
    for model in (
        MeasurementModel(outputs, inputs * 2),
        MeasurementModel(outputs, inputs, (ConstantDefinition("x", 1.0, "1"),)),
        MeasurementModel((OutputDefinition("x", "x", "1"),), inputs),
    ):
        with pytest.raises(InvalidModel) as caught:
            compile_model(model)
        assert caught.value.code == "model.duplicate"
    with pytest.raises(InvalidModel) as caught:
        compile_model(MeasurementModel((), inputs))
    assert caught.value.code == "model.no_outputs"


def test_greek_names() -> None:
    model = MeasurementModel(
        (OutputDefinition("L", "l0*(1 + α*Δθ)", "mm"),),
        (InputDefinition("l0", "mm"), InputDefinition("α", "1/K"), InputDefinition("Δθ", "K")),
    )
    assert compile_model(model).program.linearise((100.0, 1e-5, 10.0)).values[0] == pytest.approx(100.01, rel=1e-15)
