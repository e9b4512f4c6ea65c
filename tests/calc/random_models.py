"""Random formulas over positive inputs, and their trees on numbers of any kind, for tests of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from calc.expression import Call, Name, Negation, Node, Number, Operation

FUNCTIONS = ("sqrt", "sin", "cos", "exp", "log", "log10", "atan", "tan", "asin", "acos")


def random_formula(random: Random, symbols: tuple[str, ...], depth: int = 4) -> str:
    """Return a formula of smooth operations; nested `depth` deep at most."""
    if depth == 0 or random.random() < 0.15:
        return random.choice([*symbols, *symbols, "2", "0.5", "pi"])
    kind = random.random()
    one = random_formula(random, symbols, depth - 1)
    if kind < 0.6:
        two = random_formula(random, symbols, depth - 1)
        return f"({one}) {random.choice('+-**/')} ({two})"
    if kind < 0.7:
        return f"({one})**{random.choice(['2', '3', '-1', '0.5', '1.5'])}"
    if kind < 0.75:
        return f"-({one})"
    if kind < 0.8:
        return f"(2 + ({one})**2)**({random_formula(random, symbols, 1)})"
    return f"{random.choice(FUNCTIONS)}({one})"


def evaluated(tree: Node, numbers: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    """Return the value of a tree on numbers that bring their own arithmetic."""
    match tree:
        case Number(value):
            return value
        case Name(name):
            return numbers[name]
        case Negation(operand):
            return -evaluated(operand, numbers, functions)
        case Call(function, arguments):
            return functions[function](*(evaluated(argument, numbers, functions) for argument in arguments))
        case Operation(sign, left, right):
            one, two = evaluated(left, numbers, functions), evaluated(right, numbers, functions)
            match sign:
                case "+":
                    return one + two
                case "-":
                    return one - two
                case "*":
                    return one * two
                case "/":
                    return one / two
                case _:
                    return one ** (int(two) if isinstance(two, float) and two.is_integer() else two)
    raise AssertionError(tree)
