"""A model's derivatives up to the third order, compiled: what the terms of second order are made of.

Derivatives are nodes of the model's graph, differentiated again, so they are exact. The sum of second derivatives
weighted with covariances is differentiated as one node, with the covariances as further inputs: the third derivatives
then cost one sweep for each output.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calc.compiler.assembly import assemble, function
from calc.compiler.derivatives import gradient
from calc.compiler.graph import SCALAR_FUNCTIONS, Graph
from calc.errors import InvalidModel
from calc.model import CompiledModel

_MOST_NODES, _MOST_STEPS = 5000, 50_000


@dataclass(frozen=True, slots=True)
class Expansion:
    """Compiled derivatives of every output up to the third order.

    `order` are the places of the inputs that can have an uncertainty, by symbol, so that no result depends on the
    order in which a model lists its inputs; `pairs` are pairs of places in `order`. The function takes all inputs of
    the model, then the covariances of `pairs` (twice where the two differ), and returns for each output: first
    derivatives, second derivatives of `pairs`, derivatives of the weighted sum.
    """

    order: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    function: Callable[..., tuple[float, ...]]


@functools.lru_cache(maxsize=64)
def expansion_of(compiled: CompiledModel) -> Expansion:
    """Return the derivatives of a model, compiled at first use; raises InvalidModel `model.too_large`."""
    program = compiled.program
    graph = program.graph.copy()
    exact = {symbol for lookup in compiled.lookups for symbol in lookup.hidden}
    places = {symbol: place for place, symbol in enumerate(program.symbols) if symbol not in exact}
    symbols = sorted(places)
    firsts = [gradient(graph, root, symbols) for root in program.roots]
    seconds = [_curvatures(graph, symbols, [first[symbol] for symbol in symbols]) for first in firsts]
    pairs = tuple(sorted({pair for second in seconds for pair in second}))
    names = {pair: f"{symbols[pair[0]]}, {symbols[pair[1]]}" for pair in pairs}
    zero = graph.number(0.0)
    roots: list[int] = []
    for first, second in zip(firsts, seconds, strict=True):
        weighted = zero
        for pair, node in sorted(second.items()):
            weighted = graph.add(weighted, graph.multiply(graph.input(names[pair]), node))
        third = gradient(graph, weighted, symbols)
        roots.extend(first[symbol] for symbol in symbols)
        roots.extend(second.get(pair, zero) for pair in pairs)
        roots.extend(third[symbol] for symbol in symbols)
    if len(graph.live(roots)) > _MOST_NODES:
        raise InvalidModel("model.too_large", output="second order", limit=_MOST_NODES)
    code = assemble(graph, (*program.symbols, *names.values()), roots)
    return Expansion(tuple(map(places.__getitem__, symbols)), pairs, function(code, SCALAR_FUNCTIONS))


def _curvatures(graph: Graph, symbols: Sequence[str], first: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return the second derivatives that are not zero everywhere, by pair of inputs with the first place not larger.

    Raises InvalidModel `model.too_large` where there are too many to be compiled.
    """
    found: dict[tuple[int, int], int] = {}
    place = {symbol: index for index, symbol in enumerate(symbols)}
    steps = 0
    for row, node in enumerate(first):
        live = graph.live([node])
        steps += len(live)
        inputs = [str(graph.nodes[item][1]) for item in live if graph.nodes[item][0] == "input"]
        columns = [symbol for symbol in inputs if place.get(symbol, -1) >= row]
        if steps > _MOST_STEPS or len(found) + len(columns) > _MOST_NODES:
            raise InvalidModel("model.too_large", output="second order", limit=_MOST_NODES)
        for symbol, second in gradient(graph, node, columns).items():
            if graph.constant(second) != 0.0:
                found[row, place[symbol]] = second
    return found
