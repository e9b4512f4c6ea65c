"""Formulas as an attacker or a cat would type them: a result or a CalcError, soon, and nothing else happens."""

from __future__ import annotations

import contextlib
import math
import sys
import time
import types
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calc.compiler.lookups import CurveDefinition
from calc.curves.domain import Domain
from calc.curves.straight_line import StraightLine
from calc.errors import CalcError
from calc.evaluate import evaluate
from calc.expression import ARRAY_FUNCTIONS, FUNCTIONS, is_name, parse, to_text
from calc.model import (
    ConstantDefinition,
    CoverageRule,
    InputDefinition,
    MeasurementModel,
    OutputDefinition,
    compile_model,
)
from calc.quantities import BoundCurve, Correlation, Estimate, InputQuantity, ModelInputs, PointBinding
from calc.serialise import from_record, to_record
from tests.calc.attacks import ATTACKS

SECONDS = 20.0
SYMBOLS = ("x", "y", "α")
ELEMENTS = ("v[1]", "v[2]", "v[3]")
UNITS = ("1", "mm", "degC", "%", "kg/m3", "K", "g")
_seen: list[str] = []
_watching = False


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    """Note whatever no formula may cause: files, processes, imports, code from text, foreign functions."""
    if not _watching:
        return
    if event == "compile" and not isinstance(arguments[0], str | bytes):
        return  # the model's own nodes become a code object
    if event == "exec" and isinstance(arguments[0], types.CodeType) and arguments[0].co_filename == "<model>":
        return
    if event.split(".")[0] in {"open", "os", "subprocess", "socket", "import", "compile", "exec", "ctypes", "marshal"}:
        _seen.append(event)


sys.addaudithook(_audit)  # cannot be removed again, so it looks away while nothing is watched


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Let CalcErrors pass, and fail on any other event or on a formula that takes its time."""
    global _watching
    _seen.clear()
    started = time.monotonic()
    _watching = True
    try:
        with contextlib.suppress(CalcError):
            yield
    finally:
        _watching = False
    assert not _seen
    assert time.monotonic() - started < SECONDS


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    """Load what is loaded at first use, pint above all, so that only the formula's doing is seen."""
    for unit in UNITS:
        tried("x + 0", unit)
    from_record(MeasurementModel, to_record(model_of("x")))


def model_of(text: str, unit: str = "1") -> MeasurementModel:
    inputs = (*(InputDefinition(symbol, unit) for symbol in SYMBOLS), InputDefinition("v", unit, len(ELEMENTS)))
    constants = (ConstantDefinition("c", 3.0, "1"),)
    curves = (CurveDefinition("G", unit, unit),)
    outputs = (OutputDefinition("out", text, unit), OutputDefinition("other", "x", unit))
    return MeasurementModel(outputs, inputs, constants, curves=curves)


def tried(text: str, unit: str = "1", value: float = 2.0, u: float = 0.1) -> None:
    """Evaluate a formula; whatever comes out is finite."""
    quantities = tuple(
        InputQuantity(symbol, Estimate(value + place, u, unit, 5.0 + place))
        for place, symbol in enumerate((*SYMBOLS, *ELEMENTS))
    )
    curve = StraightLine("line", unit, unit, Domain(-1e3, 1e3), 1.0, 2.0, 0.5, 1e-4, 1e-6, 9.0)
    point = PointBinding("1", {quantity.key: quantity.key for quantity in quantities}, {"G": "g"})
    inputs = ModelInputs(quantities, (Correlation("x", "y", 0.5),), (point,), (BoundCurve("g", curve),))
    output = evaluate(model_of(text, unit), inputs, seed=0).outputs[0]
    numbers = [output.estimate, output.combined_standard_uncertainty, output.expanded_uncertainty]
    assert all(math.isfinite(number) for number in numbers)
    assert output.effective_degrees_of_freedom >= 1.0


@pytest.mark.parametrize("unit", ["1", "mm", "degC"])
@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_attacks(text: str, unit: str) -> None:
    with watched():
        tried(text, unit)


@pytest.mark.parametrize("thing", [None, 1, 1.0, b"x", ["x"], ("x",), {}, object()])
def test_formulas_that_are_no_text(thing: object) -> None:
    with pytest.raises(CalcError):
        parse(thing, "out")  # type: ignore[arg-type]  # as a caller without types may do


WORDS = """
c v pi out other é _ µ 1_0 ( ) ( ) , , ** * / + - [ ] . : = == < > ! ' " { } \\ ; _ __class__ lambda for in if else
0 1 2 64 65 -1 0.5 1e9 1e-9 1e308 1e-320 9e999 .5 5. 1e 0x1
"""
TOKENS = st.sampled_from(
    [
        *SYMBOLS,
        *FUNCTIONS,
        *ARRAY_FUNCTIONS,
        *ELEMENTS,
        "G(",
        *WORDS.split(),
        " ",
        "\n",
        "\t",
    ]
)
FORMULAS = st.recursive(
    st.sampled_from(
        [*SYMBOLS, *ELEMENTS, "sum(v)", "v", "c", "pi", "other", "0", "1", "2", "0.5", "1e300", "1e-300", "64", "3"]
    ),
    lambda inner: st.one_of(
        st.builds("({}){}({})".format, inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner),
        st.builds("-{}".format, inner),
        st.builds("G({})".format, inner),
        st.builds(
            "{}({})".format, st.sampled_from([name for name, (least, _) in FUNCTIONS.items() if least == 1]), inner
        ),
        st.builds("{}({}, {})".format, st.sampled_from(["atan2", "min", "max", "dot"]), inner, inner),
        st.builds("{}(({})*({}))".format, st.sampled_from(["sum", "mean"]), st.sampled_from(["v", "v - x"]), inner),
    ),
    max_leaves=25,
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """Return a formula with some characters put in, taken out or exchanged."""
    text = draw(FORMULAS)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        width = draw(st.integers(0, 3))
        text = text[:at] + draw(st.text(max_size=3)) + text[at + width :]
    return text


TEXTS = st.one_of(
    st.text(max_size=100),
    st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=100),
    st.lists(TOKENS, max_size=60).map("".join),
    st.lists(TOKENS, max_size=60).map(" ".join),
    FORMULAS,
    damaged(),
)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


def _parse(text: str) -> None:
    with watched():
        tree = parse(text, "out", ["G"])
        assert parse(to_text(tree), "out", ["G"]) == tree


def _evaluate(text: str, unit: str, value: float, u: float) -> None:
    with watched():
        tried(text, unit, value, u)


def _compile(symbol: str, text: str, unit: str, result: str, number: float) -> None:
    with contextlib.suppress(CalcError):  # unknown units make pint look around, so no event is watched
        model = MeasurementModel(
            (OutputDefinition("out", text, result),),
            (InputDefinition(symbol, unit),),
            (ConstantDefinition("c", number, "1"),),
            CoverageRule(number),
        )
        compile_model(model)
        assert is_name(symbol)


RECORDS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10), st.sampled_from(["1.0", "inf", "nan"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                ["outputs", "inputs", "constants", "coverage", "name", "symbol", "unit", "expression", "value"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=20,
)


def _read(record: object) -> None:
    with watched():
        compile_model(from_record(MeasurementModel, record))


@settings(max_examples=400)
@given(TEXTS)
def test_parse(text: str) -> None:
    _parse(text)


@settings(max_examples=400)
@given(TEXTS, st.sampled_from(UNITS), st.one_of(st.floats(-5.0, 5.0), NUMBERS), st.one_of(st.just(0.1), NUMBERS))
def test_evaluate(text: str, unit: str, value: float, u: float) -> None:
    _evaluate(text, unit, value, u)


@settings(max_examples=150)
@given(
    st.text(max_size=8), FORMULAS, st.one_of(st.text(max_size=8), st.sampled_from(UNITS)), st.text(max_size=8), NUMBERS
)
def test_compile(symbol: str, text: str, unit: str, result: str, number: float) -> None:
    _compile(symbol, text, unit, result, number)


@settings(max_examples=150)
@given(RECORDS)
def test_records(record: object) -> None:
    _read(record)


DEEP = settings(max_examples=8_000, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.long
@DEEP
@given(TEXTS)
def test_parse_deep(text: str) -> None:
    _parse(text)


@pytest.mark.long
@DEEP
@given(TEXTS, st.sampled_from(UNITS), st.one_of(st.floats(-5.0, 5.0), NUMBERS), st.one_of(st.just(0.1), NUMBERS))
def test_evaluate_deep(text: str, unit: str, value: float, u: float) -> None:
    _evaluate(text, unit, value, u)


@pytest.mark.long
@DEEP
@given(
    st.text(max_size=8), FORMULAS, st.one_of(st.text(max_size=8), st.sampled_from(UNITS)), st.text(max_size=8), NUMBERS
)
def test_compile_deep(symbol: str, text: str, unit: str, result: str, number: float) -> None:
    _compile(symbol, text, unit, result, number)
