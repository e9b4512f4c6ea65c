"""Where the boxes and lines of a layered picture lie: few crossings, no two boxes over each other. Pure geometry.

Layers from the top down; a line that skips a layer is led through it between the boxes. Order within the layers by
the mean place of the neighbours, swept down and up; then each layer is placed as near to its neighbours as its order
and gaps allow (least squares, by pooling neighbours that would touch).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

_SWEEPS: Final = 8
_BEND_WIDTH: Final = 24
"""The room that a line takes where it passes a layer."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large boxes are, and how far apart, in pixels at natural size; `side` leaves room for words beside lines."""

    width: int = 244
    gap: int = 28
    layer_gap: int = 100
    margin: int = 20
    side: int = 72


@dataclass(frozen=True, slots=True)
class Place:
    """A box's upper left corner."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture: each box's place, each line's points from the upper box's foot to the lower box's head."""

    width: int
    height: int
    places: Mapping[str, Place]
    lines: Mapping[tuple[str, str], tuple[tuple[int, int], ...]]


def lay_out(
    layers: Sequence[Sequence[str]], links: Iterable[tuple[str, str]], heights: Sequence[int], sizes: Sizes
) -> Layout:
    """Place boxes by layer, the first at the top, each layer as high as `heights` says.

    `links` are pairs of an upper and a lower box; one that does not lead down is left out.
    """
    level = {key: number for number, layer in enumerate(layers) for key in layer}
    wanted = [(upper, lower) for upper, lower in dict.fromkeys(links) if level[upper] < level[lower]]
    order = [list(layer) for layer in layers]
    ways = {link: _way(link, level, order) for link in wanted}
    steps = [step for way in ways.values() for step in pairwise(way)]
    order = _ordered(order, steps)
    widths = {key: sizes.width if key in level else _BEND_WIDTH for layer in order for key in layer}
    centres = _placed(order, steps, widths, sizes.gap)
    left = min((centres[key] - widths[key] / 2 for key in centres), default=0.0)
    right = max((centres[key] + widths[key] / 2 for key in centres), default=0.0)
    shift = sizes.side - left
    tops = [sizes.margin + sum(heights[:number]) + sizes.layer_gap * number for number in range(len(order))]
    places = {key: Place(round(centres[key] + shift - sizes.width / 2), tops[level[key]]) for key in level}
    ports = _ports(ways, centres, shift, sizes)
    lines = {}
    for link, way in ways.items():
        first = level[way[0]]
        bends = [
            (round(centres[key] + shift), tops[number] + half)
            for number, key in enumerate(way[1:-1], start=first + 1)
            for half in (0, heights[number])
        ]
        foot = (ports[link][0], tops[first] + heights[first])
        lines[link] = (foot, *bends, (ports[link][1], places[link[1]].y))
    height = tops[-1] + heights[len(order) - 1] + sizes.margin if order else 2 * sizes.margin
    return Layout(round(right - left) + 2 * sizes.side, height, places, lines)


def _way(link: tuple[str, str], level: Mapping[str, int], order: list[list[str]]) -> tuple[str, ...]:
    """Return the boxes and bends that a line comes by; bends are added to their layers."""
    upper, lower = link
    bends = []
    for number in range(level[upper] + 1, level[lower]):
        bend = f"{upper}\n{lower}\n{number}"
        order[number].append(bend)
        bends.append(bend)
    return (upper, *bends, lower)


def _neighbours(steps: Iterable[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = defaultdict(list)
    below: dict[str, list[str]] = defaultdict(list)
    for upper, lower in steps:
        above[lower].append(upper)
        below[upper].append(lower)
    return above, below


def _ordered(order: list[list[str]], steps: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the layers in an order with few crossings: the best of several sweeps."""
    above, below = _neighbours(steps)
    best, fewest = [list(layer) for layer in order], crossings(order, steps)
    current = [list(layer) for layer in order]
    for sweep in range(_SWEEPS):
        numbers = range(1, len(current)) if sweep % 2 == 0 else range(len(current) - 2, -1, -1)
        near = above if sweep % 2 == 0 else below
        for number in numbers:
            places = {key: place for layer in current for place, key in enumerate(layer)}
            means = {
                key: sum(places[one] for one in near[key]) / len(near[key]) if near.get(key) else float(places[key])
                for key in current[number]
            }
            current[number].sort(key=means.__getitem__)
        count = crossings(current, steps)
        if count < fewest:
            best, fewest = [list(layer) for layer in current], count
    return best


def crossings(order: Sequence[Sequence[str]], steps: Sequence[tuple[str, str]]) -> int:
    """Return how many lines cross between neighbouring layers."""
    places = {key: place for layer in order for place, key in enumerate(layer)}
    level = {key: number for number, layer in enumerate(order) for key in layer}
    between: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for upper, lower in steps:
        between[level[upper]].append((places[upper], places[lower]))
    return sum(
        (one[0] - other[0]) * (one[1] - other[1]) < 0
        for lines in between.values()
        for one, other in combinations(lines, 2)
    )


def _placed(
    order: Sequence[Sequence[str]], steps: Sequence[tuple[str, str]], widths: Mapping[str, int], gap: int
) -> dict[str, float]:
    """Return each box's centre: near to its neighbours, the order kept, no two nearer than the gap."""
    above, below = _neighbours(steps)
    centres: dict[str, float] = {}
    for layer in order:
        centres |= _spread(layer, {}, widths, gap)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        for layer in order if down else list(order)[::-1]:
            wanted = {key: sum(centres[one] for one in near[key]) / len(near[key]) for key in layer if near.get(key)}
            centres |= _spread(layer, {key: wanted.get(key, centres[key]) for key in layer}, widths, gap)
    return centres


def _spread(layer: Sequence[str], wanted: Mapping[str, float], widths: Mapping[str, int], gap: int) -> dict[str, float]:
    """Return centres in the given order, as near to the wanted ones as the gaps allow."""
    offsets, at = [], 0.0
    for number, key in enumerate(layer):
        at += 0.0 if number == 0 else (widths[layer[number - 1]] + widths[key]) / 2 + gap
        offsets.append(at)
    middle = at / 2
    targets = [wanted.get(key, offset - middle) - offset for key, offset in zip(layer, offsets, strict=True)]
    blocks: list[list[float]] = []
    for target in targets:
        blocks.append([target, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value, count = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + value * count) / (before[1] + count)
            before[1] += count
    levelled = [value for value, count in blocks for _ in range(int(count))]
    return {key: value + offset for key, value, offset in zip(layer, levelled, offsets, strict=True)}


def _ports(
    ways: Mapping[tuple[str, str], tuple[str, ...]], centres: Mapping[str, float], shift: float, sizes: Sizes
) -> dict[tuple[str, str], tuple[int, int]]:
    """Return where each line leaves its upper box and enters its lower one: side by side, in the order they come."""
    feet: dict[str, list[tuple[float, tuple[str, str]]]] = defaultdict(list)
    heads: dict[str, list[tuple[float, tuple[str, str]]]] = defaultdict(list)
    for link, way in ways.items():
        feet[link[0]].append((centres[way[1]], link))
        heads[link[1]].append((centres[way[-2]], link))
    found: dict[tuple[str, str], list[int]] = {link: [0, 0] for link in ways}
    for side, ends in enumerate((feet, heads)):
        for key, lines in ends.items():
            pitch = sizes.width / (len(lines) + 1)
            for number, (_, link) in enumerate(sorted(lines), start=1):
                found[link][side] = round(centres[key] + shift - sizes.width / 2 + pitch * number)
    return {link: (foot, head) for link, (foot, head) in found.items()}
