"""The values of a model for many trials at once: a list of steps on fixed arrays, so that nothing is allocated twice.

The steps come from the same graph as the compiled model, without its derivatives. Arrays are given back to the next
operation as soon as nothing reads them any more, which keeps a block of trials in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calc.compiler.array_functions import NUMPY_FUNCTIONS
from calc.compiler.graph import SCALAR_FUNCTIONS, Graph

Array = NDArray[np.float64]
Operand = Array | float
Step = tuple[Callable[..., Any], tuple[Any, ...]]


def _minimum(x: Operand, y: Operand, out: Array) -> None:
    np.minimum(x, y, out=out)  # numpy wants the result by name here


def _maximum(x: Operand, y: Operand, out: Array) -> None:
    np.maximum(x, y, out=out)


_FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType({**NUMPY_FUNCTIONS, "min": _minimum, "max": _maximum})


def _elementwise(function: Callable[..., float]) -> Callable[..., None]:
    """Return a function on arrays, the last of them the result, that has NaN where the one on floats has no value."""

    def on_arrays(*arguments: Any) -> None:
        *operands, out = arguments
        columns = np.broadcast_arrays(*operands, out)[:-1]
        values = []
        for row in zip(*(column.tolist() for column in columns), strict=True):
            try:
                values.append(float(function(*row)))
            except (ArithmeticError, ValueError):  # counted and reported with all other trials without a value
                values.append(np.nan)
        np.copyto(out, values)

    return on_arrays


def _function(name: str) -> Callable[..., Any]:
    return _FUNCTIONS[name] if name in _FUNCTIONS else _elementwise(SCALAR_FUNCTIONS[name])


class Steps:
    """Steps for a fixed number of trials, gathered with `add` for one point after another, done by `run`."""

    def __init__(self, trials: int) -> None:
        self._trials = trials
        self._steps: list[Step] = []
        self._free: list[Array] = []

    def add(self, graph: Graph, roots: Sequence[int], inputs: Mapping[int, Operand], outputs: Sequence[Array]) -> None:
        """Add what computes `roots` from `inputs` (by node; arrays of shape (n,) or constants) into `outputs`."""
        live = graph.live(roots)
        last_use = {argument: node for node in live for argument in graph.arguments(node)}
        target = dict(zip(roots, outputs, strict=True))  # the last of equal roots: the others are copied
        places: dict[int, Operand] = dict(inputs)
        for node in live:
            constant = graph.constant(node)
            if constant is not None:
                places[node] = constant
            if node in places:
                continue
            arguments = graph.arguments(node)
            operands = tuple(places[argument] for argument in arguments)
            for argument in {*arguments}:
                if last_use[argument] == node and argument not in inputs and argument not in target:
                    self._release(places[argument])
            out = target[node] if node in target else self._take()
            places[node] = out
            self._steps.append((_function(str(graph.nodes[node][0])), (*operands, out)))
        for root, out in zip(roots, outputs, strict=True):
            if places[root] is not out:
                self._steps.append((np.copyto, (out, places[root])))

    def affine(self, drawn: Array, factor: float, offset: float) -> Array:
        """Add the conversion of a drawn quantity to another unit, factor · drawn + offset; returns where it will be."""
        out = np.empty(self._trials)
        self._steps.extend([(np.multiply, (drawn, factor, out)), (np.add, (out, offset, out))])
        return out

    def _take(self) -> Array:
        return self._free.pop() if self._free else np.empty(self._trials)

    def _release(self, place: Operand) -> None:
        if isinstance(place, np.ndarray):
            self._free.append(place)

    def run(self) -> None:
        """Do all steps in order; what has no value becomes NaN or infinite."""
        for function, arguments in self._steps:
            function(*arguments)
