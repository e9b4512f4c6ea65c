"""Arrays in formulas: sums over them are written out element by element, so that all else sees single numbers.

An input declared with a size n stands for its elements x[1] … x[n], each a quantity of its own. `sum`, `mean` and
`dot` make one number of an expression in arrays of one size, taken element by element; an output declared with a size
is such an expression itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from calc.errors import InvalidModel
from calc.expression import (
    ARRAY_FUNCTIONS,
    MAXIMUM_SIZE,
    Call,
    Name,
    Negation,
    Node,
    Number,
    Operation,
    spine,
    to_text,
)

MAXIMUM_WRITTEN_OUT = 20_000
MAXIMUM_HEIGHT = 200


def element(symbol: str, place: int) -> str:
    """Return the symbol of one element of an array, counted from 1."""
    return f"{symbol}[{place}]"


def checked_size(size: int, name: str) -> int:
    """Return the size of an array, 1 to `MAXIMUM_SIZE`; raises InvalidModel."""
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= MAXIMUM_SIZE:
        raise InvalidModel("model.size", name=name, value=repr(size), limit=MAXIMUM_SIZE)
    return size


def written_out(tree: Node, sizes: Mapping[str, int], output: str, size: int | None = None) -> list[Node]:
    """Return the trees of a formula without arrays: one, or `size` of them for an output that is an array.

    `sizes`: of every array by its symbol. Raises InvalidModel: `model.index`, `model.array_size`, `model.no_array`,
    `model.array_left`, `model.too_large`.
    """
    writer = _Writer(sizes, output)
    sized = writer.reduced(tree)
    reduced, arrays = sized.tree, _arrays(sized.tree, sizes)
    if size is None:
        if arrays:
            raise InvalidModel("model.array_left", output=output, name=arrays[0])
        return [reduced]
    if any(sizes[name] != size for name in arrays):
        raise InvalidModel("model.array_size", output=output, text=to_text(tree))
    writer.made(reduced, size * sized.count, sized.height)
    return [_at(reduced, place, sizes) for place in range(1, size + 1)]


def _parts(tree: Node) -> tuple[Node, ...]:
    """Return what a tree is made of; a chain of operations is one whole with all its operands."""
    match tree:
        case Negation(operand):
            return (operand,)
        case Operation():
            first, operations = spine(tree)
            return first, *(operation.right for operation in operations)
        case Call(_, arguments):
            return arguments
    return ()


def _rebuilt(tree: Node, parts: Sequence[Node]) -> Node:
    match tree:
        case Negation():
            return Negation(parts[0])
        case Operation():
            made = parts[0]
            for operation, part in zip(spine(tree)[1], parts[1:], strict=True):
                made = Operation(operation.sign, made, part)
            return made
        case Call(function):
            return Call(function, tuple(parts))
    return tree


def _arrays(tree: Node, sizes: Mapping[str, int]) -> list[str]:
    """Return the arrays that a tree names as a whole."""
    if isinstance(tree, Name):
        return [tree.name] if tree.name in sizes else []
    return [name for part in _parts(tree) for name in _arrays(part, sizes)]


def _at(tree: Node, place: int, sizes: Mapping[str, int]) -> Node:
    """Return the tree with one element of every array in the array's place."""
    if isinstance(tree, Name):
        return Name(element(tree.name, place)) if tree.name in sizes else tree
    return _rebuilt(tree, [_at(part, place, sizes) for part in _parts(tree)])


@dataclass(frozen=True, slots=True)
class _Sized:
    """A tree without sums over arrays, with the number of its nodes and its height."""

    tree: Node
    count: int
    height: int


class _Writer:
    """Writes the sums of one output out, the innermost first."""

    def __init__(self, sizes: Mapping[str, int], output: str) -> None:
        self._sizes = sizes
        self._output = output

    def made(self, tree: Node, count: int, height: int) -> _Sized:
        """Refuse a tree that grows beyond the limits."""
        if count > MAXIMUM_WRITTEN_OUT:
            raise InvalidModel("model.too_large", output=self._output, limit=MAXIMUM_WRITTEN_OUT)
        if height > MAXIMUM_HEIGHT:
            raise InvalidModel("model.too_deep", output=self._output, limit=MAXIMUM_HEIGHT)
        return _Sized(tree, count, height)

    def reduced(self, tree: Node) -> _Sized:
        """Return the tree with its sums over arrays written out."""
        if isinstance(tree, Name):
            self._check_element(tree.name)
        parts = [self.reduced(part) for part in _parts(tree)]
        if isinstance(tree, Call) and tree.function in ARRAY_FUNCTIONS:
            return self._summed(tree, parts)
        rebuilt = _rebuilt(tree, [part.tree for part in parts])
        return self.made(rebuilt, *_extent(parts, len(parts) - 1 if isinstance(tree, Operation) else 1))

    def _check_element(self, name: str) -> None:
        symbol, bracket, place = name.partition("[")
        if bracket and not 1 <= int(place[:-1]) <= self._sizes.get(symbol, 0):
            raise InvalidModel("model.index", output=self._output, name=symbol, index=place[:-1])

    def _summed(self, tree: Call, parts: Sequence[_Sized]) -> _Sized:
        trees = [part.tree for part in parts]
        inner = Operation("*", trees[0], trees[1]) if tree.function == "dot" else trees[0]
        sizes = {self._sizes[name] for name in _arrays(inner, self._sizes)}
        if not sizes:
            raise InvalidModel("model.no_array", output=self._output, name=tree.function, text=to_text(tree))
        if len(sizes) > 1:
            raise InvalidModel("model.array_size", output=self._output, text=to_text(tree))
        size = sizes.pop()
        nodes, height = _extent(parts)
        # before anything is written: `size` terms and the additions, a quotient for a mean
        count, height = size * (nodes + 1) + 2, height + size.bit_length() + 1
        self.made(inner, count, height)
        total = _balanced([_at(inner, place, self._sizes) for place in range(1, size + 1)])
        whole = Operation("/", total, Number(float(size), str(size))) if tree.function == "mean" else total
        return _Sized(whole, count, height)


def _extent(parts: Sequence[_Sized], nodes: int = 1) -> tuple[int, int]:
    """Return number of nodes and height of what joins `parts` by so many nodes."""
    return nodes + sum(part.count for part in parts), 1 + max((part.height for part in parts), default=0)


def _balanced(terms: Sequence[Node]) -> Node:
    """Return the sum of terms by halves, which keeps the tree low and the rounding small."""
    if len(terms) == 1:
        return terms[0]
    middle = (len(terms) + 1) // 2
    return Operation("+", _balanced(terms[:middle]), _balanced(terms[middle:]))
