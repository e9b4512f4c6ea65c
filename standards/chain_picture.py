"""The picture of a chain: layers from the SI at the top, ends, calibrations, down to runs and certificates. Pure.

What lies below the calibrations belongs to higher packages: they hand it in as `Standing` boxes and `Use` lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from standards.calibration_facts import TerminalFacts, TerminalKind
from standards.chain_facts import ChainBreak, ChainNode, TraceabilityChain
from standards.facts import StandardRole
from standards.layered import Layout, Sizes, lay_out

SIZES: Final = Sizes()
SI: Final = "si"
_HEIGHTS: Final = {"si": 64, "end": 118, "calibration": 124, "run": 100, "certificate": 100, "more": 100}
_SHORT_FROM: Final = 3
"""With so many lines side by side at a box only their role is written beside them."""
_PAIR: Final = 2
_STRAIGHT: Final = 36
"""For how long a line leaves a box upright, beside its words."""
_BELOW: Final = 20
_ABOVE: Final = 22
"""How far the words of a line stand from the box at its end: clear of the ring around one that breaks."""


class NodeKind(StrEnum):
    """What a box stands for."""

    SI = "si"
    END = "end"
    CALIBRATION = "calibration"
    RUN = "run"
    CERTIFICATE = "certificate"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class End:
    """Where paths end: a laboratory's or a material's evidence. Calibrations with the same evidence share one end."""

    terminal: TerminalFacts
    laboratory_vi: str
    laboratory_en: str | None
    laboratory_id: int

    @property
    def key(self) -> str:
        """Return the box's name; the same for all terminals that say the same."""
        said = (self.terminal.kind, self.laboratory_id, self.terminal.evidence_reference or self.terminal.evidence)
        return "end:" + "/".join(str(part) for part in said)

    def laboratory(self, language: str) -> str:
        """Return the laboratory's name in a language, falling back to Vietnamese."""
        return (self.laboratory_en if language == "en" else None) or self.laboratory_vi


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on calibrations: a run, a certificate, or many of them in one box (`count`)."""

    key: str
    kind: NodeKind
    number: str
    title_vi: str = ""
    title_en: str = ""
    on: date | None = None
    record_id: int = 0
    count: int = 1
    certificates: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """A line from what was used down to what used it, with what stood against it that day."""

    upper: str
    lower: str
    role: StandardRole | None = None
    used_on: date | None = None
    problems: tuple[ChainBreak, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A box of the picture. `muted` boxes are not on the path in question."""

    key: str
    kind: NodeKind
    x: int = 0
    y: int = 0
    width: int = SIZES.width
    height: int = 0
    node: ChainNode | None = None
    end: End | None = None
    standing: Standing | None = None
    breaks: tuple[ChainBreak, ...] = ()
    warnings: tuple[ChainBreak, ...] = ()
    start: bool = False
    muted: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line from an upper box to a lower one: what for, on which day, in which state; `path` is its SVG way."""

    upper: str
    lower: str
    role: StandardRole | None = None
    used_on: date | None = None
    since: date | None = None
    until: date | None = None
    breaks: tuple[ChainBreak, ...] = ()
    muted: bool = False
    path: str = ""
    label_x: int = 0
    label_y: int = 0
    anchor: str = "start"
    short: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture, in units of pixels at its natural size."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]

    def box(self, key: str) -> Box:
        """Return a box by its name."""
        return next(box for box in self.boxes if box.key == key)

    @property
    def rows(self) -> tuple[Box, ...]:
        """Return the boxes as a table lists them: from the start away, upward or downward."""
        starts = [box.y for box in self.boxes if box.start]
        upward = bool(starts) and starts[0] > self.height // 2
        return tuple(sorted(self.boxes, key=lambda box: (-box.y if upward else box.y, box.x)))


def as_printed(picture: Picture) -> Picture:
    """Return a picture for customers: standards, laboratories, numbers and dates, as certificates print them.

    What the laboratory knows besides (uncertainties of its standards, its own findings) is left out.
    """
    boxes = tuple(
        replace(box, node=None if box.node is None else replace(box.node, uncertainties=()), breaks=(), warnings=())
        for box in picture.boxes
    )
    return replace(picture, boxes=boxes, lines=tuple(replace(line, breaks=()) for line in picture.lines))


def calibration_key(calibration_id: int) -> str:
    """Return the name of a calibration's box."""
    return f"calibration:{calibration_id}"


def chain_picture(
    chains: Sequence[TraceabilityChain],
    standings: Sequence[Standing] = (),
    uses: Sequence[Use] = (),
    via: int | None = None,
    start: str | None = None,
) -> Picture:
    """Return the picture of several chains with what stands on them; the start lies at the bottom if none is named.

    In ink: the ways through `via`, else the ways of reference standards; without any, everything.
    """
    boxes, lines, layers = _of_chains(chains)
    for place in standings:
        boxes[place.key] = Box(place.key, place.kind, standing=place)
    for use in uses:
        lines.append(Line(use.upper, use.lower, use.role, use.used_on, breaks=use.problems))
        if use.problems and use.upper in boxes:
            known = boxes[use.upper].breaks
            added = tuple(item for item in use.problems if item not in known)
            boxes[use.upper] = replace(boxes[use.upper], breaks=known + added)
    lines = [_with_validity(line, boxes) for line in lines if line.upper in boxes and line.lower in boxes]
    _below(layers, standings, lines)
    inked = _inked(lines, boxes, via)
    for key in _starts(chains, standings, lines) if start is None else [start]:
        boxes[key] = replace(boxes[key], start=True)
    return _drawn(boxes, lines, layers, inked, aside_in_ink=via is not None)


def _starts(chains: Sequence[TraceabilityChain], standings: Sequence[Standing], lines: Sequence[Line]) -> list[str]:
    """Return the lowest boxes: what nothing rests on."""
    if not standings:
        return [calibration_key(chains[0].calibration_id)]
    return [place.key for place in standings if not any(line.upper == place.key for line in lines)]


def _of_chains(chains: Sequence[TraceabilityChain]) -> tuple[dict[str, Box], list[Line], list[list[str]]]:
    """Return the boxes and lines of the chains themselves, and their layers from the SI down."""
    breaks: dict[int, dict[ChainBreak | str, ChainBreak]] = defaultdict(dict)
    warnings: dict[int, list[ChainBreak]] = defaultdict(list)
    nodes: dict[int, ChainNode] = {}
    depth: dict[int, int] = {}
    for chain in chains:
        for item in chain.breaks:
            breaks[item.calibration_id].setdefault(f"{item.code}/{item.lower_id}", item)
        for item in chain.warnings:
            warnings[item.calibration_id].append(item)
        for node in chain.nodes:
            known = nodes.get(node.calibration_id)
            if known is None or known.used_on < node.used_on:
                nodes[node.calibration_id] = node
            depth[node.calibration_id] = max(depth.get(node.calibration_id, 0), node.layer)
    boxes = {SI: Box(SI, NodeKind.SI)}
    for key, node in nodes.items():
        name = calibration_key(key)
        found = tuple(breaks[key].values())
        boxes[name] = Box(name, NodeKind.CALIBRATION, node=node, breaks=found, warnings=tuple(warnings[key]))
    lines = _lines_between(chains, nodes, breaks)
    ends, ending = _ends(chains, nodes)
    boxes |= ends
    layers: list[list[str]] = [[SI], list(ends)]
    layers += [[] for _ in range(max(depth.values(), default=0))]
    for key, layer in depth.items():
        layers[layer + 1].append(calibration_key(key))
    return boxes, lines + ending, layers


def _lines_between(
    chains: Sequence[TraceabilityChain],
    nodes: Mapping[int, ChainNode],
    breaks: Mapping[int, Mapping[ChainBreak | str, ChainBreak]],
) -> list[Line]:
    """Return the lines from calibration to calibration; an edge in several chains is one line."""
    found: dict[tuple[int, int, StandardRole], Line] = {}
    for chain in chains:
        for edge in chain.edges:
            if edge.upper_id in nodes and edge.lower_id in nodes:
                own = tuple(item for item in breaks.get(edge.upper_id, {}).values() if item.lower_id == edge.lower_id)
                found[(edge.upper_id, edge.lower_id, edge.role)] = Line(
                    calibration_key(edge.upper_id),
                    calibration_key(edge.lower_id),
                    edge.role,
                    nodes[edge.lower_id].calibrated_on,
                    breaks=own,
                )
    return list(found.values())


def _ends(chains: Sequence[TraceabilityChain], nodes: Mapping[int, ChainNode]) -> tuple[dict[str, Box], list[Line]]:
    """Return the ends of the paths, those that say the same as one box, with their lines; non-SI ends stand apart."""
    boxes: dict[str, Box] = {}
    lines: dict[tuple[str, str], Line] = {}
    for terminal in {item.id: item for chain in chains for item in chain.terminals}.values():
        node = nodes[terminal.calibration_id]
        end = End(terminal, node.laboratory_name_vi, node.laboratory_name_en, node.laboratory_id)
        boxes.setdefault(end.key, Box(end.key, NodeKind.END, end=end))
        lower = calibration_key(terminal.calibration_id)
        lines[end.key, lower] = Line(end.key, lower, since=terminal.valid_from, until=terminal.valid_to)
        if terminal.kind is not TerminalKind.NON_SI_REFERENCE:
            lines[SI, end.key] = Line(SI, end.key)
    return boxes, list(lines.values())


def _with_validity(line: Line, boxes: Mapping[str, Box]) -> Line:
    """Return a line with the day until which the calibration above was valid."""
    node = boxes[line.upper].node
    return line if node is None or line.role is None else replace(line, until=node.valid_until)


def _below(layers: list[list[str]], standings: Sequence[Standing], lines: Sequence[Line]) -> None:
    """Put what stands on the calibrations into layers of its own: runs, and below them certificates."""
    if not standings:
        return
    waiting = {place.key for place in standings}
    while waiting:
        ready = {key for key in waiting if not any(line.lower == key and line.upper in waiting for line in lines)}
        layers.append([place.key for place in standings if place.key in (ready or waiting)])
        waiting -= ready or waiting


def _inked(lines: Sequence[Line], boxes: Collection[str], via: int | None) -> set[str]:
    """Return the boxes of the path in question."""
    if via is not None and calibration_key(via) in boxes:
        start = calibration_key(via)
        return _reached(start, ((line.upper, line.lower) for line in lines)) | _reached(
            start, ((line.lower, line.upper) for line in lines)
        )
    told = [line for line in lines if line.role is not None]
    if not any(line.role is StandardRole.REFERENCE for line in told):
        return set(boxes)
    uppers = {line.upper for line in lines}
    bottoms = {line.lower for line in lines} - uppers
    steps = [(line.lower, line.upper) for line in lines if line.role in {None, StandardRole.REFERENCE}]
    return set().union(*(_reached(bottom, steps) for bottom in bottoms)) or set(boxes)


def _reached(start: str, steps: Iterable[tuple[str, str]]) -> set[str]:
    following: dict[str, set[str]] = defaultdict(set)
    for one, other in steps:
        following[one].add(other)
    found, waiting = {start}, [start]
    while waiting:
        for key in following[waiting.pop()] - found:
            found.add(key)
            waiting.append(key)
    return found


def _drawn(
    boxes: Mapping[str, Box],
    lines: Sequence[Line],
    layers: Sequence[Sequence[str]],
    inked: Collection[str],
    *,
    aside_in_ink: bool,
) -> Picture:
    kept = [layer for layer in layers if layer]
    joined = [(line.upper, line.lower) for line in lines]
    heights = [max(_HEIGHTS[boxes[key].kind] for key in layer) for layer in kept]
    height_of = {key: height for layer, height in zip(kept, heights, strict=True) for key in layer}
    layout = lay_out(kept, joined, heights, SIZES)
    placed = tuple(
        replace(box, x=layout.places[key].x, y=layout.places[key].y, height=height_of[key], muted=key not in inked)
        for key, box in boxes.items()
    )
    return Picture(layout.width, layout.height, placed, tuple(_lined(lines, layout, inked, aside_in_ink)))


def _lined(lines: Sequence[Line], layout: Layout, inked: Collection[str], aside_in_ink: bool) -> Iterable[Line]:
    """Yield the lines with their ways and where their words stand: at the end where fewer lines come together."""
    feet, heads = Counter(line.upper for line in lines), Counter(line.lower for line in lines)
    for line in lines:
        points = layout.lines.get((line.upper, line.lower))
        if points is None:  # a cycle: what would go up is told by its break
            continue
        above = feet[line.upper] < heads[line.lower] or (feet[line.upper] == heads[line.lower] == 1)
        count = feet[line.upper] if above else heads[line.lower]
        x, y = points[0] if above else points[-1]
        owner = layout.places[line.upper if above else line.lower]
        left = x < owner.x + SIZES.width // 2 if count == _PAIR else _leans_right(points, above)
        muted = line.upper not in inked or line.lower not in inked or (_aside(line) and not aside_in_ink)
        yield replace(
            line,
            path=_way(points),
            label_x=x - 7 if left else x + 7,
            label_y=y + _BELOW if above else y - _ABOVE,
            anchor="end" if left else "start",
            short=count >= _SHORT_FROM,
            muted=muted,
        )


def _leans_right(points: Sequence[tuple[int, int]], above: bool) -> bool:
    """Return whether a line bends to the right at the end where its words stand: they go to the left of it."""
    (x, _), (next_x, _) = (points[0], points[1]) if above else (points[-1], points[-2])
    return next_x > x


def _aside(line: Line) -> bool:
    return line.role in {StandardRole.INFLUENCE, StandardRole.AUXILIARY}


def _way(points: Sequence[tuple[int, int]]) -> str:
    """Return a line through its points as an SVG path: straight where its words stand, bent halfway to the next."""
    x, y = points[0]
    steps = [f"M{x} {y}"]
    for (x, y), (next_x, next_y) in pairwise(points):
        if x == next_x:
            steps.append(f"V{next_y}")
            continue
        straight = min(_STRAIGHT, (next_y - y) // 3)
        middle = (y + next_y) // 2
        bent = next_y - straight
        steps.append(f"V{y + straight}C{x} {middle} {next_x} {middle} {next_x} {bent}V{next_y}")
    return "".join(steps)
