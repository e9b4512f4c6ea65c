"""Where the boxes and lines of a traceability picture lie: layers from the SI down. Pure; the macro only draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from standards.calibration_facts import TerminalFacts, TerminalKind
from standards.chain_facts import ChainNode, TraceabilityChain

BOX_WIDTH: Final = 264
BOX_HEIGHT: Final = 76
GAP: Final = 40
LAYER: Final = 132
TOP: Final = 16
SI_HEIGHT: Final = 36
BELOW_SI: Final = 24


@dataclass(frozen=True, slots=True)
class Box:
    """A calibration or a terminal in the picture; `broken` ones are marked."""

    x: int
    y: int
    width: int
    height: int
    node: ChainNode | None = None
    terminal: TerminalFacts | None = None
    broken: bool = False
    start: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line from a lower box up to a higher one, with role and day of use; `role` is None above a terminal."""

    x1: int
    y1: int
    x2: int
    y2: int
    role: str | None = None
    used_on: date | None = None
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture, in units of pixels at its natural size."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def chain_picture(chain: TraceabilityChain) -> Picture:
    """Lay a chain out: the SI at the top, terminals below it, then calibrations by layer, the start at the bottom."""
    broken = {item.calibration_id for item in chain.breaks}
    rows: dict[int, list[ChainNode]] = {}
    for node in chain.nodes:
        rows.setdefault(node.layer, []).append(node)
    widest = max([len(chain.terminals), *(len(row) for row in rows.values())], default=1)
    width = max(1, widest) * (BOX_WIDTH + GAP) + GAP
    boxes: dict[int, Box] = {}
    for layer, row in rows.items():
        y = TOP + SI_HEIGHT + BELOW_SI + LAYER * layer
        for x, node in zip(_spread(len(row), width), row, strict=True):
            start = node.calibration_id == chain.calibration_id
            boxes[node.calibration_id] = Box(
                x, y, BOX_WIDTH, BOX_HEIGHT, node=node, broken=node.calibration_id in broken, start=start
            )
    ends = _terminal_boxes(chain, boxes, width, broken)
    lines = [
        _line(boxes[edge.lower_id], boxes[edge.upper_id], edge.role) for edge in chain.edges if edge.upper_id in boxes
    ]
    for box in ends:
        if box.terminal is not None:
            lines.append(_line(boxes[box.terminal.calibration_id], box))
            if box.terminal.kind is not TerminalKind.NON_SI_REFERENCE:
                lines.append(_to_top(box))
    depth = max(rows, default=0)
    height = TOP + SI_HEIGHT + BELOW_SI + LAYER * depth + BOX_HEIGHT + TOP
    return Picture(width, height, (*ends, *boxes.values()), tuple(lines))


def _terminal_boxes(chain: TraceabilityChain, boxes: dict[int, Box], width: int, broken: set[int]) -> list[Box]:
    """Place the terminals in one row, in the order of what hangs below them so that lines do not cross."""
    ordered = sorted(chain.terminals, key=lambda terminal: (boxes[terminal.calibration_id].x, terminal.id))
    y = TOP + SI_HEIGHT + BELOW_SI
    return [
        Box(x, y, BOX_WIDTH, BOX_HEIGHT, terminal=terminal, broken=terminal.calibration_id in broken)
        for x, terminal in zip(_spread(len(ordered), width), ordered, strict=True)
    ]


def _spread(count: int, width: int) -> list[int]:
    """Return the left edges of boxes in a row, centred."""
    used = count * BOX_WIDTH + max(0, count - 1) * GAP
    first = (width - used) // 2
    return [first + place * (BOX_WIDTH + GAP) for place in range(count)]


def _line(lower: Box, upper: Box, role: str | None = None) -> Line:
    return Line(
        lower.x + lower.width // 2,
        lower.y,
        upper.x + upper.width // 2,
        upper.y + upper.height,
        role=role,
        used_on=lower.node.calibrated_on if role is not None and lower.node is not None else None,
        broken=upper.broken,
    )


def _to_top(box: Box) -> Line:
    centre = box.x + box.width // 2
    return Line(centre, box.y, centre, TOP + SI_HEIGHT, broken=box.broken)
