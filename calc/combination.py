"""How contributions c_i u_i combine: variance and effective degrees of freedom, as nodes of a graph.

Written once, as nodes, for floats and arrays, in an order that the caller fixes by name: no result depends on the order
in which inputs are listed.

Inputs that correlations hold together form a group. Welch–Satterthwaite holds for independent components only
(JCGM 100:2008, G.4.1), so a group counts as one component (as in Willink, Metrologia 44 (2007) 340–349, for jointly
observed inputs) with ν_g = (Σ a_i a_k r_ik)² / (Σ a_i a_k r_ik / √√(ν_i ν_k))²: all of one ν give that ν, as one sample
covariance matrix does, exactly known inputs add nothing below, and ν_g lies between the smallest and the largest ν.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from calc.compiler.assembly import assemble, function
from calc.compiler.graph import SCALAR_FUNCTIONS, Graph

Place = TypeVar("Place", bound=Hashable)
Pair = tuple[int, int, int]
"""Two places and what is known of their correlation beforehand: 1 or -1 for complete correlation, else 0."""

DOMINANT = 1.0 - 1e-9
"""From this part of u_c⁴ on one component may be all there is, and rounding could lead below its degrees of freedom."""


def complete(coefficient: float) -> int:
    """Return 1 or -1 for a complete correlation, else 0."""
    return int(coefficient) if abs(coefficient) == 1.0 else 0


@dataclass(frozen=True, slots=True)
class Combination:
    """Nodes of one output's sums.

    `variance` u_c² (never below 0); `squares` Σ a_i², by which the numbers' range is judged; `weighted` Σ a_g⁴/ν_g;
    `fourth_powers` Σ a_g⁴ of the components with degrees of freedom, which is u_c⁴ where a single one makes up all.
    """

    variance: int
    squares: int
    weighted: int
    fourth_powers: int


def combine(
    graph: Graph,
    components: Mapping[int, int],
    inverse_degrees: Mapping[int, int],
    pairs: Sequence[Pair],
    coefficients: Sequence[int],
) -> Combination:
    """Add the sums to a graph.

    `components`: nodes of c_i u_i by place, in the order in which they are to be added. `inverse_degrees`: nodes of
    1/ν_i, without the inputs known to have infinitely many. `pairs` of places with the nodes of their `coefficients`.
    """
    correlated = {
        (one, two): (sign, node)
        for (one, two, sign), node in zip(pairs, coefficients, strict=True)
        if one in components and two in components
    }
    zero = graph.number(0.0)
    variance = squares = weighted = fourth_powers = zero
    for group in groups_of(components, correlated):
        inside = {pair: known for pair, known in correlated.items() if pair[0] in group}
        own = _Group(graph, [(place, components[place]) for place in group], inverse_degrees, inside)
        part = own.variance()
        variance = graph.add(variance, part)
        for node in own.squares():
            squares = graph.add(squares, node)
        if any(place in inverse_degrees for place in group):
            square = graph.multiply(part, part)
            weighted = graph.add(weighted, own.weighted(part, square))
            fourth_powers = graph.add(fourth_powers, square)
    return Combination(variance, squares, weighted, fourth_powers)


def groups_of(places: Iterable[Place], pairs: Iterable[tuple[Place, Place]]) -> list[list[Place]]:
    """Return the places in groups that pairs hold together, each group and all groups in the order of `places`."""
    leader = {place: place for place in places}

    def find(place: Place) -> Place:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for first, second in pairs:
        leader[find(second)] = find(first)
    groups: dict[Place, list[Place]] = {}
    for place in leader:
        groups.setdefault(find(place), []).append(place)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Group:
    """Components that correlations hold together, or a single one."""

    graph: Graph
    members: list[tuple[int, int]]
    inverse_degrees: Mapping[int, int]
    pairs: Mapping[tuple[int, int], tuple[int, int]]

    def squares(self) -> list[int]:
        return [self.graph.multiply(node, node) for _, node in self.members]

    def variance(self) -> int:
        return self._double_sum(dict(self.members))

    def _double_sum(self, terms: Mapping[int, int]) -> int:
        """Return ΣΣ r_ik t_i t_k: the square of a plain sum where all are completely correlated, so that equal terms
        of opposite sign leave exactly 0; never below 0."""
        graph, signs = self.graph, self._signs()
        if signs is not None:
            total = graph.number(0.0)
            for place, term in terms.items():
                total = (graph.add if signs[place] > 0 else graph.subtract)(total, term)
            return graph.multiply(total, total)
        total = graph.number(0.0)
        for term in terms.values():
            total = graph.add(total, graph.multiply(term, term))
        order = {place: index for index, place in enumerate(terms)}
        known = [
            (sorted(pair, key=order.__getitem__), r) for pair, (_, r) in self.pairs.items() if order.keys() >= {*pair}
        ]
        for (one, two), r in sorted(known, key=lambda item: [order[place] for place in item[0]]):
            shared = graph.multiply(r, graph.multiply(terms[one], terms[two]))
            total = graph.add(total, graph.multiply(graph.number(2.0), shared))
        return graph.operation("max", total, graph.number(0.0))

    def _signs(self) -> dict[int, int] | None:
        """Return each member's sign to the first where all pairs are completely correlated, else None."""
        count = len(self.members)
        if len(self.pairs) < count * (count - 1) // 2 or any(sign == 0 for sign, _ in self.pairs.values()):
            return None
        first = self.members[0][0]
        signs = {first: 1}
        for place, _ in self.members[1:]:
            pair = (first, place) if (first, place) in self.pairs else (place, first)
            signs[place] = self.pairs[pair][0]
        return signs

    def weighted(self, variance: int, square: int) -> int:
        """Return variance²/ν_g, by products alone: a limit of ν_g becomes one of this term."""
        graph, weights = self.graph, self.inverse_degrees
        if len(self.members) == 1:
            return graph.multiply(square, weights[self.members[0][0]])
        terms = {
            place: graph.multiply(node, graph.operation("sqrt", graph.operation("sqrt", weights[place])))
            for place, node in self.members
            if place in weights
        }
        inner = self._double_sum(terms)
        known = [weights[place] for place, _ in self.members if place in weights]
        least = functools.reduce(lambda x, y: graph.operation("min", x, y), known)
        if len(known) < len(self.members):
            least = graph.number(0.0)
        most = functools.reduce(lambda x, y: graph.operation("max", x, y), known)
        at_least = graph.operation("max", graph.multiply(inner, inner), graph.multiply(square, least))
        return graph.operation("min", at_least, graph.multiply(square, most))


@functools.lru_cache(maxsize=512)
def combination_of(count: int, pairs: tuple[Pair, ...]) -> Callable[..., tuple[float, ...]]:
    """Return a function of `count` contributions, their degrees of freedom and the pairs' coefficients.

    It gives the four sums of `Combination`, for numbers that a model's own code object does not fit: contributions
    scaled because their squares overflow, or some of them 0 among correlated ones.
    """
    graph = Graph()
    one = graph.number(1.0)
    names = [f"{kind}{place}" for kind in ("a", "nu") for place in range(count)]
    names += [f"r{index}" for index in range(len(pairs))]
    components = {place: graph.input(f"a{place}") for place in range(count)}
    degrees = {place: graph.divide(one, graph.input(f"nu{place}")) for place in range(count)}
    coefficients = [graph.input(f"r{index}") for index in range(len(pairs))]
    sums = combine(graph, components, degrees, pairs, coefficients)
    roots = [sums.variance, sums.squares, sums.weighted, sums.fourth_powers]
    return function(assemble(graph, names, roots), SCALAR_FUNCTIONS)
