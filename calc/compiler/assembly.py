"""Nodes of a graph become a code object: straight-line arithmetic, assembled from own nodes and never from text."""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from calc.compiler.graph import Graph

_OPERATORS: Mapping[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}


def assemble(graph: Graph, symbols: Sequence[str], roots: Sequence[int]) -> types.CodeType:
    """Return the code object of a function of the inputs `symbols` that returns the roots' values as a tuple.

    Every operation that is not an arithmetic sign is called by its name in the graph.
    """
    names = {graph.input(symbol): f"x{index}" for index, symbol in enumerate(symbols)}

    def load(node: int) -> ast.expr:
        value = graph.constant(node)
        return ast.Name(names.get(node, f"v{node}"), ast.Load()) if value is None else ast.Constant(value)

    body: list[ast.stmt] = []
    for node in graph.live(roots):
        if node in names or graph.constant(node) is not None:
            continue
        operation = str(graph.nodes[node][0])
        arguments = [load(argument) for argument in graph.arguments(node)]
        expression: ast.expr
        if operation in _OPERATORS:
            expression = ast.BinOp(arguments[0], _OPERATORS[operation](), arguments[1])
        elif operation == "neg":
            expression = ast.UnaryOp(ast.USub(), arguments[0])
        else:
            expression = ast.Call(ast.Name(operation, ast.Load()), arguments, [])
        body.append(ast.Assign([ast.Name(f"v{node}", ast.Store())], expression))
    body.append(ast.Return(ast.Tuple([load(root) for root in roots], ast.Load())))
    parameters = [ast.arg(f"x{index}") for index in range(len(symbols))]
    signature = ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[])
    definition = ast.FunctionDef("model", signature, body, [])
    module = compile(ast.fix_missing_locations(ast.Module([definition], [])), "<model>", "exec")
    return next(item for item in module.co_consts if isinstance(item, types.CodeType))


def function(code: types.CodeType, functions: Mapping[str, Callable[..., Any]]) -> Callable[..., tuple[Any, ...]]:
    """Return a function of assembled code that can reach the given functions and nothing else, no builtins."""
    return types.FunctionType(code, {"__builtins__": {}, **functions})
