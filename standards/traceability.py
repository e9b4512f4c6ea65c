"""From a calibration upward: does every path end at a terminal with evidence valid on its calibration date?

Pure functions on facts. Time-correct: what matters for an upper calibration is the day on which the lower one was
made, not today. ISO/IEC 17025:2017, 6.5; ILAC-P10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from lims.core.clock import local_date
from standards.calibration_facts import (
    CalibrationFacts,
    CalibrationSource,
    CalibrationState,
    ChainBreak,
    ChainNode,
    EdgeFacts,
    TerminalFacts,
    TerminalKind,
    TraceabilityChain,
)
from standards.facts import StandardFacts
from standards.validity import USABLE_STATES

IN_HOUSE_TERMINALS: Final = frozenset(
    {
        TerminalKind.INTRINSIC_REALIZATION,
        TerminalKind.REFERENCE_MATERIAL,
        TerminalKind.CITED_CONSTANT,
        TerminalKind.NON_SI_REFERENCE,
    }
)
"""At these a calibration made here may end without a calibrated standard above it."""

EXTERNAL_TERMINALS: Final = frozenset(TerminalKind) - {TerminalKind.INTRINSIC_REALIZATION}
"""What a certificate from outside may rest on; an intrinsic realization is validated here."""

_NEEDS_REFERENCE: Final = frozenset(
    {TerminalKind.NMI_CMC, TerminalKind.ACCREDITED_LABORATORY, TerminalKind.REFERENCE_MATERIAL}
)


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """Everything a walk upward needs, loaded once: calibrations and standards by their keys."""

    calibrations: Mapping[int, CalibrationFacts]
    standards: Mapping[int, StandardFacts]


def terminal_problems(terminal: TerminalFacts, *, source: CalibrationSource, calibrated_on: date) -> list[str]:
    """Return the codes of what a terminal lacks to hold a calibration made on a day; empty: it holds."""
    problems = []
    allowed = EXTERNAL_TERMINALS if source is CalibrationSource.EXTERNAL else IN_HOUSE_TERMINALS
    if terminal.kind not in allowed:
        problems.append("terminal.kind_does_not_fit")
    if not terminal.evidence.strip():
        problems.append("terminal.without_evidence")
    if terminal.kind in _NEEDS_REFERENCE and not (terminal.evidence_reference or "").strip():
        problems.append("terminal.reference_missing")
    if terminal.kind is TerminalKind.ACCREDITED_LABORATORY and not terminal.symbol_on_certificate:
        problems.append("terminal.symbol_missing")
    if terminal.kind is TerminalKind.OUTSIDE_EVALUATED and (not terminal.evaluated_by or terminal.evaluated_on is None):
        problems.append("terminal.evaluation_missing")
    if calibrated_on < terminal.valid_from or (terminal.valid_to is not None and calibrated_on > terminal.valid_to):
        problems.append("terminal.not_valid_on_date")
    return problems


def trace(facts: ChainFacts, calibration_id: int, on: date) -> TraceabilityChain:
    """Walk upward from a calibration used on a day and return its chain with every break.

    The starting calibration is looked at for its terminals and what is above it only; whether it may be used itself
    on that day is the business of `validity`.
    """
    order, breaks = _upward(facts, calibration_id)
    used_on = {calibration_id: on}
    edges: list[EdgeFacts] = []
    terminals: list[TerminalFacts] = []
    for key in order:
        calibration = facts.calibrations[key]
        breaks += _ground_breaks(calibration)
        terminals += calibration.terminals
        for edge in calibration.edges:
            edges.append(edge)
            upper = facts.calibrations.get(edge.upper_id)
            if upper is None:
                breaks.append(_break(calibration, "chain.missing", calibration_id=edge.upper_id))
                continue
            day = used_on.get(upper.id, date.min)
            used_on[upper.id] = max(day, calibration.calibrated_on)
            breaks += edge_breaks(upper, facts.standards[upper.standard_id], calibration.calibrated_on)
    layers = _layers(facts, order)
    nodes = tuple(_node(facts, key, used_on.get(key, on), layers[key]) for key in order)
    return TraceabilityChain(calibration_id, on, nodes, tuple(edges), tuple(terminals), tuple(breaks))


def creates_cycle(facts: ChainFacts, standard_id: int, upper_ids: Iterable[int]) -> CalibrationFacts | None:
    """Return the calibration above which rests on the same standard, or None.

    A standard whose new calibration rests, at any distance, on one of its own earlier ones would support itself.
    """
    for upper_id in upper_ids:
        order, _ = _upward(facts, upper_id)
        for key in order:
            if facts.calibrations[key].standard_id == standard_id:
                return facts.calibrations[key]
    return None


def _upward(facts: ChainFacts, start: int) -> tuple[list[int], list[ChainBreak]]:
    """Return the calibrations at and above a start, lower before upper where there is no cycle, and the cycles."""
    finished: list[int] = []
    breaks: list[ChainBreak] = []
    state: dict[int, str] = {start: "open"}
    stack: list[tuple[int, list[int]]] = [(start, _uppers(facts, start))]
    while stack:
        key, waiting = stack[-1]
        if not waiting:
            stack.pop()
            state[key] = "done"
            finished.append(key)
            continue
        upper = waiting.pop()
        if state.get(upper) == "open":
            breaks.append(_break(facts.calibrations[key], "chain.cycle", certificate=_number(facts, upper)))
        elif upper not in state and upper in facts.calibrations:
            state[upper] = "open"
            stack.append((upper, _uppers(facts, upper)))
    return finished[::-1], breaks


def _uppers(facts: ChainFacts, key: int) -> list[int]:
    return sorted({edge.upper_id for edge in facts.calibrations[key].edges}, reverse=True)


def _number(facts: ChainFacts, key: int) -> str:
    return facts.calibrations[key].certificate_number


def _ground_breaks(calibration: CalibrationFacts) -> list[ChainBreak]:
    """Breaks at a calibration itself: nothing above it, or a terminal that does not hold."""
    if not calibration.terminals and not calibration.edges:
        code = "chain.no_terminal" if calibration.source is CalibrationSource.EXTERNAL else "chain.no_edges"
        return [_break(calibration, code)]
    if not calibration.terminals and calibration.source is CalibrationSource.EXTERNAL:
        return [_break(calibration, "chain.no_terminal")]
    found = [
        terminal_problems(terminal, source=calibration.source, calibrated_on=calibration.calibrated_on)
        for terminal in calibration.terminals
    ]
    if not found or any(not problems for problems in found):
        return []
    return [_break(calibration, code) for code in dict.fromkeys(code for problems in found for code in problems)]


def edge_breaks(upper: CalibrationFacts, standard: StandardFacts, day: date) -> list[ChainBreak]:
    """Return why an upper calibration could not be used on the day a lower one was made; empty: it could."""
    found: list[ChainBreak] = []
    if upper.state is CalibrationState.REJECTED:
        found.append(_break(upper, "use.rejected"))
    elif upper.accepted_at is None or local_date(upper.accepted_at, standard.timezone) > day:
        found.append(_break(upper, "use.not_yet_accepted"))
    if upper.calibrated_on > day:
        found.append(_break(upper, "use.calibrated_later", calibrated_on=upper.calibrated_on))
    end = upper.valid_until_as_known_on(day)
    if end is not None and end < day:
        found.append(_break(upper, "use.expired", valid_until=end))
    if upper.ended_at is not None and local_date(upper.ended_at, standard.timezone) < day:
        found.append(_break(upper, "use.ended", reason=upper.ended_reason or ""))
    unusable = _unusable_on(standard, day)
    if unusable is not None:
        found.append(_break(upper, f"use.{unusable}", since=day, reason=""))
    return found


def _unusable_on(standard: StandardFacts, day: date) -> str | None:
    """Return the state that kept a standard from use on a whole day, or None if it was usable at some time of it."""
    current = "no_state"
    usable = False
    for change in standard.states:
        changed_on = local_date(change.at, standard.timezone)
        if changed_on > day:
            break
        usable = (usable and changed_on == day) or change.state in USABLE_STATES
        current = change.state.value
    return None if usable else current


def _layers(facts: ChainFacts, order: list[int]) -> dict[int, int]:
    """Return each calibration's layer: 1 without anything above it, else one more than the highest layer above."""
    layers: dict[int, int] = {}
    for key in reversed(order):
        above = [layers[edge.upper_id] for edge in facts.calibrations[key].edges if edge.upper_id in layers]
        layers[key] = 1 + max(above, default=0)
    return layers


def _node(facts: ChainFacts, key: int, used_on: date, layer: int) -> ChainNode:
    calibration = facts.calibrations[key]
    standard = facts.standards[calibration.standard_id]
    return ChainNode(
        calibration_id=key,
        standard_id=standard.id,
        standard_code=standard.code,
        name_vi=standard.name_vi,
        name_en=standard.name_en,
        laboratory_name_vi=calibration.laboratory_name_vi,
        laboratory_name_en=calibration.laboratory_name_en,
        certificate_number=calibration.certificate_number,
        source=calibration.source,
        state=calibration.state,
        calibrated_on=calibration.calibrated_on,
        valid_until=calibration.valid_until_as_known_on(used_on),
        used_on=used_on,
        layer=layer,
    )


def _break(calibration: CalibrationFacts, code: str, **values: object) -> ChainBreak:
    shown = {"certificate": calibration.certificate_number, "standard": calibration.standard_code, **values}
    return ChainBreak(calibration.id, calibration.standard_code, code, shown)
