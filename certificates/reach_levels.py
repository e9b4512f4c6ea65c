"""The order of the calibrations below one: each after every other that it rests on, and how many steps below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter

Edges = Sequence[tuple[int, int]]
"""Pairs of an upper and a lower calibration."""


def in_order(root: int, edges: Edges) -> list[int]:
    """Return the calibrations below one, each after every other of them that it rests on."""
    sorter: TopologicalSorter[int] = TopologicalSorter({root: ()})
    for upper, lower in edges:
        sorter.add(lower, upper)
    return [one for one in sorter.static_order() if one != root]


def levels_of(root: int, edges: Edges) -> dict[int, int]:
    """Return how many steps below the root each calibration stands, by its longest way; the root at 0."""
    above: dict[int, list[int]] = {}
    for upper, lower in edges:
        above.setdefault(lower, []).append(upper)
    levels = {root: 0}
    for one in in_order(root, edges):
        levels[one] = 1 + max(levels[upper] for upper in above[one])
    return levels
