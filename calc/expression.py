"""Formulas as text: an own tokenizer and parser that yield a checked tree of own nodes.

The text is never handed to Python's parser, compiler or evaluator. Grammar: Python arithmetic with `+ - * / **`,
parentheses, decimal numbers, names, elements of arrays (`x[2]`, from 1), `pi`, the functions of `FUNCTIONS` and
`ARRAY_FUNCTIONS`, and the calibration curves that a model declares. Names and numbers are those of Python (NFKC, so
that both signs for micro are one name; `1_000`), but leading zeros are read as decimals. The name of a function is one
only before a parenthesis. Length, nesting and size are limited, all numbers are floats and exponents are bounded, so
that no formula can run for ever.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from calc.errors import InvalidModel

MAXIMUM_LENGTH = 20_000
MAXIMUM_NESTING = 40
MAXIMUM_NODES = 5000
MAXIMUM_EXPONENT = 1000.0
MAXIMUM_SIZE = 1000
MAXIMUM_NAME = 64

_BLANK = " \t\r\n"
_DIGITS = "[0-9]+(?:_[0-9]+)*"
_TOKEN = re.compile(
    rf"(?P<number>(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?)(?![\w.])"
    r"|(?P<sign>\*\*|[-+*/(),\[\]])"
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
"""Functions that make one number of arrays: Σ, Σ/n, and the sum of products. """

RESERVED = frozenset({"pi"})
"""Names that no quantity can have."""


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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Operation:
    """Two operands joined by one of + - * / **.

    Long sums and products grow to the left, so everything that visits a tree takes its `spine` in a loop.
    """

    sign: str
    left: Node
    right: Node

    def __eq__(self, other: object) -> bool:
        return _parts_of(self) == _parts_of(other) if isinstance(other, Operation) else NotImplemented

    def __hash__(self) -> int:
        return hash(_parts_of(self))

    def __repr__(self) -> str:
        return f"Operation({to_text(self)!r})"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the lists, or a calibration curve of the model, applied to its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Name | Negation | Operation | Call


def spine(node: Node) -> tuple[Node, list[Operation]]:
    """Return the first operand of a chain of operations, and the operations from the innermost outward."""
    operations = []
    while isinstance(node, Operation):
        operations.append(node)
        node = node.left
    return node, operations[::-1]


def _parts_of(operation: Operation) -> tuple[object, ...]:
    first, operations = spine(operation)
    return first, *((item.sign, item.right) for item in operations)


def canonical(name: str) -> str:
    """Return the name that is meant, as Python reads it: in the normal form NFKC."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def is_name(text: str) -> bool:
    """Return whether `text` can be the symbol of an input, constant or output: any name of Python but `pi`."""
    if not isinstance(text, str) or not text.isidentifier():
        return False
    name = canonical(text)
    return len(name) <= MAXIMUM_NAME and name not in RESERVED


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


def _token(text: str, position: int) -> tuple[str, int] | None:
    """Return kind and length of the token at a position, None where there is none."""
    match = _TOKEN.match(text, position)
    if match is not None and match.lastgroup is not None:
        return match.lastgroup, match.end() - position
    end = position
    if text[position].isidentifier():
        while end < len(text) and f"_{text[end]}".isidentifier():
            end += 1
    usable = end > position and len(canonical(text[position:end])) <= MAXIMUM_NAME
    return ("name", end - position) if usable else None


class _Parser:
    """Recursive descent. A chain of operations is read in a loop, so that only parentheses and signs nest."""

    def __init__(self, text: str, output: str, curves: Collection[str]) -> None:
        self._output = output
        self._functions = {**FUNCTIONS, **ARRAY_FUNCTIONS, **dict.fromkeys(map(canonical, curves), (1, 1))}
        self._tokens = self._tokenise(text)
        self._at = 0
        self._nesting = 0
        self._nodes = 0

    def _tokenise(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        position, end = 0, len(text.rstrip(_BLANK))
        while position < end:
            if text[position] in _BLANK:
                position += 1
                continue
            token = _token(text, position)
            if token is None:
                shown = text[position : position + 12]
                raise InvalidModel("model.syntax", output=self._output, text=shown, position=position + 1)
            kind, length = token
            shown = text[position : position + length]
            tokens.append(_Token(kind, canonical(shown) if kind == "name" else shown, position + 1))
            position += length
        tokens.append(_Token("end", "", end + 1))
        return tokens

    def whole(self) -> Node:
        node = self._sum()
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

    def _made(self, node: Node) -> Node:
        """Count a new node and refuse a tree that grows beyond the limit."""
        self._nodes += 1
        if self._nodes > MAXIMUM_NODES:
            raise InvalidModel("model.too_large", output=self._output, limit=MAXIMUM_NODES)
        return node

    def _sum(self) -> Node:
        left = self._product()
        while sign := self._take("+", "-"):
            left = self._made(Operation(sign, left, self._product()))
        return left

    def _product(self) -> Node:
        left = self._signed()
        while sign := self._take("*", "/"):
            left = self._made(Operation(sign, left, self._signed()))
        return left

    def _signed(self) -> Node:
        self._nesting += 1
        if self._nesting > MAXIMUM_NESTING:
            raise InvalidModel("model.too_deep", output=self._output, limit=MAXIMUM_NESTING)
        try:
            if self._take("+"):
                return self._signed()
            return self._made(Negation(self._signed())) if self._take("-") else self._power()
        finally:
            self._nesting -= 1

    def _power(self) -> Node:
        base = self._atom()
        if self._take("**"):
            # right associative, and -x**2 is -(x**2), as in Python
            return self._made(Operation("**", base, self._signed()))
        return base

    def _atom(self) -> Node:
        token = self._peek()
        if token.kind == "number":
            self._at += 1
            return self._made(self._number(token))
        if token.kind == "name":
            self._at += 1
            return self._named(token)
        if self._take("("):
            node = self._sum()
            self._need(")")
            return node
        raise self._unexpected()

    def _number(self, token: _Token) -> Number:
        value = float(token.text)
        if not math.isfinite(value):
            raise InvalidModel("model.number", output=self._output, text=token.text)
        return Number(value, token.text)

    def _named(self, token: _Token) -> Node:
        if self._take("("):
            return self._called(token.text)
        if self._take("["):
            return self._made(Name(f"{token.text}[{self._index()}]"))
        return self._made(Number(math.pi, "pi") if token.text == "pi" else Name(token.text))

    def _index(self) -> int:
        """Read the place of an element and the bracket behind it."""
        token = self._peek()
        if token.kind != "number" or not token.text.isdigit() or len(token.text) > len(str(MAXIMUM_SIZE)):
            raise self._unexpected()
        self._at += 1
        self._need("]")
        return int(token.text)

    def _called(self, name: str) -> Node:
        if name not in self._functions:
            raise InvalidModel("model.unknown_function", output=self._output, name=name)
        arguments = [self._sum()]
        while self._take(","):
            arguments.append(self._sum())
        self._need(")")
        least, most = self._functions[name]
        if not least <= len(arguments) <= most:
            expected = str(least) if least == most else f"{least} to {most}"
            raise InvalidModel(
                "model.argument_count", output=self._output, name=name, expected=expected, count=len(arguments)
            )
        return self._made(Call(name, tuple(arguments)))


_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4}


def to_text(node: Node) -> str:
    """Return a formula's tree as text again, with no more parentheses than needed; parsing it gives an equal tree."""
    return _written(node)[0]


def _written(node: Node) -> tuple[str, int]:
    """Return the text and how strongly it binds (1 sum, 2 product, 3 negation, 4 power, 5 atom)."""
    first, operations = spine(node)
    text, binds = _written_operand(first)
    for operation in operations:
        sign, strength = operation.sign, _STRENGTH[operation.sign]
        second, two = _written(operation.right)
        text = text if binds >= strength + (sign == "**") else f"({text})"
        second = second if two >= (3 if sign == "**" else strength + 1) else f"({second})"
        text, binds = f"{text}{sign}{second}" if sign == "**" else f"{text} {sign} {second}", strength
    return text, binds


def _written_operand(node: Node) -> tuple[str, int]:
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
    return _written(node)
