"""Nodes of a graph become a code object on arrays that writes into given rows and makes no arrays of its own.

Every operation on arrays is one call of a numpy function with the place for its result: a row of the caller's, or one
of a few registers that are used again as soon as their value is no longer needed, so that they stay in the cache. What
depends on no array is plain arithmetic on floats. Operations and their order are those of `calc.compiler.assembly`.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from calc.compiler.graph import SCALAR_FUNCTIONS, Graph
from calc.compiler.program import ARRAY_FUNCTIONS

_SIGNS: Mapping[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}
_IN_PLACE = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "neg": "negative",
    "sqrt": "square_root",
    "abs": "absolute",
}
_GLOBALS: Mapping[str, Callable[..., object]] = {
    **SCALAR_FUNCTIONS,
    **{f"each_{name}": each for name, each in ARRAY_FUNCTIONS.items()},
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "negative": np.negative,
    "square_root": np.sqrt,
    "absolute": np.absolute,
    "copyto": np.copyto,
}


@dataclass(frozen=True, slots=True)
class ArrayCode:
    """A function that is called with its inputs, then the rows for its targets, then `registers` further rows."""

    function: Callable[..., None]
    registers: int


def assemble_on_arrays(
    graph: Graph, inputs: Sequence[str], arrays: Collection[str], targets: Sequence[int]
) -> ArrayCode:
    """Return the code that computes the nodes `targets`, each into its row.

    `inputs` names the parameters in order; those in `arrays` are arrays of shape (n,), the others floats.
    """
    return _Assembler(graph, list(inputs), frozenset(arrays), list(targets)).code()


@dataclass(slots=True)
class _Assembler:
    graph: Graph
    inputs: list[str]
    arrays: frozenset[str]
    targets: list[int]
    _names: dict[int, str] = field(default_factory=dict)
    _on_arrays: set[int] = field(default_factory=set)
    _free: list[str] = field(default_factory=list)
    _registers: int = 0

    def code(self) -> ArrayCode:
        for index, name in enumerate(self.inputs):
            node = self.graph.input(name)
            self._names[node] = f"x{index}"
            if name in self.arrays:
                self._on_arrays.add(node)
        rows: dict[int, str] = {}
        for index, node in enumerate(self.targets):
            rows.setdefault(node, f"y{index}")
        live = self.graph.live(self.targets)
        last = {argument: node for node in live for argument in self.graph.arguments(node)}
        computed = [node for node in live if node not in self._names and self.graph.constant(node) is None]
        body = [self._statement(node, rows.get(node), last) for node in computed]
        for index, node in enumerate(self.targets):
            if self._names.get(node) != f"y{index}":
                body.append(_call("copyto", [ast.Name(f"y{index}", ast.Load()), self._load(node)]))
        return ArrayCode(self._function(body), self._registers)

    def _load(self, node: int) -> ast.expr:
        value = self.graph.constant(node)
        return ast.Constant(value) if value is not None else ast.Name(self._names[node], ast.Load())

    def _statement(self, node: int, row: str | None, last: Mapping[int, int]) -> ast.stmt:
        operation = str(self.graph.nodes[node][0])
        nodes = self.graph.arguments(node)
        arguments = [self._load(argument) for argument in nodes]
        if not any(argument in self._on_arrays for argument in nodes):
            self._names[node] = f"v{node}"
            return ast.Assign([ast.Name(f"v{node}", ast.Store())], _scalar(operation, arguments))
        self._on_arrays.add(node)
        for argument in set(nodes):
            self._release(argument, node, last)  # before the result gets its place: it may be the same
        if operation not in _IN_PLACE:
            self._names[node] = f"v{node}"
            called = ast.Call(ast.Name(f"each_{operation}", ast.Load()), arguments, [])
            return ast.Assign([ast.Name(f"v{node}", ast.Store())], called)
        if row is None:
            if self._free:
                row = self._free.pop()
            else:
                row = f"b{self._registers}"
                self._registers += 1
        self._names[node] = row
        return _call(_IN_PLACE[operation], [*arguments, ast.Name(row, ast.Load())])

    def _release(self, argument: int, node: int, last: Mapping[int, int]) -> None:
        """Give a register back after its last use, unless the value is wanted at the end."""
        name = self._names.get(argument, "")
        if name.startswith("b") and last[argument] == node and argument not in self.targets:
            self._free.append(name)

    def _function(self, body: list[ast.stmt]) -> Callable[..., None]:
        names = [f"x{index}" for index in range(len(self.inputs))]
        names += [f"y{index}" for index in range(len(self.targets))]
        names += [f"b{index}" for index in range(self._registers)]
        parameters = [ast.arg(name) for name in names]
        signature = ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[])
        definition = ast.FunctionDef("model", signature, body or [ast.Pass()], [])
        module = compile(ast.fix_missing_locations(ast.Module([definition], [])), "<model>", "exec")
        code = next(item for item in module.co_consts if isinstance(item, types.CodeType))
        return types.FunctionType(code, {"__builtins__": {}, **_GLOBALS})


def _call(name: str, arguments: list[ast.expr]) -> ast.stmt:
    return ast.Expr(ast.Call(ast.Name(name, ast.Load()), arguments, []))


def _scalar(operation: str, arguments: list[ast.expr]) -> ast.expr:
    if operation in _SIGNS:
        return ast.BinOp(arguments[0], _SIGNS[operation](), arguments[1])
    if operation == "neg":
        return ast.UnaryOp(ast.USub(), arguments[0])
    return ast.Call(ast.Name(operation, ast.Load()), arguments, [])
