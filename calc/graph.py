"""A formula as a list of operations in order, each used once: values, exact derivatives and their simplification.

Nodes are numbered in the order in which they can be computed. The builder folds constants, joins equal nodes and drops
neutral elements, so that derivatives (reverse accumulation, written as nodes again) stay about as long as the
formula. Integer powers become products: the same operations then give the same bits for floats and for arrays.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType

Key = tuple[object, ...]

_LN10 = math.log(10.0)


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
        "min": lambda x, y: x if x <= y else y,
        "max": lambda x, y: x if x >= y else y,
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

    def gradient(self, root: int, symbols: Iterable[str]) -> dict[str, int]:
        """Return nodes for the derivatives of `root` with respect to each symbol, by reverse accumulation."""
        depends = set[int]()
        order = self.live([root])
        for node in order:
            if self.nodes[node][0] == "input" or any(a in depends for a in self.arguments(node)):
                depends.add(node)
        adjoints: dict[int, int] = {root: self.number(1.0)}
        for node in reversed(order):
            if node not in depends or node not in adjoints or self.nodes[node][0] == "input":
                continue
            arguments = self.arguments(node)
            for position, argument in enumerate(arguments):
                if argument in depends:
                    term = self._passed_on(node, str(self.nodes[node][0]), arguments, position, adjoints[node])
                    adjoints[argument] = self.add(adjoints[argument], term) if argument in adjoints else term
        return {symbol: adjoints.get(self.input(symbol), self.number(0.0)) for symbol in symbols}

    def _passed_on(self, node: int, operation: str, arguments: list[int], position: int, adjoint: int) -> int:
        """Return adjoint times the derivative of `node` with respect to its argument at `position`."""
        x = arguments[0]
        y = arguments[-1]
        match operation:
            case "+":
                return adjoint
            case "-":
                return adjoint if position == 0 else self.negative(adjoint)
            case "neg":
                return self.negative(adjoint)
            case "*":
                return self.multiply(adjoint, arguments[1 - position])
            case "/":
                quotient = self.divide(adjoint, y)
                return quotient if position == 0 else self.negative(self.multiply(quotient, node))
            case "sqrt":
                return self.divide(self.multiply(self.number(0.5), adjoint), node)
            case "exp":
                return self.multiply(adjoint, node)
            case "log":
                return self.divide(adjoint, x)
            case "log10":
                return self.divide(adjoint, self.multiply(self.number(_LN10), x))
            case "pow":
                return self.multiply(adjoint, self._power_slope(node, x, y, position))
            case "sin":
                return self.multiply(adjoint, self.operation("cos", x))
            case "cos":
                return self.negative(self.multiply(adjoint, self.operation("sin", x)))
            case "tan":
                return self.multiply(adjoint, self.add(self.number(1.0), self.multiply(node, node)))
            case "min" | "max":
                first = (x, y) if operation == "min" else (y, x)
                chosen = first if position == 0 else first[::-1]
                return self.multiply(adjoint, self.operation("less", *chosen))
            case "abs":
                return self.multiply(adjoint, self.operation("sign", x))
            case "sign" | "less":
                return self.number(0.0)
            case _:
                return self._inverse_trigonometric(operation, arguments, position, adjoint)

    def _power_slope(self, node: int, x: int, y: int, position: int) -> int:
        exponent = self.constant(y)
        if exponent is not None:
            return self.multiply(y, self.power(x, exponent - 1.0))
        if position == 0:
            return self.multiply(y, self.operation("pow", x, self.subtract(y, self.number(1.0))))
        return self.multiply(node, self.operation("log", x))

    def _inverse_trigonometric(self, operation: str, arguments: list[int], position: int, adjoint: int) -> int:
        x, one = arguments[0], self.number(1.0)
        square = self.multiply(x, x)
        if operation == "atan":
            return self.divide(adjoint, self.add(one, square))
        if operation == "atan2":
            ordinate, abscissa = arguments
            length = self.add(square, self.multiply(abscissa, abscissa))
            if position == 0:
                return self.divide(self.multiply(adjoint, abscissa), length)
            return self.negative(self.divide(self.multiply(adjoint, ordinate), length))
        slope = self.divide(adjoint, self.operation("sqrt", self.subtract(one, square)))
        return slope if operation == "asin" else self.negative(slope)
