"""Formulas as text: an own tokenizer and parser that yield a checked tree of own nodes.

The text is never handed to Python's parser, compiler or evaluator. Grammar: Python arithmetic with `+ - * / **`,
parentheses, decimal numbers, names, elements of arrays (`x[2]`, from 1), `pi`, the functions of `FUNCTIONS` and
`ARRAY_FUNCTIONS`, and the calibration curves that a model declares. Length, nesting and size are limited, all numbers
are floats and exponents are bounded, so that no formula can run for ever.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calc.errors import InvalidModel

MAXIMUM_LENGTH = 4000
MAXIMUM_NESTING = 40
MAXIMUM_HEIGHT = 200
MAXIMUM_NODES = 2000
MAXIMUM_EXPONENT = 64.0
MAXIMUM_SIZE = 1000

# Greek letters stand for themselves in metrology; nothing that starts with "_" is a name.
_NAME = r"[A-Za-zΑ-Ωα-ω][A-Za-zΑ-Ωα-ω0-9_]{0,63}"
_TOKEN = re.compile(
    rf"[ \t\r\n]*(?:(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.])"
    rf"|(?P<name>{_NAME})(?![^\W\d]|_)|(?P<sign>\*\*|[-+*/(),\[\]]))"
)

FUNCTIONS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        **dict.fromkeys(("sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "log10", "abs"), (1, 1)),
        "atan2": (2, 2),
        "min": (2, 8),
        "max": (2, 8),
    }
)
"""Function names with the least and greatest number of arguments; angles in radians, `log` natural."""

ARRAY_FUNCTIONS: Mapping[str, tuple[int, int]] = MappingProxyType({"sum": (1, 1), "mean": (1, 1), "dot": (2, 2)})
"""Functions that make one number of arrays: Σ, Σ/n, and the sum of products. As names of quantities they stay free."""

RESERVED = frozenset(FUNCTIONS) | {"pi"}


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number or pi."""

    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """The symbol of an input or a constant, or of one element of an array: `x[2]`."""

    name: str


@dataclass(frozen=True, slots=True)
class Negation:
    """Minus the operand."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands joined by one of + - * / **."""

    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the lists, or a calibration curve of the model, applied to its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Negation | Operation | Call


def is_name(text: str) -> bool:
    """Return whether `text` can be the symbol of an input, constant or output."""
    return isinstance(text, str) and re.fullmatch(_NAME, text) is not None and text not in RESERVED


def parse(text: str, output: str, curves: Collection[str] = ()) -> Node:
    """Return the checked tree of a formula.

    `output` names the formula in errors; `curves` are the symbols of calibration curves, which take one argument.
    Raises InvalidModel: `model.empty`, `model.syntax`, `model.too_long`, `model.too_deep`, `model.too_large`,
    `model.number`, `model.unknown_function`, `model.argument_count`.
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidModel("model.empty", output=output)
    if len(text) > MAXIMUM_LENGTH:
        raise InvalidModel("model.too_long", output=output, count=len(text), limit=MAXIMUM_LENGTH)
    return _Parser(text, output, curves).whole()


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    position: int


class _Parser:
    """Recursive descent; every method returns a node and its height in the tree."""

    def __init__(self, text: str, output: str, curves: Collection[str]) -> None:
        self._output = output
        self._functions = {**FUNCTIONS, **ARRAY_FUNCTIONS, **dict.fromkeys(curves, (1, 1))}
        self._tokens = self._tokenise(text)
        self._at = 0
        self._nesting = 0
        self._nodes = 0

    def _tokenise(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        position, end = 0, len(text.rstrip(" \t\r\n"))
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                start = position + len(text[position:]) - len(text[position:].lstrip(" \t\r\n"))
                raise InvalidModel(
                    "model.syntax", output=self._output, text=text[start : start + 12], position=start + 1
                )
            tokens.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1))
            position = match.end()
        tokens.append(_Token("end", "", end + 1))
        return tokens

    def whole(self) -> Node:
        node, _ = self._sum()
        if self._peek().kind != "end":
            raise self._unexpected()
        return node

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _take(self, *signs: str) -> str | None:
        """Consume the next token if it is one of `signs`."""
        token = self._peek()
        if token.kind == "sign" and token.text in signs:
            self._at += 1
            return token.text
        return None

    def _need(self, sign: str) -> None:
        if self._take(sign) is None:
            raise self._unexpected()

    def _unexpected(self) -> InvalidModel:
        token = self._peek()
        if token.kind == "end":
            return InvalidModel("model.unexpected_end", output=self._output)
        return InvalidModel("model.syntax", output=self._output, text=token.text, position=token.position)

    def _made(self, node: Node, *heights: int) -> tuple[Node, int]:
        """Count a new node and refuse a tree that grows beyond the limits."""
        self._nodes += 1
        height = 1 + max(heights, default=0)
        if self._nodes > MAXIMUM_NODES:
            raise InvalidModel("model.too_large", output=self._output, limit=MAXIMUM_NODES)
        if height > MAXIMUM_HEIGHT:
            raise InvalidModel("model.too_deep", output=self._output, limit=MAXIMUM_HEIGHT)
        return node, height

    def _sum(self) -> tuple[Node, int]:
        left, height = self._product()
        while sign := self._take("+", "-"):
            right, other = self._product()
            left, height = self._made(Operation(sign, left, right), height, other)
        return left, height

    def _product(self) -> tuple[Node, int]:
        left, height = self._signed()
        while sign := self._take("*", "/"):
            right, other = self._signed()
            left, height = self._made(Operation(sign, left, right), height, other)
        return left, height

    def _signed(self) -> tuple[Node, int]:
        self._nesting += 1
        if self._nesting > MAXIMUM_NESTING:
            raise InvalidModel("model.too_deep", output=self._output, limit=MAXIMUM_NESTING)
        try:
            if self._take("+"):
                return self._signed()
            if self._take("-"):
                operand, height = self._signed()
                return self._made(Negation(operand), height)
            return self._power()
        finally:
            self._nesting -= 1

    def _power(self) -> tuple[Node, int]:
        base, height = self._atom()
        if self._take("**"):
            exponent, other = self._signed()  # right associative, and -x**2 is -(x**2), as in Python
            return self._made(Operation("**", base, exponent), height, other)
        return base, height

    def _atom(self) -> tuple[Node, int]:
        token = self._peek()
        if token.kind == "number":
            self._at += 1
            return self._made(self._number(token))
        if token.kind == "name":
            self._at += 1
            return self._named(token)
        if self._take("("):
            node, height = self._sum()
            self._need(")")
            return node, height
        raise self._unexpected()

    def _number(self, token: _Token) -> Number:
        value = float(token.text)
        if not math.isfinite(value):
            raise InvalidModel("model.number", output=self._output, text=token.text)
        return Number(value, token.text)

    def _named(self, token: _Token) -> tuple[Node, int]:
        if self._take("("):
            return self._called(token.text)
        if self._take("["):
            return self._made(Name(f"{token.text}[{self._index()}]"))
        if token.text in FUNCTIONS:
            raise self._unexpected()
        return self._made(Number(math.pi, "pi") if token.text == "pi" else Name(token.text))

    def _index(self) -> int:
        """Read the place of an element and the bracket behind it."""
        token = self._peek()
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > len(str(MAXIMUM_SIZE)):
            raise self._unexpected()
        self._at += 1
        self._need("]")
        return int(token.text)

    def _called(self, name: str) -> tuple[Node, int]:
        if name not in self._functions:
            raise InvalidModel("model.unknown_function", output=self._output, name=name)
        arguments, heights = [], []
        while True:
            argument, height = self._sum()
            arguments.append(argument)
            heights.append(height)
            if not self._take(","):
                break
        self._need(")")
        least, most = self._functions[name]
        if not least <= len(arguments) <= most:
            expected = str(least) if least == most else f"{least} to {most}"
            raise InvalidModel(
                "model.argument_count", output=self._output, name=name, expected=expected, count=len(arguments)
            )
        return self._made(Call(name, tuple(arguments)), *heights)


_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}


def to_text(node: Node) -> str:
    """Return a formula's tree as text again, with no more parentheses than needed; parsing it gives an equal tree."""
    return _written(node)[0]


def _written(node: Node) -> tuple[str, int]:
    """Return the text and how strongly it binds (1 sum, 2 product, 3 negation, 4 power, 5 atom)."""
    match node:
        case Number(_, text):
            return text, 5
        case Name(name):
            return name, 5
        case Call(function, arguments):
            return f"{function}({', '.join(to_text(argument) for argument in arguments)})", 5
        case Negation(operand):
            text, binds = _written(operand)
            return f"-{text}" if binds >= 3 else f"-({text})", 3
        case Operation(sign, left, right):
            strength = _STRENGTH[sign]
            (first, one), (second, two) = _written(left), _written(right)
            first = first if one >= strength + (sign == "**") else f"({first})"
            second = second if two >= (3 if sign == "**" else strength + 1) else f"({second})"
            return (f"{first}{sign}{second}" if sign == "**" else f"{first} {sign} {second}"), strength
