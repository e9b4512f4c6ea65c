"""A formula as a list of operations in order, each used once.

Nodes are numbered in the order in which they can be computed. The builder folds constants, joins equal nodes and drops
neutral elements, so that derivatives stay about as long as the formula. Integer powers become products: the same
operations then give the same bits for floats and for arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType

Key = tuple[object, ...]


def _sign(x: float) -> float:
    return math.nan if x == 0.0 else math.copysign(1.0, x)  # |x| has no derivative at 0


def _less(x: float, y: float) -> float:
    return 1.0 if x < y else 0.0 if x > y else math.nan  # min and max have none where the two are equal


SCALAR_FUNCTIONS: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "sqrt": math.sqrt,
        "sin": math.sin,
        "cos": math.cos,
        "tan": math.tan,
        "asin": math.asin,
        "acos": math.acos,
        "atan": math.atan,
        "atan2": math.atan2,
        "exp": math.exp,
        "log": math.log,
        "log10": math.log10,
        "abs": math.fabs,
        "min": min,
        "max": max,
        "pow": math.pow,
        "sign": _sign,
        "less": _less,
    }
)
"""How each operation on floats is done; the arithmetic signs are Python's own."""

_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "/": lambda x, y: x / y}
)


def apply(operation: str, arguments: list[float]) -> float:
    """Return the value of one operation; raises ArithmeticError or ValueError where it has none."""
    if operation == "neg":
        return -arguments[0]
    function = _ARITHMETIC.get(operation)
    return SCALAR_FUNCTIONS[operation](*arguments) if function is None else function(*arguments)


class Graph:
    """Nodes `("input", symbol)`, `("number", value)` and `(operation, argument, ...)` with arguments by number."""

    def __init__(self) -> None:
        self.nodes: list[Key] = []
        self._numbers: dict[Key, int] = {}

    def copy(self) -> Graph:
        """Return a graph of the same nodes to which others can be added."""
        other = Graph()
        other.nodes, other._numbers = self.nodes.copy(), self._numbers.copy()
        return other

    def _node(self, key: Key) -> int:
        # 0.0 and -0.0 are equal but not the same number
        found = (*key, math.copysign(1.0, key[1])) if key[0] == "number" and isinstance(key[1], float) else key
        if found not in self._numbers:
            self._numbers[found] = len(self.nodes)
            self.nodes.append(key)
        return self._numbers[found]

    def number(self, value: float) -> int:
        return self._node(("number", value))

    def input(self, symbol: str) -> int:
        return self._node(("input", symbol))

    def constant(self, node: int) -> float | None:
        """Return the value of a constant node, None for any other."""
        kind, value = self.nodes[node][0], self.nodes[node][1]
        return value if kind == "number" and isinstance(value, float) else None

    def operation(self, name: str, *arguments: int) -> int:
        """Return the node of an operation on nodes, folded where all arguments are constants with a finite result."""
        values = [self.constant(argument) for argument in arguments]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            try:
                result = apply(name, known)
            except (ArithmeticError, ValueError):
                result = math.nan
            if math.isfinite(result):
                return self.number(result)
        return self._node((name, *arguments))

    def negative(self, x: int) -> int:
        return self.arguments(x)[0] if self.nodes[x][0] == "neg" else self.operation("neg", x)

    def add(self, x: int, y: int) -> int:
        if self.constant(x) == 0.0:
            return y
        if self.constant(y) == 0.0:
            return x
        if self.nodes[x][0] == "neg":
            return self.operation("-", y, self.arguments(x)[0])  # to the bit the same
        if self.nodes[y][0] == "neg":
            return self.operation("-", x, self.arguments(y)[0])
        return self.operation("+", x, y)

    def subtract(self, x: int, y: int) -> int:
        if self.constant(y) == 0.0:
            return x
        return self.negative(y) if self.constant(x) == 0.0 else self.operation("-", x, y)

    def multiply(self, x: int, y: int) -> int:
        for one, other in ((x, y), (y, x)):
            match self.constant(one):
                case 0.0:
                    return self.number(0.0)
                case 1.0:
                    return other
                case -1.0:
                    return self.negative(other)
        return self.operation("*", x, y)

    def divide(self, x: int, y: int) -> int:
        return x if self.constant(y) == 1.0 else self.operation("/", x, y)

    def scaled(self, x: int, factor: Fraction) -> int:
        """Return `x` times an exact factor; a division where that rounds once only (mg to g is x / 1000)."""
        if factor == 1:
            return x
        if factor.numerator == 1:
            return self.divide(x, self.number(float(factor.denominator)))
        return self.multiply(x, self.number(float(factor)))

    def power(self, x: int, exponent: float) -> int:
        """Return `x` to a constant power: whole ones by products, halves by a root, others by the function pow."""
        if exponent == 0.5:
            return self.operation("sqrt", x)
        if not exponent.is_integer():
            return self.operation("pow", x, self.number(exponent))
        count, result, square = abs(int(exponent)), self.number(1.0), x
        while count:
            if count & 1:
                result = self.multiply(result, square)
            count >>= 1
            if count:
                square = self.multiply(square, square)
        return self.divide(self.number(1.0), result) if exponent < 0 else result

    def arguments(self, node: int) -> list[int]:
        key = self.nodes[node]
        return [] if key[0] in {"number", "input"} else [item for item in key[1:] if isinstance(item, int)]

    def live(self, roots: Iterable[int]) -> list[int]:
        """Return the nodes that `roots` rest on, themselves included, in computing order."""
        needed, pending = set[int](), list(roots)
        while pending:
            node = pending.pop()
            if node not in needed:
                needed.add(node)
                pending.extend(self.arguments(node))
        return sorted(needed)
