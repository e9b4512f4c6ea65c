"""Formulas of certificates and drift decisions in exact decimals: "0.0002 * x", "0.10 + 0.001 * x".

calc parses the text to a checked tree; here the tree is worked out in Decimal, so that what a certificate states stays
exact until calc turns it into a float. The one variable is x, the absolute value of the point.
"""

from __future__ import annotations

from decimal import Decimal, DecimalException, localcontext
from typing import Final

from calc.errors import InvalidModel
from calc.expression import Call, Name, Negation, Node, Number, Operation, parse, spine

PRECISION: Final = 34
"""Digits carried: those of the widest decimal format in common use (IEEE 754 decimal128)."""

_LARGEST_EXPONENT: Final = 64


class FormulaError(ValueError):
    """A formula that is not understood or has no value at a point; `reason` is a code of messages.py."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason, text)
        self.reason = reason
        self.text = text


def check_formula(text: str) -> None:
    """Raise FormulaError unless the text is a formula in x alone."""
    evaluate_formula(text, Decimal(1))


def evaluate_formula(text: str, x: Decimal) -> Decimal:
    """Return the value of a formula at the absolute value of a point.

    Raises FormulaError "formula.syntax", "formula.unknown_name", "formula.unknown_function" or "formula.no_value".
    """
    try:
        tree = parse(text, "x")
    except InvalidModel as error:
        raise FormulaError("formula.syntax", text) from error
    with localcontext(prec=PRECISION):
        try:
            return +_value(tree, abs(x), text)
        except DecimalException as error:
            raise FormulaError("formula.no_value", text) from error


def _value(node: Node, x: Decimal, text: str) -> Decimal:
    first, operations = spine(node)
    value = _operand(first, x, text)
    for operation in operations:
        value = _operation(operation.sign, value, _value(operation.right, x, text), text)
    return value


def _operand(node: Node, x: Decimal, text: str) -> Decimal:
    match node:
        case Number(text="pi") | Call():
            return _call(node, x, text)
        case Number(text=digits):
            return Decimal(digits)
        case Name(name="x"):
            return x
        case Name():
            raise FormulaError("formula.unknown_name", text)
        case Negation(operand=operand):
            return -_value(operand, x, text)
        case Operation():
            return _value(node, x, text)


def _operation(sign: str, left: Decimal, right: Decimal, text: str) -> Decimal:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    if sign == "/":
        return left / right
    if right != right.to_integral_value() or abs(right) > _LARGEST_EXPONENT:
        raise FormulaError("formula.no_value", text)
    return left ** int(right)


def _call(node: Node, x: Decimal, text: str) -> Decimal:
    """Only what is exact in decimals, or correctly rounded by them, is allowed."""
    if isinstance(node, Call):
        arguments = [_value(argument, x, text) for argument in node.arguments]
        if node.function == "abs":
            return abs(arguments[0])
        if node.function == "sqrt":
            return arguments[0].sqrt()
        if node.function in {"min", "max"}:
            return (min if node.function == "min" else max)(arguments)
    raise FormulaError("formula.unknown_function", text)
